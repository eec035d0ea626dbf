"""A person on the real disk: the `World` of the contract, with a program of her own for every open file."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from govsync.system.disk import DiskFileSystem

BOUND_S = 30
STRANGER = 65534

PROGRAM = """
import os, sys
try:
    fd = os.open(sys.argv[1], os.O_WRONLY | getattr(os, "O_BINARY", 0))
except PermissionError:
    os.write(1, b"r")
    raise SystemExit
os.write(1, b"o")
os.write(fd, sys.stdin.buffer.read())
os.close(fd)
"""


def link(path: Path, target: str) -> None:
    """Makes a symbolic link; a test that needs one is left out on a Windows that makes none for this person, and under wine."""
    try:
        path.symlink_to(target)
    except OSError:
        if sys.platform != "win32":
            raise
    if sys.platform == "win32" and not path.is_symlink():
        pytest.skip("no links are made here (wine makes none)")


def take_over(beside: Path, path: Path) -> None:
    """Gives a finished file the name of the old one, as programs do that save so."""
    if sys.platform != "win32":
        beside.replace(path)
        return
    before = path.rename(
        path.with_name(path.name + ".before")
    )  # Nobody may rename over a file that is open there.
    beside.rename(path)
    before.unlink()


class Program:
    """A process that opens a file for writing, then waits for what to write."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-ISc", PROGRAM, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._said = b""
        self._heard = threading.Event()
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        self._said = self._process.stdout.read(1)
        self._heard.set()

    def is_open(self) -> bool:
        if self._heard.is_set():
            assert self._said in (b"o", b"r"), "the program could not open the file"
        return self._said == b"o"

    def is_refused(self) -> bool:
        return self._said == b"r"

    def finish(self, content: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(content)
        self._process.stdin.close()
        assert self._process.wait(BOUND_S) == 0

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


class DiskWorld:
    """A folder on the real disk."""

    def __init__(self, root: Path, disk: type[DiskFileSystem] = DiskFileSystem) -> None:
        self.root = root
        self.fs = disk(root)
        self._programs: list[Program] = []

    def write(self, path: str, content: bytes) -> None:
        (self.root / path).write_bytes(content)

    def replace(self, path: str, content: bytes) -> None:
        beside = self.root / (path + ".saving")
        beside.write_bytes(content)
        take_over(beside, self.root / path)

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def names(self, path: str = "") -> set[str]:
        return set(os.listdir(self.root / path))

    def mkdir(self, path: str) -> None:
        (self.root / path).mkdir()

    def symlink(self, path: str, target: str) -> None:
        link(self.root / path, target)

    def link(self, path: str, other: str) -> None:
        (self.root / other).hardlink_to(self.root / path)

    def rename(self, path: str, other: str) -> None:
        (self.root / path).replace(self.root / other)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def remove_root(self) -> None:
        shutil.rmtree(self.root)

    def writer(self, path: str) -> Program:
        program = Program(self.root / path)
        self._programs.append(program)
        return program

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + BOUND_S
        while not condition():
            assert time.monotonic() < end, "it never came about"
            time.sleep(0.001)

    def close(self) -> None:
        for program in self._programs:
            program.end()
