"""macOS' side of what POSIX leaves to each kernel (`posix.kernel`).

Numbers and structures are those of macOS' headers and manual pages, which are named where they stand; written out, so that
tests can hold them against their source on another system. Never run on a Mac. macOS has no leases: there a desk works in
weak mode (R11, R45).
"""

import ctypes
import fcntl
import os
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from govsync.system.macos.libsystem import SYSTEM, check, error

_ENOENT, _EINVAL, _ENOTTY, _ENOTSUP, _ENOSYS, _EOPNOTSUPP = 2, 22, 25, 45, 78, 102  # sys/errno.h
_UNKNOWN = (_EINVAL, _ENOTSUP, _ENOSYS, _EOPNOTSUPP)
"""How file systems say that they know no such call."""
AT_CWD = -2  # sys/fcntl.h
NO_EXCHANGE: tuple[int, ...] = _UNKNOWN
FLUSHES_ALL = False

_RENAME_SWAP = 0x2  # sys/stdio.h, rename(2)
_RENAME_EXCL = 0x4
_AT_SYMLINK_NOFOLLOW = 0x20  # sys/fcntl.h
_STAT_BYTES = 144
_STAT = struct.Struct("=8xQ64xqq")
"""Inode, and the birth time's seconds and nanoseconds (struct stat with inodes of 64 bits, stat(2))."""

_PC_CASE_SENSITIVE = 11  # sys/unistd.h, pathconf(2)
_ATTR_BIT_MAP_COUNT = 5  # sys/attr.h, getattrlist(2)
_ATTR_CMN_NAME = 0x1
_FSOPT_NOFOLLOW = 0x1
_NAME_ALONE = struct.pack("=HHIIIII", _ATTR_BIT_MAP_COUNT, 0, _ATTR_CMN_NAME, 0, 0, 0, 0)
"""What is asked for (struct attrlist): attributes of all entries, and none of volumes, folders, files and forks."""
_NAMED = struct.Struct("=IiI")
"""How long the answer is, where the name lies in it, counted from this very field, and how long it is with its NUL
(attrreference_t)."""
_OFFSET_AT = 4
_NAMED_BYTES = _NAMED.size + 255 * 3 + 1
"""The answer with the longest name (getattrlist(2): NAME_MAX letters, each of three bytes at most, and the NUL)."""

_F_PREALLOCATE = 42  # sys/fcntl.h, fcntl(2)
_F_FULLFSYNC = 51
_F_ALLOCATEALL = 0x4
_F_PEOFPOSMODE = 3
_FSTORE = struct.Struct("=IiqqQ")
"""Flags, from where, offset, how much, and how much it became (struct fstore)."""
_SYNC_VOLUME_WAIT = 0x02  # unistd.h
_NO_SUCH_FLUSH = (_ENOTTY, *_UNKNOWN)
_BLOCK_BYTES = 512  # st_blocks, stat(2)

_STATFS_BYTES = 2168
_STATFS = struct.Struct("=64xI4x16s")
"""Flags, and the name of the file system's kind (struct statfs with inodes of 64 bits, statfs(2))."""
_MNT_LOCAL = 0x1000  # sys/mount.h
_USER_SPACE = ("macfuse", "osxfuse")
_NUMBERED = ("apfs", "hfs")
"""File systems that keep a file's number on the disk. FAT and exFAT, whatever they are called there, count anew."""

_ACL_TYPE_EXTENDED = 0x100  # sys/acl.h
_NO_ACL = (_ENOENT, _ENOTSUP, _EOPNOTSUPP)
_NOT_CARRIED = (b"com.apple.cs.", b"com.apple.diskimages.", b"com.apple.TextEncoding")
"""Attributes that vouch for a content, or say how it is to be read: a detached signature, checksums of a disk image, the
encoding of a text. All others belong to a file's name: tags, comments, what the Finder keeps, the quarantine, with which
macOS asks before a program runs, as it would have before."""

_SOL_LOCAL = 0  # sys/un.h, unix(4)
_LOCAL_PEERCRED = 0x001
_XUCRED = struct.Struct("=IIh2x16I")
"""Version, user, how many groups, and the groups (struct xucred, sys/ucred.h)."""
_XUCRED_VERSION = 0
_ADDRESS_BYTES = 103
"""What a socket's address holds before its NUL (sun_path, sys/un.h)."""


class _Room(threading.local):
    """Where the kernel puts its answer, for each thread: to make it anew costs more than to ask."""

    def __init__(self) -> None:
        self.stat = ctypes.create_string_buffer(_STAT_BYTES)
        self.named = ctypes.create_string_buffer(_NAMED_BYTES)


_room = _Room()


def _text(name: str) -> bytes:
    """Encodes a name for C, where it would end at a NUL; raises ValueError for one that holds it."""
    if "\0" in name:
        raise ValueError("embedded null character")
    return os.fsencode(name)


def rename_exchange(a: int, a_name: str, b: int, b_name: str) -> None:
    """As `Kernel.rename_exchange` (renameatx_np with RENAME_SWAP)."""
    check(SYSTEM.renameatx_np(a, _text(a_name), b, _text(b_name), _RENAME_SWAP))


def rename_noreplace(a: int, a_name: str, b: int, b_name: str) -> None:
    """As `Kernel.rename_noreplace` (renameatx_np with RENAME_EXCL)."""
    check(SYSTEM.renameatx_np(a, _text(a_name), b, _text(b_name), _RENAME_EXCL))


def birth(folder: int, name: str) -> tuple[int, int | None]:
    """As `Kernel.birth` (fstatat; what Python makes of it is a float, and too coarse). A file system that keeps no birth times
    leaves zeros. A modification time that is set earlier takes the birth time with it."""
    told = _room.stat
    check(SYSTEM.fstatat(folder, _text(name), told, _AT_SYMLINK_NOFOLLOW))
    ino, seconds, nanoseconds = _STAT.unpack_from(told)
    return ino, int(seconds * 1_000_000_000 + nanoseconds) or None


def folds(descriptor: int) -> bool:
    """Says whether case makes no second name on the descriptor's file system. Where that is not told it makes one, as the
    kernel itself takes it when it renames; raises OSError."""
    try:
        return os.fpathconf(descriptor, _PC_CASE_SENSITIVE) == 0
    except OSError as refused:
        if refused.errno not in _UNKNOWN:
            raise
        return False


def stored_name(folder: int, name: str) -> str | None:
    """Answers how the entry that a name finds is spelled on the disk (getattrlistat), None where the file system does not
    tell. Of a file with several names it may be any of them. Raises OSError, and ValueError for a name that holds a NUL."""
    told = _room.named
    try:
        check(SYSTEM.getattrlistat(folder, _text(name), _NAME_ALONE, told, _NAMED_BYTES, _FSOPT_NOFOLLOW))
    except OSError as refused:
        if refused.errno not in _UNKNOWN:
            raise
        return None
    _, offset, size = _NAMED.unpack_from(told)
    begin = _OFFSET_AT + offset
    return os.fsdecode(told.raw[begin : begin + size].partition(b"\0")[0])


def flush(descriptor: int) -> None:
    """As `Kernel.flush`: fsync(2) ends at the drive, which may hold data back; F_FULLFSYNC has it write them. Where a file
    system refuses that, fsync is all there is."""
    try:
        fcntl.fcntl(descriptor, _F_FULLFSYNC)
    except OSError as refused:
        if refused.errno not in _NO_SUCH_FLUSH:
            raise
        os.fsync(descriptor)


def flush_folders(descriptors: Iterator[int]) -> None:
    """As `Kernel.flush_folders`: the whole volume is handed to the drive, with what people's programs saved and was read
    (docs/decisions/0009), then each folder; and the drive is asked once, with the last, to write all that it holds.

    fsync_volume_np, which answers the number of an error itself, stands in unistd.h, and no manual page says how far it goes:
    so what is written here does not rest on it (`FLUSHES_ALL`).
    """
    *others, last = descriptors
    number = SYSTEM.fsync_volume_np(last, _SYNC_VOLUME_WAIT)
    if number not in (0, *_NO_SUCH_FLUSH):
        raise OSError(number, os.strerror(number))
    for each in others:
        os.fsync(each)
    flush(last)


def reserve(descriptor: int, size_bytes: int) -> None:
    """As `Kernel.reserve` (F_PREALLOCATE, which counts from the end of what the file holds on the disk already)."""
    missing_bytes = size_bytes - os.fstat(descriptor).st_blocks * _BLOCK_BYTES
    if missing_bytes > 0:
        fcntl.fcntl(
            descriptor, _F_PREALLOCATE, _FSTORE.pack(_F_ALLOCATEALL, _F_PEOFPOSMODE, 0, missing_bytes, 0)
        )


def network_kind(descriptor: int) -> str | None:
    """As `Kernel.network_kind`."""
    kind, local = _kind(descriptor)
    return None if local and kind not in _USER_SPACE else kind


def keeps_numbers(descriptor: int) -> bool:
    """As `Kernel.keeps_numbers`."""
    kind, local = _kind(descriptor)
    return local and kind in _NUMBERED


def _kind(descriptor: int) -> tuple[str, bool]:
    """Names the kind of a file system, and says whether it lies on this machine."""
    told = ctypes.create_string_buffer(_STATFS_BYTES)
    check(SYSTEM.fstatfs(descriptor, told))
    flags, kind = _STATFS.unpack_from(told)
    return os.fsdecode(kind.partition(b"\0")[0]), flags & _MNT_LOCAL != 0


def umask() -> int:
    """As `Kernel.umask`: what a new file lacks of the rights that it was to have. No other way tells it and changes nothing;
    who may execute it is not seen."""
    with tempfile.TemporaryDirectory() as folder:
        made = os.open(Path(folder) / "new", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            return 0o666 & ~os.fstat(made).st_mode
        finally:
            os.close(made)


def copy_extended(source: int, target: int, acl: bool) -> int:
    """As `Kernel.copy_extended`. macOS' ACL names persons and groups of its own, so it goes along whatever the file's group
    is; it can refuse what the mode allows, so without it others' rights of the mode are all doubtful."""
    _copy_attributes(source, target)
    return 0 if _copy_acl(source, target) else 0o077


def _copy_attributes(source: int, target: int) -> None:
    try:
        names = _told(lambda room, size: SYSTEM.flistxattr(source, room, size, 0)).split(b"\0")
    except OSError:
        return  # The file system has none.
    for name in names:
        if name and not name.startswith(_NOT_CARRIED):
            _copy_attribute(source, target, name)


def _copy_attribute(source: int, target: int, name: bytes) -> None:
    try:
        value = _told(lambda room, size: SYSTEM.fgetxattr(source, name, room, size, 0, 0))
        check(SYSTEM.fsetxattr(target, name, value, len(value), 0, 0))
    except OSError:
        return  # One of the system's own, which it alone sets, or one that went.


def _told(ask: Callable[[ctypes.Array[ctypes.c_char] | None, int], int]) -> bytes:
    """Answers what a call writes into room of the size that it said before it needs; raises OSError."""
    size = check(ask(None, 0))
    room = ctypes.create_string_buffer(size)
    written = check(ask(room, size)) if size else 0
    return room.raw[:written]


def _copy_acl(source: int, target: int) -> bool:
    """Gives a file the whole ACL of another, with what that has from its folder, and none where that has none: the file may
    have got one from the folder in which it was made. Says whether the ACLs are the same then.

    fcopyfile(3) leaves to each what it has from its folder, and the two were made in different ones.
    """
    try:
        with _acl(source) as theirs, _acl(target) as its_own:
            if theirs is not None:
                check(SYSTEM.acl_set_fd_np(target, theirs, _ACL_TYPE_EXTENDED))
            elif its_own is not None:
                with _freed(SYSTEM.acl_init(1)) as none:
                    check(SYSTEM.acl_set_fd_np(target, none, _ACL_TYPE_EXTENDED))
    except OSError:
        return False
    return True


@contextmanager
def _acl(descriptor: int) -> Iterator[int | None]:
    """Answers the ACL of an open file, None where it has none; raises OSError."""
    found = SYSTEM.acl_get_fd_np(descriptor, _ACL_TYPE_EXTENDED)
    if found is None and (failed := error()).errno not in _NO_ACL:
        raise failed
    with _freed(found) as acl:
        yield acl


@contextmanager
def _freed(acl: int | None) -> Iterator[int | None]:
    """Gives the memory of an ACL back (acl_free(3))."""
    try:
        yield acl
    finally:
        if acl is not None:
            SYSTEM.acl_free(acl)


def ignore_lease_signals() -> None:
    """As `Kernel.ignore_lease_signals`: there are none."""


def lease(descriptor: int) -> bool:
    """As `Kernel.lease`: none can be had."""
    return False


def lease_unbroken(descriptor: int) -> bool:
    """As `Kernel.lease_unbroken`: there is none."""
    return False


def release(descriptor: int) -> None:
    """As `Kernel.release`: there is none to give back."""


def leases(folder: Path) -> bool | None:
    """As `Kernel.leases`: nowhere."""
    return False


def written_by_somebody(descriptor: int) -> bool | None:
    """As `Kernel.written_by_somebody`: macOS does not tell."""
    return None


def peer(connection: socket.socket) -> int | None:
    """As `Kernel.peer` (LOCAL_PEERCRED); of an end that has gone it is not told."""
    try:
        told = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size)
    except OSError:
        return None
    if len(told) != _XUCRED.size:
        return None
    version, uid, *_ = _XUCRED.unpack(told)
    return int(uid) if version == _XUCRED_VERSION else None


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """As `Kernel.socket_address`: a path that is too long is reached through a link in a folder of our own, which is gone
    again afterwards; on macOS the folder for such things is the person's own (TMPDIR) and its path short."""
    if len(os.fsencode(path)) <= _ADDRESS_BYTES:
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "to"
        link.symlink_to(path.parent.absolute(), target_is_directory=True)
        yield str(link / path.name)


def share_heaps(most: int) -> None:
    """As `Kernel.share_heaps`: nothing, since macOS' library is not told such a number."""
