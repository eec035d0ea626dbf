"""The control thread notices that the machine slept, however the clocks tell it (R46)."""

import pytest

from govsync.agent.loop import SLEPT_MS, Loop
from govsync.engine import events
from govsync.engine.desk import Now


class Clock:
    """Says what it is told to."""

    def __init__(self) -> None:
        self.wall_ms, self.steady_ms = 1_000_000, 5_000

    def now(self) -> Now:
        return Now(self.wall_ms, self.steady_ms)


class Listening:
    """An engine that has nothing to do; between the turns the clocks go on, and in the last one it is stopped."""

    def __init__(self, clock: Clock, steps: list[tuple[int, int]]) -> None:
        self._clock, self._steps = clock, steps
        self.loop: Loop | None = None
        self.heard: list[events.AnyEvent] = []

    def start(self, now: Now) -> list[object]:
        assert self.loop is not None
        if self._steps:
            wall_ms, steady_ms = self._steps.pop(0)
            self._clock.wall_ms += wall_ms
            self._clock.steady_ms += steady_ms
        else:
            self.loop.stop()
        return []

    def next_wake(self, now: Now) -> int:
        return now.steady_ms

    def handle(self, event: events.AnyEvent, now: Now) -> None:
        self.heard.append(event)


@pytest.mark.parametrize(
    ("steps", "woken"),
    [
        ([(50, 50), (SLEPT_MS, SLEPT_MS)], 0),
        ([(3_600_000, 40)], 1),
        ([(SLEPT_MS + 1, 0), (10, 10), (SLEPT_MS + 11, 10)], 2),
        ([(-3_600_000, 40)], 1),
        ([(SLEPT_MS - 1, 0), (0, 0), (SLEPT_MS - 1, 0)], 0),
    ],
    ids=["awake", "slept", "twice", "clock set back", "adjusted a little"],
)
def test_a_jump_of_the_wall_clock_is_a_sleep(steps, woken):
    clock = Clock()
    engine = Listening(clock, list(steps))
    engine.loop = Loop(engine, clock, lambda _: None)
    engine.loop.run()
    assert engine.heard == [events.Woke()] * woken
