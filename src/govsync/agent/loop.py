"""The one control thread: takes events from the inbox, lets the engine decide, hands out jobs.

It never waits for anything but the inbox. Watcher, event stream, workers and control socket only put values into it, so
there is nothing to lock: engine and store belong to this thread alone. It knows the engine as `Memory`, which outlives it.
"""

import logging
import queue
from collections.abc import Callable

from govsync.agent.clock import SystemClock
from govsync.agent.memory import Memory
from govsync.engine import events
from govsync.engine.jobs import AnyJob

SLEPT_MS = 5_000
"""How far the wall clock may run ahead of the steady one between two turns before the machine must have slept (R46)."""
LONGEST_WAIT_MS = 5_000
EVENTS_A_TURN = 1_000

_log = logging.getLogger(__name__)

Call = Callable[[], None]
"""A request of a person, carried out on the control thread."""


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
        self._inbox: queue.SimpleQueue[events.AnyEvent | Call | None] = queue.SimpleQueue()
        self._last = clock.now()

    def tell(self, event: events.AnyEvent) -> None:
        """Puts an event into the inbox; may be called from any thread."""
        self._inbox.put(event)

    def call(self, request: Call) -> None:
        """Has a request carried out on the control thread; may be called from any thread."""
        self._inbox.put(request)

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
        for item in self._take():
            if item is None:
                return False
            if isinstance(item, events.AnyEvent):
                self._engine.handle(item, self._clock.now())
            else:
                with self._engine.guarded(self._clock.now()):
                    item()
        return True

    def _take(self) -> "list[events.AnyEvent | Call | None]":
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
