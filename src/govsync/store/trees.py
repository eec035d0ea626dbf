"""The three trees of a desk as reconcile reads them (`model.trees.Trees`), over SQL."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from govsync.model import names
from govsync.model.nodes import Baseline, Kind, Local, Node, Place, Presence, Remote
from govsync.model.trees import may_be_added
from govsync.store import paths, spaces
from govsync.store.database import Store, pieces
from govsync.store.left_out import LeftOut

COLUMNS = (
    "lid, node_id, space, kind, conflict_of, after_lid, "
    "l_parent, l_name, presence, l_hash, l_exec, "
    "r_parent, r_name, r_place, r_seq, r_rev, r_hash, r_size, r_exec, r_dead, "
    "b_parent, b_name, b_place, b_rev, b_hash, b_exec"
)
_Claim = tuple[int, str]
"""A name in a folder: the folder, and the name's key."""
_CLAIMS = 250
"""How many are looked up by one statement."""
_KINDS = {kind.value: kind for kind in Kind}
_PRESENCES = {presence.value: presence for presence in Presence}


def node_of(row: tuple[Any, ...]) -> Node:
    """Builds a node from a row of `COLUMNS`."""
    (
        lid, node_id, space, kind_text, conflict_of, after,
        l_parent, l_name, presence, l_hash, l_exec,
        r_parent, r_name, r_place, r_seq, r_rev, r_hash, r_size, r_exec, r_dead,
        b_parent, b_name, b_place, b_rev, b_hash, b_exec,
    ) = row  # fmt: skip
    kind = _KINDS[kind_text]
    local = remote = base = None
    if l_parent is not None:
        local = Local(Place(l_parent, l_name), kind, _PRESENCES[presence], l_hash, bool(l_exec))
    if r_parent is not None:
        remote = Remote(
            Place(r_parent, r_name),
            kind,
            r_place,
            r_seq,
            r_rev,
            r_hash,
            r_size,
            bool(r_exec),
            bool(r_dead),
            conflict_of,
        )
    if b_parent is not None:
        base = Baseline(Place(b_parent, b_name), kind, b_place, b_rev, b_hash, bool(b_exec))
    return Node(lid, node_id, space, local, remote, base, after, conflict_of)


def read(store: Store, lid: int) -> Node | None:
    """Reads one node, or None."""
    row = store.one(f"SELECT {COLUMNS} FROM node WHERE lid = ?", (lid,))
    return node_of(row) if row is not None else None


def read_many(store: Store, lids: Sequence[int]) -> dict[int, Node]:
    """Reads nodes; the answer is in the order of `lids`, without those that are not known."""
    found: dict[int, Node] = {}
    for marks, piece in pieces(lids):
        for row in store.all(f"SELECT {COLUMNS} FROM node WHERE lid IN ({marks})", piece):
            found[row[0]] = node_of(row)
    return {lid: found[lid] for lid in lids if lid in found}


def settled(store: Store, lids: Sequence[int]) -> set[int]:
    """Answers those of these nodes that lie on the disk, and shall, and are settled (`model.trees.settled`)."""
    left_out = LeftOut(store)
    return {
        lid
        for marks, piece in pieces(lids)
        for (lid,) in store.all(
            f"SELECT lid FROM node WHERE lid IN ({marks}) AND presence = 'here' AND r_dead = 0"
            " AND l_parent = r_parent AND r_parent = b_parent AND l_name = r_name AND r_name = b_name"
            " AND r_place = b_place AND l_hash IS r_hash AND r_hash IS b_hash AND r_rev IS b_rev"
            " AND l_exec = r_exec AND r_exec = b_exec",
            piece,
        )
        if lid not in left_out
    }


class SqlTrees:
    """Reads the trees for one plan; rows are kept, so the trees must not change meanwhile."""

    def __init__(self, store: Store, now_ms: int) -> None:
        self._store = store
        self._now_ms = now_ms
        self._nodes: dict[int, Node] = {}
        self._busy: dict[int, bool] = {}
        self._local_at: dict[_Claim, list[int]] = {}
        self._remote_at: dict[_Claim, int | None] = {}
        self._read_to: dict[bytes, int] = {}
        self._rights: tuple[set[bytes], set[bytes], set[bytes]] | None = None
        self._mounts: dict[int, int] | None = None
        self._left_out: LeftOut | None = None

    def prefetch(self, lids: Sequence[int]) -> dict[int, Node]:
        """Reads in few queries what a plan for these nodes will ask for: them, their folders, who is busy, and who has the
        names that they are to get.

        Answers those of them that there are, in their order.
        """
        found = read_many(self._store, lids)
        above = {
            fact.place.parent
            for node in found.values()
            for fact in (node.local, node.remote)
            if fact is not None and fact.place.parent
        }
        self._nodes.update(found)
        self._nodes.update(read_many(self._store, sorted(above - found.keys())))
        every = sorted({*found, *above})
        self._busy.update(dict.fromkeys(every, False))
        for table, where in (
            ("op_cover", ""),
            ("intent", ""),
            ("lost", " AND offered = 1"),
            ("rescue", ""),
            ("evidence", ""),
            ("dirty", f" AND not_before_ms > {int(self._now_ms)}"),
            ("hold_item", " AND hold IN (SELECT id FROM hold WHERE state = 'open')"),
        ):
            for marks, piece in pieces(every):
                for (lid,) in self._store.all(
                    f"SELECT lid FROM {table} WHERE lid IN ({marks}){where}", piece
                ):
                    self._busy[lid] = True
        self._look_up_names(found.values())
        return found

    def _look_up_names(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            local, remote = node.local, node.remote
            if local is not None and (remote is None or remote.place != local.place):
                self._remote_at[_claim(local.place)] = None
            if remote is not None and (local is None or local.place != remote.place):
                self._local_at[_claim(remote.place)] = []
        for parent, key, lid in self._holders(
            list(self._remote_at), "o.r_parent = parent AND o.r_key = key AND o.r_dead = 0"
        ):
            if self._remote_at[parent, key] is None:
                self._remote_at[parent, key] = lid
        for parent, key, lid in self._holders(
            list(self._local_at),
            "o.l_parent = parent AND o.l_key = key AND o.presence IN ('here', 'local_only')",
        ):
            self._local_at[parent, key].append(lid)

    def _holders(self, claims: Sequence[_Claim], where: str) -> Iterator[tuple[int, str, int]]:
        """Answers who has one of these names, in order of lid."""
        for start in range(0, len(claims), _CLAIMS):
            some = claims[start : start + _CLAIMS]
            yield from self._store.all(
                f"WITH asked(parent, key) AS (VALUES {','.join(['(?, ?)'] * len(some))})"
                f" SELECT parent, key, o.lid FROM asked CROSS JOIN node o WHERE {where} ORDER BY o.lid",
                [part for claim in some for part in claim],
            )

    def node(self, lid: int) -> Node:
        """As `Trees.node`."""
        node = self._nodes.get(lid)
        if node is None:
            node = read(self._store, lid)
            if node is None:
                raise KeyError(lid)
            self._nodes[lid] = node
        return node

    def local_children(self, parent: int) -> Sequence[int]:
        """As `Trees.local_children`."""
        rows = self._store.all(
            "SELECT lid FROM node WHERE l_parent = ? AND presence IN ('here', 'local_only') ORDER BY lid",
            (paths.inner(self._store, parent),),
        )
        return [lid for (lid,) in rows]

    def remote_children(self, parent: int) -> Sequence[int]:
        """As `Trees.remote_children`."""
        rows = self._store.all(
            "SELECT lid FROM node WHERE r_parent = ? AND r_dead = 0 ORDER BY lid", (parent,)
        )
        return [lid for (lid,) in rows]

    def local_at(self, parent: int, key: str) -> Sequence[int]:
        """As `Trees.local_at`."""
        known = self._local_at.get((parent, key))
        if known is not None:
            return known
        rows = self._store.all(
            "SELECT lid FROM node WHERE l_parent = ? AND l_key = ? AND presence IN ('here', 'local_only') ORDER BY lid",
            (parent, key),
        )
        return [lid for (lid,) in rows]

    def remote_at(self, parent: int, key: str) -> int | None:
        """As `Trees.remote_at`."""
        if (parent, key) in self._remote_at:
            return self._remote_at[parent, key]
        found: int | None = self._store.value(
            "SELECT lid FROM node WHERE r_parent = ? AND r_key = ? AND r_dead = 0 ORDER BY lid LIMIT 1",
            (parent, key),
        )
        return found

    def busy(self, lid: int) -> bool:
        """As `Trees.busy`: a sent operation, an intent, an offer, a rescue, what is still to be weighed, an
        open hold, or a time that has not come."""
        known = self._busy.get(lid)
        if known is None:
            known = self._busy[lid] = bool(
                self._store.value(
                    "SELECT EXISTS (SELECT 1 FROM op_cover WHERE lid = ?1) OR EXISTS (SELECT 1 FROM intent WHERE lid = ?1)"
                    " OR EXISTS (SELECT 1 FROM lost WHERE lid = ?1 AND offered = 1)"
                    " OR EXISTS (SELECT 1 FROM rescue WHERE lid = ?1)"
                    " OR EXISTS (SELECT 1 FROM evidence WHERE lid = ?1)"
                    " OR EXISTS (SELECT 1 FROM dirty WHERE lid = ?1 AND not_before_ms > ?2)"
                    " OR EXISTS (SELECT 1 FROM hold_item i JOIN hold h ON h.id = i.hold"
                    "            WHERE i.lid = ?1 AND h.state = 'open')",
                    (lid, self._now_ms),
                )
            )
        return known

    def read_to(self, lid: int) -> int:
        """As `Trees.read_to`."""
        space = self.node(lid).space
        if space not in self._read_to:
            seq = self._store.value("SELECT cursor_seq FROM space WHERE id = ?", (space,))
            self._read_to[space] = seq or 0
        return self._read_to[space]

    def read_only(self, lid: int) -> bool:
        """As `Trees.read_only`."""
        read_only, adding, _ = self._spaces()
        if not read_only or (space := self.node(lid).space) not in read_only:
            return False
        return space not in adding or not may_be_added(self, self.node(lid))

    def adds_only(self, lid: int) -> bool:
        """As `Trees.adds_only`."""
        adding_only = self._spaces()[2]
        return bool(adding_only) and self.node(lid).space in adding_only

    def _spaces(self) -> tuple[set[bytes], set[bytes], set[bytes]]:
        """Answers the spaces in which the person may change nothing, those that may be added to, and those that may only
        be added to."""
        if self._rights is None:
            rows = spaces.all_spaces(self._store)
            self._rights = (
                {row.id for row in rows if row.read_only},
                {row.id for row in rows if row.adds},
                {row.id for row in rows if row.adds_only},
            )
        return self._rights

    def mount_of(self, root: int) -> int | None:
        """As `Trees.mount_of`."""
        if self._mounts is None:
            self._mounts = dict(
                self._store.all("SELECT s.root_lid, n.lid FROM space s JOIN node n ON n.lid = s.mount_lid")
            )
        return self._mounts.get(root)

    def left_out(self, lid: int) -> bool:
        """As `Trees.left_out`."""
        if self._left_out is None:
            self._left_out = LeftOut(self._store)
        return lid in self._left_out


def _claim(place: Place) -> _Claim:
    return place.parent, names.key(place.name)
