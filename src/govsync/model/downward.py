"""What must change on the disk so that it shows the tree that the server has, in an order that never needs a taken name.

The mirror image of `upward`: every node that the server made, moved or deleted wants one step, which may need others
first: its parent must lie on the disk, its name must be free, and a folder may not move below itself. Steps that need
each other in a circle are broken open by parking one of them (R14).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, count

from govsync.model import names
from govsync.model.clashes import give_way, gives_way_itself
from govsync.model.merge import Flow, Side, alive, flow, presence
from govsync.model.merged_tree import MergedTree, is_folder, kind_of
from govsync.model.nodes import NOWHERE, Kind, Node, Place, Presence
from govsync.model.ordering import components
from govsync.model.steps import AnyDown, Aside, Fetch, MakeFolder, Park, Relocate, Remove, Unify

_ABSENT = (Presence.NOT_YET, Presence.MISSING)


class Downward:
    """Collects the changes of the disk for one plan."""

    def __init__(self, tree: MergedTree) -> None:
        self._tree = tree
        self._wants: dict[int, AnyDown] = {}
        self._needs: dict[int, list[int]] = {}
        self._blocked: set[int] = set()
        self._considered: set[int] = set()
        self._claims: dict[tuple[int, str], int] = {}
        self._husks: set[int] = set()
        """Folders to be removed that will stay for what is in them: their names do not become free (R12)."""
        self.yields: dict[int, Aside | Unify] = {}
        """Nodes on the disk that must give up their name to one that comes from the server."""

    def consider(self, lid: int, pulled: bool = False) -> bool:
        """Takes up what the disk must do about a node, with all that it needs; says whether there is anything.

        `pulled` says that something which comes from the server needs this folder on the disk.
        """
        if lid in self._considered and not (pulled and lid not in self._wants):
            return lid in self._wants
        self._considered.add(lid)
        if self._tree.busy(lid):
            self._blocked.add(lid)
            return False
        step = self._step(self._tree.node(lid), pulled)
        if step is None:
            return False
        self._wants[lid] = step
        self._needs[lid] = []
        if isinstance(step, MakeFolder | Fetch | Relocate):
            self._need_parent(lid, step.place)
            self._need_name(lid, step.place)
            if isinstance(step, Relocate):
                self._need_no_circle(lid, step.place)
        return True

    def plan(self) -> tuple[AnyDown, ...]:
        """Puts in order what the disk can do now."""
        for lid, step in self._wants.items():
            if isinstance(step, Remove) and is_folder(self._tree.node(lid)):
                self._need_empty(lid)
        steps: list[AnyDown] = []
        done: set[int] = set()
        for members in components(self._needs):
            if all(self._ready(member, members, done) for member in members):
                steps.extend(self._in_order(members))
                done.update(member for member in members if member not in self._husks)
        return tuple(steps)

    def _ready(self, lid: int, members: Sequence[int], done: set[int]) -> bool:
        return lid not in self._blocked and all(need in done or need in members for need in self._needs[lid])

    def _in_order(self, members: Sequence[int]) -> list[AnyDown]:
        """Orders one component; a circle is opened by parking a node that moves and below which no other one belongs,
        which then comes last.

        There always is one. Places in the merged tree form no circle, so some members have no other member below their
        new place. Such a one is no folder to be made, since in a circle somebody needs it, and only as a parent; it is
        no fetched file, which nobody needs; and removals alone form no circle. So it moves. Whatever lies in it on the
        disk is parked with it, and leaves from there.
        """
        if len(members) == 1:
            return [self._wants[members[0]]]
        above = {parent for member in members for parent in self._chain(member)}
        parked = next(m for m in members if m not in above and isinstance(self._wants[m], Relocate))
        rest: Mapping[int, Sequence[int]] = {
            member: [need for need in self._needs[member] if need != parked]
            for member in members
            if member != parked
        }
        steps: list[AnyDown] = [Park(parked)]
        for inner in components(rest):
            steps.extend(self._in_order(inner))
        steps.append(self._wants[parked])
        return steps

    def _chain(self, lid: int) -> list[int]:
        """Lists the folders above the place that a step gives its node."""
        step = self._wants[lid]
        found: list[int] = []
        place = step.place if isinstance(step, MakeFolder | Fetch | Relocate) else None
        while place is not None and place.parent != NOWHERE:
            found.append(place.parent)
            folder = place.parent
            if (mount := self._tree.trees.mount_of(folder)) is not None:
                found.append(folder := mount)
            want = self._wants.get(folder)
            moved = want.place if isinstance(want, MakeFolder | Relocate) else None
            place = moved or self._tree.belongs(folder).place
        return found

    def _step(self, node: Node, pulled: bool) -> AnyDown | None:
        """Says what brings the disk to the merged place of a node; None when it shows it, or must not be touched."""
        merged = self._tree.belongs(node.lid)
        where, left_out = presence(node), self._tree.left_out(node.lid)
        if node.remote is not None and node.remote.place.parent == NOWHERE:
            return None  # A space's root comes with its mount, or is the synced folder itself.
        if where in _ABSENT:
            place = merged.place if merged.side is not Side.LOCAL else None
            if place is None and pulled and alive(node) and node.remote is not None:
                place = node.remote.place
            if place is None:
                return None
            return Fetch(node.lid, place) if kind_of(node) is Kind.FILE else MakeFolder(node.lid, place)
        if where is Presence.PARKED:
            place = (None if left_out else merged.place) or self._way_back(node)
            return None if place is None else Relocate(node.lid, place)
        if where is Presence.HERE and not pulled:
            if left_out:
                return Remove(node.lid) if self._is_told(node) else None
            if merged.place is None:
                return Remove(node.lid)
            if merged.side is Side.REMOTE and not self._is_written(node):
                return Relocate(node.lid, merged.place)
        return None

    def _is_told(self, node: Node) -> bool:
        """Says whether the server has all that this disk shows of a node, or had it before something newer (R26)."""
        local, remote, base = node.local, node.remote, node.baseline
        assert local is not None
        assert remote is not None
        if self._tree.belongs(node.lid).side is Side.LOCAL or flow(node) not in (Flow.NONE, Flow.DOWN):
            return False
        told = base is None or local.exec in (base.exec, remote.exec)
        return told or self._tree.read_only(node.lid)

    def _way_back(self, node: Node) -> Place | None:
        """Answers where a parked node goes that died meanwhile: nothing is removed from where nobody can see it. From there it
        is removed like any other, or it lives, if it was edited; so does what only this desk has in it. None while no folder
        above it is on the disk: then it waits."""
        fact = node.remote or node.local
        assert fact is not None
        folder = self._tree.node(fact.place.parent)
        while presence(folder) is not Presence.HERE or not alive(
            folder
        ):  # One that is dead may be removed next.
            above = folder.remote or folder.local
            if above is None or above.place.parent == NOWHERE:
                return None
            folder = self._tree.node(above.place.parent)
        wanted = (Place(folder.lid, names.second_name(fact.place.name, turn)) for turn in count(2))
        places = chain((Place(folder.lid, fact.place.name),), wanted)
        return next(place for place in places if self._is_free((place.parent, names.key(place.name))))

    def _is_free(self, claim: tuple[int, str]) -> bool:
        trees = self._tree.trees
        return claim not in self._claims and not trees.local_at(*claim) and trees.remote_at(*claim) is None

    def _is_written(self, node: Node) -> bool:
        """Says whether the file holds, or may hold, what somebody has written who may only read: that is not moved to where
        it would have to make way, it stays where its person put it (`KeepBoth`)."""
        return self._tree.read_only(node.lid) and flow(node) not in (Flow.NONE, Flow.DOWN)

    def _need_parent(self, lid: int, place: Place) -> None:
        where = presence(self._tree.node(place.parent))
        if where is Presence.HERE:
            return
        # A space's root comes with its mount.
        folder = self._tree.trees.mount_of(place.parent) or place.parent
        absent = presence(self._tree.node(folder)) in _ABSENT
        self._need(lid, folder, lambda: self.consider(folder, pulled=absent))

    def _need_name(self, lid: int, place: Place) -> None:
        claim = (place.parent, names.key(place.name))
        if self._claims.setdefault(claim, lid) != lid:
            # The server never has two of one key; what we know of one of them is older than what we know of the other.
            self._blocked.add(lid)
            return
        for holder in self._tree.trees.local_at(*claim):
            if holder != lid:
                self._need_gone(lid, holder, claim)

    def _need_gone(self, lid: int, holder: int, claim: tuple[int, str]) -> None:
        node = self._tree.node(holder)
        merged = self._tree.belongs(holder)
        leaves = merged.place is None or (
            merged.side is Side.REMOTE and (merged.place.parent, names.key(merged.place.name)) != claim
        )
        if presence(node) is Presence.LOCAL_ONLY:
            self._blocked.add(lid)
            self.yields[holder] = give_way(node, self._tree.node(lid))
        elif self._tree.busy(holder):
            self._blocked.add(lid)
        elif leaves:
            self._need(lid, holder, lambda: self.consider(holder))
        elif (
            merged.side is not Side.LOCAL
            or flow(node) is Flow.UNKNOWN
            or (gives_way_itself(self._tree.node(lid)) and not self._tree.read_only(lid))
        ):
            # The server still has the holder there, and news of its leaving will come; or it is being read; or this is a
            # mount, and is renamed on the server when the holder is told to it.
            self._blocked.add(lid)
        else:
            self._blocked.add(lid)
            self.yields[holder] = give_way(node, self._tree.node(lid))

    def _need_no_circle(self, lid: int, place: Place) -> None:
        """A folder may move below another only once that one no longer lies below it on the disk."""
        if not is_folder(self._tree.node(lid)):
            return
        path: list[int] = []
        above = place.parent
        while above not in (NOWHERE, lid):
            path.append(above)
            local = self._tree.node(above).local
            if local is None or local.presence is not Presence.HERE:
                return
            above = self._tree.trees.mount_of(above) or local.place.parent
        if above == NOWHERE:
            return
        movers = [step for step in path if self._tree.belongs(step).side is Side.REMOTE]
        if not movers:
            self._blocked.add(lid)
        for mover in movers:
            self._need(lid, mover, lambda mover=mover: self.consider(mover))  # type: ignore[misc]

    def _need_empty(self, lid: int) -> None:
        """A folder is removed after everything in it that this desk knows; what only this disk has makes it stay."""
        for child in self._tree.trees.local_children(lid):
            if presence(self._tree.node(child)) is Presence.LOCAL_ONLY:
                self._husks.add(lid)
            elif isinstance(self._wants.get(child), Remove | Relocate):
                self._needs[lid].append(child)
            else:
                self._blocked.add(lid)

    def _need(self, lid: int, needed: int, take_up: Callable[[], bool]) -> None:
        if take_up():
            self._needs[lid].append(needed)
        else:
            self._blocked.add(lid)
