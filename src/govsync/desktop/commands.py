"""Commands of the command line, run as processes beside the event loop: what is done while no agent runs.

One way to do a thing: whoever signs in here signs in as `govsync login` does. A password goes by standard input, never
into an argument. A command complains in the language of the window, and goes on to its end though the window that began it is
closed: half a sign-out is none.
"""

import re
from collections.abc import Callable

import msgspec
from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment
from shiboken6 import isValid

from govsync.model.codes import Code
from govsync.system.process import govsync
from govsync.text.catalog import spoken
from govsync.text.languages import OWN

_SAID = re.compile(r"(?:govsync: )?(?P<words>.*?)(?: \[(?P<code>[a-z_]+)(?: \w+=[^]]*)?\])?", re.DOTALL)


Run = Callable[[tuple[str, ...], Callable[["Outcome"], object], QObject, str], object]
"""Runs a command, as `run` does."""


class Outcome(msgspec.Struct, frozen=True):
    """How a command ended: what it printed, and, where it failed, in which words and with which code."""

    done: bool
    printed: str
    words: str = ""
    code: Code | None = None


def run(
    arguments: tuple[str, ...], then: Callable[[Outcome], object], owner: QObject, stdin: str = ""
) -> QProcess:
    """Runs a command and hands its outcome over when it has ended, unless `owner` is gone by then."""
    process = QProcess(QCoreApplication.instance())
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert(OWN, spoken())
    process.setProcessEnvironment(environment)
    program, *rest = govsync(*arguments)

    def finished(code: int, status: QProcess.ExitStatus) -> None:
        if not isValid(process):
            return  # It ends with the whole app.
        printed = bytes(process.readAllStandardOutput().data()).decode(errors="replace")
        complaint = bytes(process.readAllStandardError().data()).decode(errors="replace")
        process.deleteLater()
        done = status is QProcess.ExitStatus.NormalExit and code == 0
        if isValid(owner):
            then(outcome(done, printed, complaint))

    def broken(error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and isValid(
            owner
        ):  # Of any other end `finished` tells.
            then(Outcome(False, "", process.errorString(), None))

    process.finished.connect(finished)
    process.errorOccurred.connect(broken)
    process.start(program, rest)
    process.write(stdin.encode())
    process.closeWriteChannel()
    return process


def outcome(done: bool, printed: str, complaint: str) -> Outcome:
    """Answers how a command ended, by what it printed and what it complained of."""
    if done:
        return Outcome(True, printed)
    lines = complaint.strip().splitlines() or [""]
    found = _SAID.fullmatch(lines[-1])
    assert found is not None, "it matches any line"
    code = found["code"]
    known = Code(code) if code is not None and code in set(Code) else None
    return Outcome(False, printed, found["words"], known)


def finish(application: QCoreApplication, patience_ms: int) -> None:
    """Lets commands that are under way come to their end, for a while."""
    for process in application.findChildren(QProcess):
        process.waitForFinished(patience_ms)
