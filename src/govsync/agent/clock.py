"""The clocks and the chance of this process, handed to everything that needs them."""

import random
import secrets
import time

from govsync.engine.now import Now
from govsync.model.ids import uuid7
from govsync.system.machine import running_ns


class SystemClock:
    """Reads the wall clock and the steady one."""

    def now(self) -> Now:
        """Answers both at once."""
        return Now(self.time_ms(), time.monotonic_ns() // 1_000_000)

    def time_ms(self) -> int:
        """Answers milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000

    def booted_ns(self) -> int:
        """Answers the wall time at which the machine was started."""
        return time.time_ns() - running_ns()


class SystemIds:
    """Makes ids and jitter from the system's source of chance."""

    def new(self) -> bytes:
        """Answers a new id (RFC 9562, version 7)."""
        return uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))

    def jitter(self) -> float:
        """Answers a number drawn evenly from [0, 1)."""
        return random.random()
