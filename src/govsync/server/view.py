"""A space in the database as `accept` sees it: rows read in bulk, with what a commit has changed on top.

Nothing is written while a commit is judged. All changes lie in memory, so that those of a group can be taken back (R14),
and `write` brings them to the database in one go, names that are given up before names that are taken.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, literal_column, select, update

from govsync.model import names
from govsync.model import operations as ask
from govsync.model.accept import SUBTREE_NODES, Below, Origin, State
from govsync.model.nodes import Kind
from govsync.protocol.changes import NodeState
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among
from govsync.server.db.insert import execute_many, insert_rows

_ALIVE = tables.node.c.deleted_seq.is_(None)


def state_of(row: Any) -> State:
    """Builds a state from a row of the node table."""
    return State(
        node=row.id, kind=Kind(row.kind), parent=row.parent, name=row.name, place=row.place, seq=row.seq, rev=row.rev,
        hash=row.hash, size_bytes=row.size, mtime_ns=row.mtime_ns, exec=bool(row.exec), dead=row.deleted_seq is not None,
        conflict_of=row.conflict_of, target_space=row.target_space, root=row.root,
    )  # fmt: skip


def shown(state: State) -> NodeState:
    """Answers a state as it travels."""
    return NodeState(
        node=state.node, kind=state.kind, parent=state.parent, name=state.name, place=state.place, seq=state.seq,
        rev=state.rev, hash=state.hash, size_bytes=state.size_bytes, mtime_ns=state.mtime_ns, exec=state.exec,
        dead=state.dead, conflict_of=state.conflict_of, target_space=state.target_space, root=state.root,
    )  # fmt: skip


class _Revision(msgspec.Struct, frozen=True):
    """What the judgement needs of a revision: its node, and the place in a life that is gone which it was offered for or
    made upon."""

    node: bytes
    lost: Origin | None
    offered: bool


class SpaceView:
    """One space during one commit; `State`s in it are those of the database until a change is laid over them."""

    def __init__(self, tx: Connection, space: bytes) -> None:
        self._tx = tx
        self._space = space
        self._nodes: dict[bytes, State | None] = {}
        self._holders: dict[tuple[bytes, str], tuple[bytes, ...]] = {}
        """Who holds a name; only inside a group, until it is judged, can there be several, the earliest first."""
        self._revisions: dict[bytes, _Revision | None] = {}
        self._foreign: set[bytes] = set()
        self._before: dict[bytes, State | None] = {}
        """What the database has of each node that was changed."""
        self._created: dict[bytes, int] = {}

    def prefetch(self, operations: Sequence[ask.AnyOperation]) -> None:
        """Reads in few queries what the judgement of these operations will ask for."""
        ids = {op.node for op in operations}
        claims: dict[bytes, set[str]] = {}
        revisions: set[bytes] = set()
        for op in operations:
            if isinstance(op, ask.Put):
                revisions.add(op.key)
            elif isinstance(op, ask.Offer) and op.rev is not None:
                revisions.add(op.rev)
            if not isinstance(op, ask.Delete | ask.Attr) and op.parent is not None and op.name is not None:
                ids.add(op.parent)
                claims.setdefault(op.parent, set()).add(names.key(op.name))
        self._read_nodes(ids)
        for parent, keys in claims.items():
            self._read_holders(parent, keys)
        self._read_revisions(revisions)

    def get(self, node: bytes) -> State | None:
        """As `View.get`."""
        if node not in self._nodes:
            self._read_nodes({node})
        return self._nodes[node]

    def child(self, parent: bytes, key: str) -> State | None:
        """As `View.child`."""
        if (parent, key) not in self._holders:
            self._read_holders(parent, {key})
        holders = self._holders[(parent, key)]
        return self.get(holders[0]) if holders else None

    def below(self, node: bytes) -> Below:
        """As `View.below`."""
        count = seq = height = 0
        mount = False
        for level in self._levels(node):
            height += 1
            count += len(level)
            seq = max(seq, *(state.seq for state in level))
            mount = mount or any(state.kind is Kind.MOUNT for state in level)
            if count > SUBTREE_NODES:
                break
        return Below(count, seq, mount, height)

    def owner(self, rev: bytes) -> bytes | None:
        """As `View.owner`."""
        found = self._revision(rev)
        return found.node if found is not None else None

    def offered(self, rev: bytes) -> Origin | None:
        """As `View.offered`."""
        found = self._revision(rev)
        return found.lost if found is not None and found.offered else None

    def reach(self, node: bytes, epoch: bytes) -> int:
        """As `View.reach`."""
        r = tables.revision.c
        query = select(func.max(r.lost_seq)).where(r.node == node, r.lost_epoch == epoch)
        stored = self._tx.execute(query).scalar()
        made = [
            found.lost[1]
            for found in self._revisions.values()
            if found is not None and found.node == node and found.lost is not None and found.lost[0] == epoch
        ]
        return max((*made, -1 if stored is None else stored))

    def elsewhere(self, id: bytes) -> bool:
        """As `View.elsewhere`; answers for what `prefetch` was told of."""
        return id in self._foreign

    # Changes

    def put(self, state: State) -> None:
        """Lays a new state over what the database has."""
        old = self.get(state.node)
        self._before.setdefault(state.node, old)
        if old is None:
            self._created[state.node] = state.seq
        if old is not None and (claim := _claim(old)) in self._holders:
            self._holders[claim] = tuple(each for each in self._holders[claim] if each != state.node)
        self._nodes[state.node] = state
        # A name that was not looked at yet is read with its holders, old and new, when it is.
        if (claim := _claim(state)) in self._holders:
            self._holders[claim] += (state.node,)

    def bury(self, node: bytes, seq: int) -> int:
        """Marks all that hangs below a folder as dead at a sequence; answers how many bytes that were."""
        size = 0
        for level in list(self._levels(node)):
            for state in level:
                size += state.size_bytes
                self.put(msgspec.structs.replace(state, dead=True, seq=seq))
        return size

    def add_revision(self, rev: bytes, node: bytes, lost: Origin | None, offered: bool) -> None:
        """Knows of a revision that this commit makes."""
        self._revisions[rev] = _Revision(node, lost, offered)

    def mark(self) -> tuple[Any, ...]:
        """Answers what `undo` goes back to."""
        return dict(self._nodes), dict(self._holders), dict(self._revisions), dict(self._before)

    def undo(self, mark: tuple[Any, ...]) -> None:
        """Forgets all changes since a mark."""
        self._nodes, self._holders, self._revisions, self._before = mark

    def write(self) -> None:
        """Writes all changes into the database."""
        new: list[State] = []
        buried: list[State] = []
        altered: list[State] = []
        leaving: list[State] = []
        for node, before in self._before.items():
            now = self._nodes[node]
            assert now is not None
            if before is None:
                new.append(now)
            elif now == msgspec.structs.replace(before, dead=True, seq=now.seq):
                buried.append(now)
            else:
                altered.append(now)
                moved = (before.parent, before.name) != (now.parent, now.name)
                if not before.dead and (moved or now.dead):
                    leaving.append(now)
        execute_many(self._tx, _LEAVE, [{"node_id": state.node} for state in leaving])
        execute_many(self._tx, _BURY, [{"node_id": state.node, "q": state.seq} for state in buried])
        execute_many(self._tx, _ALTER, [_altered(state) for state in altered])
        insert_rows(self._tx, tables.node, [self._row(state) for state in new])

    def _row(self, state: State) -> dict[str, Any]:
        return {
            "id": state.node, "space": self._space, "parent": state.parent, "name": state.name,
            "key": names.key(state.name), "kind": state.kind.value, "target_space": state.target_space, "root": state.root,
            "place": state.place, "rev": state.rev, "hash": state.hash, "size": state.size_bytes, "mtime_ns": state.mtime_ns,
            "exec": state.exec, "seq": state.seq, "created_seq": self._created[state.node],
            "deleted_seq": state.seq if state.dead else None, "conflict_of": state.conflict_of,
        }  # fmt: skip

    # Reading

    def _read_nodes(self, ids: set[bytes]) -> None:
        self._nodes.update((node, None) for node in ids if node not in self._nodes)
        for row in ask_among(self._tx, _NODES, ids):
            if row.space != self._space:
                self._foreign.add(row.id)
            elif self._nodes[row.id] is None:
                self._nodes[row.id] = state_of(row)

    def _read_holders(self, parent: bytes, keys: set[str]) -> None:
        found: dict[str, tuple[bytes, ...]] = dict.fromkeys(keys, ())
        # PostgreSQL takes no NUL in a text, and no name has one: whoever claims such a name is refused later, alone.
        asked = {key for key in keys if "\0" not in key}
        for row in ask_among(self._tx, _HOLDERS, asked, space=self._space, parent=parent):
            # Whoever was changed in this commit holds the name that its state says.
            if row.id not in self._before:
                self._known(row)
                found[row.key] += (row.id,)
        for state in self._changed():
            claim = _claim(state)
            if claim is not None and claim[0] == parent and claim[1] in found:
                found[claim[1]] += (state.node,)
        self._holders.update(((parent, key), holders) for key, holders in found.items())

    def _read_revisions(self, revs: set[bytes]) -> None:
        self._revisions.update((rev, None) for rev in revs if rev not in self._revisions)
        for rev, space, node, lost_epoch, lost_seq, offered in ask_among(self._tx, _REVISIONS, revs):
            if space != self._space:
                self._foreign.add(rev)
            elif self._revisions[rev] is None:
                lost = None if lost_epoch is None else (lost_epoch, lost_seq)
                self._revisions[rev] = _Revision(node, lost, bool(offered))

    def _revision(self, rev: bytes) -> _Revision | None:
        if rev not in self._revisions:
            self._read_revisions({rev})
        return self._revisions[rev]

    def _known(self, row: Any) -> State:
        """Answers the state of a row as it is now."""
        if self._nodes.get(row.id) is None:
            self._nodes[row.id] = state_of(row)
        state = self._nodes[row.id]
        assert state is not None
        return state

    def _changed(self) -> Iterator[State]:
        return (state for node in self._before if (state := self._nodes[node]) is not None)

    def _levels(self, node: bytes) -> Iterator[list[State]]:
        """Yields what hangs below a folder, alive, level by level.

        What moved away or was deleted in this commit is in the database still, and what moved here is not yet: each node
        counts where its state says that it is."""
        arrived: dict[bytes | None, dict[bytes, State]] = {}
        for state in self._changed():
            if not state.dead:
                arrived.setdefault(state.parent, {})[state.node] = state
        folders = [node]
        seen: set[bytes] = set()  # A group may hold a circle until it is judged as a whole.
        while folders:
            level: dict[bytes, State] = {}
            inside = set(folders)
            for row in ask_among(self._tx, _INSIDE, folders):
                state = self._known(row)
                if not state.dead and state.parent in inside:
                    level[state.node] = state
            for folder in folders:
                level.update(arrived.get(folder, {}))
            states = [state for state in level.values() if state.node not in seen]
            if states:
                yield states
            seen.update(level)
            folders = [state.node for state in states if state.kind is Kind.FOLDER]


_NODES = select(tables.node).where(tables.node.c.id.in_(AMONG))
_INSIDE = select(tables.node).where(tables.node.c.parent.in_(AMONG), _ALIVE)
_HOLDERS = select(tables.node).where(
    tables.node.c.space == bindparam("space"),
    tables.node.c.parent == bindparam("parent"),
    tables.node.c.key.in_(AMONG),
    _ALIVE,
)
_REVISIONS = select(
    *(tables.revision.c[name] for name in ("id", "space", "node", "lost_epoch", "lost_seq", "offered"))
).where(tables.revision.c.id.in_(AMONG))
_NODE = tables.node.c.id == bindparam("node_id")
_LEAVE = update(tables.node).where(_NODE).values(deleted_seq=literal_column("0"))
"""Takes a node out of the names of its folder for the moment: a swap of names never has two holders of one."""
_BURY = update(tables.node).where(_NODE).values(deleted_seq=bindparam("q"), seq=bindparam("q"))
_ALTER = (
    update(tables.node)
    .where(_NODE)
    .values(
        parent=bindparam("p"), name=bindparam("n"), key=bindparam("k"), place=bindparam("pl"), rev=bindparam("r"),
        hash=bindparam("h"), size=bindparam("s"), mtime_ns=bindparam("m"), exec=bindparam("e"), seq=bindparam("q"),
        deleted_seq=bindparam("d"),
    )
)  # fmt: skip


def _altered(state: State) -> dict[str, Any]:
    return {
        "node_id": state.node, "p": state.parent, "n": state.name, "k": names.key(state.name), "pl": state.place,
        "r": state.rev, "h": state.hash, "s": state.size_bytes, "m": state.mtime_ns, "e": state.exec, "q": state.seq,
        "d": state.seq if state.dead else None,
    }  # fmt: skip


def _claim(state: State) -> tuple[bytes, str] | None:
    """Answers the name that a node takes up, in which folder; None for a dead one, and for the root."""
    return None if state.dead or state.parent is None else (state.parent, names.key(state.name))
