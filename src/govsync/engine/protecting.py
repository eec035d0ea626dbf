"""Lets people feel before they work that they may only read: files of such a space lie on the disk without the right to
write, and get it back when the role changes (R38, docs/decisions/0025).

What this desk places comes so from staging. Here is what was on the disk before: after a change of role, or where somebody
has opened a file by hand. It is done in batches of steps like any other change of the disk, so no look overlaps it, and
the signature that it leaves is recorded with it: nothing is read again (R4).
"""

from collections.abc import Sequence

from govsync.engine import notes
from govsync.engine.batch import signature
from govsync.engine.desk import Desk
from govsync.engine.jobs import AnyJob, Change, Look, Recover, TakeStock
from govsync.engine.notes import Act, NewIntent, Note
from govsync.local.steps import At, SetWrite
from govsync.store import local_tree, paths, protection

FILES = 500
"""How many files one batch takes on (R16)."""
AGAIN_MS = 2_000
"""How often it is looked whether what could not be changed yet can be."""


class Protecting:
    """Makes files as they are wanted, a batch at a time; which, is in the store."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._again_ms = 0
        self._missed = False
        """Whether something may have changed since it was looked last."""

    def jobs(self, started: Sequence[AnyJob]) -> list[AnyJob]:
        """Says what to change now; never beside a look or another change of the disk."""
        desk, now_ms = self._desk, self._desk.now.steady_ms
        alone = desk.alone(Change, Recover, Look, TakeStock, started=started)
        self._missed = not alone or now_ms < self._again_ms
        if self._missed:
            return []
        new = [NewIntent(step, Note(act=Act.SET_WRITE)) for step in self._steps()]
        if not new:
            self._again_ms = now_ms + AGAIN_MS
            return []
        return [Change(number=desk.number(), steps=notes.record(desk, new))]

    def look_first(self) -> None:
        """Learns that something on the disk is another than it was believed to be, and is looked at; until then a change of it
        would end so again, and where a look is not possible at the moment, time and again."""
        self._again_ms = self._desk.now.steady_ms + AGAIN_MS

    def _steps(self) -> list[SetWrite]:
        store = self._desk.store
        wanted = {lid: shut for lid, shut in protection.due(store, FILES) if not self._desk.occupied(lid)}
        at, seen = paths.disk_paths(store, list(wanted)), local_tree.disks(store, list(wanted))
        return [
            SetWrite(
                intent=0,
                lid=lid,
                at=At(at[lid][:-1], at[lid][-1]),
                write=not shut,
                expected=signature(seen[lid]),
            )
            for lid, shut in wanted.items()
            if lid in at and lid in seen
        ]

    def wakes(self) -> list[int]:
        """Lists when to look again, in steady milliseconds."""
        return [self._again_ms] if self._missed else []
