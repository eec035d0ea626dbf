"""Lets go of what is no longer needed on this disk, and looks again at what was displaced (R11, R17).

A minute after a file was displaced it is looked at once more: a program that held it open may have written to it since;
then it is a second version and comes back; as long as it has it open, it is asked again every minute. What the server
has is purged from the trash by age and size, never within the hour; staging parts that nobody touched for a week go, and
so does the oldest of what is remembered of what happened.
"""

from collections.abc import Sequence

from govsync.engine.batch import disk_signature
from govsync.engine.desk import Desk
from govsync.engine.jobs import AnyJob, Change, Clean, Cleaned, Recover
from govsync.local.trash import Fate, Held, choose
from govsync.store import activity, trash

LOOK_AGAIN_MS = 60_000
PURGE_EVERY_MS = 10 * 60_000
SWEEP_EVERY_MS = 24 * 3_600_000
MOST_AT_ONCE = 500


class Cleaning:
    """Owns the trash's upkeep."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._looked_to_ms = 0
        self._held_open: dict[str, int] = {}
        """Entries that a program still had open when they were looked at, and when to look again."""
        self._purge_at_ms = 0
        self._sweep_at_ms = 0
        self._not_before_ms = 0
        self._need_bytes = 0

    def make_room(self, size_bytes: int) -> None:
        """Asks for so much of the disk, as far as the trash can give it back: something found the disk full (R17)."""
        self._need_bytes = max(self._need_bytes, size_bytes)
        self._purge_at_ms = 0

    def jobs(self, started: Sequence[AnyJob], disk_bytes: int) -> list[AnyJob]:
        """Says what to look at again and what to purge now; never beside a change of the disk."""
        now = self._desk.now
        if now.steady_ms < self._not_before_ms or not self._desk.alone(
            Clean, Change, Recover, started=started
        ):
            return []
        look = self._look_again()
        purge: tuple[Held, ...] = ()
        if now.steady_ms >= self._purge_at_ms:
            self._purge_at_ms = now.steady_ms + PURGE_EVERY_MS
            activity.trim(self._desk.store)
            left = [_held(row) for row in trash.left_behind(self._desk.store) if row.rev is not None]
            held = [_held(row) for row in trash.listed(self._desk.store) if row.name not in self._held_open]
            purge = choose(held, disk_bytes, now.wall_ms, self._need_bytes)
            purge = tuple(dict.fromkeys((*left, *purge)))[:MOST_AT_ONCE]
            self._need_bytes = 0
        sweep = now.steady_ms >= self._sweep_at_ms
        if not (look or purge or sweep):
            return []
        if sweep:
            self._sweep_at_ms = now.steady_ms + SWEEP_EVERY_MS
        return [Clean(number=self._desk.number(), look=look, purge=purge, sweep=sweep, now_ms=now.wall_ms)]

    def _look_again(self) -> tuple[Held, ...]:
        """Lists what was displaced a minute ago, and what was held open a minute ago."""
        now, store = self._desk.now, self._desk.store
        fresh = trash.between(store, self._looked_to_ms, now.wall_ms - LOOK_AGAIN_MS)
        if len(fresh) > MOST_AT_ONCE:
            last_ms = fresh[
                MOST_AT_ONCE
            ].at_ms  # All of one moment are looked at together: the next look begins after it.
            fresh = [row for row in fresh if row.at_ms <= last_ms]
        if fresh:
            self._looked_to_ms = fresh[-1].at_ms
        names = {name for name, at_ms in self._held_open.items() if at_ms <= now.steady_ms}
        again = [row for row in trash.listed(store) if row.name in names] if names else []
        return tuple(_held(row) for row in (*fresh, *again) if row.rev is not None)

    def wakes(self) -> list[int]:
        """Lists when to look again, in steady milliseconds."""
        return [*self._held_open.values(), self._not_before_ms]

    def failed(self, job: Clean) -> None:
        """Learns that a job ended without a result: the same entries are looked at again after a while."""
        self._not_before_ms = self._desk.now.steady_ms + LOOK_AGAIN_MS
        self._looked_to_ms = min([self._looked_to_ms, *(held.at_ms - 1 for held in job.look)])

    def cleaned(self, result: Cleaned) -> list[tuple[int, str, int]]:
        """Takes in what became of entries; answers second versions to be brought back: node, trash name, inode."""
        rows = {row.name: row for row in trash.listed(self._desk.store)}
        second: list[tuple[int, str, int]] = []
        with self._desk.store.transaction():
            for judged in result.judged:
                row = rows.get(judged.name)
                self._held_open.pop(judged.name, None)
                if row is None:
                    continue
                if judged.fate is Fate.BUSY:
                    self._held_open[judged.name] = self._desk.now.steady_ms + LOOK_AGAIN_MS
                elif judged.fate in (Fate.PURGED, Fate.GONE):
                    trash.drop(self._desk.store, judged.name)
                elif judged.fate is Fate.CHANGED and judged.signature is not None:
                    trash.unverify(self._desk.store, judged.name)
                    second.append((row.lid, row.name, judged.signature.ino))
        return second


def _held(row: trash.TrashRow) -> Held:
    return Held(row.name, disk_signature(row), row.at_ms, row.rev is not None)
