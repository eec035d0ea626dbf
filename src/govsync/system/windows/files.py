"""What `durable` asks of Windows: data and names flushed to the disk, rights, and a rename that replaces nothing."""

import os
import sys
from pathlib import Path

from govsync.system.windows import nt
from govsync.system.windows.paths import extended

assert sys.platform == "win32"


def flush_data(fd: int) -> None:
    """Returns when an open file's data are on the disk; raises OSError."""
    os.fsync(fd)


def flush_folder(path: Path) -> None:
    """Returns when the names in a folder are on the disk; raises OSError."""
    handle = nt.open_path(extended(path), nt.ADD_FILE | nt.APPEND_OR_ADD_FOLDER, nt.FOLDER)
    try:
        nt.flush(handle)
    finally:
        nt.close(handle)


def give_mode(fd: int, mode: int) -> None:
    """Nothing: who may read a new file is what its folder hands on, and a home lies where its person alone may look."""


def rename_to_free(source: Path, target: Path) -> None:
    """Renames to a name that nothing has, which is what Windows means by a rename; raises OSError."""
    os.rename(source, target)
