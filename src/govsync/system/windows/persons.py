"""Whose this process is, and objects that belong to one person alone.

A person is told by their security identifier in its text form. What lets other programs touch an object is its descriptor, here
written in the security descriptor definition language: `O:` owner, `D:P` a list that inherits nothing, `D;;GA;;;NU` nothing for
who comes over the network, `A;;GA;;;` everything for the one who is named.
"""

import ctypes
import sys
from ctypes import wintypes

from govsync.system.windows.kernel import KERNEL, close_handle, failed, function

assert sys.platform == "win32"

_ADVAPI = ctypes.WinDLL("advapi32", use_last_error=True)
_TOKEN_QUERY, _TOKEN_USER = 0x8, 1
_SDDL_REVISION = 1
_KERNEL_OBJECT, _OWNER, _LIST = 6, 0x1, 0x4

_current_process = function(KERNEL, "GetCurrentProcess", wintypes.HANDLE)
_free = function(KERNEL, "LocalFree", wintypes.HLOCAL, wintypes.HLOCAL)
_open_token = function(
    _ADVAPI, "OpenProcessToken", wintypes.BOOL, wintypes.HANDLE, wintypes.DWORD, wintypes.PHANDLE
)
_token = function(
    _ADVAPI, "GetTokenInformation", wintypes.BOOL,
    wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD, wintypes.LPDWORD,
)  # fmt: skip
_sid_text = function(
    _ADVAPI, "ConvertSidToStringSidW", wintypes.BOOL, wintypes.LPVOID, ctypes.POINTER(wintypes.LPVOID)
)
_descriptor = function(
    _ADVAPI, "ConvertStringSecurityDescriptorToSecurityDescriptorW", wintypes.BOOL,
    wintypes.LPCWSTR, wintypes.DWORD, ctypes.POINTER(wintypes.LPVOID), wintypes.LPVOID,
)  # fmt: skip
_descriptor_text = function(
    _ADVAPI, "ConvertSecurityDescriptorToStringSecurityDescriptorW", wintypes.BOOL,
    wintypes.LPVOID, wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(wintypes.LPVOID), wintypes.LPVOID,
)  # fmt: skip
_security = function(
    _ADVAPI, "GetSecurityInfo", wintypes.DWORD, wintypes.HANDLE, ctypes.c_int, wintypes.DWORD,
    ctypes.POINTER(wintypes.LPVOID), wintypes.LPVOID, wintypes.LPVOID, wintypes.LPVOID, ctypes.POINTER(wintypes.LPVOID),
)  # fmt: skip


class Attributes(ctypes.Structure):
    """SECURITY_ATTRIBUTES."""

    _fields_ = (("size", wintypes.DWORD), ("descriptor", wintypes.LPVOID), ("inherit", wintypes.BOOL))


class _TokenUser(ctypes.Structure):
    """TOKEN_USER, with room for the identifier that it points to."""

    _fields_ = (("sid", wintypes.LPVOID), ("attributes", wintypes.DWORD), ("room", ctypes.c_byte * 128))


class Descriptor:
    """A security descriptor; `attributes` hands it to what makes an object."""

    def __init__(self, text: str) -> None:
        """Reads it; raises OSError."""
        self._place = wintypes.LPVOID()
        if not _descriptor(text, _SDDL_REVISION, ctypes.byref(self._place), None):
            raise failed()
        self.attributes = Attributes(ctypes.sizeof(Attributes), self._place, False)

    def close(self) -> None:
        """Gives its memory back."""
        place, self._place = self._place, wintypes.LPVOID()
        _free(place)


def only_for(sid: str) -> Descriptor:
    """Answers the descriptor of what one person alone may use, on this machine alone."""
    return Descriptor(f"O:{sid}D:P(D;;GA;;;NU)(A;;GA;;;{sid})")


def own() -> str:
    """Answers whose this process is; raises OSError."""
    token = wintypes.HANDLE()
    if not _open_token(_current_process(), _TOKEN_QUERY, ctypes.byref(token)):
        raise failed()
    try:
        user, size = _TokenUser(), wintypes.DWORD()
        if not _token(token, _TOKEN_USER, ctypes.byref(user), ctypes.sizeof(user), ctypes.byref(size)):
            raise failed()
        return _text(user.sid)
    finally:
        close_handle(token.value or 0)


def owner(handle: int) -> str:
    """Answers who owns what a handle stands for; raises OSError."""
    sid, descriptor = wintypes.LPVOID(), wintypes.LPVOID()
    number = _security(
        handle, _KERNEL_OBJECT, _OWNER, ctypes.byref(sid), None, None, None, ctypes.byref(descriptor)
    )
    if number:
        raise failed(number)
    try:
        return _text(sid)
    finally:
        _free(descriptor)


def access(handle: int) -> str:
    """Answers who owns what a handle stands for, and who may do what with it, as a text; raises OSError."""
    descriptor, text = wintypes.LPVOID(), wintypes.LPVOID()
    number = _security(
        handle, _KERNEL_OBJECT, _OWNER | _LIST, None, None, None, None, ctypes.byref(descriptor)
    )
    if number:
        raise failed(number)
    try:
        if not _descriptor_text(descriptor, _SDDL_REVISION, _OWNER | _LIST, ctypes.byref(text), None):
            raise failed()
        try:
            return ctypes.wstring_at(text.value or 0)
        finally:
            _free(text)
    finally:
        _free(descriptor)


def _text(sid: object) -> str:
    place = wintypes.LPVOID()
    if not _sid_text(sid, ctypes.byref(place)):
        raise failed()
    try:
        return ctypes.wstring_at(place.value or 0)
    finally:
        _free(place)
