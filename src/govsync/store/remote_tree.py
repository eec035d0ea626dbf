"""The remote tree: what the server told, by its journal and by its answers (R32, R33; docs/decisions/0006).

Every state is a node's full state, so one that comes twice or late does no harm: it changes a row only if its sequence
is higher than the row's. A node that is named as a parent before it was told of is a row without facts.
"""

from collections.abc import Iterable, Sequence

from govsync.model import names
from govsync.model.nodes import Kind
from govsync.protocol.changes import Entry, NodeState
from govsync.store import (
    activity,
    dirty,
    kept,
    left_out,
    local_tree,
    meta,
    mounts,
    past,
    protection,
    sharing,
    uploads,
)
from govsync.store.database import Row, Store, pieces
from govsync.store.past import Fact

_Row = tuple[int, int | None, bytes | None, bytes | None]
"""What is known of a node: lid, sequence, place and revision."""
_Known = dict[bytes, _Row]
"""The same of nodes, by their ids."""
_TOLD = (
    "space", "kind", "r_parent", "r_name", "r_key", "r_place", "r_rev", "r_seq", "r_hash", "r_size", "r_mtime_ns",
    "r_exec", "r_dead", "target_space",
)  # fmt: skip
_PARENT = _TOLD.index("r_parent")
_NEW = f"node ({', '.join(_TOLD)}, conflict_of, node_id, lid)"
_AGAIN = f"UPDATE node SET {' = ?, '.join(_TOLD)} = ?, conflict_of = coalesce(conflict_of, ?) WHERE lid = ?"


def apply(store: Store, space: bytes, entries: Iterable[Entry], own_device: bytes) -> list[int]:
    """Takes in a page of the journal, in order; what other devices did is noted in the activity. Answers the folders to look
    at, because something in them is another space's now."""
    entries = tuple(entries)
    if entries:
        meta.changed_at(store, max(entry.at_ms for entry in entries))
    page = _Page(store, space, [entry.state for entry in entries])
    told = activity.Told(store)
    learned: list[int] = []
    look: list[int] = []
    for entry in entries:
        if entry.state.root is not None and not entry.state.dead:
            look.extend(page.convert(entry.state, entry.seq))
        if entry.state.dead:
            # What is below it comes before it on the list, and what was told before both.
            page.write()
            dirty.add(store, learned)
            learned.clear()
        lid = page.learn(entry.state)
        if lid is None:
            continue
        learned.append(lid)
        if entry.state.kind is not Kind.FILE:
            told.folder_changed()
        if entry.device != own_device:
            told.add(lid, entry, page.folder(lid))
    page.write()
    dirty.add(store, learned)
    told.note()
    return look


def learn(store: Store, space: bytes, state: NodeState) -> int | None:
    """Takes in one state; answers the node, or None for the root of the space and for old news, and for a mount in the place
    of a folder that was shared: the journal tells of that in its turn."""
    page = _Page(store, space, [state])
    lid = page.learn(state)
    page.write()
    if lid is not None:
        dirty.add(store, [lid])
    return lid


class _Page:
    """States that are taken in one after the other, inside a transaction. Files that nothing was known of get their rows
    together, before anything could look for one of them."""

    def __init__(self, store: Store, space: bytes, states: Sequence[NodeState]) -> None:
        self._store = store
        self._space = space
        self._known = _known(store, space, states)
        self._new: dict[int, Row] = {}
        self._next_lid = 0

    def convert(self, mount: NodeState, seq: int) -> list[int]:
        """Makes a folder that was shared at this entry a space of its own, before its mount is learned."""
        assert mount.target_space is not None
        self.write()
        look = sharing.convert(self._store, self._space, mount, seq)
        self._known.update(_known(self._store, self._space, [mount]))
        return look

    def learn(self, state: NodeState) -> int | None:
        """Takes in one state; answers as the function of that name."""
        store, known = self._store, self._known
        if state.parent is None or sharing.folder_of(store, self._space, state) is not None:
            return None
        row = known.get(state.node)
        if row is not None and row[2] == state.node and row[1] == 0:
            if state.dead or not sharing.part_lost(store, state.node):
                return None  # It is a root by now; of when it was a folder only an old journal tells.
            row = None
        parent = known.get(state.parent)
        plain = state.kind is Kind.FILE and not state.dead and state.target_space is None
        if row is None and parent is not None and plain:
            lid = self._add(state, parent[0])
        else:
            self.write()
            if row is None and state.target_space is not None:
                row = _mount_again(store, state.node, state.target_space)
            if row is not None and not self._is_news(state, row):
                return None
            lid = self._set(state, None if row is None else row[0])
        known[state.node] = lid, state.seq, state.place, state.rev
        if state.dead:
            bury(store, lid, state.seq)
        if state.target_space is not None:
            mounts.choose(store, state.target_space)
        return lid

    def folder(self, lid: int) -> int | None:
        """Answers in which folder a file lies that has no row yet."""
        row = self._new.get(lid)
        return None if row is None else row[_PARENT]

    def write(self) -> None:
        """Makes the rows that are waiting."""
        if self._new:
            self._store.insert(_NEW, [(*row, lid) for lid, row in self._new.items()])
            self._new.clear()

    def _add(self, state: NodeState, parent: int) -> int:
        """Notes a row to be made; answers the lid that it gets."""
        lid = self._next_lid = self._next_lid + 1 if self._new else self._store.next_id("node")
        self._new[lid] = (*_told(self._space, state, parent), state.node)
        return lid

    def _is_news(self, state: NodeState, row: _Row) -> bool:
        """Says whether a state is newer than what is known of its node, and remembers what it takes the place of."""
        lid, seq, place, rev = row
        if seq is None:
            return True
        if seq >= state.seq:
            if state.dead:
                # What came into the folder before its deletion may have been read after an answer that told of the
                # deletion.
                bury(self._store, lid, state.seq)
            return False
        for fact, old, new in ((Fact.PLACE, place, state.place), (Fact.REV, rev, state.rev)):
            if old is not None and old != new:
                past.remember(self._store, lid, fact, old, seq)
        return True

    def _set(self, state: NodeState, lid: int | None) -> int:
        """Sets what the server told of a node, in its row or a new one; answers its lid."""
        assert state.parent is not None
        parent = self._known.get(state.parent)
        if parent is None:
            parent = placeholder(self._store, state.parent, self._space), None, None, None
            self._known[state.parent] = parent
        told = _told(self._space, state, parent[0])
        if lid is None:
            lid = self._store.next_id("node")
            self._store.insert(_NEW, [(*told, state.node, lid)])
            return lid
        before, known_in = self._store.all("SELECT r_parent, space FROM node WHERE lid = ?", (lid,))[0]
        self._store.run(_AGAIN, (*told, lid))
        if state.kind is not Kind.FILE and known_in != self._space:
            sharing.bring_along(self._store, [lid], known_in, self._space)
        if state.kind is not Kind.FILE and not state.dead:
            kept.known_again(self._store, lid)
        if state.kind is not Kind.FILE and before != parent[0]:
            left_out.moved(self._store, lid)
        return lid


def _known(store: Store, space: bytes, states: Sequence[NodeState]) -> _Known:
    """Reads at once what is known of the nodes that states are about, and of their parents."""
    ids = {each for state in states for each in (state.node, state.parent) if each is not None}
    found: _Known = {}
    strange: list[bytes] = []
    for marks, piece in pieces(list(ids)):
        query = f"SELECT node_id, lid, r_seq, r_place, r_rev, space FROM node WHERE node_id IN ({marks})"
        for node_id, lid, seq, place, rev, known_in in store.all(query, piece):
            found[node_id] = lid, seq, place, rev
            if known_in != space:
                strange.append(node_id)
    for node_id in uploads.part(store, space, strange):
        del found[node_id]
    return found


def _told(space: bytes, state: NodeState, parent: int) -> Row:
    return (
        space, state.kind, parent, state.name, names.key(state.name), state.place, state.rev, state.seq, state.hash,
        state.size_bytes, state.mtime_ns, state.exec, state.dead, state.target_space, state.conflict_of,
    )  # fmt: skip


def _mount_again(store: Store, node_id: bytes, target: bytes) -> tuple[int, None, None, None] | None:
    """Knows a mount again by the space that it shows: a server that lost it has made it anew, under a new id (R34)."""
    lid: int | None = store.value(
        "SELECT lid FROM node WHERE target_space = ? AND r_parent IS NULL ORDER BY lid LIMIT 1", (target,)
    )
    if lid is None:
        return None
    store.run(
        "UPDATE OR IGNORE left_out SET node_id = ? WHERE node_id = (SELECT node_id FROM node WHERE lid = ?)",
        (node_id, lid),
    )
    store.run("UPDATE node SET node_id = ? WHERE lid = ?", (node_id, lid))
    return lid, None, None, None


def never_here(store: Store, node_ids: Sequence[bytes]) -> list[int]:
    """Answers those of these files that this disk has never held, in the order in which they are to be decided about,
    without those whose name something holds here, since it may be the same content, and those that are left out."""
    out = left_out.LeftOut(store)
    found = [
        row
        for marks, piece in pieces(node_ids)
        for row in store.all(
            f"SELECT d.turn, n.lid FROM node n JOIN dirty d ON d.lid = n.lid WHERE n.node_id IN ({marks})"
            " AND n.r_dead = 0 AND n.l_parent IS NULL AND n.b_parent IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM node o WHERE o.l_parent = n.r_parent AND o.l_key = n.r_key)",
            piece,
        )
    ]
    return [lid for _, lid in sorted(found) if lid not in out]


def placeholder(store: Store, node_id: bytes, space: bytes) -> int:
    """Answers the lid of a node id; one that was not told of yet gets a row without facts."""
    lid = local_tree.by_id(store, node_id)
    return lid if lid is not None else local_tree.insert(store, node_id, space, Kind.FOLDER)


def bury(store: Store, lid: int, seq: int) -> None:
    """Marks as dead what hangs below a deleted folder; each keeps its own sequence (docs/decisions/0006)."""
    rows = store.all(
        "WITH RECURSIVE tree(lid, depth) AS (SELECT lid, 1 FROM node WHERE r_parent = ?1 AND r_dead = 0 AND r_seq < ?2"
        " UNION ALL SELECT n.lid, depth + 1 FROM node n JOIN tree t ON n.r_parent = t.lid"
        "  WHERE n.r_dead = 0 AND n.r_seq < ?2 AND depth < 200)"
        " SELECT lid FROM tree ORDER BY depth DESC, lid",
        (lid, seq),
    )
    store.many("UPDATE node SET r_dead = 1 WHERE lid = ?", rows)
    # The deepest first: a folder can be removed from the disk only after what is in it.
    dirty.add(store, [found for (found,) in rows])
    dirty.drop(store, [lid])
    dirty.add(store, [lid])


def unify(store: Store, loser: int, winner: int) -> None:
    """Makes two nodes one: what this disk knows of the loser is what it knows of the winner from now on (R21)."""
    store.run(
        f"UPDATE node SET ({local_tree.SHOWN}, l_hash) = (SELECT {local_tree.SHOWN}, l_hash FROM node WHERE lid = ?1)"
        " WHERE lid = ?2",
        (loser, winner),
    )
    kept.known_again(store, winner)
    protection.inherit(store, loser, winner, own=False)
    store.run("INSERT OR REPLACE INTO manifest SELECT ?2, body FROM manifest WHERE lid = ?1", (loser, winner))
    children = [lid for (lid,) in store.all("SELECT lid FROM node WHERE l_parent = ? ORDER BY lid", (loser,))]
    store.run("UPDATE node SET l_parent = ?2 WHERE l_parent = ?1", (loser, winner))
    store.run("UPDATE node SET b_parent = ?2 WHERE b_parent = ?1", (loser, winner))
    store.run("UPDATE node SET r_parent = ?2 WHERE r_parent = ?1", (loser, winner))
    store.run("UPDATE node SET after_lid = ?2 WHERE after_lid = ?1", (loser, winner))
    local_tree.forget(store, loser)
    dirty.add(store, [winner, *children])
