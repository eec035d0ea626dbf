"""Versions of a file, and the trash of a space. Bringing something back is done by ordinary operations."""

from typing import Any

from sqlalchemy import Connection, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.changes import RevisionInfo, Revisions, Trash, Trashed
from govsync.server import access
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.view import shown, state_of

PAGE = 200


def _names(tx: Connection, row: Any) -> tuple[str, str]:
    user = tx.execute(select(tables.user.c.name).where(tables.user.c.id == row.user)).scalar()
    device = tx.execute(select(tables.device.c.name).where(tables.device.c.id == row.device)).scalar()
    return user or "", device or ""


def revisions(server: Server, caller: Caller, space: bytes, node: bytes, before: int | None) -> Revisions:
    """Lists versions of a file, newest first; raises Failure(not_found)."""
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        current = tx.execute(
            select(tables.node.c.rev).where(tables.node.c.id == node, tables.node.c.space == space)
        ).one_or_none()
        if current is None:
            raise Failure(Code.NOT_FOUND)
        r = tables.revision.c
        query = select(tables.revision).where(r.space == space, r.node == node)
        if before is not None:
            query = query.where(r.seq < before)
        rows = tx.execute(query.order_by(r.seq.desc()).limit(PAGE)).all()
        found = []
        for row in rows:
            user, device = _names(tx, row)
            found.append(
                RevisionInfo(
                    rev=row.id, node=row.node, seq=row.seq, hash=row.hash, size_bytes=row.size, mtime_ns=row.mtime_ns,
                    at_ms=row.at_ms, user_name=user, device_name=device, current=row.id == current.rev, state=row.state,
                )
            )  # fmt: skip
    return Revisions(revisions=tuple(found), before=rows[-1].seq if len(rows) == PAGE else None)


def trash(server: Server, caller: Caller, space: bytes, before: int | None) -> Trash:
    """Lists deleted things that can come back, newest first: those that were deleted by name, not what lay in them."""
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        j, n = tables.journal.c, tables.node.c
        query = (
            select(tables.node, j.seq.label("at_seq"), j.at_ms, j.user, j.device)
            .join_from(
                tables.node,
                tables.journal,
                (j.stream == n.space) & (j.node == n.id) & (j.seq == n.deleted_seq),
            )
            .where(n.space == space, n.deleted_seq.is_not(None))
        )
        if before is not None:
            query = query.where(n.deleted_seq < before)
        rows = tx.execute(query.order_by(n.deleted_seq.desc()).limit(PAGE)).all()
        items = []
        for row in rows:
            user, device = _names(tx, row)
            items.append(
                Trashed(
                    state=shown(state_of(row)), path=_path(tx, row), deleted_ms=row.at_ms, user_name=user,
                    device_name=device,
                )
            )  # fmt: skip
    return Trash(items=tuple(items), before=rows[-1].deleted_seq if len(rows) == PAGE else None)


def _path(tx: Connection, row: Any) -> str:
    """Answers the path of a node, dead or alive, as it was."""
    found = [row.name]
    parent = row.parent
    n = tables.node.c
    while parent is not None and len(found) < PAGE:
        above = tx.execute(select(n.name, n.parent).where(n.id == parent)).one_or_none()
        if above is None or above.parent is None:
            break
        found.append(above.name)
        parent = above.parent
    return "/".join(reversed(found))
