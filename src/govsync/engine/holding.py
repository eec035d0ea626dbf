"""Stops deletions and rewrites that are too many to be meant, and asks (R28).

Counted are the files that would be sent as deleted, or with a new content, together with those sent in the last ten
minutes. A hold stops only its operations, and those of its kind that come while it is still too many; everything else
goes on. Approved, they go; rejected, what was deleted comes back from the server, and what was rewritten goes to Rescued
before the server's revision takes its place. A node whose cause has vanished leaves its hold by itself.
"""

from collections.abc import Mapping, Sequence

from govsync.engine.desk import Desk
from govsync.model.merge import presence
from govsync.model.merged_tree import kind_of
from govsync.model.nodes import Kind, Presence
from govsync.model.steps import AnyUp, Delete, Put, covered, standing
from govsync.store import activity, dirty, holds, local_tree, rescues
from govsync.store.holds import HoldKind

WINDOW_MS = 10 * 60_000
SHARE_FROM_FILES = 20
"""The share of a space's files counts only above this number: deleting one of two files is no accident."""
LOOK_BACK_MS = 1_000
"""How often, at most, it is asked whether the cause of a hold has vanished."""


class Holding:
    """Owns what waits for a person's word."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._look_back_ms = 0
        self._changed = True

    # What may go

    def let_pass(self, steps: Sequence[AnyUp], needs: Mapping[int, Sequence[int]]) -> list[AnyUp]:
        """Answers the steps that may go; deletions and rewrites beyond the threshold are put into a hold, and what needs
        them waits with them."""
        asked: dict[tuple[bytes, HoldKind], list[AnyUp]] = {}
        for step in steps:
            kind = _kind(step)
            if kind is not None:
                space = local_tree.node(self._desk.store, step.lid).space
                asked.setdefault((space, kind), []).append(step)
        held: set[int] = set()
        if asked:
            holds.forget_sent(self._desk.store, self._since_ms)
        for (space, kind), mine in asked.items():
            if self._too_many(space, kind, mine):
                self._hold(space, kind, mine)
                held.update(step.lid for step in mine)
        return standing(steps, needs, held)

    @property
    def _since_ms(self) -> int:
        return self._desk.now.wall_ms - WINDOW_MS

    def _too_many(self, space: bytes, kind: HoldKind, steps: Sequence[AnyUp]) -> bool:
        store, rules = self._desk.store, self._desk.rules
        nodes = local_tree.nodes(store, covered(steps))
        if all(holds.approved(store, lid, kind) for lid, node in nodes.items() if kind_of(node) is Kind.FILE):
            return False
        if kind == "rewrites":
            return holds.rewrites(store, space, self._since_ms) >= rules.hold_rewrites
        count = holds.deletions(store, space, self._since_ms)
        if count >= rules.hold_deletions:
            return True
        return count >= SHARE_FROM_FILES and count >= rules.hold_deletions_share * holds.files(store, space)

    def _hold(self, space: bytes, kind: HoldKind, steps: Sequence[AnyUp]) -> None:
        store, now = self._desk.store, self._desk.now
        lids = covered(steps)
        with store.transaction():
            before = holds.count(store)
            hold = holds.opened(store, space, kind, now.wall_ms)
            holds.add(store, hold, lids)
            if holds.count(store) > before:
                activity.note(store, now.wall_ms, "hold_opened", "", detail=str(len(lids)))
        self._desk.facts_changed()

    # What a person says

    def approve(self, hold: int) -> bool:
        """Lets the operations of a hold go; False when there is no such open hold."""
        return self._end(hold, "approved") is not None

    def reject(self, hold: int) -> bool:
        """Takes the operations of a hold back: the server's revisions of today return; bytes that only this desk has go
        to Rescued before that."""
        store = self._desk.store
        with store.transaction():
            kind = holds.kind_of_open(store, hold)
            lids = self._end(hold, "rejected")
            if lids is None:
                return False
            if kind == "rewrites":
                rescues.add(store, lids)
            elif kind == "deletions":
                nodes = local_tree.nodes(store, lids)
                gone = [lid for lid, node in nodes.items() if presence(node) is Presence.MISSING]
                local_tree.ask_back(store, gone)
        return True

    def _end(self, hold: int, state: str) -> list[int] | None:
        """Ends a hold and answers its nodes, which have something to decide again; None when it was not open."""
        store = self._desk.store
        with store.transaction():
            if holds.kind_of_open(store, hold) is None:
                return None
            lids = holds.end(store, hold, state)
            dirty.add(store, lids)
            activity.note(store, self._desk.now.wall_ms, f"hold_{state}", "", detail=str(len(lids)))
        self._desk.facts_changed()
        return lids

    # What ends by itself

    def look_back(self) -> None:
        """Takes nodes whose cause has vanished out of their holds, and ends those that have none left; folders that have
        gone since join what is held in them."""
        self._changed |= self._desk.stale
        if not self._changed or self._desk.now.steady_ms < self._look_back_ms:
            return
        self._changed = False
        self._look_back_ms = self._desk.now.steady_ms + LOOK_BACK_MS
        store = self._desk.store
        if not holds.any_items(store) and not holds.count(store):
            return
        with store.transaction():
            holds.add_folders(store)
            released = holds.release(store)
            for hold in holds.empty(store):
                self._end(hold, "lifted")
        self._desk.wake(released)

    def wakes(self) -> list[int]:
        """Lists when to look back, in steady milliseconds."""
        return [self._look_back_ms] if self._changed and holds.any_items(self._desk.store) else []


def _kind(step: AnyUp) -> HoldKind | None:
    """Says what of this step is counted; a file that is new to the server takes nothing away."""
    if isinstance(step, Delete):
        return "deletions"
    return "rewrites" if isinstance(step, Put) and step.base_rev is not None else None
