"""A likeness of macOS' libSystem: its calls, with its structures, flags and error numbers, carried out by those of Linux.

What is called goes through C with the types that its header declares, so a pointer that was taken for a number, or a number of
the wrong width, shows here as it would there. Every number is written out from the header that is named beside it, and none is
taken from `govsync.system.macos`: a wrong one there is one that this does not know.
"""

import ctypes
import errno
import itertools
import os
import stat
import struct
from collections.abc import Callable
from ctypes import c_char_p, c_int, c_size_t, c_ssize_t, c_uint, c_uint32, c_ulong, c_void_p
from types import SimpleNamespace
from typing import Any

import pytest

from govsync.system import failures, linux
from govsync.system.macos import kernel, libsystem
from govsync.system.posix import disk, files
from tests.system.folding import Names, same

EINVAL, ENOTSUP, ENOATTR = 22, 45, 93  # sys/errno.h
NUMBERS = {
    errno.EAGAIN: 35, errno.EOPNOTSUPP: 45, errno.ELOOP: 62, errno.ENAMETOOLONG: 63, errno.ENOTEMPTY: 66, errno.EDQUOT: 69,
    errno.ENOSYS: 78, errno.ENODATA: ENOATTR,
}  # fmt: skip
"""Linux' numbers that mean something else on macOS, and what they are called there (sys/errno.h)."""

DECLARED = {
    # stdio.h
    "renameatx_np": (c_int, c_int, c_char_p, c_int, c_char_p, c_uint),
    # sys/stat.h
    "fstatat": (c_int, c_int, c_char_p, c_void_p, c_int),
    # unistd.h
    "getattrlistat": (c_int, c_int, c_char_p, c_void_p, c_void_p, c_size_t, c_ulong),
    # sys/mount.h
    "fstatfs": (c_int, c_int, c_void_p),
    # sys/xattr.h
    "flistxattr": (c_ssize_t, c_int, c_void_p, c_size_t, c_int),
    "fgetxattr": (c_ssize_t, c_int, c_char_p, c_void_p, c_size_t, c_uint32, c_int),
    "fsetxattr": (c_int, c_int, c_char_p, c_void_p, c_size_t, c_uint32, c_int),
    # sys/acl.h
    "acl_get_fd_np": (c_void_p, c_int, c_int),
    "acl_set_fd_np": (c_int, c_int, c_void_p, c_int),
    "acl_init": (c_void_p, c_int),
    "acl_free": (c_int, c_void_p),
    # unistd.h
    "fsync_volume_np": (c_int, c_int, c_int),
    "gethostuuid": (c_int, c_void_p, c_void_p),
}

STAT = struct.Struct("=iHHQIIi4x8q2qiIIi2q")
"""struct stat where inodes have 64 bits (sys/stat.h): device, mode, links, inode, user, group, device, four times (of access,
change of data, change of the inode, birth) of seconds and nanoseconds each, size, blocks, size of a block, flags, generation,
and what is spare."""
STATFS = struct.Struct("=Ii5Q2iIIII16s1024s1024sI7I")
"""struct statfs where inodes have 64 bits (sys/mount.h): sizes and counts, id, owner, type, flags, subtype, name of the type,
where and what is mounted, and what is spare."""
FSTORE = struct.Struct("=Iiqqq")
"""struct fstore (sys/fcntl.h): flags, from where, offset, length, how much it became."""
ATTRLIST = struct.Struct("=HHIIIII")
"""struct attrlist (sys/attr.h): how many groups there are, what is reserved, and of each group what is asked for: of all
entries, volumes, folders, files and forks."""
NAMED = struct.Struct("=IiI")
"""An answer's length, and its one attribute that has none of its own (sys/attr.h, struct attrreference): where that lies,
counted from here, and its length."""
ACL_AT = 0x7FFF_0000_0000
"""ACLs lie where their addresses need more than 32 bits."""


class LibSystem:
    """What the calls do, and a disk that lacks what a test says."""

    def __init__(self) -> None:
        self.kind, self.local = b"apfs", True
        self.names = Names()
        self.respells = True
        """Whether a rename that replaces nothing lets a name be spelled otherwise, as newer kernels do (XNU,
        renameat_internal)."""
        self.refused_name: int | None = None
        self.one_of_several = b"another of its names"
        """What is told of a file with several names, whichever has found it."""
        self.keeps_acls = self.tells_births = True
        self.refused_exchange: int | None = None
        self.refused_flush: int | None = None
        self.volume_flush = 0
        """The number with which the flush of a whole volume ends."""
        self.uuid: bytes | None = bytes(range(16))
        self.flushed: list[tuple[str, str]] = []
        """By which call what was flushed, in order: its path at that moment."""
        self.acls: dict[int, bytes] = {}
        """ACLs of files, by inode."""
        self.unset: set[bytes] = set()
        """Attributes that the system alone sets."""
        self.lent: dict[int, bytes] = {}
        """ACLs that were handed out and not given back yet, by their address."""
        self._addresses = itertools.count(ACL_AT, 64)
        self._kept: list[object] = []

    def calls(self) -> dict[str, Any]:
        """Answers each call as one that is entered as a C function, with the types that the product gives it."""
        entered = {}
        for name, (result, *arguments) in DECLARED.items():
            function = ctypes.CFUNCTYPE(result, *arguments, use_errno=True)(_like_c(getattr(self, name)))
            self._kept.append(function)
            address = ctypes.cast(function, c_void_p).value
            entered[name] = libsystem.typed(libsystem.SYSTEM._FuncPtr(address), name)
        return entered

    # ---- stdio.h, sys/stat.h, sys/mount.h ----

    def renameatx_np(self, a: int, a_name: bytes, b: int, b_name: bytes, flags: int) -> int:
        call = {0x2: self._exchange, 0x4: self._rename}.get(flags)  # RENAME_SWAP, RENAME_EXCL
        if call is None:
            raise OSError(EINVAL, "flags")
        if self.refused_exchange is not None and flags == 0x2:
            raise OSError(self.refused_exchange, "flags")
        call(_folder(a), os.fsdecode(a_name), _folder(b), os.fsdecode(b_name))
        return 0

    def _exchange(self, a: int, name: str, b: int, other: str) -> None:
        linux.rename_exchange(a, self.names.found(a, name), b, self.names.found(b, other))

    def _rename(self, a: int, name: str, b: int, other: str) -> None:
        """Renames to a free name. Newer kernels leave it to a disk that folds when source and target are one file in one folder;
        there another spelling is given, and of two names of a file nothing is done, as if it had been (renameat_internal)."""
        source, target = self.names.found(a, name), self.names.found(b, other)
        left = self.names.folds and self.respells and same(a, b) and self._is_one_file(a, source, target)
        if not left:
            linux.rename_noreplace(a, source, b, target)
        elif source == target and (new := self.names.kept(other)) not in (name, source):
            linux.rename_noreplace(a, source, b, new)

    def _is_one_file(self, folder: int, source: str, target: str) -> bool:
        if target not in os.listdir(folder):
            return False
        a, b = (os.stat(each, dir_fd=folder, follow_symlinks=False) for each in (source, target))
        return os.path.samestat(a, b)

    def getattrlistat(self, folder: int, name: bytes, wanted: int, told: int, size: int, options: int) -> int:
        assert ATTRLIST.unpack(ctypes.string_at(wanted, ATTRLIST.size)) == (
            5,
            0,
            1,
            0,
            0,
            0,
            0,
        )  # ATTR_CMN_NAME
        assert options == 1  # FSOPT_NOFOLLOW
        found = os.stat(name, dir_fd=_folder(folder), follow_symlinks=False)
        if self.refused_name is not None:
            raise OSError(self.refused_name, "no names")
        stored = os.fsencode(self.names.found(_folder(folder), os.fsdecode(name)))
        if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
            stored = self.one_of_several
        stored += b"\0"
        stored = stored.ljust(len(stored) + -len(stored) % 4, b"\0")
        filled = NAMED.pack(NAMED.size + len(stored), 8, len(stored.rstrip(b"\0")) + 1) + stored
        assert len(filled) <= size or len(stored) > 255 * 3
        ctypes.memmove(told, filled, min(len(filled), size))
        return 0

    def fstatat(self, folder: int, name: bytes, told: int, flags: int) -> int:
        assert flags in (0, 0x20)  # AT_SYMLINK_NOFOLLOW, sys/fcntl.h
        found = os.stat(name, dir_fd=_folder(folder), follow_symlinks=flags == 0)
        _, born_ns = linux.birth(_folder(folder), self.names.found(_folder(folder), os.fsdecode(name)))
        times = (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns, (born_ns or 0) * self.tells_births)
        parts = itertools.chain.from_iterable(divmod(each, 1_000_000_000) for each in times)
        filled = STAT.pack(
            found.st_dev & 0x7FFFFFFF, found.st_mode, found.st_nlink, found.st_ino, found.st_uid, found.st_gid, 0, *parts,
            found.st_size, found.st_blocks, found.st_blksize, 0, 0, 0, 0, 0,
        )  # fmt: skip
        ctypes.memmove(told, filled, len(filled))
        return 0

    def fstatfs(self, descriptor: int, told: int) -> int:
        found = os.fstatvfs(descriptor)
        flags = 0x1000 if self.local else 0  # MNT_LOCAL
        filled = STATFS.pack(
            found.f_bsize, found.f_bsize, found.f_blocks, found.f_bfree, found.f_bavail, found.f_files, found.f_ffree,
            1, 2, 501, 26, 0x0480_0000 | flags, 0, self.kind, b"/", b"/dev/disk3s1s1", *[0] * 8,
        )  # fmt: skip
        ctypes.memmove(told, filled, len(filled))
        return 0

    # ---- sys/xattr.h ----

    def flistxattr(self, descriptor: int, told: int | None, size: int, options: int) -> int:
        assert options == 0
        names = (os.fsencode(each.removeprefix("user.")) + b"\0" for each in os.listxattr(descriptor))
        return _given(b"".join(names), told, size)

    def fgetxattr(
        self, descriptor: int, name: bytes, told: int | None, size: int, at: int, options: int
    ) -> int:
        assert (at, options) == (0, 0)
        return _given(os.getxattr(descriptor, b"user." + name), told, size)

    def fsetxattr(self, descriptor: int, name: bytes, value: int, size: int, at: int, options: int) -> int:
        assert (at, options) == (0, 0)
        if name in self.unset:
            raise PermissionError(errno.EPERM, "the system's own")
        os.setxattr(descriptor, b"user." + name, ctypes.string_at(value, size))
        return 0

    # ---- sys/acl.h ----

    def acl_get_fd_np(self, descriptor: int, kind: int) -> int:
        assert kind == 0x100  # ACL_TYPE_EXTENDED
        held = self.acls.get(os.fstat(descriptor).st_ino)
        if held is None:
            raise FileNotFoundError(errno.ENOENT, "no ACL")
        return self._lent(held)

    def acl_set_fd_np(self, descriptor: int, acl: int, kind: int) -> int:
        assert kind == 0x100
        if not self.keeps_acls:
            raise OSError(ENOTSUP, "no ACLs here")
        self.acls[os.fstat(descriptor).st_ino] = self.lent[acl]
        return 0

    def acl_init(self, count: int) -> int:
        assert 0 <= count <= 128  # ACL_MAX_ENTRIES
        return self._lent(b"")

    def acl_free(self, acl: int) -> int:
        del self.lent[acl]
        return 0

    def _lent(self, acl: bytes) -> int:
        address = next(self._addresses)
        self.lent[address] = acl
        return address

    # ---- unistd.h ----

    def fsync_volume_np(self, descriptor: int, flags: int) -> int:
        assert flags == 0x02  # SYNC_VOLUME_WAIT
        self.flushed.append(("volume", _path_of(descriptor)))
        return self.volume_flush

    def gethostuuid(self, told: int, wait: int) -> int:
        seconds, nanoseconds = struct.unpack("=qq", ctypes.string_at(wait, 16))  # struct timespec
        assert 0 < seconds < 60
        assert nanoseconds == 0
        if self.uuid is None:
            ctypes.memset(told, 0xEE, 16)  # What it leaves then is not said.
            raise BlockingIOError(errno.EWOULDBLOCK, "not now")
        ctypes.memmove(told, self.uuid, 16)
        return 0

    # ---- fcntl.h, which is asked through Python ----

    def fcntl(self, descriptor: int, command: int, argument: bytes | int = 0) -> bytes | int:
        try:
            if command == 51:  # F_FULLFSYNC
                if self.refused_flush is not None:
                    raise OSError(self.refused_flush, "no full flush")
                self.flushed.append(("full", _path_of(descriptor)))
                return 0
            if command == 42 and isinstance(argument, bytes):  # F_PREALLOCATE
                return self._preallocate(descriptor, *FSTORE.unpack(argument))
        except OSError as error:
            raise OSError(_number(error), "as macOS has it") from error
        raise OSError(EINVAL, "no such command")

    def _preallocate(
        self, descriptor: int, flags: int, where: int, offset: int, length: int, _: int
    ) -> bytes:
        assert (flags, where, offset) == (0x4, 3, 0)  # F_ALLOCATEALL, F_PEOFPOSMODE
        held = os.fstat(descriptor).st_blocks * 512
        linux.reserve(descriptor, held + length)
        return FSTORE.pack(flags, where, offset, length, length)


def on(monkeypatch: pytest.MonkeyPatch) -> LibSystem:
    """Has the disk work with macOS' side, over a likeness of its library; where a call of POSIX says something in another way
    there, Linux' says it so, too."""
    likeness = LibSystem()
    for name, call in likeness.calls().items():
        monkeypatch.setitem(libsystem.SYSTEM.__dict__, name, call)
    monkeypatch.setattr(kernel, "fcntl", SimpleNamespace(fcntl=likeness.fcntl))
    for module in (disk, files):
        monkeypatch.setattr(module, "kernel", kernel)
    as_there = {NUMBERS[number]: code for number, code in failures._CODES.items() if number in NUMBERS}
    monkeypatch.setattr(failures, "_CODES", {**failures._CODES, **as_there})
    likeness.names.on(monkeypatch)
    unlink, fsync = os.unlink, os.fsync

    def unlink_there(path: str, *, dir_fd: int | None = None) -> None:
        try:
            unlink(path, dir_fd=dir_fd)
        except IsADirectoryError as error:
            raise PermissionError(errno.EPERM, "a folder") from error  # unlink(2)

    def fsync_there(descriptor: int) -> None:
        fsync(descriptor)
        likeness.flushed.append(("drive", _path_of(descriptor)))

    monkeypatch.setattr(os, "unlink", unlink_there)
    monkeypatch.setattr(os, "fsync", fsync_there)
    return likeness


def _like_c(call: Callable[..., int]) -> Callable[..., int]:
    """Has a call say its errors as C does: by a number that it leaves, and by -1, or NULL where it answers an address."""
    failed = 0 if DECLARED[call.__name__][0] is c_void_p else -1

    def entered(*arguments: Any) -> int:
        try:
            return call(*arguments)
        except OSError as error:
            ctypes.set_errno(_number(error))
            return failed

    return entered


def _number(error: OSError) -> int:
    """Answers an error's number as macOS has it."""
    assert error.errno is not None
    return NUMBERS.get(error.errno, error.errno)


def _given(data: bytes, told: int | None, size: int) -> int:
    """Writes data where they are wanted, and answers their size (getxattr(2))."""
    if told is not None and size > 0:
        if len(data) > size:
            raise OSError(errno.ERANGE, "no room")
        ctypes.memmove(told, data, len(data))
    return len(data)


def _folder(descriptor: int) -> int:
    """Answers Linux' number for what macOS calls a folder: -2 is AT_FDCWD there (sys/fcntl.h)."""
    if descriptor == -2:
        return linux.AT_CWD
    if descriptor < 0:
        raise OSError(errno.EBADF, "no descriptor")
    return descriptor


def _path_of(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")
