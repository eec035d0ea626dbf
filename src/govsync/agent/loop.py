"""The one control thread: takes events from the inbox, lets the engine decide, hands out jobs.

It never waits for anything but the inbox. Watcher, event stream, workers and control socket only put values into it, so
there is nothing to lock: engine and store belong to this thread alone. It knows the engine as `Memory`, which outlives it.
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

from govsync.agent.clock import SystemClock
from govsync.agent.memory import Memory
from govsync.engine import events
from govsync.engine.jobs import AnyJob

SLEPT_MS = 5_000
"""How far the wall clock may run ahead of the steady one between two turns before the machine must have slept (R46)."""
LONGEST_WAIT_MS = 5_000
MOVED_EVERY_MS = 500
"""How often at most whoever watches hears that bytes have passed."""
EVENTS_A_TURN = 1_000

_log = logging.getLogger(__name__)

Call = Callable[[], None]
"""A request of a person, carried out on the control thread."""


class _Look(NamedTuple):
    """A request that changes nothing."""

    call: Call


class Turns:
    """Counts the turns in which something may have changed, and has others wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._more = threading.Condition()

    def add(self) -> None:
        """Counts one more."""
        with self._more:
            self.count += 1
            self._more.notify_all()

    def wait(self, count: int, timeout_s: float) -> None:
        """Returns when there have been more than `count`, or after a while."""
        with self._more:
            self._more.wait_for(lambda: self.count > count, timeout_s)


class Loop:
    """Runs an engine until it is asked to stop."""

    def __init__(
        self,
        engine: Memory,
        clock: SystemClock,
        start_job: Callable[[AnyJob], None],
        each_turn: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._start_job = start_job
        self._each_turn = each_turn
        self._inbox: queue.SimpleQueue[events.AnyEvent | Call | _Look | None] = queue.SimpleQueue()
        self.turns = Turns()
        self._last = clock.now()
        self._moved_ms = self._last.steady_ms

    def tell(self, event: events.AnyEvent) -> None:
        """Puts an event into the inbox; may be called from any thread."""
        self._inbox.put(event)

    def call(self, request: Call) -> None:
        """Has a request carried out on the control thread; may be called from any thread."""
        self._inbox.put(request)

    def look(self, request: Call) -> None:
        """As `call`, for a request that changes nothing."""
        self._inbox.put(_Look(request))

    def moved(self) -> None:
        """Wakes whoever watches now and then while bytes of files pass, of which the engine hears only when all of them have;
        may be called from any thread."""
        now_ms = self._clock.now().steady_ms
        if now_ms - self._moved_ms >= MOVED_EVERY_MS:
            self._moved_ms = now_ms
            self.turns.add()

    def stop(self) -> None:
        """Ends the loop after the turn under way; may be called from any thread, and from a signal handler."""
        self._inbox.put(None)

    def run(self) -> None:
        """Runs until `stop`."""
        while self._turn():
            pass  # All of it is in the turn.

    def _turn(self) -> bool:
        self._notice_sleep()
        self._each_turn()
        for job in self._engine.start(self._clock.now()):
            self._start_job(job)
        items = self._take()
        for item in items:
            if item is None:
                return False
            if isinstance(item, events.AnyEvent):
                self._engine.handle(item, self._clock.now())
            else:
                with self._engine.guarded(self._clock.now()):
                    (item.call if isinstance(item, _Look) else item)()
        if not items or not all(isinstance(item, _Look) for item in items):
            self.turns.add()
        return True

    def _take(self) -> "list[events.AnyEvent | Call | _Look | None]":
        """Waits for the inbox, no longer than the engine allows, and takes what is in it."""
        wake_ms = self._engine.next_wake(self._clock.now())
        wait_ms = LONGEST_WAIT_MS
        if wake_ms is not None:
            wait_ms = max(0, min(wait_ms, wake_ms - self._clock.now().steady_ms))
        try:
            items = [self._inbox.get(timeout=wait_ms / 1000)]
        except queue.Empty:
            return []
        while len(items) < EVENTS_A_TURN and not self._inbox.empty():
            items.append(self._inbox.get())
        return items

    def _notice_sleep(self) -> None:
        now, last = self._clock.now(), self._last
        self._last = now
        if abs((now.wall_ms - last.wall_ms) - (now.steady_ms - last.steady_ms)) > SLEPT_MS:
            _log.info("the machine slept, or its clock was set")
            self._engine.handle(events.Woke(), now)
