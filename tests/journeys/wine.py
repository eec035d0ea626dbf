"""A desk of Windows among the processes of a journey: Windows' own Python under wine, on a folder of this machine's disk.

The server, the other desks and the test itself stay on Linux: what a journey compares lies on one disk, whoever wrote it.
"""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from packages.wine import Wine, of_windows
from tests.journeys.programs import Process
from tests.journeys.site import Desk


class UnderWine:
    """Starts GovSync for Windows, as `Programs` says; paths are handed to it as that system names them."""

    def __init__(self, wine: Wine) -> None:
        self._wine = wine
        # Names in what is printed are to be read here, whatever code page wine has taken from this machine.
        self._python = ["wine", str(wine.make()), "-X", "utf8"]

    def start(self, arguments: Sequence[str], env: Mapping[str, str], output: int, log: int) -> Process:
        """As `Programs.start`, but that what it prints goes where it complains, too."""
        process = subprocess.Popen(
            self._command(arguments),
            env=self._environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # Python ends at once under wine where its output is no pipe.
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=_copy, args=(process, os.dup(log)), daemon=True).start()
        return process

    def run(
        self, arguments: Sequence[str], env: Mapping[str, str], stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """As `Programs.run`; not for a command that leaves an agent behind, which under wine keeps standard error open."""
        return subprocess.run(
            self._command(arguments),
            env=self._environment(env),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def other(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Starts a program of Python that is not GovSync, with pipes to and from it."""
        return subprocess.Popen(
            [*self._python, *arguments],
            env=self._wine.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [
            *self._python,
            "-m",
            "govsync.cli.main",
            *(of_windows(Path(each)) if each.startswith("/") else each for each in arguments),
        ]

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        ours = {name: value for name, value in env.items() if name.startswith("GOVSYNC_")}
        return {**self._wine.environment, **ours, "GOVSYNC_HOME": of_windows(Path(env["GOVSYNC_HOME"]))}


class WindowsDesk(Desk):
    """A desk of Windows. Its `folder` is told as this machine sees it."""

    def stop(self) -> None:
        """Ends the agent as people do there, where nothing asks a process without a window to end."""
        assert self.call("stop").returncode in (0, 3)
        if self.agent is not None:
            self.agent.wait(10)
            self.agent = None
        self._log.close()


def _copy(process: "subprocess.Popen[bytes]", log: int) -> None:
    """Adds what a process prints to a log, until it has ended."""
    assert process.stdout is not None
    with process.stdout as said, open(log, "wb", buffering=0) as kept:
        while data := os.read(said.fileno(), 1 << 16):
            kept.write(data)
