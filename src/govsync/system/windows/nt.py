"""The calls of Windows' kernel by which files are reached from open folders: what `openat` and its kin are elsewhere.

Win32 knows paths only; the layer below it, which Windows documents for drivers and keeps stable, takes a folder's handle and
one name in it. Names are the disk's own there: none is cut at a dot or a space, none is a device, and none is too long.
Source: the reference of the Windows Driver Kit (ntifs.h), under the names of the functions and structures. Errors are OSErrors whose
`errno` is what other systems would have said, with the status in the text.
"""

import ctypes
import errno
import struct
import sys
from collections.abc import Iterator
from ctypes import wintypes
from typing import NamedTuple

assert sys.platform == "win32"

_NT = ctypes.WinDLL("ntdll")

LIST_FOLDER = 0x0001
READ = 0x0001
ADD_FILE = 0x0002
APPEND_OR_ADD_FOLDER = 0x0004
TRAVERSE = 0x0020
READ_ATTRIBUTES = 0x0080
WRITE_ATTRIBUTES = 0x0100
DELETE = 0x0001_0000
_SYNCHRONIZE = 0x0010_0000
WRITE = 0x0012_0116
"""FILE_GENERIC_WRITE."""

SHARE_NONE, SHARE_READ, SHARE_WRITE, SHARE_DELETE = 0, 1, 2, 4
SHARE_ALL = SHARE_READ | SHARE_WRITE | SHARE_DELETE

OPEN, CREATE, OPEN_OR_CREATE = 1, 2, 3
FOLDER = 0x0000_0001
_SYNCHRONOUS = 0x0000_0020
NO_FOLDER = 0x0000_0040
_FOR_BACKUP = 0x0000_4000
NO_FOLLOW = 0x0020_0000
"""FILE_OPEN_REPARSE_POINT: what a link is, not where it leads."""

READ_ONLY, HIDDEN, SYSTEM, IS_FOLDER, NORMAL, IS_REPARSE_POINT = 0x1, 0x2, 0x4, 0x10, 0x80, 0x400
NAME_SURROGATE = 0x2000_0000
"""The bit of a reparse point's tag that says that it stands for another name: symbolic links, junctions, mounted volumes. Others
(compressed, deduplicated, kept in a cloud) are files with content of their own."""

_CASE_INSENSITIVE = 0x40
_REMOTE_DEVICE = 0x10
_ALL, _BASIC, _RENAME, _DISPOSITION, _ALLOCATION, _TAG, _DISPOSITION_EX = 18, 4, 10, 13, 19, 35, 64
_NAMES = 12
_VOLUME, _DEVICE, _ATTRIBUTES, _FULL_SIZE = 1, 4, 5, 7
_DELETE_NOW = 0x1 | 0x2 | 0x10
"""FILE_DISPOSITION_DELETE, _POSIX_SEMANTICS (the name is free at once), _IGNORE_READONLY_ATTRIBUTE."""

_OVERFLOW, _NO_MORE, _NO_SUCH, _END = 0x8000_0005, 0x8000_0006, 0xC000_000F, 0xC000_0011
_UNKNOWN_HERE = (0xC000_0002, 0xC000_0003, 0xC000_000D, 0xC000_0010, 0xC000_00BB)
"""Not implemented, invalid class, invalid parameter, invalid request, not supported."""

_MEANING = {
    0xC000_000F: errno.ENOENT, 0xC000_0034: errno.ENOENT, 0xC000_003A: errno.ENOENT, 0xC000_003B: errno.ENOENT,
    0xC000_0039: errno.ENOENT, 0xC000_0056: errno.ENOENT, 0xC000_0123: errno.ENOENT,
    0xC000_0035: errno.EEXIST, 0xC000_0101: errno.ENOTEMPTY, 0xC000_0103: errno.ENOTDIR, 0xC000_00BA: errno.EISDIR,
    0xC000_0022: errno.EACCES, 0xC000_0061: errno.EACCES, 0xC000_0121: errno.EACCES,
    0xC000_0043: errno.EBUSY, 0xC000_0054: errno.EBUSY, 0xC000_0055: errno.EBUSY, 0xC000_0243: errno.EBUSY,
    0xC000_007F: errno.ENOSPC, 0xC000_0044: errno.ENOSPC, 0xC000_0904: errno.EFBIG, 0xC000_00A2: errno.EROFS,
    0xC000_0033: errno.EINVAL, 0xC000_000D: errno.EINVAL, 0xC000_00D4: errno.EXDEV, 0xC000_0008: errno.EBADF,
    0xC000_0106: errno.ENAMETOOLONG, 0xC000_0185: errno.EIO, 0xC000_009C: errno.EIO, 0xC000_003F: errno.EIO,
}  # fmt: skip
"""What a status (ntstatus.h) would be called elsewhere. What is about to be deleted (0xC0000056) can be opened by nobody any more."""

_MOST_UNITS = 255
_ILLEGAL = frozenset('\\/:*?"<>|') | {chr(number) for number in range(32)}
_LIST_BYTES = 1 << 16
_ABOUT = struct.Struct("<4q I 4x q q I B B 2x q")
"""FILE_ALL_INFORMATION as far as it is read: birth, access, modification, change; attributes; allocation, size, links, whether it
is about to be deleted, whether it is a folder; number."""
_ABOUT_BYTES = 1 << 10
_BASIC_FIELDS = struct.Struct("<4q I 4x")

_EPOCH_DIFFERENCE = 116_444_736_000_000_000
"""Tenths of microseconds from 1601, in which the kernel counts, to 1970."""


class _Text(ctypes.Structure):
    """UNICODE_STRING."""

    _fields_ = (("bytes", wintypes.USHORT), ("room_bytes", wintypes.USHORT), ("text", ctypes.c_void_p))


class _Object(ctypes.Structure):
    """OBJECT_ATTRIBUTES."""

    _fields_ = (
        ("length", wintypes.ULONG), ("folder", wintypes.HANDLE), ("name", ctypes.POINTER(_Text)),
        ("attributes", wintypes.ULONG), ("security", ctypes.c_void_p), ("quality", ctypes.c_void_p),
    )  # fmt: skip


class _Status(ctypes.Structure):
    """IO_STATUS_BLOCK."""

    _fields_ = (("status", ctypes.c_void_p), ("information", ctypes.c_size_t))


class About(NamedTuple):
    """What the kernel tells of an open file; times in nanoseconds since the Unix epoch."""

    born_ns: int
    mtime_ns: int
    ctime_ns: int
    attributes: int
    size_bytes: int
    links: int
    number: int

    @property
    def is_folder(self) -> bool:
        """Says whether it is a folder, or a link that stands for one."""
        return self.attributes & IS_FOLDER != 0


_P, _U, _H = ctypes.c_void_p, wintypes.ULONG, wintypes.HANDLE
_NT.NtCreateFile.argtypes = (_P, _U, _P, _P, _P, _U, _U, _U, _U, _P, _U)
_NT.NtClose.argtypes = (_H,)
_NT.NtQueryInformationFile.argtypes = _NT.NtSetInformationFile.argtypes = (_H, _P, _P, _U, ctypes.c_int)
_NT.NtQueryVolumeInformationFile.argtypes = (_H, _P, _P, _U, ctypes.c_int)
_NT.NtQueryDirectoryFile.argtypes = (
    _H,
    _H,
    _P,
    _P,
    _P,
    _P,
    _U,
    ctypes.c_int,
    wintypes.BOOLEAN,
    _P,
    wintypes.BOOLEAN,
)
_NT.NtFlushBuffersFile.argtypes = (_H, _P)
_NT.NtReadFile.argtypes = _NT.NtWriteFile.argtypes = (_H, _H, _P, _P, _P, _P, _U, _P, _P)


def _error(status: int) -> OSError:
    number = status & 0xFFFF_FFFF
    return OSError(_MEANING.get(number, 0), f"status {number:#010x}")


def _check(status: int) -> None:
    if status < 0 and status & 0xFFFF_FFFF != _OVERFLOW:
        raise _error(status)


def encoded(name: str) -> bytes:
    """Answers a name as the kernel takes it.

    Raises ValueError for one that holds a NUL, and OSError for one that is a path, a stream of another file, or nothing that a disk
    of Windows holds: here, where each name goes through, since the kernel would follow the first two.
    """
    if "\0" in name:
        raise ValueError("embedded null character")
    if name in (".", "..") or not _ILLEGAL.isdisjoint(name):
        raise OSError(errno.EINVAL, "no name on Windows")
    data = name.encode("utf-16-le", "surrogatepass")
    if len(data) > 2 * _MOST_UNITS:
        raise OSError(errno.ENAMETOOLONG, "too long a name")
    return data


def open_at(
    folder: int,
    name: str,
    access: int,
    options: int,
    *,
    share: int = SHARE_ALL,
    how: int = OPEN,
    attributes: int = NORMAL,
) -> int:
    """Opens or makes what has a name in an open folder (NtCreateFile); the empty name is the folder, or file, itself."""
    return _open(folder, encoded(name), access, options, share, how, attributes)


def open_path(path: str, access: int, options: int) -> int:
    r"""Opens what a path leads to, which begins with `\\?\`; links are followed."""
    data = ("\\??\\" + path.removeprefix("\\\\?\\")).encode("utf-16-le", "surrogatepass")
    return _open(None, data, access, options, SHARE_ALL, OPEN, NORMAL)


def _open(
    folder: int | None, name: bytes, access: int, options: int, share: int, how: int, attributes: int
) -> int:
    room = ctypes.create_string_buffer(name, len(name) + 2)
    text = _Text(len(name), len(name) + 2, ctypes.addressof(room))
    what = _Object(ctypes.sizeof(_Object), folder, ctypes.pointer(text), _CASE_INSENSITIVE, None, None)
    handle, status = wintypes.HANDLE(), _Status()
    _check(
        _NT.NtCreateFile(
            ctypes.byref(handle), access | _SYNCHRONIZE, ctypes.byref(what), ctypes.byref(status), None,
            attributes, share, how, options | _SYNCHRONOUS, None, 0,
        )
    )  # fmt: skip
    assert handle.value is not None
    return handle.value


def close(handle: int) -> None:
    """Closes a handle (NtClose)."""
    _check(_NT.NtClose(handle))


def about(handle: int) -> About:
    """Looks at an open file or folder (NtQueryInformationFile, FileAllInformation)."""
    told, status = ctypes.create_string_buffer(_ABOUT_BYTES), _Status()
    _check(_NT.NtQueryInformationFile(handle, ctypes.byref(status), told, _ABOUT_BYTES, _ALL))
    born, _, written, changed, attributes, _, size, links, _, _, number = _ABOUT.unpack_from(told)
    return About(_ns(born), _ns(written), _ns(changed), attributes, size, links, number)


def tag(handle: int) -> int:
    """Answers the tag of an open reparse point (FileAttributeTagInformation)."""
    told, status = ctypes.create_string_buffer(8), _Status()
    _check(_NT.NtQueryInformationFile(handle, ctypes.byref(status), told, 8, _TAG))
    return int(struct.unpack("<II", told.raw)[1])


def set_attributes(handle: int, attributes: int, mtime_ns: int | None = None) -> None:
    """Sets attributes and, where given, the time of modification (FileBasicInformation); 0 leaves a time as it is."""
    told, status = (
        _BASIC_FIELDS.pack(0, 0, 0 if mtime_ns is None else _ticks(mtime_ns), 0, attributes or NORMAL),
        _Status(),
    )
    _check(_NT.NtSetInformationFile(handle, ctypes.byref(status), told, len(told), _BASIC))


def reserve(handle: int, size_bytes: int) -> None:
    """Reserves room without changing the size (FileAllocationInformation); closing gives back what was not used."""
    told, status = struct.pack("<q", size_bytes), _Status()
    _check(_NT.NtSetInformationFile(handle, ctypes.byref(status), told, len(told), _ALLOCATION))


def rename(handle: int, folder: int, name: str) -> None:
    """Gives an open file or folder a free name in an open folder (FileRenameInformation without replacing)."""
    data = encoded(name)
    told, status = struct.pack("<B7xQI", 0, folder, len(data)) + data + b"\0\0", _Status()
    _check(_NT.NtSetInformationFile(handle, ctypes.byref(status), told, len(told), _RENAME))


def remove(handle: int) -> None:
    """Takes its name from an open file or empty folder at once (FileDispositionInformationEx), or, where the disk does not know
    that, when it is closed (FileDispositionInformation)."""
    status, told = _Status(), struct.pack("<I", _DELETE_NOW)
    found = _NT.NtSetInformationFile(handle, ctypes.byref(status), told, len(told), _DISPOSITION_EX)
    if found & 0xFFFF_FFFF in _UNKNOWN_HERE:
        attributes = about(handle).attributes
        if attributes & READ_ONLY:
            set_attributes(handle, attributes & ~READ_ONLY)
        found = _NT.NtSetInformationFile(handle, ctypes.byref(status), b"\1", 1, _DISPOSITION)
    _check(found)


def names(folder: int) -> Iterator[str]:
    """Yields the names in an open folder, from the first (NtQueryDirectoryFile)."""
    room, status, first = ctypes.create_string_buffer(_LIST_BYTES), _Status(), True
    while True:
        found = _NT.NtQueryDirectoryFile(
            folder, None, None, None, ctypes.byref(status), room, _LIST_BYTES, _NAMES, False, None, first
        )
        if found & 0xFFFF_FFFF in (_NO_MORE, _NO_SUCH):
            return
        _check(found)
        first = False
        raw, at = room.raw, 0
        while True:
            step, _, length = struct.unpack_from("<III", raw, at)
            name = raw[at + 12 : at + 12 + length].decode("utf-16-le", "surrogatepass")
            if name not in (".", ".."):
                yield name
            if step == 0:
                break
            at += step


def read(handle: int, offset: int, target: memoryview) -> int:
    """Reads at an offset; answers how many bytes there were, 0 at the end (NtReadFile)."""
    room, status, at = (ctypes.c_char * len(target)).from_buffer(target), _Status(), ctypes.c_int64(offset)
    found = _NT.NtReadFile(
        handle, None, None, None, ctypes.byref(status), room, len(target), ctypes.byref(at), None
    )
    if found & 0xFFFF_FFFF == _END:
        return 0
    _check(found)
    return int(status.information)


def write(handle: int, data: bytes) -> int:
    """Writes where the last write ended; answers how many bytes were taken (NtWriteFile)."""
    status = _Status()
    _check(_NT.NtWriteFile(handle, None, None, None, ctypes.byref(status), data, len(data), None, None))
    return int(status.information)


def flush(handle: int) -> None:
    """Returns when an open file's data and all that was done to its names are on the disk (NtFlushBuffersFile)."""
    _check(_NT.NtFlushBuffersFile(handle, ctypes.byref(_Status())))


def serial(handle: int) -> int:
    """Answers the serial number of a handle's volume (FileFsVolumeInformation)."""
    return int(struct.unpack_from("<I", _of_volume(handle, _VOLUME), 8)[0])


def is_remote(handle: int) -> bool:
    """Says whether a handle's volume is another machine's (FileFsDeviceInformation)."""
    return bool(struct.unpack_from("<II", _of_volume(handle, _DEVICE))[1] & _REMOTE_DEVICE)


def kind(handle: int) -> str:
    """Names the kind of a handle's file system, as `NTFS` (FileFsAttributeInformation)."""
    told = _of_volume(handle, _ATTRIBUTES)
    return told[12 : 12 + struct.unpack_from("<I", told, 8)[0]].decode("utf-16-le")


def free_bytes(handle: int) -> int:
    """Answers how much this person may still write on a handle's volume (FileFsFullSizeInformation)."""
    _, available, _, sectors, sector_bytes = struct.unpack_from("<qqqII", _of_volume(handle, _FULL_SIZE))
    return int(available * sectors * sector_bytes)


def _of_volume(handle: int, what: int) -> bytes:
    told, status = ctypes.create_string_buffer(_ABOUT_BYTES), _Status()
    _check(_NT.NtQueryVolumeInformationFile(handle, ctypes.byref(status), told, _ABOUT_BYTES, what))
    return told.raw


def _ns(ticks: int) -> int:
    return (ticks - _EPOCH_DIFFERENCE) * 100


def _ticks(time_ns: int) -> int:
    """Answers a time as the kernel counts it; those before its first are its first, and its last is the last it keeps."""
    return min(max(time_ns // 100 + _EPOCH_DIFFERENCE, 1), (1 << 63) - 1)
