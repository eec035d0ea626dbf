"""The calls of Linux that Python lacks: exchange, rename without replacing, birth time, flush of a whole file system.

Numbers and structures are those of the kernel's own interface (statx(2), renameat2(2), syncfs(2)); they go through the
C library by ctypes, which gives the interpreter lock back while they run.
"""

import ctypes
import os
import struct

_LIBC = ctypes.CDLL(None, use_errno=True)
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_SYMLINK_NOFOLLOW = 0x100
_STATX_BTIME = 0x800
_STATX_BYTES = 256
_BTIME_OFFSET = 80


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def rename_exchange(a: int, a_name: str, b: int, b_name: str) -> None:
    """Swaps two names atomically (renameat2 with RENAME_EXCHANGE); raises OSError."""
    _check(_LIBC.renameat2(a, os.fsencode(a_name), b, os.fsencode(b_name), _RENAME_EXCHANGE))


def rename_noreplace(a: int, a_name: str, b: int, b_name: str) -> None:
    """Renames to a free name atomically (renameat2 with RENAME_NOREPLACE); raises OSError."""
    _check(_LIBC.renameat2(a, os.fsencode(a_name), b, os.fsencode(b_name), _RENAME_NOREPLACE))


def birth_ns(folder: int, name: str) -> int | None:
    """Answers when an entry was created, or None where the file system does not tell (statx); raises OSError."""
    buffer = ctypes.create_string_buffer(_STATX_BYTES)
    _check(_LIBC.statx(folder, os.fsencode(name), _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, buffer))
    (mask,) = struct.unpack_from("=I", buffer, 0)
    if not mask & _STATX_BTIME:
        return None
    seconds, nanoseconds = struct.unpack_from("=qI", buffer, _BTIME_OFFSET)
    return int(seconds * 1_000_000_000 + nanoseconds)


def sync_file_system(descriptor: int) -> None:
    """Returns when all that was written to the descriptor's file system is on the disk (syncfs); raises OSError."""
    _check(_LIBC.syncfs(descriptor))
