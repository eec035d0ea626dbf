"""Linux' side of what POSIX leaves to each kernel (`posix.kernel`).

Numbers and structures are those of the kernel's own interface (renameat2(2), statx(2), fallocate(2), syncfs(2),
statfs(2), fcntl(2), xattr(7), unix(7)) and of mallopt(3). What Python lacks goes through the C library (glibc 2.28 or
later) by ctypes, which gives the interpreter lock back while it runs.
"""

import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

assert sys.platform == "linux"

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.renameat2.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
_LIBC.statx.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_char_p)
AT_CWD = -100
NO_EXCHANGE: tuple[int, ...] = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
FLUSHES_ALL = True
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
_NO_UNNAMED_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL)
_CREDENTIALS = struct.Struct("3i")
"""Process, user and group of a peer (struct ucred)."""
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

_ACL = "system.posix_acl_access"
_CARRIED = ("user.", "security.selinux", _ACL)
"""Attributes that belong to a file's name. Those that vouch for its content (capabilities, integrity hashes) do not."""


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
    """As `Kernel.rename_exchange` (renameat2 with RENAME_EXCHANGE)."""
    _check(_LIBC.renameat2(a, _text(a_name), b, _text(b_name), _RENAME_EXCHANGE))


def rename_noreplace(a: int, a_name: str, b: int, b_name: str) -> None:
    """As `Kernel.rename_noreplace` (renameat2 with RENAME_NOREPLACE)."""
    _check(_LIBC.renameat2(a, _text(a_name), b, _text(b_name), _RENAME_NOREPLACE))


def birth(folder: int, name: str) -> tuple[int, int | None]:
    """As `Kernel.birth` (statx)."""
    told = _room.statx
    _check(_LIBC.statx(folder, _text(name), _AT_SYMLINK_NOFOLLOW, _STATX_INO | _STATX_BTIME, told))
    mask, ino, seconds, nanoseconds = _STATX.unpack_from(told)
    return ino, int(seconds * 1_000_000_000 + nanoseconds) if mask & _STATX_BTIME else None


def flush(descriptor: int) -> None:
    """As `Kernel.flush` (fsync)."""
    os.fsync(descriptor)


def flush_folders(descriptors: Iterator[int]) -> None:
    """As `Kernel.flush_folders`: one call for the whole file system, since all are on it (syncfs)."""
    _check(_LIBC.syncfs(next(descriptors)))


def reserve(descriptor: int, size_bytes: int) -> None:
    """As `Kernel.reserve` (fallocate); unlike posix_fallocate it never writes the whole file instead."""
    _check(_LIBC.fallocate(descriptor, _FALLOC_FL_KEEP_SIZE, ctypes.c_int64(0), ctypes.c_int64(size_bytes)))


def network_kind(descriptor: int) -> str | None:
    """As `Kernel.network_kind`."""
    return _NETWORK.get(_magic(descriptor))


def keeps_numbers(descriptor: int) -> bool:
    """As `Kernel.keeps_numbers`."""
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
    """As `Kernel.umask` (proc_pid_status(5))."""
    with open("/proc/self/status", "rb") as file:
        return next(int(line.split()[1], 8) for line in file if line.startswith(b"Umask:"))


def copy_extended(source: int, target: int, acl: bool) -> int:
    """As `Kernel.copy_extended`: the mode's middle bits are the ACL's mask where there is one, and mean more without it
    (acl(5))."""
    try:
        names = os.listxattr(source)
    except OSError:
        return 0  # The file system has none.
    for name in names:
        if name.startswith(_CARRIED) and (acl or name != _ACL):
            try:
                os.setxattr(target, name, os.getxattr(source, name))
            except OSError:
                acl = acl and name != _ACL
    return 0 if acl or _ACL not in names else 0o070


def ignore_lease_signals() -> None:
    """As `Kernel.ignore_lease_signals` (SIGIO)."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def lease(descriptor: int) -> bool:
    """As `Kernel.lease` (F_SETLEASE)."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError:
        return False
    return True


def lease_unbroken(descriptor: int) -> bool:
    """As `Kernel.lease_unbroken` (F_GETLEASE)."""
    return fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def release(descriptor: int) -> None:
    """As `Kernel.release`."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return  # There is none to give back.


def leases(folder: Path) -> bool | None:
    """As `Kernel.leases`; tried on a file of our own that has no name.

    Where there are no such files (FAT) leases are not trusted either, nor where others write unseen (R45).
    """
    try:
        return _lease_holds(folder)
    except OSError as error:
        return False if error.errno in _NO_UNNAMED_FILES else None


def _lease_holds(folder: Path) -> bool:
    """Takes a lease on a new file without a name; raises OSError where no such file can be made."""
    written = os.open(folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
    try:
        if network_kind(written) is not None:
            return False
        read = os.open(f"/proc/self/fd/{written}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(written)
    try:
        return lease(read)
    finally:
        os.close(read)


def written_by_somebody(descriptor: int) -> bool | None:
    """As `Kernel.written_by_somebody`."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None  # Another's file: nobody but its owner may ask.
    return False


def peer(connection: socket.socket) -> int | None:
    """As `Kernel.peer` (SO_PEERCRED)."""
    _, uid, _ = _CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    return int(uid)


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """As `Kernel.socket_address`: by an open descriptor of the folder (proc_pid_fd(5))."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def share_heaps(most: int) -> None:
    """As `Kernel.share_heaps` (mallopt with M_ARENA_MAX); of no effect with another C library than glibc."""
    if hasattr(_LIBC, "mallopt"):
        _LIBC.mallopt(_ARENA_MAX, most)
