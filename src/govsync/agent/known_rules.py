"""Which of a person's known folders are brought into the synced one, which go back, and which wait (docs/decisions/0045). Pure;
`known` does it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal

import msgspec

from govsync.protocol.numbers import Count
from govsync.settings.schema import KNOWN

NAMES = {kind: kind.title() for kind in KNOWN}
"""What each is called in the synced folder: the same on every desk, whatever its language calls it."""

Stage = Literal["coming", "here", "going"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that lies in the synced one, or is on its way: `was` is its old place, `now` its new one, `began` the local time
    that marks second versions of it; `left` things stay at the old place, `left_path` is the first and `left_code` says why."""

    was: str
    now: str
    began: str
    stage: Stage
    left: Count = 0
    left_path: str = ""
    left_code: str = ""


class Wait(StrEnum):
    """Says why a folder stays where it is, for now."""

    NONE = "known_none"
    DAILY = "known_daily"
    AROUND = "known_around"
    LINK = "known_link"
    TAKEN = "known_taken"
    OTHERS = "known_others"
    PROGRAM = "known_program"
    ELSEWHERE = "known_elsewhere"
    OPEN = "known_open"
    ROOM = "known_room"


class Waiting(msgspec.Struct, frozen=True):
    """Why a folder waits: a `Wait`, or the code of what the system refused; and the place or program it is about."""

    why: str
    what: str = ""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk has done with its folders: durable before anything moves. `moved_bytes` were brought in on `day`."""

    rows: dict[str, Row] = {}
    waits: dict[str, Waiting] = {}
    day: str = ""
    moved_bytes: Count = 0

    def with_row(self, kind: str, row: Row | None) -> "Book":
        """Answers the book with another row of a folder, or without one; it waits no more."""
        rows = {each: self.rows[each] for each in self.rows if each != kind}
        waits = {each: self.waits[each] for each in self.waits if each != kind}
        return msgspec.structs.replace(self, rows=rows if row is None else {**rows, kind: row}, waits=waits)

    def waiting(self, kind: str, wait: Waiting | None) -> "Book":
        """Answers the book with why a folder waits, or that it does not."""
        waits = {each: self.waits[each] for each in self.waits if each != kind}
        return msgspec.structs.replace(self, waits=waits if wait is None else {**waits, kind: wait})

    def spent(self, day: str, size_bytes: int) -> "Book":
        """Answers the book with so much more brought in on a day."""
        before = self.moved_bytes if self.day == day else 0
        return msgspec.structs.replace(self, day=day, moved_bytes=before + size_bytes)


def to_bring(wanted: Sequence[str]) -> list[str]:
    """Lists the folders to bring in, or to look at again: what stayed at an old place may go by now."""
    return [kind for kind in KNOWN if kind in wanted]


def to_return(wanted: Sequence[str], rows: Mapping[str, Row]) -> list[str]:
    """Lists the folders that go back."""
    return [kind for kind in KNOWN if kind in rows and kind not in wanted]


def fits(size_bytes: int, book: Book, day: str, daily_bytes: int) -> bool:
    """Says whether a folder may still be brought in on a day. It is brought whole, so that it never lies in two places for
    days; one that is larger than a whole day's share is the first and only one of its day."""
    moved = book.moved_bytes if book.day == day else 0
    return daily_bytes == 0 or moved == 0 or moved + size_bytes <= daily_bytes
