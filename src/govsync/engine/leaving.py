"""Takes spaces off this desk whose membership has ended (R38): what is unsent is rescued, everything else goes.

Only an explicit *revoked* from a server in the same life begins it: `unknown` and `deleted` freeze, and so does a
*revoked* that comes together with a new epoch, since a restored copy may not know of a membership. What was sent and
has no outcome is waited for first. The space's mount goes after what is in it, and its trash
last. Where nothing of a frozen space lies on this disk, or not any more, it is forgotten; where its folder is shared again,
and shown elsewhere, it is let go.
"""

from govsync.engine.desk import Desk
from govsync.store import activity, dirty, leaving, sharing, spaces

AGAIN_MS = 5_000
"""How often it is looked at what is left."""
FROZEN_MS = 60_000
"""How often it is looked whether anything of a frozen space is left on the disk."""


class Leaving:
    """Owns the spaces that are on their way off this desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._again_ms = 0
        self._any = True

    def go_on(self) -> list[int]:
        """Lets go of what can go now, and ends what has gone; answers the nodes of which nothing is sent or fetched any
        more, whatever had been begun."""
        now = self._desk.now
        if not self._any or now.steady_ms < self._again_ms:
            return []
        self._forget()
        self._give_way()
        found, frozen = leaving.left(self._desk.store), leaving.frozen(self._desk.store)
        self._again_ms = now.steady_ms + (AGAIN_MS if found else FROZEN_MS)
        self._any = bool(found or frozen)
        return [lid for space in found for lid in self._leave(space)]

    def begin(self) -> None:
        """Learns that the list of spaces is another now."""
        self._any, self._again_ms = True, 0

    def _forget(self) -> None:
        store = self._desk.store
        for space in leaving.frozen_for_nothing(store):
            row = spaces.get(store, space)
            with store.transaction():
                leaving.forget(store, space)
                dirty.add(store, [row.mount_lid] if row is not None and row.mount_lid is not None else [])
            self._desk.facts_changed()

    def _give_way(self) -> None:
        store = self._desk.store
        with store.transaction():
            for lost, again in sharing.shown_again(store):
                leaving.give_way(store, lost, again)

    def _leave(self, space: bytes) -> list[int]:
        store, now = self._desk.store, self._desk.now
        row = spaces.get(store, space)
        if row is None or leaving.under_way(store, space):
            return []
        with store.transaction():
            lids = leaving.let_go(store, space)
            if leaving.end(store, space):
                activity.note(store, now.wall_ms, "space_left", row.name)
                dirty.add(store, [row.mount_lid] if row.mount_lid is not None else [])
        self._desk.facts_changed()
        return lids

    def wakes(self) -> list[int]:
        """Lists when to look again, in steady milliseconds."""
        return [self._again_ms] if self._any else []
