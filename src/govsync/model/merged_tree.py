"""The merged tree: where every node belongs once circles are undone, read through one cache for one plan.

It is never built as a whole. A place is merged when somebody asks for it, from the node's own facts (`merge.belongs`),
unless the node's local move had to be undone because it closed a circle. The nodes are read through the trees, which keep
them for a plan.
"""

from govsync.model.merge import Merged, Side, alive, belongs
from govsync.model.nodes import NOWHERE, Kind, Node, Place, Presence
from govsync.model.trees import Trees


class MergedTree:
    """Reads nodes and their merged places for one plan; the trees must not change meanwhile."""

    def __init__(self, trees: Trees) -> None:
        self.trees = trees
        self.node = trees.node
        self.read_only = trees.read_only
        self.left_out = trees.left_out
        self.adds_only = trees.adds_only
        self._busy: dict[int, bool] = {}
        self._undone: set[int] = set()

    def busy(self, lid: int) -> bool:
        """As `Trees.busy`."""
        found = self._busy.get(lid)
        if found is None:
            found = self._busy[lid] = self.trees.busy(lid)
        return found

    def belongs(self, lid: int) -> Merged:
        """Answers where a node belongs; an undone move is answered as the remote place."""
        node = self.node(lid)
        if lid in self._undone and node.remote is not None:
            return Merged(node.remote.place, Side.REMOTE)
        return belongs(node, self.read_only(lid), self._strayed(node), self.adds_only(lid))

    def _strayed(self, node: Node) -> bool:
        """Says whether a mount lies in another space than it hangs in: whatever was agreed on meanwhile, it goes back to
        where the server has it (R25)."""
        local = node.local
        if local is None or local.kind is not Kind.MOUNT or local.presence is not Presence.HERE:
            return False
        return self.node(local.place.parent).space != node.space

    def undo_circle(self, lid: int) -> tuple[int, ...]:
        """Undoes the local moves of a circle that passes through a folder, and answers the nodes that yield (R19).

        A circle of merged places must mix both trees: each tree alone is one, rooted, without circles. So on every
        circle lies a place that came from the local tree only, and giving those up breaks it. The places taken instead
        are remote ones, so no new circle of local places can appear; the walk is repeated until none is left.
        """
        yielded: list[int] = []
        while circle := self._circle(lid):
            local = [member for member in circle if self._moved_here(member)]
            if not local:
                break
            self._undone.update(local)
            yielded.extend(local)
        return tuple(yielded)

    def _moved_here(self, lid: int) -> bool:
        return self.belongs(lid).side is Side.LOCAL and alive(self.node(lid))

    def _circle(self, lid: int) -> list[int]:
        path: list[int] = []
        seen: dict[int, int] = {}
        while lid != NOWHERE:
            if lid in seen:
                return path[seen[lid] :]
            seen[lid] = len(path)
            path.append(lid)
            place = self.belongs(lid).place or self._living_place(lid)
            if place is None:
                break
            lid = place.parent
        return []

    def _living_place(self, lid: int) -> Place | None:
        """Where a dead folder hangs while something below it lives: where that side has it which still has it."""
        node = self.node(lid)
        if node.local is not None and node.local.presence is Presence.HERE:
            return node.local.place
        return node.remote.place if node.remote is not None and not node.remote.dead else None


def is_folder(node: Node) -> bool:
    """Says whether things can hang below the node."""
    return kind_of(node) is not Kind.FILE


def kind_of(node: Node) -> Kind:
    """Answers a node's kind, from whichever tree knows it."""
    for fact in (node.local, node.remote, node.baseline):
        if fact is not None:
            return fact.kind
    return Kind.FOLDER
