"""The calls of libSystem that Python lacks, and what they take and answer (the manual page of each).

None of them takes a varying number of arguments: on Apple's processors those go another way than ctypes takes, so fcntl(2) is
asked through Python's own module. ctypes gives the interpreter lock back while they run.
"""

import ctypes
import os
from ctypes import c_char_p, c_int, c_size_t, c_ssize_t, c_uint, c_uint32, c_ulong, c_void_p
from typing import Any

_CALLS: dict[str, tuple[Any, ...]] = {
    "renameatx_np": (c_int, c_int, c_char_p, c_int, c_char_p, c_uint),
    "fstatat": (c_int, c_int, c_char_p, c_void_p, c_int),
    "getattrlistat": (c_int, c_int, c_char_p, c_char_p, c_void_p, c_size_t, c_ulong),
    "fstatfs": (c_int, c_int, c_void_p),
    "flistxattr": (c_ssize_t, c_int, c_void_p, c_size_t, c_int),
    "fgetxattr": (c_ssize_t, c_int, c_char_p, c_void_p, c_size_t, c_uint32, c_int),
    "fsetxattr": (c_int, c_int, c_char_p, c_char_p, c_size_t, c_uint32, c_int),
    "acl_get_fd_np": (c_void_p, c_int, c_int),
    "acl_set_fd_np": (c_int, c_int, c_void_p, c_int),
    "acl_init": (c_void_p, c_int),
    "acl_free": (c_int, c_void_p),
    "fsync_volume_np": (c_int, c_int, c_int),
    "gethostuuid": (c_int, c_void_p, c_void_p),
}
"""Of each call the type of what it answers, then those of its arguments."""
_WIDE_INODES = "$INODE64"
"""On Intel's processors the calls that tell of inodes are there twice, and the plain name is that of 32 bits (stat(2))."""


class Library(ctypes.CDLL):
    """A library of which each call is looked up, with its types, when it is first made."""

    def __getitem__(self, name_or_ordinal: str) -> Any:
        try:
            return typed(super().__getitem__(name_or_ordinal + _WIDE_INODES), name_or_ordinal)
        except AttributeError:
            return typed(super().__getitem__(name_or_ordinal), name_or_ordinal)


def typed(call: Any, name: str) -> Any:
    """Gives a call the types that its name has."""
    call.restype, *call.argtypes = _CALLS[name]
    return call


SYSTEM = Library(None, use_errno=True)


def check(result: int) -> int:
    """Answers what a call has answered; raises OSError with the number that it left where that says failure."""
    if result < 0:
        raise error()
    return result


def error() -> OSError:
    """Answers the error of the call that this thread made last."""
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
