"""What `durable` asks of POSIX: data and names flushed to the disk, rights, and a rename that replaces nothing."""

import os
from pathlib import Path

from govsync.system.posix.kernel import kernel


def flush_data(fd: int) -> None:
    """Returns when an open file's data are on the disk; raises OSError."""
    kernel.flush(fd)


def flush_folder(path: Path) -> None:
    """Returns when the names in a folder are on the disk; raises OSError."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        kernel.flush(folder)
    finally:
        os.close(folder)


def give_mode(fd: int, mode: int) -> None:
    """Gives an open file its rights, whatever the umask is; raises OSError."""
    os.fchmod(fd, mode)


def rename_to_free(source: Path, target: Path) -> None:
    """Renames to a name that nothing has; raises OSError."""
    kernel.rename_noreplace(kernel.AT_CWD, str(source), kernel.AT_CWD, str(target))
