"""How a journey starts GovSync: by its command, as people and machines do, or by a fork of a process that has imported it."""

import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

GOVSYNC = [sys.executable, "-m", "govsync.cli.main"]
DESCRIPTORS = 4  # Its standard input, output and error, and where its id and its end are told.


class Process(Protocol):
    """A process that runs GovSync."""

    @property
    def pid(self) -> int:
        """Its id."""

    def poll(self) -> int | None:
        """Answers its exit code once it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Answers its exit code when it ends; raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Sends a signal, unless it is known to have ended."""

    def kill(self) -> None:
        """Ends it without a word (SIGKILL)."""


class Programs(Protocol):
    """Starts GovSync with arguments, in an environment of its own."""

    def start(self, arguments: Sequence[str], env: Mapping[str, str], output: int, log: int) -> Process:
        """Starts a process that goes on; it prints to one descriptor and complains to the other."""

    def run(
        self, arguments: Sequence[str], env: Mapping[str, str], stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Runs one to its end; answers its exit code and what it printed."""


class Commands:
    """By the command itself."""

    def start(self, arguments: Sequence[str], env: Mapping[str, str], output: int, log: int) -> Process:
        """As `Programs.start`."""
        return subprocess.Popen([*GOVSYNC, *arguments], env=env, stdout=output, stderr=log)

    def run(
        self, arguments: Sequence[str], env: Mapping[str, str], stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """As `Programs.run`."""
        return subprocess.run(
            [*GOVSYNC, *arguments], env=env, input=stdin, capture_output=True, text=True, check=False
        )


class Forks:
    """By forks of one process, which has imported GovSync and nothing else (forks.py)."""

    def __init__(self, root: Path) -> None:
        """`root`: the folder in which the home of every fork must lie."""
        self._orders, theirs = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        with theirs:
            command = [sys.executable, "-m", "tests.journeys.forks", str(theirs.fileno()), str(root)]
            # What is no terminal is buffered in each fork as in any process whose output is read by a program.
            self._origin = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )

    def close(self) -> None:
        """Lets the process end of which all others are forks; those go on."""
        self._orders.close()
        assert self._origin.wait(60) == 0

    def start(self, arguments: Sequence[str], env: Mapping[str, str], output: int, log: int) -> Process:
        """As `Programs.start`."""
        with open(os.devnull) as nothing:
            return self._fork(arguments, env, (nothing.fileno(), output, log))

    def run(
        self, arguments: Sequence[str], env: Mapping[str, str], stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """As `Programs.run`."""
        given = stdin.encode()
        assert len(given) <= select.PIPE_BUF, "it is written before anybody reads it"
        (reads, told), (out, prints), (err, complains) = os.pipe(), os.pipe(), os.pipe()
        os.write(told, given)
        os.close(told)
        try:
            process = self._fork(arguments, env, (reads, prints, complains))
        finally:
            for theirs in (reads, prints, complains):
                os.close(theirs)
            printed = _read_all(out, err)
        return subprocess.CompletedProcess(list(arguments), process.wait(), *printed)

    def _fork(
        self, arguments: Sequence[str], env: Mapping[str, str], standard: tuple[int, int, int]
    ) -> Process:
        order = {"arguments": list(arguments), "env": dict(env), "folder": os.getcwd()}
        message = json.dumps(order).encode()
        ours, theirs = socket.socketpair()
        with theirs, self._one_at_a_time:
            size = len(message).to_bytes(DESCRIPTORS)
            socket.send_fds(self._orders, [size], [*standard, theirs.fileno()])
            self._orders.sendall(message)
        return _Fork(ours)


class _Fork:
    """A process that is a fork of another one, which tells its id and how it ends."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told.makefile("rb", buffering=0)  # The second line must not be read with the first.
        told.close()
        word = self._told.readline().decode().strip()
        assert word.isdecimal(), word
        self.pid = int(word)
        self._code: int | None = None

    def poll(self) -> int | None:
        """As `Process.poll`."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """As `Process.wait`."""
        if self._code is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout or 0.0)
            self._code = int(self._told.readline())
            self._told.close()
        return self._code

    def send_signal(self, sig: int) -> None:
        """As `Process.send_signal`."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        """As `Process.kill`."""
        self.send_signal(signal.SIGKILL)


def _read_all(*ends: int) -> list[str]:
    """Reads pipes until nobody writes to them any more, and closes them."""
    read = {end: bytearray() for end in ends}
    with selectors.DefaultSelector() as waiting:
        for end in ends:
            waiting.register(end, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select():
                data = os.read(key.fd, 65536)
                read[key.fd] += data
                if not data:
                    waiting.unregister(key.fd)
                    os.close(key.fd)
    return [data.decode() for data in read.values()]
