"""Small disks of a journey's own, mounted where a test wants one; they need root, and are gone with the test."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A disk that can be filled, emptied, enlarged and write-protected."""

    def __init__(self, path: Path, mib: int) -> None:
        self.path = path
        path.mkdir(parents=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "tmpfs", str(path))

    def grow(self, mib: int) -> None:
        """Makes it larger."""
        _run("mount", "-o", f"remount,size={mib}m", str(self.path))

    def protect(self) -> None:
        """Lets nobody write any more; a disk with files open for writing allows that only in a mount of its own."""
        _run("mount", "--bind", str(self.path), str(self.path))
        _run("mount", "-o", "remount,bind,ro", str(self.path))

    def unprotect(self) -> None:
        """Takes the protection away."""
        self.unmount()

    def fill(self) -> None:
        """Leaves no room at all."""
        with (self.path / "filling").open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def empty(self) -> None:
        """Gives the room back."""
        (self.path / "filling").unlink()

    def unmount(self) -> None:
        """Takes it away, whoever still uses it."""
        _run("umount", "-l", str(self.path))


@contextmanager
def small_disk(path: Path, mib: int) -> Iterator[SmallDisk]:
    """Mounts a disk at a path for a while; skips the test where that is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    disk = SmallDisk(path, mib)
    try:
        yield disk
    finally:
        disk.unmount()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
