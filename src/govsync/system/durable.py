"""Replaces a small file so that it is, after any crash or failure, the old one or the new one; makes private folders, and
new files that are whole or not there.

For settings, credentials, the device's identity and the like, which have one writer at a time: whoever holds the home's
lock, or the server its data. What people put into the synced folder goes through `fs` instead.
"""

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from govsync.system.failures import attempt

if sys.platform == "win32":
    from govsync.system.windows.files import flush_data, give_mode, rename_to_free
    from govsync.system.windows.files import flush_folder as flush_folder
else:
    from govsync.system.posix.files import flush_data, give_mode, rename_to_free
    from govsync.system.posix.files import flush_folder as flush_folder


def open_private(path: str, flags: int) -> int:
    """Opens a file as an opener for `open`; one that it makes is its owner's alone, whatever the umask is."""
    return os.open(path, flags, 0o600)


def private_file(path: Path) -> None:
    """Makes an empty file for its owner alone, where it is missing; raises OSError."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def flush(file: IO[bytes]) -> None:
    """Returns when all that was written to a file is on the disk; raises OSError."""
    file.flush()
    flush_data(file.fileno())


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
        flush_folder(path.parent)


@contextmanager
def new_file(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Opens a file to be written, which has its name only when all of it is on the disk; nothing is left of a failure.

    A missing folder is made. Raises Failure(exists) where something has the name, at once or by the end.
    """
    with attempt("new file"):
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "it is taken")
        fd, name = tempfile.mkstemp(dir=path.parent, prefix="~govsync-", suffix=".tmp")
        beside = Path(name)
        try:
            with open(fd, "wb") as file:
                give_mode(fd, mode)
                yield file
                flush(file)
            _name(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def _name(beside: Path, path: Path) -> None:
    """Gives a file a name that nothing has, by a second link, or where there are none by a rename that refuses."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # Each kind of disk without links says so in its own way.
        rename_to_free(beside, path)


def _write(path: Path, data: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with open(fd, "wb") as file:
        give_mode(fd, mode)  # Whatever the umask is.
        file.write(data)
        flush(file)
