"""A lock by flock(2), which ends with the last descriptor of the file that was opened, however its process ends."""

import fcntl
import os
from pathlib import Path

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def opened_locked(path: Path) -> int:
    """Opens a file, which is made where it is missing, and locks it; answers its descriptor.

    Raises BlockingIOError while anybody else holds it, and OSError."""
    fd = os.open(path, _OPEN, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(fd)
        raise
    return fd
