"""What the operating system says, as a `Failure`: the one mapping."""

import errno
from contextlib import AbstractContextManager
from types import TracebackType

from govsync.model.codes import Code
from govsync.model.problems import Failure

_CODES = {
    errno.ENOENT: Code.GONE,
    errno.EEXIST: Code.EXISTS,
    errno.ENOTEMPTY: Code.EXISTS,
    errno.ENOTDIR: Code.NOT_A_FOLDER,
    errno.EISDIR: Code.NOT_A_FOLDER,
    errno.ELOOP: Code.LINK_IN_THE_WAY,
    errno.EACCES: Code.NO_ACCESS,
    errno.EPERM: Code.NO_ACCESS,
    errno.EROFS: Code.READ_ONLY,
    errno.ENOSPC: Code.DISK_FULL,
    errno.EDQUOT: Code.DISK_FULL,
    errno.EFBIG: Code.TOO_LARGE_HERE,
    errno.EBUSY: Code.BUSY,
    errno.ETXTBSY: Code.BUSY,
    errno.EAGAIN: Code.BUSY,
    errno.ENAMETOOLONG: Code.NAME_TOO_LONG,
}

_IN_USE = (32, 33)
"""ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION: Windows says them of what somebody has open, and Python calls both EACCES."""


def failure_of(error: OSError, what: str) -> Failure:
    """Answers the failure that an error of the operating system is; `what` names the attempt."""
    code = _CODES.get(error.errno or 0, Code.UNREADABLE)
    if getattr(error, "winerror", None) in _IN_USE:
        code = Code.BUSY
    return Failure(code, what=what, errno=errno.errorcode.get(error.errno or 0, str(error.errno)))


def is_unreadable(error: OSError) -> bool:
    """Says that the place of the disk on which something lies cannot be read."""
    return error.errno == errno.EIO


class _Attempt:
    """A context; a class of its own, since a generator costs more than many of these. What is called for every file catches
    the error itself."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise failure_of(error, self._what) from error


def attempt(what: str) -> AbstractContextManager[None]:
    """Turns errors of the operating system into failures."""
    return _Attempt(what)
