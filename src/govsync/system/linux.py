"""The calls of Linux that Python lacks: exchange, rename without replacing, birth time, reservation, flush and kind of a
file system; and how many heaps the C library keeps.

Numbers and structures are those of the kernel's own interface (renameat2(2), statx(2), fallocate(2), syncfs(2),
statfs(2)) and of mallopt(3); they go through the C library (glibc 2.28 or later) by ctypes, which gives the interpreter lock back while
they run.
"""

import ctypes
import os
import struct
import sys
import threading

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.renameat2.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
_LIBC.statx.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_char_p)
AT_CWD = -100
"""Stands for no folder: a name is a path then."""
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_AT_SYMLINK_NOFOLLOW = 0x100
_STATX_INO = 0x100
_STATX_BTIME = 0x800
_STATX_BYTES = 256
_STATX = struct.Struct("=I28xQ40xqI")
"""The mask of what is told, and the birth time's seconds and nanoseconds."""
_FALLOC_FL_KEEP_SIZE = 1
_STATFS_BYTES = 256
_ARENA_MAX = -8
_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
"""How names are written for the system: what `os.fsencode` looks up anew for each."""

_NETWORK = {
    0x6969: "nfs", 0x517B: "smb", 0xFE534D42: "smb2", 0xFF534D42: "cifs", 0x65735546: "fuse", 0x01021997: "9p",
    0x00C36400: "ceph", 0x5346414F: "afs", 0x6B414653: "afs", 0x73757245: "coda", 0x0BD00BD0: "lustre",
    0x47504653: "gpfs", 0x01161970: "gfs2", 0x7461636F: "ocfs2", 0x786F4256: "vboxsf",
}  # fmt: skip
"""File systems that others may change unseen by this kernel, by the magic numbers of statfs(2)."""

_NUMBERED_ANEW = (0x4D44, 0x2011BAB0)
"""File systems without numbers of their own for files (FAT, exFAT): the kernel counts anew with each mount."""

_COUNTED = (0xEF53, 0x58465342, 0x01021994)
"""File systems on which a folder has a link for each folder in it, its name and itself, or 1 where it does not count them:
ext2 to ext4, XFS, tmpfs."""


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class _Room(threading.local):
    """Where the kernel puts its answer, for each thread: to make it anew costs more than to ask."""

    def __init__(self) -> None:
        self.statx = ctypes.create_string_buffer(_STATX_BYTES)


_room = _Room()


def _text(name: str) -> bytes:
    """Encodes a name for C, where it would end at a NUL; raises ValueError for one that holds it."""
    if "\0" in name:
        raise ValueError("embedded null character")
    return name.encode(_ENCODING, _ERRORS)


def rename_exchange(a: int, a_name: str, b: int, b_name: str) -> None:
    """Swaps two names atomically (renameat2 with RENAME_EXCHANGE); raises OSError."""
    _check(_LIBC.renameat2(a, _text(a_name), b, _text(b_name), _RENAME_EXCHANGE))


def rename_noreplace(a: int, a_name: str, b: int, b_name: str) -> None:
    """Renames to a free name atomically (renameat2 with RENAME_NOREPLACE); raises OSError."""
    _check(_LIBC.renameat2(a, _text(a_name), b, _text(b_name), _RENAME_NOREPLACE))


def birth(folder: int, name: str) -> tuple[int, int | None]:
    """Answers an entry's inode, and when it was created in nanoseconds, None where the file system does not tell (statx);
    raises OSError."""
    told = _room.statx
    _check(_LIBC.statx(folder, _text(name), _AT_SYMLINK_NOFOLLOW, _STATX_INO | _STATX_BTIME, told))
    mask, ino, seconds, nanoseconds = _STATX.unpack_from(told)
    return ino, int(seconds * 1_000_000_000 + nanoseconds) if mask & _STATX_BTIME else None


def sync_file_system(descriptor: int) -> None:
    """Returns when all that was written to the descriptor's file system is on the disk (syncfs); raises OSError."""
    _check(_LIBC.syncfs(descriptor))


def reserve(descriptor: int, size_bytes: int) -> None:
    """Reserves room for a file without changing its size (fallocate); raises OSError where there is none, or no such
    call: unlike posix_fallocate it never writes the whole file instead."""
    _check(_LIBC.fallocate(descriptor, _FALLOC_FL_KEEP_SIZE, ctypes.c_int64(0), ctypes.c_int64(size_bytes)))


def network_kind(descriptor: int) -> str | None:
    """Names a file system that others may change unseen (network, user space), or answers None for a local one."""
    return _NETWORK.get(_magic(descriptor))


def keeps_numbers(descriptor: int) -> bool:
    """Says whether inode numbers of the descriptor's file system mean the same after it was mounted again."""
    magic = _magic(descriptor)
    return magic not in _NETWORK and magic not in _NUMBERED_ANEW


def counts_folders(descriptor: int) -> bool:
    """Says whether a folder of the descriptor's file system that has two links holds no other."""
    return _magic(descriptor) in _COUNTED


def _magic(descriptor: int) -> int:
    buffer = ctypes.create_string_buffer(_STATFS_BYTES)
    _check(_LIBC.fstatfs(descriptor, buffer))
    (magic,) = struct.unpack_from("@l", buffer, 0)
    return int(magic) & 0xFFFFFFFF


def umask() -> int:
    """Answers the rights that this process's new files do not get (proc_pid_status(5)); asked by umask(2) it would be
    another for a moment, for all threads."""
    with open("/proc/self/status", "rb") as file:
        return next(int(line.split()[1], 8) for line in file if line.startswith(b"Umask:"))


def share_heaps(most: int) -> None:
    """Has all threads allocate from so many heaps at most; of no effect with another C library than glibc."""
    if hasattr(_LIBC, "mallopt"):
        _LIBC.mallopt(_ARENA_MAX, most)
