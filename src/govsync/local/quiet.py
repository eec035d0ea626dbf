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

    The caller takes what has ended before it notes what vanished since, and says whether that goes on with a gap which
    had ended too early, or opens a new one.
    """

    def __init__(self, most_ms: int) -> None:
        self._most_ms = most_ms
        self._open: dict[Key, Gap] = {}

    def vanished(self, key: Key, now_ms: int, first_ms: int | None = None) -> None:
        """Notes that something vanished: lengthens the gap of `key`, goes on with one that began at `first_ms`, or opens
        one now."""
        gap = self._open.get(key)
        began_ms = now_ms if first_ms is None else first_ms
        self._open[key] = Gap(began_ms if gap is None else gap.first_ms, now_ms)

    def over(self, first_ms: int, now_ms: int) -> bool:
        """Says whether a gap that began then has lasted its longest."""
        return now_ms - first_ms >= self._most_ms

    def is_open(self, key: Key) -> bool:
        """Says whether the gap of `key` has not been ended."""
        return key in self._open

    def take_ended(self, now_ms: int) -> dict[Key, int]:
        """Takes away the gaps whose time is over, the longest over first; answers their keys, and when each began."""
        ends = {key: gap.ends_ms(self._most_ms) for key, gap in self._open.items()}
        ended = sorted((key for key in ends if ends[key] <= now_ms), key=ends.__getitem__)
        return {key: self._open.pop(key).first_ms for key in ended}

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
