"""Lets go of what is no longer needed on this disk, and looks again at what was displaced (R11, R17).

A minute after a file was displaced it is looked at once more: a program that held it open may have written to it since;
then it is a second version and comes back. What the server has is purged from the trash by age and size, never within
the hour; staging parts that nobody touched for a week go.
"""

from collections.abc import Sequence

from govsync.engine.batch import disk_signature
from govsync.engine.desk import Desk
from govsync.engine.jobs import AnyJob, Change, Clean, Cleaned, Recover
from govsync.local.trash import Fate, Held, choose
from govsync.store import trash

LOOK_AGAIN_MS = 60_000
PURGE_EVERY_MS = 10 * 60_000
MOST_AT_ONCE = 500


class Cleaning:
    """Owns the trash's upkeep."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._looked_to_ms = 0
        self._purge_at_ms = 0

    def jobs(self, started: Sequence[AnyJob], disk_bytes: int) -> list[AnyJob]:
        """Says what to look at again and what to purge now; never beside a change of the disk."""
        now = self._desk.now
        if not self._desk.alone(Clean, Change, Recover, started=started):
            return []
        due = now.wall_ms - LOOK_AGAIN_MS
        look = [
            row for row in trash.between(self._desk.store, self._looked_to_ms, due) if row.rev is not None
        ][:MOST_AT_ONCE]
        purge: tuple[Held, ...] = ()
        if now.steady_ms >= self._purge_at_ms:
            self._purge_at_ms = now.steady_ms + PURGE_EVERY_MS
            purge = choose(map(_held, trash.listed(self._desk.store)), disk_bytes, now.wall_ms)[:MOST_AT_ONCE]
        if not look and not purge:
            return []
        self._looked_to_ms = look[-1].at_ms if look else self._looked_to_ms
        return [
            Clean(number=self._desk.number(), look=tuple(map(_held, look)), purge=purge, now_ms=now.wall_ms)
        ]

    def cleaned(self, result: Cleaned) -> list[tuple[int, str, int]]:
        """Takes in what became of entries; answers second versions to be brought back: node, trash name, inode."""
        rows = {row.name: row for row in trash.listed(self._desk.store)}
        second: list[tuple[int, str, int]] = []
        with self._desk.store.transaction():
            for judged in result.judged:
                row = rows.get(judged.name)
                if row is None:
                    continue
                if judged.fate in (Fate.PURGED, Fate.GONE):
                    trash.drop(self._desk.store, judged.name)
                elif judged.fate is Fate.CHANGED and judged.signature is not None:
                    trash.unverify(self._desk.store, judged.name)
                    second.append((row.lid, row.name, judged.signature.ino))
        return second


def _held(row: trash.TrashRow) -> Held:
    return Held(row.name, disk_signature(row), row.at_ms, row.rev is not None)
