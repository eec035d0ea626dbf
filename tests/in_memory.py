"""A folder in memory, for what writes much and cuts no power: each flush would wait for a disk, in vain."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

MEMORY = Path("/dev/shm")
ROOM_BYTES = 1 << 30
"""With less (a container has 64 MiB, unless it is told otherwise) it would be the memory that a test finds full."""


@contextmanager
def folder() -> Iterator[Path]:
    """Makes a folder, in memory where that can be had, and removes it."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    above = MEMORY if has_room else None
    with TemporaryDirectory(prefix="govsync-", dir=above, ignore_cleanup_errors=True) as made:
        yield Path(made)
