"""What is asked of Windows' kernel by more than one module: handles, events, and operations that are under way.

Source: the Windows API reference, under the names of the functions. Errors are OSErrors that carry the number in `winerror`.
"""

import ctypes
import sys
from collections.abc import Callable, Sequence
from ctypes import wintypes
from typing import Any, Self

assert sys.platform == "win32"

KERNEL = ctypes.WinDLL("kernel32", use_last_error=True)

INVALID_HANDLE = ctypes.c_void_p(-1).value
OPEN_EXISTING = 3
FILE_FLAG_OVERLAPPED = 0x4000_0000
FOREVER_MS = 0xFFFF_FFFF

NO_FILE, NO_PATH, NO_ACCESS, IN_USE = 2, 3, 5, 32
BROKEN_PIPE, PIPE_BUSY, NO_DATA, NOT_CONNECTED, CONNECTED = 109, 231, 232, 233, 535
WAIT_TIMED_OUT = 258
ABORTED, PENDING, OVERFLOWED = 995, 997, 1022
MOST_EVENTS = 64
_NO_ATTRIBUTES, _FOLDER = 0xFFFF_FFFF, 0x10
_LONGEST = 32_768
"""Characters of a path, with its end."""

Function = Callable[..., Any]


def function(library: ctypes.WinDLL, name: str, result: Any, *arguments: Any) -> Function:
    """Answers a function of a library with its types; raises AttributeError where this Windows has none of that name."""
    found: Function = getattr(library, name)
    found.restype, found.argtypes = result, arguments  # type: ignore[attr-defined]
    return found


def failed(number: int | None = None) -> OSError:
    """Answers the error of the last call, or of a number."""
    return ctypes.WinError(ctypes.get_last_error() if number is None else number)


class Overlapped(ctypes.Structure):
    """OVERLAPPED."""

    _fields_ = (
        ("internal", ctypes.c_void_p), ("internal_high", ctypes.c_void_p),
        ("offset", wintypes.DWORD), ("offset_high", wintypes.DWORD), ("event", wintypes.HANDLE),
    )  # fmt: skip


_close = function(KERNEL, "CloseHandle", wintypes.BOOL, wintypes.HANDLE)
_create_event = function(
    KERNEL, "CreateEventW", wintypes.HANDLE,
    wintypes.LPVOID, wintypes.BOOL, wintypes.BOOL, wintypes.LPCWSTR,
)  # fmt: skip
_set_event = function(KERNEL, "SetEvent", wintypes.BOOL, wintypes.HANDLE)
_reset_event = function(KERNEL, "ResetEvent", wintypes.BOOL, wintypes.HANDLE)
_wait = function(
    KERNEL, "WaitForMultipleObjects", wintypes.DWORD,
    wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE), wintypes.BOOL, wintypes.DWORD,
)  # fmt: skip
_result = function(
    KERNEL, "GetOverlappedResult", wintypes.BOOL,
    wintypes.HANDLE, ctypes.POINTER(Overlapped), ctypes.POINTER(wintypes.DWORD), wintypes.BOOL,
)  # fmt: skip
_cancel = function(KERNEL, "CancelIoEx", wintypes.BOOL, wintypes.HANDLE, ctypes.POINTER(Overlapped))
_open = function(
    KERNEL, "CreateFileW", wintypes.HANDLE,
    wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, wintypes.LPVOID, wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE,
)  # fmt: skip

_uuid_create = function(ctypes.WinDLL("rpcrt4"), "UuidCreate", wintypes.LONG, wintypes.LPVOID)
_attributes = function(KERNEL, "GetFileAttributesW", wintypes.DWORD, wintypes.LPCWSTR)
_long_path = function(
    KERNEL, "GetLongPathNameW", wintypes.DWORD, wintypes.LPCWSTR, wintypes.LPWSTR, wintypes.DWORD
)


def open_handle(name: str, access: int, share: int, flags: int) -> int:
    """Opens what is there by this name (CreateFileW); raises OSError."""
    handle = _open(name, access, share, None, OPEN_EXISTING, flags, None)
    if handle == INVALID_HANDLE:
        raise failed()
    return int(handle)


def close_handle(handle: int) -> None:
    """Closes a handle (CloseHandle)."""
    if not _close(handle):
        raise failed()


def long_path(path: str) -> str:
    """Answers a path with each name as listings have it (GetLongPathNameW); raises OSError."""
    room = ctypes.create_unicode_buffer(_LONGEST)
    if not _long_path(path, room, _LONGEST):
        raise failed()
    return room.value


def milliseconds(timeout_s: float | None) -> int:
    """Answers a limit of time as the kernel takes it; None: any time."""
    return FOREVER_MS if timeout_s is None else min(max(int(timeout_s * 1000), 1), FOREVER_MS - 1)


def is_folder(path: str) -> bool:
    """Says whether a folder lies at a path (GetFileAttributesW, which opens nothing: what a program is removing is not held up)."""
    attributes = _attributes(path)
    return attributes != _NO_ATTRIBUTES and bool(attributes & _FOLDER)


def unheard_of() -> str:
    """Answers a text of 32 hexadecimal digits that nobody has (UuidCreate)."""
    room = ctypes.create_string_buffer(16)
    number = _uuid_create(room)
    if number:
        raise failed(number)
    return room.raw.hex()


class Event:
    """Something that threads wait for; it stays once it has happened (CreateEventW, reset by hand)."""

    def __init__(self) -> None:
        self.handle: int = _create_event(None, True, False, None) or 0
        if not self.handle:
            raise failed()

    def happen(self) -> None:
        """Wakes who waits, now and from now on."""
        if not _set_event(self.handle):
            raise failed()

    def begin_anew(self) -> None:
        """Has it not happened yet."""
        if not _reset_event(self.handle):
            raise failed()

    def close(self) -> None:
        """Gives it back; nobody may wait for it any more."""
        handle, self.handle = self.handle, 0
        if handle:
            close_handle(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def first_of(events: Sequence[Event], timeout_ms: int = FOREVER_MS) -> int | None:
    """Waits until one of the events has happened and answers which, the first of several; None when the time is over."""
    handles = (wintypes.HANDLE * len(events))(*(event.handle for event in events))
    found = _wait(len(events), handles, False, timeout_ms)
    if found == WAIT_TIMED_OUT:
        return None
    if not 0 <= found < len(events):
        raise failed()
    return int(found)


class UnderWay:
    """One operation at a time on a handle that was opened for overlapped use.

    The system writes into the operation's memory until it has ended; so it is used as a context, which ends only then.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._overlapped = Overlapped()
        self._is_begun = False
        self.ended = Event()
        """Happens when the operation has ended, however."""

    def begin(self, call: Callable[[Any], int]) -> None:
        """Begins it: `call` is handed the address of its OVERLAPPED and answers what the system did; raises OSError where it
        was not begun."""
        self._overlapped = Overlapped(event=self.ended.handle)
        self.ended.begin_anew()
        if not call(ctypes.byref(self._overlapped)) and ctypes.get_last_error() != PENDING:
            raise failed()
        self._is_begun = True

    def end(self) -> int:
        """Waits until it has ended; answers how many bytes went over, or raises OSError."""
        self._is_begun = False
        count = wintypes.DWORD()
        if not _result(self._handle, ctypes.byref(self._overlapped), ctypes.byref(count), True):
            raise failed()
        return count.value

    def give_up(self) -> int | None:
        """Ends it, if there is one; answers how many bytes had gone over where it had ended by itself, else None."""
        if not self._is_begun:
            return None
        _cancel(
            self._handle, ctypes.byref(self._overlapped)
        )  # Refused only where nothing is under way any more.
        try:
            return self.end()
        except OSError:
            return None

    def close(self) -> None:
        """Ends it, and gives its event back; before the handle is closed."""
        self.give_up()
        self.ended.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
