"""Reading a space anew from its beginning, and uniting what the desk remembers with what the server has (R33, R34).

Below the journal's floor the snapshot of the same life of the database is the truth: what it lacks was deleted. In
another life (a restored copy, an emptied server) nothing may be concluded from what is missing: facts that the server
does not know are given back, and what it has and the disk lacks comes back.
"""

from collections.abc import Sequence

from govsync.model.nodes import Kind, Node, Place, Presence
from govsync.protocol.changes import Changes, Cursor, Nodes, NodeState
from govsync.store import dirty, local_tree, lost, mounts, past, remote_tree, sharing, spaces, trees
from govsync.store.database import Store
from govsync.store.lost import Lost
from govsync.store.past import Fact
from govsync.store.rescues import RESCUED
from govsync.store.spaces import SpaceRow
from govsync.store.trash import HAD


class Reading:
    """A snapshot that is being read, page by page; it is lost with the process, and begun again.

    Its pages are of different moments. What was deleted between them the journal tells; but what a later page lacks because
    it became another space's meanwhile is not gone at all, and nothing tells of it there. So the journal between the first
    page and the last is looked through for folders that were shared before anything is concluded (R24, R33).
    """

    def __init__(self, unite: bool) -> None:
        self.unite = unite
        self.after: bytes | None = None
        self.cursor: Cursor | None = None
        self.looked: Cursor | None = None
        """How far the journal was looked through since the first page."""
        self._until = 0
        self._all_pages = False
        self.states: dict[bytes, NodeState] = {}

    def add(self, page: Nodes) -> None:
        """Takes in a page; the cursor is that of the first page's moment."""
        if self.cursor is None:
            self.cursor = self.looked = page.cursor
        self.states.update((state.node, state) for state in page.nodes)
        self.after = page.after
        self._until, self._all_pages = page.cursor.seq, page.after is None

    def look_through(self, changes: Changes) -> None:
        """Takes in what the journal tells of folders that were shared while the pages were read."""
        for state in (entry.state for entry in changes.entries if entry.state.root is not None):
            if state.dead:
                self.states.pop(state.node, None)
            else:
                self.states[state.node] = state
        self.looked = changes.cursor

    @property
    def to_look_through(self) -> Cursor | None:
        """Answers from where on the journal is to be looked through; None before all pages are read, and once that is done."""
        behind = self._all_pages and self.looked is not None and self.looked.seq < self._until
        return self.looked if behind else None

    @property
    def complete(self) -> bool:
        """Says whether everything is read that conclusions may be drawn from."""
        return self._all_pages and self.to_look_through is None

    def unites(self, row: SpaceRow) -> bool:
        """Says whether the two histories may differ, so that absence means nothing."""
        return self.unite or self.cursor is None or self.cursor.epoch != row.epoch


def settle(store: Store, space: bytes, reading: Reading) -> list[int]:
    """Takes in, before anything is concluded from a complete snapshot, which folders were shared, or are so no more
    (`store.sharing`); answers the folders to look at."""
    row = spaces.get(store, space)
    assert row is not None
    return sharing.settle(store, space, reading.states, reading.unites(row))


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
        if node.baseline.rev not in (None, RESCUED, HAD) and (
            state is None or state.rev != node.baseline.rev
        ):
            keys[node.baseline.rev] = None
    return list(keys)


def unite(store: Store, space: bytes, reading: Reading, known: dict[bytes, bool]) -> None:
    """Unites the desk's memory with another history of the server; nothing is deleted for being absent (R34).

    An agreed fact that the server knows stays agreed: what the server shows instead is newer. One that it does not know is
    lost, and is given back (`store.lost`). What the server shows instead is older only if the desk remembers it as older
    (`store.past`); else it was made by somebody who did not know what was lost, and both come from something older still:
    then two contents remain, and of two places the server's (docs/decisions/0008). What the server has alive and the disk
    lacks comes back. No operation is without an outcome here: it would end in an agreement that nobody asked about.
    """
    row = spaces.get(store, space)
    assert row is not None
    for node in _agreed(store, space):
        agreed = _Agreed(store, node, row.epoch)
        agreed.unite(reading.states.get(node.node_id), known)
    for lid, node_id in _remote_rows(store, space):
        if node_id not in reading.states:
            _gone(store, lid)
    # Sequences are compared within one life only, and what was lost is nobody's past: every row takes the snapshot's.
    store.run("UPDATE node SET r_seq = NULL WHERE space = ? AND r_parent > 0", (space,))
    elsewhere = "UPDATE node SET r_seq = NULL WHERE node_id = ? AND space != ? AND r_parent > 0"
    store.many(elsewhere, ((node, space) for node in reading.states))
    _learn_all(store, space, reading)
    mounts.bury_left(store)
    lids = [
        lid
        for (lid,) in store.all(
            "SELECT lid FROM node WHERE space = ? AND l_parent > 0 ORDER BY lid", (space,)
        )
    ]
    dirty.add(store, lids)


class _Agreed:
    """One node on which desk and server had agreed in a life that has ended, `epoch`."""

    def __init__(self, store: Store, node: Node, epoch: bytes) -> None:
        assert node.baseline is not None
        self._store, self._node, self._base, self._epoch = store, node, node.baseline, epoch
        self._lid = node.lid
        hash = node.local.hash if node.local is not None else None
        self._clean = hash in (None, node.baseline.hash)
        """Whether the disk holds, as far as it was read, what was agreed on."""

    def unite(self, state: NodeState | None, known: dict[bytes, bool]) -> None:
        """Changes what is agreed, and remembers what is lost; `state` None: the server has no such node alive."""
        store, lid, base = self._store, self._lid, self._base
        place_known = known.get(base.place_key, True)
        rev_known = base.rev is None or known.get(base.rev, True)
        presence = self._node.local.presence if self._node.local is not None else Presence.NOT_YET
        if presence is Presence.MISSING and (state is not None or not place_known):
            if state is not None:
                local_tree.ask_back(store, [lid])
            else:
                local_tree.forget_unless_named(store, lid)
        elif presence is Presence.GAP:
            # Should it stay away, then it was deleted by somebody who knew nothing of this life.
            local_tree.set_baseline(store, lid, None)
        elif state is not None:
            moved = not place_known and self._unite_place(state)
            content = not rev_known and self._unite_content(state)
            over = state.rev if content and self._older(Fact.REV, state.rev) else None
            if moved or content:
                self._keep(over, moved, content)
        elif not place_known:
            self._keep(None, moved=False, content=True)
            local_tree.set_baseline(store, lid, None)
        elif not rev_known:
            # It was edited in the life that is lost, and deleted by somebody who knew nothing of that: the edit lives.
            local_tree.agree_content(store, lid, None, None, base.exec)

    def _unite_place(self, state: NodeState) -> bool:
        """Says whether the lost place is the newer one; then it is told again."""
        older = self._older(Fact.PLACE, state.place)
        if older:
            parent = remote_tree.placeholder(self._store, state.parent or b"", self._node.space)
            local_tree.agree_place(self._store, self._lid, Place(parent, state.name), state.place)
        return older

    def _unite_content(self, state: NodeState) -> bool:
        """Says whether the lost content, or what was made upon it, is to be given back.

        What is still as it was agreed is offered, and the server judges. What was changed here since goes up on top of what
        the server shows, where that is older; else no content is agreed, and both are kept.
        """
        if state.hash == self._base.hash:
            local_tree.agree_content(self._store, self._lid, state.rev, state.hash, self._base.exec)
            return False
        older = self._older(Fact.REV, state.rev)
        if older and not self._clean:
            local_tree.agree_content(self._store, self._lid, state.rev, state.hash, state.exec)
        else:
            local_tree.agree_content(self._store, self._lid, None, None, self._base.exec)
        return older or self._clean

    def _older(self, fact: Fact, shown: bytes | None) -> bool:
        """Says whether what the server shows is remembered as older than what was agreed on."""
        key, newest = self._agreed_key(fact)
        if shown is None or key is None:
            return False
        return past.before(self._store, self._lid, fact, shown, None if newest else key)

    def _agreed_key(self, fact: Fact) -> tuple[bytes | None, bool]:
        """Answers the agreed key of a fact, and whether it was the newest that the server had shown."""
        base, remote = self._base, self._node.remote
        if fact is Fact.REV:
            return base.rev, remote is not None and remote.rev == base.rev
        return base.place_key, remote is not None and remote.place_key == base.place_key

    def _keep(self, over: bytes | None, moved: bool, content: bool) -> None:
        """Remembers what is lost; without a sequence it has no place in history, and is planned like anything new."""
        base = self._base
        seq = self._seq()
        if base.kind is Kind.MOUNT or seq is None:
            return
        row = Lost(
            lid=self._lid, place=base.place, place_key=base.place_key, epoch=self._epoch, seq=seq,
            rev=base.rev if content else None, hash=base.hash, over=over, moved=moved, offered=content and self._clean,
        )  # fmt: skip
        lost.keep(self._store, row)

    def _seq(self) -> int | None:
        """Answers a sequence at which what was agreed was current."""
        fact = Fact.PLACE if self._base.rev is None else Fact.REV
        key, newest = self._agreed_key(fact)
        assert key is not None
        if newest and self._node.remote is not None:
            return self._node.remote.seq
        return past.seq_of(self._store, self._lid, fact, key)


def _gone(store: Store, lid: int) -> None:
    """What the server does not have is dead, where the desk agreed on it or does not have it either; else it is as if
    the server had never had it."""
    store.run(
        "UPDATE node SET r_dead = 1 WHERE lid = ?1 AND (b_parent IS NOT NULL OR coalesce(presence, 'not_yet') IN"
        " ('not_yet', 'missing', 'excluded'))",
        (lid,),
    )
    store.run(
        "UPDATE node SET r_parent = NULL, r_dead = NULL, r_seq = NULL WHERE lid = ? AND r_dead = 0", (lid,)
    )
    dirty.add(store, [lid])


def _learn_all(store: Store, space: bytes, reading: Reading) -> None:
    for state in reading.states.values():
        remote_tree.learn(store, space, state)
    assert reading.cursor is not None
    spaces.found(store, space)
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
