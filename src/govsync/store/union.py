"""Reading a space anew from its beginning, and uniting what the desk remembers with what the server has (R33, R34).

Below the journal's floor the snapshot of the same life of the database is the truth: what it lacks was deleted. In
another life (a restored copy, an emptied server) nothing may be concluded from what is missing: facts that the server
does not know are offered again, and what it has and the disk lacks comes back.
"""

from collections.abc import Sequence

from govsync.model.nodes import Node, Place, Presence
from govsync.protocol.changes import Cursor, Nodes, NodeState
from govsync.store import dirty, local_tree, remote_tree, spaces, trees
from govsync.store.database import Store
from govsync.store.spaces import SpaceRow


class Reading:
    """A snapshot that is being read, page by page; it is lost with the process, and begun again."""

    def __init__(self, unite: bool) -> None:
        self.unite = unite
        self.after: bytes | None = None
        self.cursor: Cursor | None = None
        self.complete = False
        self.states: dict[bytes, NodeState] = {}

    def add(self, page: Nodes) -> None:
        """Takes in a page; the cursor is that of the first page's moment."""
        if self.cursor is None:
            self.cursor = page.cursor
        self.states.update((state.node, state) for state in page.nodes)
        self.after = page.after
        self.complete = page.after is None

    def unites(self, row: SpaceRow) -> bool:
        """Says whether the two histories may differ, so that absence means nothing."""
        return self.unite or self.cursor is None or self.cursor.epoch != row.epoch


def replace(store: Store, space: bytes, reading: Reading) -> None:
    """Makes a complete snapshot of the same life the remote tree: what it lacks is dead (R33), but for what an own answer
    told of after the snapshot's moment (R32)."""
    assert reading.cursor is not None
    for lid, node_id in _remote_rows(store, space):
        if node_id not in reading.states and store.changed(
            "UPDATE node SET r_dead = 1 WHERE lid = ? AND r_seq <= ?", (lid, reading.cursor.seq)
        ):
            dirty.add(store, [lid])
    _learn_all(store, space, reading)


def questions(store: Store, space: bytes, reading: Reading) -> list[bytes]:
    """Lists the keys of agreed facts that the snapshot does not show: does the server know them? (R34)"""
    keys: dict[bytes, None] = {}
    for node in _agreed(store, space):
        assert node.baseline is not None
        state = reading.states.get(node.node_id)
        if state is None or state.place != node.baseline.place_key:
            keys[node.baseline.place_key] = None
        if node.baseline.rev is not None and (state is None or state.rev != node.baseline.rev):
            keys[node.baseline.rev] = None
    return list(keys)


def unite(store: Store, space: bytes, reading: Reading, known: dict[bytes, bool]) -> None:
    """Unites the desk's memory with another history of the server; nothing is deleted for being absent (R34).

    An agreed fact that the server knows stays agreed: what the server shows instead is newer. One that it does not know
    never happened for it: the baseline takes the server's fact, or none where the server lacks the node, which is then
    offered again under its own ids. What the server has alive and the disk lacks comes back.
    """
    for node in _agreed(store, space):
        base = node.baseline
        assert base is not None
        state = reading.states.get(node.node_id)
        missing = node.local is not None and node.local.presence in (Presence.MISSING, Presence.GAP)
        place_known = known.get(base.place_key, True)
        rev_known = base.rev is None or known.get(base.rev, True)
        if state is None:
            if place_known:
                # The server knew it and has it no more: a deletion, which a content that it never had survives.
                if not rev_known:
                    local_tree.agree_content(store, node.lid, None, None, base.exec)
                continue
            if missing:
                local_tree.forget(store, node.lid)
            else:
                local_tree.set_baseline(store, node.lid, None)
                store.run(
                    "UPDATE node SET r_parent = NULL, r_dead = NULL, r_seq = NULL WHERE lid = ?", (node.lid,)
                )
        elif missing:
            local_tree.ask_back(store, [node.lid])
        else:
            _take_unknown(store, space, node.lid, state, place_known, rev_known)
    for lid, node_id in _remote_rows(store, space):
        if node_id not in reading.states:
            store.run("UPDATE node SET r_dead = 1 WHERE lid = ? AND r_parent IS NOT NULL", (lid,))
            dirty.add(store, [lid])
    store.run("DELETE FROM op_cover WHERE key IN (SELECT key FROM op WHERE space = ?)", (space,))
    store.run("DELETE FROM op WHERE space = ?", (space,))
    # Sequences are compared within one life only: every row takes the snapshot's.
    store.run("UPDATE node SET r_seq = -1 WHERE space = ? AND r_parent > 0", (space,))
    _learn_all(store, space, reading)
    lids = [
        lid
        for (lid,) in store.all(
            "SELECT lid FROM node WHERE space = ? AND l_parent > 0 ORDER BY lid", (space,)
        )
    ]
    dirty.add(store, lids)


def _take_unknown(
    store: Store, space: bytes, lid: int, state: NodeState, place_known: bool, rev_known: bool
) -> None:
    if not place_known and state.parent is not None:
        parent = remote_tree.placeholder(store, state.parent, space)
        local_tree.agree_place(store, lid, Place(parent, state.name), state.place)
    if not rev_known:
        local_tree.agree_content(store, lid, state.rev, state.hash, state.exec)


def _learn_all(store: Store, space: bytes, reading: Reading) -> None:
    for state in reading.states.values():
        remote_tree.learn(store, space, state)
    assert reading.cursor is not None
    spaces.set_cursor(store, space, reading.cursor)


def _remote_rows(store: Store, space: bytes) -> Sequence[tuple[int, bytes]]:
    return store.all(
        "SELECT lid, node_id FROM node WHERE space = ? AND r_parent > 0 AND r_dead = 0 ORDER BY lid", (space,)
    )


def _agreed(store: Store, space: bytes) -> list[Node]:
    lids = [
        lid
        for (lid,) in store.all(
            "SELECT lid FROM node WHERE space = ? AND b_parent > 0 ORDER BY lid", (space,)
        )
    ]
    return list(trees.read_many(store, lids).values())
