"""What the server must be told so that it has the tree that the desk wants, in an order in which it can accept it.

Every node that the person made, moved or deleted wants one step. A step may need others first: its new parent must be
alive on the server, its new name free there, and it may not be moved below itself. `plan` collects the wants, follows
their needs, and puts them in order; steps that need each other in a circle (a swap of names) become one group, which
the server judges as a whole (R14).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import count

import msgspec

from govsync.model import names
from govsync.model.clashes import give_way, gives_way_itself
from govsync.model.merge import DEAD, Side, alive, presence
from govsync.model.merged_tree import MergedTree, is_folder, kind_of
from govsync.model.nodes import NOWHERE, Kind, Node, Place, Presence
from govsync.model.ordering import components
from govsync.model.steps import AnyUp, Aside, Delete, Mkdir, Move, Put, Revive, Unify

SUBTREE_NODES = 10_000
"""How many nodes one deletion may take along (R20); a larger folder goes in parts."""


class Upward:
    """Collects the steps towards the server for one plan."""

    def __init__(self, tree: MergedTree) -> None:
        self._tree = tree
        self._wants: dict[int, AnyUp] = {}
        self._needs: dict[int, list[int]] = {}
        self._blocked: set[int] = set()
        self._considered: set[int] = set()
        self._claims: dict[tuple[int, str], int] = {}
        self._deletable: dict[int, tuple[int, ...] | None] = {}
        self.unmounts: dict[int, None] = {}
        """Dead mounts in which something lies that is to be told."""
        self.yields: dict[int, Aside | Unify] = {}
        """Nodes that must give up their name before anything of them can be sent."""
        self.kept_for_below: dict[int, None] = {}
        """Folders that the person deleted and that come back, since something lies below that was left out (R26)."""

    def consider(self, lid: int, pulled: bool = False) -> bool:
        """Takes up what a node wants to be told, with all that it needs; says whether it wants anything.

        `pulled` says that something alive needs this folder on the server, whatever its own facts say.
        """
        if lid in self._considered and not (pulled and lid not in self._wants):
            return lid in self._wants
        self._considered.add(lid)
        if self._tree.busy(lid):
            self._blocked.add(lid)
            return False
        if self._is_deletion(lid):
            return self._consider_deletion(lid)
        step = self._place_step(self._tree.node(lid), pulled)
        if step is None:
            return False
        self._wants[lid] = step
        self._needs[lid] = []
        self._need_parent(lid, _place_of(step))
        self._need_name(lid, _place_of(step))
        self._need_no_circle(lid, _place_of(step))
        return True

    def plan(self) -> tuple[AnyUp, ...]:
        """Puts in order what can be told now."""
        steps: list[AnyUp] = []
        sent: set[int] = set()
        group = 0
        for members in components(self._needs):
            if not all(self._ready(member, members, sent) for member in members):
                continue
            wanted = [self._wants[member] for member in members]
            if len(members) > 1:
                group += 1
                ordered = sorted(members, key=lambda member: self._turn(member, members))
                wanted = [msgspec.structs.replace(self._wants[member], group=group) for member in ordered]
            steps.extend(wanted)
            sent.update(members)
        return tuple(steps)

    def needs(self) -> Mapping[int, Sequence[int]]:
        """Answers which other nodes' steps each step stands on."""
        return {lid: needed for lid, needed in self._needs.items() if needed}

    def _ready(self, lid: int, members: tuple[int, ...], sent: set[int]) -> bool:
        return lid not in self._blocked and all(need in sent or need in members for need in self._needs[lid])

    def _turn(self, lid: int, members: tuple[int, ...]) -> tuple[int, int]:
        """Ranks a step inside a group, where names are judged only at the end: first what others hang below, parents
        before children, then moves, and last deletions, so that nothing that moves out of a folder goes with it."""
        step = self._wants[lid]
        if isinstance(step, Delete):
            return 2, 0
        if isinstance(step, Move):
            return 1, 0
        depth = 0
        parent = _place_of(step).parent
        while parent in members and not isinstance(above := self._wants[parent], Delete | Move):
            depth += 1
            parent = _place_of(above).parent
        return 0, depth

    def _place_step(self, node: Node, pulled: bool) -> Mkdir | Put | Move | Revive | None:
        """Says what brings the node to its local place on the server; None when it is there, or cannot be told yet."""
        local, remote = node.local, node.remote
        if local is None or local.presence is not Presence.HERE:
            return None
        if self._tree.belongs(node.lid).side is not Side.LOCAL and not (pulled and not alive(node)):
            return None
        unread = local.kind is Kind.FILE and local.hash is None
        if remote is None:
            if local.kind is Kind.FILE:
                return None if unread else Put(node.lid, local.place, None)
            return Mkdir(node.lid, local.place) if local.kind is Kind.FOLDER else None
        if remote.dead and remote.kind is Kind.MOUNT:
            self.unmounts[node.lid] = None
            return None
        if remote.dead:
            return None if unread else Revive(node.lid, local.place)
        return Move(node.lid, local.place, remote.place_key)

    def _need_parent(self, lid: int, place: Place) -> None:
        parent = self._tree.node(place.parent)
        if alive(parent) or self._tree.read_only(lid):  # What stays here alone needs no folder there.
            return
        self._need(lid, place.parent, lambda: self.consider(place.parent, pulled=True))

    def _need_name(self, lid: int, place: Place) -> None:
        if self._tree.adds_only(lid):
            return  # Whatever has the name there, the server finds a free one.
        claim = (place.parent, names.key(place.name))
        rival = self._claims.setdefault(claim, lid)
        if rival != lid:
            self._twins(lid, rival, claim)
            return
        holder = self._tree.trees.remote_at(*claim)
        if holder is None or holder == lid:
            self._need_own_name(lid, claim)
            return
        kept = self._tree.belongs(holder)
        if self._tree.busy(holder) or presence(self._tree.node(holder)) is Presence.GAP:
            # What has vanished from this very name was most likely deleted to make room; soon it is known (R3).
            self._blocked.add(lid)
        elif kept.side is Side.LOCAL and kept.place is not None and _claim(kept.place) != claim:
            self._need(lid, holder, lambda: self.consider(holder))
        elif kept == DEAD and self._is_deletion(holder):
            root = self._deletion_root(holder)
            if root is None:
                self._blocked.add(lid)
            else:
                self._need(lid, root, lambda: self.consider(root))
        else:
            self._give_way(lid, holder)

    def _twins(self, lid: int, rival: int, claim: tuple[int, str]) -> None:
        """Two names of one key on this disk: the one with a baseline keeps the name, else the first to be told (R23)."""
        if self._tree.node(rival).baseline is None and self._tree.node(lid).baseline is not None:
            self._claims[claim] = lid
            lid, rival = rival, lid
        self._blocked.add(lid)
        self.yields[lid] = Aside(lid, rival)

    def _need_own_name(self, lid: int, claim: tuple[int, str]) -> None:
        """What is to stay here alone yields to what does so already under its name (R23)."""
        if not self._tree.read_only(lid):
            return
        for other in self._tree.trees.local_at(*claim):
            if other != lid and presence(self._tree.node(other)) is Presence.LOCAL_ONLY:
                self._blocked.add(lid)
                self.yields[lid] = Aside(lid, other)
                return

    def _give_way(self, lid: int, holder: int) -> None:
        if gives_way_itself(self._tree.node(holder)) and not self._tree.read_only(lid):
            self._rename_mount(holder)
            self._needs[lid].append(holder)
            return
        self._blocked.add(lid)
        self.yields[lid] = give_way(self._tree.node(lid), self._tree.node(holder))

    def _rename_mount(self, lid: int) -> None:
        """Gives a mount that comes for the first time the first free `NAME (2)`, because its own name is taken here."""
        remote = self._tree.node(lid).remote
        assert remote is not None
        wanted = (Place(remote.place.parent, names.second_name(remote.place.name, turn)) for turn in count(2))
        place = next(place for place in wanted if self._is_free(_claim(place)))
        self._claims[_claim(place)] = lid
        self._considered.add(lid)
        self._wants[lid], self._needs[lid] = Move(lid, place, remote.place_key), []

    def _is_free(self, claim: tuple[int, str]) -> bool:
        trees = self._tree.trees
        return claim not in self._claims and not trees.local_at(*claim) and trees.remote_at(*claim) is None

    def _need_no_circle(self, lid: int, place: Place) -> None:
        """A folder may move below another only once that one is no longer below it on the server."""
        if not is_folder(self._tree.node(lid)):
            return
        path: list[int] = []
        above = place.parent
        while above not in (NOWHERE, lid):
            path.append(above)
            remote = self._tree.node(above).remote
            if remote is None or remote.dead:
                return
            above = remote.place.parent
        if above == NOWHERE:
            return
        movers = [step for step in path if self._tree.belongs(step).side is Side.LOCAL]
        if not movers:
            self._blocked.add(lid)
        for mover in movers:
            self._need(lid, mover, lambda mover=mover: self.consider(mover))  # type: ignore[misc]

    def _need(self, lid: int, needed: int, take_up: Callable[[], bool]) -> None:
        if take_up():
            self._needs[lid].append(needed)
        else:
            self._blocked.add(lid)

    # Deletions

    def _is_deletion(self, lid: int) -> bool:
        node = self._tree.node(lid)
        missing = alive(node) and presence(node) is Presence.MISSING and not self._tree.adds_only(lid)
        return missing and self._tree.belongs(lid) == DEAD and not self._tree.left_out(lid)

    def _consider_deletion(self, lid: int) -> bool:
        root = self._deletion_root(lid)
        if root is None:
            return False
        if root != lid:
            return self.consider(root)
        node = self._tree.node(lid)
        covers = self._deletable[lid] or ()
        assert node.remote is not None
        folder = kind_of(node) is not Kind.FILE
        seen = self._tree.trees.read_to(lid) if folder else None
        self._wants[lid] = Delete(
            lid, node.remote.place_key, None if folder else node.remote.rev, seen, covers
        )
        self._needs[lid] = []
        for leaving in self._leaving(covers):
            self._need(lid, leaving, lambda leaving=leaving: self.consider(leaving))  # type: ignore[misc]
        return True

    def _deletion_root(self, lid: int) -> int | None:
        """Finds the topmost folder that goes as a whole with this node, so that one operation speaks for all."""
        root = None
        while lid != NOWHERE and self._is_deletion(lid) and self._covers(lid) is not None:
            root = lid
            remote = self._tree.node(lid).remote
            lid = remote.place.parent if remote is not None else NOWHERE
        return root

    def _covers(self, lid: int) -> tuple[int, ...] | None:
        """Lists what goes with a node when it is deleted, itself first; None when something below it stays, was never
        on this desk (R20), waits (R24), or when it is too much for one operation.

        A folder waits, too, until the journal has been read up to the last change of all that it covers. `seen` says
        what this desk knows, and an answer to an own operation runs ahead of the journal: with its sequence for `seen`,
        a colleague's file of a moment before it, not read yet, would go along unseen.
        """
        if lid not in self._deletable:
            self._deletable[lid] = self._find_covers(lid)
        return self._deletable[lid]

    def _find_covers(self, lid: int) -> tuple[int, ...] | None:
        if not self._is_deletion(lid) or self._tree.busy(lid) or self._tree.node(lid).after is not None:
            return None
        if is_folder(self._tree.node(lid)) and self._seq(lid) > self._tree.trees.read_to(lid):
            return None
        covers = [lid]
        for child in self._tree.trees.remote_children(lid):
            if self._leaves(child):
                continue
            below = self._covers(child)
            unread = self._seq(child) > self._tree.trees.read_to(lid)
            if below is None and self._is_kept_for(child):
                self.kept_for_below[lid] = None
            if below is None or unread or len(covers) + len(below) > SUBTREE_NODES:
                return None
            covers.extend(below)
        return tuple(covers)

    def _is_kept_for(self, lid: int) -> bool:
        """Says whether a deleted folder has to come back for this child: the person may have deleted the folder for what was
        seen in it, and never saw this."""
        return presence(self._tree.node(lid)) is Presence.EXCLUDED or lid in self.kept_for_below

    def _leaves(self, lid: int) -> bool:
        """Says whether the person moved the node out to another folder."""
        merged = self._tree.belongs(lid)
        remote = self._tree.node(lid).remote
        return (
            merged.side is Side.LOCAL
            and merged.place is not None
            and remote is not None
            and merged.place.parent != remote.place.parent
        )

    def _leaving(self, covers: tuple[int, ...]) -> list[int]:
        return [
            child for lid in covers for child in self._tree.trees.remote_children(lid) if self._leaves(child)
        ]

    def _seq(self, lid: int) -> int:
        remote = self._tree.node(lid).remote
        return remote.seq if remote is not None else 0


def _place_of(step: AnyUp) -> Place:
    assert isinstance(step, Mkdir | Put | Move | Revive)
    assert step.place is not None
    return step.place


def _claim(place: Place) -> tuple[int, str]:
    return place.parent, names.key(place.name)
