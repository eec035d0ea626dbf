"""Where the folders lie that Windows knows by what they are for: SHGetKnownFolderPath and SHSetKnownFolderPath, which tell the
desktop and running programs as well; the stand-in is a junction.

Source: Known Folders, Windows API reference. Where policy of Windows itself redirects a folder, setting it is refused.
"""

import _winapi
import ctypes
import errno
import os
import sys
from ctypes import wintypes
from pathlib import Path

from govsync.system.failures import attempt
from govsync.system.windows.kernel import Function, function

assert sys.platform == "win32"

_IDS = {
    "documents": bytes.fromhex("d09ad3fd 8f23 af46 adb4 6c85480369c7"),
    "desktop": bytes.fromhex("3accbfb4 2cdb 4c42 b029 7fe99a87c641"),
    "pictures": bytes.fromhex("3081e233 1e4e 7646 835a 98395c3bc3bb"),
}
"""FOLDERID_Documents, FOLDERID_Desktop, FOLDERID_Pictures, as a GUID lies in memory."""
_DONT_VERIFY = 0x4000
"""KF_FLAG_DONT_VERIFY: a folder that is not there has a place, too."""

_SHELL = ctypes.WinDLL("shell32")
_get = function(
    _SHELL, "SHGetKnownFolderPath", ctypes.HRESULT,
    ctypes.c_char_p, wintypes.DWORD, wintypes.HANDLE, ctypes.POINTER(ctypes.c_void_p),
)  # fmt: skip
_set: Function | None
try:
    _set = function(
        _SHELL, "SHSetKnownFolderPath", ctypes.HRESULT,
        ctypes.c_char_p, wintypes.DWORD, wintypes.HANDLE, wintypes.LPCWSTR,
    )  # fmt: skip
except AttributeError:  # As under wine: where no place can be told, there is no such setting.
    _set = None
_free = function(ctypes.WinDLL("ole32"), "CoTaskMemFree", None, ctypes.c_void_p)


def where(kind: str) -> Path | None:
    """As `posix.known.where`; raises Failure."""
    if _set is None:
        return None
    text = ctypes.c_void_p()
    with attempt("known folder"):
        try:
            _get(_IDS[kind], _DONT_VERIFY, None, ctypes.byref(text))
            return Path(ctypes.wstring_at(text.value)) if text.value else None
        finally:
            _free(text)


def point(kind: str, place: Path) -> None:
    """As `posix.known.point`."""
    with attempt("known folder"):
        if _set is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        _set(_IDS[kind], 0, None, str(place))


def leave_stand_in(place: Path, target: Path) -> bool:
    """As `posix.known.leave_stand_in`."""
    with attempt("stand-in"):
        if _leads_to(place) is not None:
            return is_stand_in(place, target)
        if place.is_dir():
            if any(place.iterdir()):
                return False
            place.rmdir()
        _winapi.CreateJunction(str(target), str(place))
        return True


def is_stand_in(place: Path, target: Path) -> bool:
    """As `posix.known.is_stand_in`."""
    with attempt("stand-in"):
        return _leads_to(place) == target


def take_stand_in(place: Path, target: Path) -> None:
    """As `posix.known.take_stand_in`."""
    with attempt("stand-in"):
        if is_stand_in(place, target):
            place.rmdir()
        if _leads_to(place) is None:
            place.mkdir(parents=True, exist_ok=True)


def _leads_to(place: Path) -> Path | None:
    """Answers where a junction or link leads; None for what is none."""
    try:
        return Path(os.readlink(place).removeprefix("\\\\?\\"))
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        if error.winerror == 4390:  # ERROR_NOT_A_REPARSE_POINT
            return None
        raise
