"""Versions of a file, and the trash of a space. Bringing something back is done by ordinary operations: a put that takes
its content from an old revision, a revive.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Self

from sqlalchemy import Connection, and_, select, tuple_

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.changes import RevisionInfo, Revisions, Trash, Trashed
from govsync.server import access, chain, contents
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import pieces
from govsync.server.view import shown, state_of

PAGE = 200


class Names:
    """Names of some people and devices."""

    def __init__(self, tx: Connection, users: Iterable[bytes], devices: Iterable[bytes]) -> None:
        self.users = _names(tx, tables.user, users)
        self.devices = _names(tx, tables.device, devices)

    @classmethod
    def of(cls, tx: Connection, rows: Sequence[Any]) -> Self:
        """Answers the names of those that some rows speak of."""
        return cls(tx, {row.user for row in rows}, {row.device for row in rows})

    def user(self, row: Any) -> str:
        """Answers the name of who did it, empty where it is not known."""
        return self.users.get(row.user, "")

    def device(self, row: Any) -> str:
        """Answers the name of the device on which it was done, empty where it is not known."""
        return self.devices.get(row.device, "")


def _names(tx: Connection, table: Any, ids: Iterable[bytes]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for piece in pieces(ids):
        rows = tx.execute(select(table.c.id, table.c.name).where(table.c.id.in_(piece)))
        found.update((row.id, row.name) for row in rows)
    return found


def revisions(server: Server, caller: Caller, space: bytes, node: bytes, before: int | None) -> Revisions:
    """Lists versions of a file that can still be had, newest first; raises Failure(not_found)."""
    r, n = tables.revision.c, tables.node.c
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        current = tx.execute(select(n.rev).where(n.id == node, n.space == space)).one_or_none()
        if current is None:
            raise Failure(Code.NOT_FOUND)
        query = select(tables.revision).where(r.space == space, r.node == node, r.state != contents.PURGED)
        if before is not None:
            last = select(r.origin_epoch, r.origin_seq).where(r.node == node, r.seq == before)
            origin = tx.execute(last).one_or_none()
            if origin is None:
                raise Failure(Code.NOT_FOUND)
            query = query.where(tuple_(r.origin_epoch, r.origin_seq) < tuple(origin))
        # What was offered after a restore came late, and belongs where it was made (R34).
        newest_first = (r.origin_epoch.desc(), r.origin_seq.desc())
        rows = tx.execute(query.order_by(*newest_first).limit(PAGE)).all()
        names = Names.of(tx, rows)
    found = tuple(
        RevisionInfo(
            rev=row.id, node=row.node, seq=row.seq, hash=row.hash, size_bytes=row.size, mtime_ns=row.mtime_ns,
            at_ms=row.at_ms, user_name=names.user(row), device_name=names.device(row), current=row.id == current.rev,
            state=row.state,
        )
        for row in rows
    )  # fmt: skip
    return Revisions(revisions=found, before=rows[-1].seq if len(rows) == PAGE else None)


def trash(server: Server, caller: Caller, space: bytes, before: int | None) -> Trash:
    """Lists deleted things that can come back, newest first: those that were deleted by name, not what lay in them."""
    j, n, r = tables.journal.c, tables.node.c, tables.revision.c
    removed = select(r.id).where(r.id == n.rev, r.state == contents.PURGED).exists()
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        row = tx.execute(select(tables.space).where(tables.space.c.id == space)).one()
        stream = chain.stream_at(row, n.deleted_seq)
        by_name = and_(j.stream == stream, j.node == n.id, j.seq == n.deleted_seq)
        query = (
            select(tables.node, j.at_ms, j.user, j.device)
            .join_from(tables.node, tables.journal, by_name)
            .where(n.space == space, n.deleted_seq.is_not(None), ~removed)
        )
        if before is not None:
            query = query.where(n.deleted_seq < before)
        rows = tx.execute(query.order_by(n.deleted_seq.desc()).limit(PAGE)).all()
        names = Names.of(tx, rows)
        paths = Paths(tx)
        items = tuple(
            Trashed(
                state=shown(state_of(row)), path=paths.of(row), deleted_ms=row.at_ms, user_name=names.user(row),
                device_name=names.device(row),
            )
            for row in rows
        )  # fmt: skip
    return Trash(items=items, before=rows[-1].deleted_seq if len(rows) == PAGE else None)


class Paths:
    """Paths of nodes, dead or alive, as they last were; each folder is looked up once."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._above: dict[bytes, tuple[str, bytes | None]] = {}

    def of(self, row: Any) -> str:
        """Answers the path of a node's row."""
        found: list[str] = [row.name]
        parent: bytes | None = row.parent
        while parent is not None and len(found) < PAGE:
            if parent not in self._above:
                n = tables.node.c
                above = self._tx.execute(select(n.name, n.parent).where(n.id == parent)).one()
                self._above[parent] = (above.name, above.parent)
            name, parent = self._above[parent]
            if parent is not None:
                found.append(name)
        return "/".join(reversed(found))
