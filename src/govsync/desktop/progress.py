"""How far a desk is, and how long it will take, from what is left at each moment. Pure: the time is handed in.

The agent says what is left, never what there was: the most that was left since there was nothing is the whole.
"""

import msgspec

from govsync.model.status import State, Status

SMOOTH = 0.25
"""The weight of the newest rate: an estimate that leaps says nothing."""
LEAST_RATE = 1024.0
"""What is slower, in bytes a second, is no file that moves, only what desk and server say to each other."""


class Progress(msgspec.Struct, frozen=True):
    """The whole so far, in bytes and items, and the smoothed rate in bytes a second."""

    most_bytes: int = 0
    most_items: int = 0
    rate: float = 0.0

    def after(self, status: Status) -> "Progress":
        """Answers the progress when the desk is so."""
        items, size = left(status)
        if items == 0:
            return Progress()
        pending, told = status.pending, status.rate
        rate_now = (told.up if pending.bytes_up else 0) + (told.down if pending.bytes_down else 0)
        rate = rate_now if self.rate < LEAST_RATE else self.rate + SMOOTH * (rate_now - self.rate)
        return Progress(max(self.most_bytes, size), max(self.most_items, items), rate)

    def share(self, status: Status) -> float:
        """Answers which share is done: by bytes where there are any, else by items."""
        items, size = left(status)
        if self.most_bytes:
            return 1 - size / self.most_bytes
        return 1 - items / self.most_items if self.most_items else 0.0

    def seconds_left(self, status: Status) -> int | None:
        """Answers how long the rest will take, None where nothing moves that could tell."""
        _, size = left(status)
        if status.state is not State.SYNCING or self.rate < LEAST_RATE or size == 0:
            return None
        return int(size / self.rate)


def left(status: Status) -> tuple[int, int]:
    """Answers what is left, in items and bytes."""
    pending = status.pending
    return pending.up + pending.down, pending.bytes_up + pending.bytes_down
