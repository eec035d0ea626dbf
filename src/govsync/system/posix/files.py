"""What `durable` asks of POSIX: the names in a folder flushed, rights, and a rename that replaces nothing."""

import os
from pathlib import Path

from govsync.system.linux import AT_CWD, rename_noreplace


def flush_folder(path: Path) -> None:
    """Returns when the names in a folder are on the disk; raises OSError."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def give_mode(fd: int, mode: int) -> None:
    """Gives an open file its rights, whatever the umask is; raises OSError."""
    os.fchmod(fd, mode)


def rename_to_free(source: Path, target: Path) -> None:
    """Renames to a name that nothing has; raises OSError."""
    rename_noreplace(AT_CWD, str(source), AT_CWD, str(target))
