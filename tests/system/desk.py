"""A person on the real disk: the `World` of the contract, with a program of her own for every open file."""

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from govsync.system.disk import DiskFileSystem

BOUND_S = 30
STRANGER = 65534

PROGRAM = """
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY)
os.write(1, b"o")
os.write(fd, sys.stdin.buffer.read())
os.close(fd)
"""


class Program:
    """A process that opens a file for writing, then waits for what to write."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-ISc", PROGRAM, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._opened = False

    def is_open(self) -> bool:
        assert self._process.stdout is not None
        if not self._opened and select.select([self._process.stdout], [], [], 0)[0]:
            self._opened = self._process.stdout.read(1) == b"o"
            assert self._opened, "the program could not open the file"
        return self._opened

    def finish(self, content: bytes) -> None:
        self._process.communicate(content, timeout=BOUND_S)
        assert self._process.returncode == 0

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


class DiskWorld:
    """A folder on the real disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fs = DiskFileSystem(root)
        self._programs: list[Program] = []

    def write(self, path: str, content: bytes) -> None:
        (self.root / path).write_bytes(content)

    def replace(self, path: str, content: bytes) -> None:
        beside = self.root / (path + ".saving")
        beside.write_bytes(content)
        beside.rename(self.root / path)

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def names(self, path: str = "") -> set[str]:
        return set(os.listdir(self.root / path))

    def mkdir(self, path: str) -> None:
        (self.root / path).mkdir()

    def symlink(self, path: str, target: str) -> None:
        (self.root / path).symlink_to(target)

    def link(self, path: str, other: str) -> None:
        (self.root / other).hardlink_to(self.root / path)

    def rename(self, path: str, other: str) -> None:
        (self.root / path).rename(self.root / other)

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
