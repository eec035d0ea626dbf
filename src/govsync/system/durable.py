"""Replaces a small file so that it is, after any crash or failure, the old one or the new one; and makes private folders.

For settings, credentials, the device's identity and the like, which have one writer at a time: whoever holds the home's
lock, or the server its data. What people put into the synced folder goes through `fs` instead.
"""

import os
from pathlib import Path

from govsync.system.failures import attempt


def private_folder(path: Path) -> None:
    """Makes a folder, and those above it, for their owner alone, where they are missing; raises Failure."""
    if not path.is_dir() and path != path.parent:
        private_folder(path.parent)
        with attempt("folder"):
            path.mkdir(exist_ok=True, mode=0o700)


def replace_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Writes a file beside, flushes it, renames it over and flushes the folder; durable on return.

    A missing folder is made, for its owner alone. Raises Failure (`disk_full`, `no_access`, ...).
    """
    private_folder(path.parent)
    with attempt("replace"):
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)  # A crash left it.
        try:
            _write(beside, data, mode)
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write(path: Path, data: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        os.fchmod(fd, mode)  # Whatever the umask is.
        file.write(data)
        file.flush()
        os.fsync(fd)
