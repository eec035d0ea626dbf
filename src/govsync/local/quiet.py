"""When what vanished may be believed to be gone: the gap of R3, as data.

People's programs save by deleting, renaming and writing anew; for a moment a file is nowhere. A folder's gap ends when
nothing vanished in it for 2 s, a space's deletions may leave when nothing vanished in the whole space for 2 s; both
have a longest time, so that a folder that never rests is not silent for ever. Pure bookkeeping: times are handed in,
what the keys stand for (a folder's lid, a space's id) is the caller's business.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

import msgspec

QUIET_MS = 2_000
FOLDER_MOST_MS = 10_000
SPACE_MOST_MS = 30_000

Key = TypeVar("Key", bound=Hashable)


class Gap(msgspec.Struct, frozen=True, gc=False):
    """Says when something first and last vanished since it was quiet."""

    first_ms: int
    last_ms: int

    def ends_ms(self, most_ms: int) -> int:
        """Answers when the gap ends if nothing vanishes until then."""
        return min(self.last_ms + QUIET_MS, self.first_ms + most_ms)


class Gaps(Generic[Key]):
    """The open gaps of one kind; `most_ms` is how long one may last.

    The caller takes what has ended before it notes what vanished since, so that a new vanishing opens a new gap.
    """

    def __init__(self, most_ms: int) -> None:
        self._most_ms = most_ms
        self._open: dict[Key, Gap] = {}

    def vanished(self, key: Key, now_ms: int) -> None:
        """Notes that something vanished: opens the gap of `key`, or lengthens it."""
        gap = self._open.get(key)
        self._open[key] = Gap(now_ms if gap is None else gap.first_ms, now_ms)

    def is_open(self, key: Key) -> bool:
        """Says whether the gap of `key` has not been ended."""
        return key in self._open

    def take_ended(self, now_ms: int) -> tuple[Key, ...]:
        """Takes away the gaps whose time is over, the longest over first, and answers their keys."""
        over = [(gap.ends_ms(self._most_ms), key) for key, gap in self._open.items()]
        ended = [key for ends_ms, key in sorted(over, key=lambda each: each[0]) if ends_ms <= now_ms]
        for key in ended:
            del self._open[key]
        return tuple(ended)

    def forget(self, key: Key) -> None:
        """Notes that everything is back, or that the folder is no more."""
        self._open.pop(key, None)

    def next_ms(self) -> int | None:
        """Answers when the next gap ends, or None when none is open."""
        return min((gap.ends_ms(self._most_ms) for gap in self._open.values()), default=None)


def folder_gaps() -> Gaps[int]:
    """Makes the bookkeeping for folders: the names in one wait for each other, 10 s at most."""
    return Gaps(FOLDER_MOST_MS)


def space_gaps() -> Gaps[bytes]:
    """Makes the bookkeeping for spaces: deletions wait for the whole space, 30 s at most."""
    return Gaps(SPACE_MOST_MS)
