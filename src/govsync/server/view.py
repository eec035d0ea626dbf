"""A space in the database as `accept` sees it: rows read in bulk, with what a commit has changed on top."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select, text

from govsync.model import names
from govsync.model import operations as ask
from govsync.model.accept import Below, State
from govsync.model.nodes import Kind
from govsync.protocol.changes import NodeState
from govsync.server.db import tables

_IN = 400


def state_of(row: Any) -> State:
    """Builds a state from a row of the node table."""
    return State(
        node=row.id, kind=Kind(row.kind), parent=row.parent, name=row.name, place=row.place, seq=row.seq, rev=row.rev,
        hash=row.hash, size_bytes=row.size, mtime_ns=row.mtime_ns, exec=row.exec, dead=row.deleted_seq is not None,
        conflict_of=row.conflict_of, target_space=row.target_space,
    )  # fmt: skip


def shown(state: State) -> NodeState:
    """Answers a state as it travels."""
    return NodeState(
        node=state.node, kind=state.kind, parent=state.parent, name=state.name, place=state.place, seq=state.seq,
        rev=state.rev, hash=state.hash, size_bytes=state.size_bytes, mtime_ns=state.mtime_ns, exec=state.exec,
        dead=state.dead, conflict_of=state.conflict_of, target_space=state.target_space,
    )  # fmt: skip


class SpaceView:
    """One space during one commit."""

    def __init__(self, tx: Connection, space: bytes) -> None:
        self._tx = tx
        self._space = space
        self._nodes: dict[bytes, State | None] = {}
        self._children: dict[tuple[bytes, str], bytes | None] = {}
        self._revisions: dict[bytes, bool] = {}

    def prefetch(self, operations: Sequence[ask.AnyOperation]) -> None:
        """Reads in few queries what the judgement of these operations will ask for."""
        ids = {op.node for op in operations}
        claims: dict[bytes, set[str]] = {}
        keys = {op.key for op in operations if isinstance(op, ask.Put)}
        for op in operations:
            if (
                isinstance(op, ask.Mkdir | ask.Put | ask.Move | ask.Revive | ask.Offer)
                and op.parent
                and op.name
            ):
                ids.add(op.parent)
                claims.setdefault(op.parent, set()).add(names.key(op.name))
        self._nodes.update(dict.fromkeys(ids))
        for row in self._rows("id", ids):
            self._nodes[row.id] = state_of(row)
        for parent, wanted in claims.items():
            self._children.update({(parent, key): None for key in wanted})
            for row in self._rows("key", wanted, parent):
                self._nodes[row.id] = state_of(row)
                self._children[(parent, row.key)] = row.id
        self._revisions.update(dict.fromkeys(keys, False))
        for piece in _pieces(keys):
            query = select(tables.revision.c.id).where(tables.revision.c.id.in_(piece))
            for (rev,) in self._tx.execute(query.where(tables.revision.c.space == self._space)):
                self._revisions[rev] = True

    def _rows(self, column: str, values: Iterable[Any], parent: bytes | None = None) -> Iterable[Any]:
        for piece in _pieces(values):
            query = select(tables.node).where(
                tables.node.c.space == self._space, tables.node.c[column].in_(piece)
            )
            if parent is not None:
                query = query.where(tables.node.c.parent == parent, tables.node.c.deleted_seq.is_(None))
            yield from self._tx.execute(query).all()

    def get(self, node: bytes) -> State | None:
        """As `View.get`."""
        if node not in self._nodes:
            rows = list(self._rows("id", [node]))
            self._nodes[node] = state_of(rows[0]) if rows else None
        return self._nodes[node]

    def child(self, parent: bytes, key: str) -> State | None:
        """As `View.child`."""
        claim = (parent, key)
        if claim not in self._children:
            rows = list(self._rows("key", [key], parent))
            for row in rows:
                self._nodes.setdefault(row.id, state_of(row))
            self._children[claim] = rows[0].id if rows else None
        holder = self._children[claim]
        return self.get(holder) if holder is not None else None

    def below(self, node: bytes) -> Below:
        """As `View.below`; what this commit has changed is written before it is asked."""
        row = self._tx.execute(
            text(
                "WITH RECURSIVE tree(id, seq, kind) AS ("
                " SELECT id, seq, kind FROM node WHERE parent = :node AND space = :space AND deleted_seq IS NULL"
                " UNION ALL SELECT n.id, n.seq, n.kind FROM node n JOIN tree t ON n.parent = t.id"
                "  WHERE n.deleted_seq IS NULL)"
                " SELECT count(*), coalesce(max(seq), 0), coalesce(max(CASE WHEN kind = 'mount' THEN 1 ELSE 0 END), 0) FROM tree"
            ),
            {"node": node, "space": self._space},
        ).one()
        return Below(row[0], row[1], bool(row[2]))

    def knows(self, rev: bytes) -> bool:
        """As `View.knows`."""
        if rev not in self._revisions:
            query = select(tables.revision.c.id).where(
                tables.revision.c.id == rev, tables.revision.c.space == self._space
            )
            self._revisions[rev] = self._tx.execute(query).first() is not None
        return self._revisions[rev]

    def put(self, state: State) -> None:
        """Lays a new state over what the database has."""
        old = self._nodes.get(state.node)
        if old is not None and not old.dead and old.parent is not None:
            claim = (old.parent, names.key(old.name))
            if self._children.get(claim) == state.node:
                self._children[claim] = None
        self._nodes[state.node] = state
        if not state.dead and state.parent is not None:
            self._children[(state.parent, names.key(state.name))] = state.node
        if state.rev is not None:
            self._revisions[state.rev] = True

    def forget(self) -> None:
        """Drops everything that is remembered, after the database was changed behind the view's back."""
        self._nodes.clear()
        self._children.clear()


def _pieces(values: Iterable[Any]) -> Iterable[list[Any]]:
    ordered = sorted(values)
    return (ordered[start : start + _IN] for start in range(0, len(ordered), _IN))
