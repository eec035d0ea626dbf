"""Locks that end with the process that holds them, however it ends (flock; on Windows an open that lets nobody
else open).

One on a home: one home, one agent. One on a synced folder: two agents never write into one folder (R45).
"""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.durable import private_folder
from govsync.system.failures import attempt

if sys.platform == "win32":
    from govsync.system.windows.locking import opened_locked
else:
    from govsync.system.posix.locking import opened_locked


class Lock:
    """An exclusive lock on a file, which is made where it is missing and never removed."""

    def __init__(self, path: Path, taken: Code = Code.HOME_IN_USE) -> None:
        """Takes the lock; raises Failure(`taken`) while anybody else holds it."""
        private_folder(path.parent)
        self._path = path
        self._fd: int | None = None
        while self._fd is None:
            self._fd = _locked(path, taken)

    def is_found(self) -> bool:
        """Says whether the next one to come would find the file on which this lock is."""
        return self._fd is not None and _found(self._path, os.fstat(self._fd))

    def release(self) -> None:
        """Gives the lock back, once."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _locked(path: Path, taken: Code) -> int | None:
    """Takes the lock on what lies at the path; None where another file lies there by then.

    Who tidied the file away between our opening and our locking has made room for a second holder; so the lock counts
    only on the file that the next one will find too.
    """
    with attempt("lock"):
        try:
            fd = opened_locked(path)
        except BlockingIOError as error:
            raise Failure(taken) from error
        if _found(path, os.fstat(fd)):
            return fd
    os.close(fd)
    return None


def _found(path: Path, held: os.stat_result) -> bool:
    try:
        return os.path.samestat(held, os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return False
