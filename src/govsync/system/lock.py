"""Locks that end with the process that holds them (flock)."""

import fcntl
import os
from pathlib import Path

from govsync.model.codes import Code
from govsync.model.problems import Failure


class Lock:
    """An exclusive lock on a file; raises Failure(home_in_use) while another process holds it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise Failure(Code.HOME_IN_USE) from error

    def release(self) -> None:
        """Gives the lock back."""
        os.close(self._fd)
