"""How the installer asks a process to end before it exchanges the program: by an event of Windows that the process made.

No signal and no window message reaches a process of another person's session from the installer, which runs as the system. An event
does: its name says which process it is and what that does, and by itself only its person, the system and administrators may set it.
What asks is packaging/windows/running.c, which also starts again what was ended.
Source: CreateEventW, SetEvent, WaitForSingleObject (synchapi.h).
"""

import ctypes
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import wintypes

from govsync.system.windows.kernel import FOREVER_MS, KERNEL, close_handle, failed, function

assert sys.platform == "win32"

_create = function(
    KERNEL, "CreateEventW", wintypes.HANDLE,
    wintypes.LPVOID, wintypes.BOOL, wintypes.BOOL, wintypes.LPCWSTR,
)  # fmt: skip
_set = function(KERNEL, "SetEvent", wintypes.BOOL, wintypes.HANDLE)
_wait = function(KERNEL, "WaitForSingleObject", wintypes.DWORD, wintypes.HANDLE, wintypes.DWORD)
_ALREADY_EXISTS = 183

_log = logging.getLogger(__name__)


def event_name(process: int, word: str = "") -> str:
    """Answers what the event of a process is called that does what a command says."""
    return f"Global\\GovSync-{process}-{word}"


@contextmanager
def asked_by_installer(name: str, end: Callable[[], object]) -> Iterator[None]:
    """Calls `end`, once and on a thread of its own, when the installer asks for it.

    Where the event cannot be had, as when somebody else made one of that name, nobody can ask: the installer then ends the process."""
    event = _create(None, True, False, name)
    error = ctypes.get_last_error()
    if not event or error == _ALREADY_EXISTS:
        _log.warning("an installer cannot ask this process to end: error %d of Windows", error)
        if event:
            close_handle(event)
        yield
        return
    over = threading.Event()

    def wait() -> None:
        _wait(event, FOREVER_MS)
        if not over.is_set():
            end()

    waiting = threading.Thread(target=wait, name="installer", daemon=True)
    waiting.start()
    try:
        yield
    finally:
        over.set()
        if not _set(event):
            raise failed()
        waiting.join()
        close_handle(event)
