"""This process and others of GovSync: what it was started with, how it is asked to end, and how more are started."""

import faulthandler
import gc
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

if sys.platform == "win32":
    from govsync.system.windows.installing import asked_by_installer, event_name

    # Nobody can ask a process of Windows to end but by the keys of its console, to which one that is started here listens alone.
    _ASKS = (signal.SIGTERM, signal.SIGINT, signal.SIGBREAK)
    _CHILD = subprocess.CREATE_NEW_PROCESS_GROUP
    _APART = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
else:
    from govsync.system.posix.kernel import kernel

    _ASKS = (signal.SIGTERM, signal.SIGINT)
    _CHILD = _APART = 0
_PROGRAMS = ("GovSync.exe", "govsyncctl.exe")
"""The programs of the package for Windows (packaging/windows/launcher.c)."""
_HEAPS = 2
_OBJECTS = 10_000
"""So many more objects are made than have ended before the collector looks at them."""


def environment() -> Mapping[str, str]:
    """Answers the environment that this process was started in."""
    return os.environ


def govsync(*arguments: str) -> list[str]:
    """Answers the command line that runs GovSync as this process does: same interpreter, same sources."""
    executable = Path(sys.executable)
    if (
        executable.name in _PROGRAMS
    ):  # An interpreter that has our module already; of the two, the one that opens no console.
        return [str(executable.with_name(_PROGRAMS[0])), *arguments]
    return [sys.executable, "-m", "govsync.cli.main", *arguments]


def own_id() -> int:
    """Answers a number that no other process of this machine has now."""
    return os.getpid()


def most_open_files() -> int:
    """Lets this process open as many files as it may, and answers how many that are."""
    if sys.platform == "win32":
        return 8192  # What its own library lets a process open; handles beyond that are not counted.
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):  # macOS says "any number" and means fewer.
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if most == resource.RLIM_INFINITY else most


def explain_crashes() -> None:
    """Has the interpreter say on standard error where its threads were, should it crash: names of functions and lines alone.

    Without it a process that ends in foreign code leaves nothing that tells why."""
    faulthandler.enable()


def hold_little() -> None:
    """Has threads share their heaps. To be called first of all, while there is one thread.

    glibc gives each of them one of its own, up to eight for every core, and what a thread has freed stays in its heap
    until that thread needs it again: so a process held some times what it needed. Threads of Python seldom allocate at the
    same moment, so that they do not wait for each other.
    """
    if sys.platform != "win32":
        kernel.share_heaps(_HEAPS)


def collect_seldom() -> None:
    """Has the collector of reference cycles run seldom, and never over what there is since the start.

    A commit or a batch makes thousands of small objects that end without it, and it went through all of them: between
    one and two twentieths of all time. To be called before the rest is loaded, through which it would go a hundred times,
    and again when it is: of what is loaded hardly anything ends.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS)


@contextmanager
def asked_to_end(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Calls `handler` when somebody asks this process to end, once for each time; only in the main thread."""
    before = {each: signal.signal(each, handler) for each in _ASKS}
    try:
        yield
    finally:
        for each, was in before.items():
            signal.signal(each, was)


class Renewal:
    """Whether somebody has asked this process to begin anew."""

    def __init__(self, end: Callable[[], object]) -> None:
        self.asked = False
        self._end = end

    def ask(self, *_: object) -> None:
        """Asks it, and has it end first; may be called from a signal handler."""
        self.asked = True
        self._end()


@contextmanager
def asked_to_renew(end: Callable[[], object]) -> Iterator[Renewal]:
    """Calls `end` when this process is asked to begin anew, as a package does that has exchanged the program under it; only in
    the main thread."""
    renewal = Renewal(end)
    if sys.platform == "win32":
        # An installer there ends what runs, and starts it.
        with asked_by_installer(event_name(os.getpid(), *sys.argv[1:2]), end):
            yield renewal
        return
    before = signal.signal(signal.SIGUSR1, renewal.ask)
    try:
        yield renewal
    finally:
        signal.signal(signal.SIGUSR1, before)


def begin_anew() -> NoReturn:
    """Begins this process anew with the same command, as the program is now on disk; the process, and whose it is, stay."""
    logging.shutdown()
    if sys.platform == "win32":
        subprocess.Popen([sys.executable, *sys.orig_argv[1:]])  # There no process becomes another.
        os._exit(0)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def end_now() -> NoReturn:
    """Ends this process with success and waits for none of its threads: what they wait for may never come."""
    logging.shutdown()
    os._exit(0)


class Child:
    """A process that was started here and goes on."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def line(self) -> str:
        """Answers the next line that it prints, empty when it has ended; only of `start`."""
        assert self._process.stdout is not None, "its output goes into a file"
        return self._process.stdout.readline()

    def answer(self, stdin: str) -> "subprocess.CompletedProcess[str]":
        """Gives it what it is to read, and answers its exit code and what it has printed; only of `start_call`."""
        output, complaints = self._process.communicate(stdin)
        return subprocess.CompletedProcess(self._process.args, self._process.returncode, output, complaints)

    def has_ended(self) -> bool:
        """Says whether it is gone."""
        return self._process.poll() is not None

    def ask_to_end(self) -> None:
        """Asks it to put everything away and end."""
        if sys.platform == "win32":
            self._process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self._process.terminate()

    def end(self, patience_s: float) -> None:
        """Returns when it is gone, by force after a while."""
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):  # What was not yet handed to it is wanted by nobody.
                    pipe.close()


def start(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
    """Starts a process whose lines are read here; what it complains of is added to a file."""
    with log.open("a") as complaints:
        return Child(
            subprocess.Popen(
                command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                creationflags=_CHILD,
            )
        )


def start_apart(command: Sequence[str], output: Path) -> Child:
    """Starts a process that outlives this one and its terminal; what it prints replaces what is in a file."""
    with output.open("w") as file:
        return Child(
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                text=True,
                creationflags=_APART,
            )
        )


def start_call(command: Sequence[str], environment: Mapping[str, str]) -> Child:
    """Starts a process that reads, answers and ends (`Child.answer`)."""
    pipe = subprocess.PIPE
    return Child(subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
