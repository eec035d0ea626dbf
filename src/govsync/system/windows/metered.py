"""Whether Windows says that its line is metered (GetNetworkConnectivityHint, Windows 10 version 2004).

It is asked now and then. Where Windows does not know the question, the line counts as unmetered, which is said in the log.
"""

import ctypes
import logging
import sys
import threading
from collections.abc import Callable
from ctypes import wintypes

from govsync.system.windows.kernel import failed, function

assert sys.platform == "win32"

_COSTLY = (2, 3)
"""NetworkConnectivityCostHintFixed, NetworkConnectivityCostHintVariable."""
_AGAIN_S = 15.0

_log = logging.getLogger(__name__)


class Hint(ctypes.Structure):
    """NL_NETWORK_CONNECTIVITY_HINT."""

    _fields_ = (
        ("level", ctypes.c_int), ("cost", ctypes.c_int), ("approaching_limit", wintypes.BOOLEAN),
        ("over_limit", wintypes.BOOLEAN), ("roaming", wintypes.BOOLEAN),
    )  # fmt: skip


Ask = Callable[[Hint], int]
"""Fills in a hint; answers 0, or the number of an error."""


def asking() -> Ask | None:
    """Answers what asks Windows, or None where it does not know the question."""
    try:
        ask = function(
            ctypes.WinDLL("iphlpapi"), "GetNetworkConnectivityHint", wintypes.DWORD, ctypes.POINTER(Hint)
        )
    except AttributeError:
        return None
    return lambda hint: int(ask(ctypes.byref(hint)))


def is_metered(ask: Ask) -> bool:
    """Says whether what passes costs by the amount, or soon would; raises OSError."""
    hint = Hint()
    number = ask(hint)
    if number:
        raise failed(number)
    return hint.cost in _COSTLY or bool(hint.roaming)


class Metered:
    """Asks in a thread of its own; `tell` is told whether the line is metered, whenever that changes."""

    def __init__(self, tell: Callable[[bool], object]) -> None:
        self._tell = tell
        self._told = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def start(self) -> None:
        """Begins to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._stopped.set()

    def _run(self) -> None:
        ask = asking()
        if ask is None:
            _log.info("nobody says whether the line is metered: this Windows does not know")
            return
        while not self._stopped.is_set():
            try:
                metered = is_metered(ask)
            except OSError as error:
                _log.info("nobody says whether the line is metered: %s", error.winerror)
                metered = False
            if metered != self._told:
                self._told = metered
                self._tell(metered)
            self._stopped.wait(_AGAIN_S)
