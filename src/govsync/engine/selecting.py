"""What a person chooses to have on this desk, and what not (R26, docs/decisions/0034).

Only the choice is made here, and made durable. What goes for it, and when, and what comes, is for the plans to say: so a
crash at any moment changes nothing about the end.
"""

from collections.abc import Sequence

from govsync.engine.desk import Desk
from govsync.engine.placing import Placing
from govsync.store import activity, dirty, left_out, local_tree, problems


class Selecting:
    """Takes in the choice."""

    def __init__(self, desk: Desk, placing: Placing) -> None:
        self._desk = desk
        self._placing = placing

    def leave_out(self, lid: int) -> None:
        """Has a node, and all below it, not on this desk: it goes once the server has it."""
        store = self._desk.store
        if lid in left_out.LeftOut(store):
            return
        with store.transaction():
            about = left_out.choose(store, lid)
            self._begin_anew(about)
            activity.here(store, lid, "left_out", self._desk.now.wall_ms)
        for each in about:
            self._placing.give_up(each)
        self._desk.facts_changed()

    def take_in(self, lid: int) -> None:
        """Has a node, and all below it, on this desk again."""
        store = self._desk.store
        if not left_out.is_about(store, lid):
            return
        with store.transaction():
            self._begin_anew(left_out.take_in(store, lid))
            activity.here(store, lid, "taken_in", self._desk.now.wall_ms)
        self._desk.facts_changed()

    def _begin_anew(self, lids: Sequence[int]) -> None:
        """What kept nodes from coming, or from going, says nothing about what they are to do now."""
        steps = local_tree.not_obscured(self._desk.store, lids)
        problems.clear(self._desk.store, steps)
        dirty.reset_attempts(self._desk.store, steps)
