"""The control thread notices that the machine slept, however the clocks tell it (R46), and wakes who watches the desk."""

from contextlib import contextmanager

import pytest

from govsync.agent.loop import MOVED_EVERY_MS, SLEPT_MS, Loop
from govsync.engine import events
from govsync.engine.now import Now


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


class Waiting:
    """An engine that has nothing to do, and nothing to wait for but the inbox."""

    def start(self, now: Now) -> list[object]:
        return []

    def next_wake(self, now: Now) -> None:
        return None

    def handle(self, event: events.AnyEvent, now: Now) -> None:
        del event

    @contextmanager
    def guarded(self, now: Now):
        yield


@pytest.mark.parametrize(
    ("put", "counts"),
    [
        (lambda loop: loop.tell(events.Resume()), True),
        (lambda loop: loop.call(lambda: None), True),
        (lambda loop: loop.look(lambda: None), False),
    ],
    ids=["event", "request", "look"],
)
def test_whoever_watches_is_woken_by_what_may_have_changed_something_and_by_nothing_else(put, counts):
    loop = Loop(Waiting(), Clock(), lambda _: None)
    put(loop)
    assert loop._turn()
    assert (loop.turns.count == 1) is counts


def test_whoever_watches_is_woken_while_bytes_pass_but_not_by_each_of_them():
    clock = Clock()
    loop = Loop(Waiting(), clock, lambda _: None)
    woken = []
    for _ in range(5):
        clock.steady_ms += MOVED_EVERY_MS // 2
        loop.moved()
        woken.append(loop.turns.count)
    assert woken == [0, 1, 1, 2, 2]


def test_who_waits_for_a_turn_that_has_been_goes_on_at_once():
    loop = Loop(Waiting(), Clock(), lambda _: None)
    loop.turns.add()
    loop.turns.wait(0, timeout_s=60)
