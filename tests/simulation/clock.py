"""Simulated time and seeded ids: the same seed tells the same times and makes the same ids."""

import random

from govsync.engine.now import Now
from govsync.model.ids import uuid7

START_NS = 1_795_000_000_000_000_000
MS = 1_000_000


class SimClock:
    """A wall clock and a steady one, moved by the scheduler alone; the steady one stands still while a machine sleeps."""

    def __init__(self) -> None:
        self.wall_ns = START_NS
        self.steady_ns = 1_000 * MS

    def now(self) -> Now:
        """Answers both times, as the engine wants them."""
        return Now(self.time_ms(), self.steady_ns // MS)

    def time_ms(self) -> int:
        """Answers milliseconds since the Unix epoch."""
        return self.wall_ns // MS

    def time_ns(self) -> int:
        """Answers nanoseconds since the Unix epoch, as the file systems of this world stamp them."""
        return self.wall_ns

    def advance(self, ms: float) -> None:
        """Lets time pass for everybody."""
        self.wall_ns += int(ms * MS)
        self.steady_ns += int(ms * MS)

    def shift_wall(self, ms: float) -> None:
        """Sets the wall clock, or lets the machines sleep: the steady clock does not move (R46)."""
        self.wall_ns += int(ms * MS)


class SeededIds:
    """Ids from simulated time and seeded bits (`model.ids.Ids`)."""

    def __init__(self, clock: SimClock, chance: random.Random) -> None:
        self._clock, self._chance = clock, chance

    def new(self) -> bytes:
        """Answers a new id (RFC 9562, version 7)."""
        return uuid7(self._clock.time_ms(), self._chance.randbytes(10))

    def jitter(self) -> float:
        """Answers a number drawn evenly from [0, 1)."""
        return self._chance.random()
