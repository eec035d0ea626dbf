"""For how long an event loop was away, and how much of that was its own doing.

On cores that others share, a loop that does little is away for long, because it waits for its turn. What the kernel says of
that wait is taken off; what is left is work of the processor, and waits for the disk, its own memory among it.
"""

import os
import time

import msgspec
from PySide6.QtCore import QObject, QTimer

TICK_MS = 5


class Longest(msgspec.Struct, frozen=True):
    """The longest of all absences, in milliseconds."""

    away_ms: float
    own_ms: float
    """Without the wait for a core."""
    worked_ms: float
    """Of the processor alone."""

    def words(self) -> str:
        """Says it."""
        return (
            f"away for {self.away_ms:.0f} ms at most, for {self.own_ms:.0f} without the wait for a core;"
            f" it worked for {self.worked_ms:.0f} at a time at most"
        )


class Away(QObject):
    """Watches the event loop of the thread in which it was made, from `begin` on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._away_s = self._own_s = self._worked_s = 0.0
        self._at_s = self._waited_s = self._busy_s = 0.0

    def begin(self) -> None:
        """Watches from now on."""
        self._away_s = self._own_s = self._worked_s = 0.0
        self._at_s, self._waited_s, self._busy_s = time.perf_counter(), self._wait_s(), time.thread_time()
        self._timer.start()

    def longest(self) -> Longest:
        """Answers the longest absences since the beginning, this moment's too."""
        self._tick()
        return Longest(self._away_s * 1e3, self._own_s * 1e3, self._worked_s * 1e3)

    def end(self) -> None:
        """Watches no more."""
        self._timer.stop()

    def _tick(self) -> None:
        at_s, waited_s, busy_s = time.perf_counter(), self._wait_s(), time.thread_time()
        away_s = at_s - self._at_s - TICK_MS / 1e3
        self._away_s = max(self._away_s, away_s)
        self._own_s = max(self._own_s, away_s - (waited_s - self._waited_s))
        self._worked_s = max(self._worked_s, busy_s - self._busy_s)
        self._at_s, self._waited_s, self._busy_s = at_s, waited_s, busy_s

    def _wait_s(self) -> float:
        """Answers for how long this thread was ready and had no core, as the kernel counts it."""
        return int(os.pread(self._schedstat, 100, 0).split()[1]) / 1e9
