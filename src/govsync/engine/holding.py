"""Stops deletions and rewrites that are too many to be meant, and asks (R28).

Counted are the files that would be sent as deleted together with those sent in the last ten minutes. A hold stops only
its own operations; everything else goes on. Approved, they go; rejected, what was deleted comes back from the server.
"""

from collections.abc import Sequence

from govsync.engine.desk import Desk
from govsync.model.merge import presence
from govsync.model.merged_tree import kind_of
from govsync.model.nodes import Kind, Presence
from govsync.model.steps import AnyUp, Delete
from govsync.store import activity, dirty, holds, local_tree

WINDOW_MS = 10 * 60_000
SHARE_FROM_FILES = 20
"""The share of a space's files counts only above this number: deleting one of two files is no accident."""


class Holding:
    """Owns what waits for a person's word."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def let_pass(self, steps: Sequence[AnyUp]) -> list[AnyUp]:
        """Answers the steps that may go; deletions beyond the threshold are put into a hold."""
        passed: list[AnyUp] = []
        held: dict[bytes, list[Delete]] = {}
        deletions: dict[bytes, list[Delete]] = {}
        for step in steps:
            if isinstance(step, Delete):
                deletions.setdefault(local_tree.node(self._desk.store, step.lid).space, []).append(step)
        for space, mine in deletions.items():
            if self._too_many(space, mine):
                held[space] = mine
        for step in steps:
            if not any(step in mine for mine in held.values()):
                passed.append(step)
        for space, mine in held.items():
            self._hold(space, [lid for step in mine for lid in step.covers])
        return passed

    def _too_many(self, space: bytes, steps: Sequence[Delete]) -> bool:
        store, rules = self._desk.store, self._desk.rules
        covered = [lid for step in steps for lid in step.covers]
        files = [lid for lid in covered if kind_of(local_tree.node(store, lid)) is Kind.FILE]
        if all(holds.approved(store, lid) for lid in files):
            return False
        sent = holds.deletions_sent(store, space, self._desk.now.wall_ms - WINDOW_MS)
        count = holds.deletions_waiting(store, space) + sent
        if count >= rules.hold_deletions:
            return True
        return count >= SHARE_FROM_FILES and count >= rules.hold_deletions_share * holds.files(store, space)

    def _hold(self, space: bytes, lids: Sequence[int]) -> None:
        store, now = self._desk.store, self._desk.now
        with store.transaction():
            before = holds.count(store)
            hold = holds.opened(store, space, "deletions", now.wall_ms)
            holds.add(store, hold, lids)
            if holds.count(store) > before:
                activity.note(store, now.wall_ms, "hold_opened", "", detail=str(len(lids)))
        self._desk.facts_changed()

    def approve(self, hold: int) -> bool:
        """Lets the operations of a hold go; False when there is no such open hold."""
        with self._desk.store.transaction():
            lids = holds.end(self._desk.store, hold, "approved")
            dirty.add(self._desk.store, lids)
            if lids:
                activity.note(
                    self._desk.store, self._desk.now.wall_ms, "hold_approved", "", detail=str(len(lids))
                )
        self._desk.facts_changed()
        return bool(lids)

    def reject(self, hold: int) -> bool:
        """Takes the operations of a hold back: what was deleted comes back at the server's revision of today."""
        store = self._desk.store
        with store.transaction():
            lids = holds.end(store, hold, "rejected")
            nodes = local_tree.nodes(store, lids)
            back = [lid for lid, node in nodes.items() if presence(node) is Presence.MISSING]
            local_tree.ask_back(store, back)
            dirty.add(store, lids)
            if lids:
                activity.note(store, self._desk.now.wall_ms, "hold_rejected", "", detail=str(len(lids)))
        self._desk.facts_changed()
        return bool(lids)

    def lift_if_back(self) -> None:
        """Ends holds whose files have all come back by themselves."""
        for hold in holds.causes_gone(self._desk.store):
            with self._desk.store.transaction():
                lids = holds.end(self._desk.store, hold, "lifted")
                dirty.add(self._desk.store, lids)
                activity.note(self._desk.store, self._desk.now.wall_ms, "hold_lifted", "")
            self._desk.facts_changed()
