"""The three trees, as reconcile reads them.

`Trees` is what reconcile needs: a node by its lid, the children of a folder in the local and the remote tree, and who
holds a name. It has two forms, `MemoryTrees` here and `store.trees.SqlTrees`, under one contract test. All answers are
in a fixed order, so that equal trees give equal plans.

An invariant carries the whole design: **a node that is not dirty has nothing to decide** (`settled`). Whoever changes
a fact of a node marks it dirty; so the cost of reconcile follows what changed, never the size of the tree.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from govsync.model import names
from govsync.model.nodes import NOWHERE, Baseline, Kind, Local, Node, Place, Presence, Remote


class Trees(Protocol):
    """Reads the three trees of a desk; nothing here changes them."""

    def node(self, lid: int) -> Node:
        """Answers all facts of a node; raises KeyError for a lid that is not known."""

    def local_children(self, parent: int) -> Sequence[int]:
        """Lists the nodes whose local place is in `parent` and that are `here` or `local_only`, in order of lid; for a
        mount, those at the top of the space that is mounted there."""

    def remote_children(self, parent: int) -> Sequence[int]:
        """Lists the nodes alive in the remote tree with their place in `parent`, in order of lid."""

    def local_at(self, parent: int, key: str) -> Sequence[int]:
        """Lists the local children of `parent` whose name has this key: usually none or one, more on twins (R23)."""

    def remote_at(self, parent: int, key: str) -> int | None:
        """Answers who holds this key in `parent` in the remote tree, alive."""

    def busy(self, lid: int) -> bool:
        """Says whether nothing may be planned for the node now: a sent operation or a disk step of it has no outcome
        yet (R32), it waits in a hold (R28), or its time has not come (back-off)."""

    def read_to(self, lid: int) -> int:
        """Answers up to which sequence the journal of the node's space has been read; answers to own operations may
        have told of later ones (R32)."""

    def read_only(self, lid: int) -> bool:
        """Says whether this person may read the space that the node is in, and tell it nothing of this node (R38); whoever
        may add tells of what is new."""

    def adds_only(self, lid: int) -> bool:
        """Says whether this person may put things into the space that the node is in, and see nothing of it (R37)."""

    def mount_of(self, root: int) -> int | None:
        """Answers the mount where a space's root lies; None for that of the synced folder itself, and for what is no root."""

    def left_out(self, lid: int) -> bool:
        """Says whether a node that the server has, or a folder above it there, was chosen not to be on this desk (R26)."""


def may_be_added(trees: Trees, node: Node) -> bool:
    """Says whether a node is new, as is all that it lies in up to what the server has: whoever may add tells of it."""
    while node.remote is None:
        if node.local is None or node.local.presence is not Presence.HERE:
            return False
        node = trees.node(node.local.place.parent)
        if node.remote is not None and not node.remote.dead:
            return True
    return False


def agreed(node: Node) -> Baseline | None:
    """Answers the baseline that follows where disk and server show the same: fact by fact, the old one elsewhere.

    Place, content and executable bit are facts of their own, so that an edit on one side and a move on the other do not
    touch each other (R30). A baseline whose `hash` is None has no agreed content: any two contents then differ from it.
    """
    local, remote, base = node.local, node.remote, node.baseline
    if local is None or remote is None or remote.dead or local.presence is not Presence.HERE:
        return base
    same_place = local.place == remote.place
    same_content = remote.kind is not Kind.FILE or (local.hash is not None and local.hash == remote.hash)
    if base is None:
        if not same_place:
            return None
        base = Baseline(remote.place, remote.kind, remote.place_key)
    if same_place:
        base = msgspec.structs.replace(base, place=remote.place, place_key=remote.place_key)
    if same_content:
        base = msgspec.structs.replace(base, rev=remote.rev, hash=remote.hash)
    if local.exec == remote.exec:
        base = msgspec.structs.replace(base, exec=remote.exec)
    return base


def settled(node: Node) -> bool:
    """Says whether desk and server have nothing left to decide about a node, so that it need not be dirty."""
    local, remote, base = node.local, node.remote, node.baseline
    presence = local.presence if local else Presence.NOT_YET
    if presence in (Presence.LOCAL_ONLY, Presence.OBSCURED):
        return True
    if presence is Presence.EXCLUDED:
        return remote is not None and not remote.dead and local is not None and local.place == remote.place
    if presence is not Presence.HERE or local is None or remote is None or remote.dead or base is None:
        return False
    return (
        local.place == remote.place == base.place
        and remote.place_key == base.place_key
        and local.hash == remote.hash == base.hash
        and remote.rev == base.rev
        and local.exec == remote.exec == base.exec
    )


def as_chosen(trees: Trees, node: Node) -> bool:
    """Says whether a node that is settled is on this desk just if the person wants it here (R26)."""
    local, remote = node.local, node.remote
    if local is None or remote is None or remote.dead or remote.place.parent == NOWHERE:
        return True
    match local.presence:
        case Presence.HERE:
            return not trees.left_out(node.lid)
        case Presence.EXCLUDED:
            return trees.left_out(node.lid)
        case Presence.LOCAL_ONLY if remote.kind is not Kind.FILE:
            return trees.left_out(node.lid)  # A folder that stayed for what never travels.
        case _:
            return True


class MemoryTrees:
    """Holds the three trees in memory: for tests, for the documentation, and as the model that SQL is held against."""

    def __init__(self, nodes: Iterable[Node] = (), busy: Iterable[int] = ()) -> None:
        self.nodes: dict[int, Node] = {node.lid: node for node in nodes}
        self.occupied: set[int] = set(busy)
        self.cursor = 0
        self.mounts: dict[int, int] = {}
        """The mount of each root that has one."""
        self.reads_only = False
        """Whether the person may only read the one space that all nodes here are of."""
        self.chosen: set[int] = set()
        """What the person has chosen not to have on this desk."""
        self.adds = False
        """Whether the person may add to it, besides or alone."""

    def node(self, lid: int) -> Node:
        """As `Trees.node`."""
        return self.nodes[lid]

    def local_children(self, parent: int) -> Sequence[int]:
        """As `Trees.local_children`."""
        return [
            lid
            for lid, node in sorted(self.nodes.items())
            if node.local is not None
            and node.local.presence in (Presence.HERE, Presence.LOCAL_ONLY)
            and node.local.place.parent == parent
        ]

    def remote_children(self, parent: int) -> Sequence[int]:
        """As `Trees.remote_children`."""
        return [
            lid
            for lid, node in sorted(self.nodes.items())
            if node.remote is not None and not node.remote.dead and node.remote.place.parent == parent
        ]

    def local_at(self, parent: int, key: str) -> Sequence[int]:
        """As `Trees.local_at`."""
        return [lid for lid in self.local_children(parent) if names.key(_name(self.nodes[lid].local)) == key]

    def remote_at(self, parent: int, key: str) -> int | None:
        """As `Trees.remote_at`."""
        for lid in self.remote_children(parent):
            if names.key(_name(self.nodes[lid].remote)) == key:
                return lid
        return None

    def busy(self, lid: int) -> bool:
        """As `Trees.busy`."""
        return lid in self.occupied

    def read_to(self, lid: int) -> int:
        """As `Trees.read_to`; all nodes here are of one space."""
        return self.cursor

    def read_only(self, lid: int) -> bool:
        """As `Trees.read_only`."""
        return self.reads_only and not (self.adds and may_be_added(self, self.nodes[lid]))

    def adds_only(self, lid: int) -> bool:
        """As `Trees.adds_only`."""
        return self.adds and not self.reads_only

    def mount_of(self, root: int) -> int | None:
        """As `Trees.mount_of`."""
        return self.mounts.get(root)

    def left_out(self, lid: int) -> bool:
        """As `Trees.left_out`."""
        while (node := self.nodes.get(lid)) is not None and node.remote is not None and not node.remote.dead:
            if lid in self.chosen:
                return True
            lid = node.remote.place.parent or self.mounts.get(lid, NOWHERE)
        return False

    def put(self, node: Node) -> None:
        """Adds a node or replaces all its facts."""
        self.nodes[node.lid] = node

    def drop(self, lid: int) -> None:
        """Forgets a node."""
        del self.nodes[lid]


def _name(fact: Local | Remote | None) -> str:
    return fact.place.name if fact is not None else ""


def root(lid: int, node_id: bytes, space: bytes) -> Node:
    """Makes the root of a space: agreed on by all three trees from the beginning, and never moved or deleted."""
    place = Place(NOWHERE, "")
    return Node(
        lid=lid,
        node_id=node_id,
        space=space,
        local=Local(place, Kind.FOLDER, Presence.HERE),
        remote=Remote(place, Kind.FOLDER, node_id, 0),
        baseline=Baseline(place, Kind.FOLDER, node_id),
    )
