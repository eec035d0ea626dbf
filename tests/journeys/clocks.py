"""Clocks that are wrong, for whole processes: Python's own clock runs ahead of the machine's, or behind it."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest  # Not in every fork.

YEAR_S = 365 * 24 * 3600
SHIFT_S = "SHIFT_S"


class Clocks:
    """Says by how much the clock of whatever is started next is wrong."""

    def __init__(self, patch: "pytest.MonkeyPatch") -> None:
        self._patch = patch

    def shift(self, seconds: int) -> None:
        """Sets it for what is started from now on."""
        self._patch.setenv(SHIFT_S, str(seconds))


def shift_as_told(env: Mapping[str, str]) -> None:
    """Sets the clock of this process as the environment says that it was started with."""
    shift_s = int(env.get(SHIFT_S, "0"))
    if shift_s:
        now_s, now_ns = time.time, time.time_ns
        time.time = lambda: now_s() + shift_s
        time.time_ns = lambda: now_ns() + shift_s * 1_000_000_000
