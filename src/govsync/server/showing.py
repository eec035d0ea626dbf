"""What somebody sees of a space without a desk: where a file or folder lies, and what is in it. It is judged as everywhere
(`access`), and what is not there any more, or not in that space, is not told from what may not be seen.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from govsync.model.accept import MAX_DEPTH
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import SpaceKind
from govsync.server import access, contents
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among

PAGE = 200
_N, _R, _S = tables.node.c, tables.revision.c, tables.space.c
_SPACES = select(_S.id, _S.name, _S.kind, _S.root).where(_S.id.in_(AMONG))


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder: its row, its space's, and the rows of the folders that it lies in, from the root of the space down."""

    node: Any
    space: Any
    above: Sequence[Any]


def spaces(server: Server, caller: Caller) -> list[Any]:
    """Lists the spaces that somebody may read, one's own first, then by name."""
    with server.database.begin(write=False) as tx:
        mine = access.readable(access.memberships(tx, caller.user))
        rows = ask_among(tx, _SPACES, mine)
    return sorted(rows, key=lambda row: (row.kind != SpaceKind.PERSONAL, row.name, row.id))


def seen(server: Server, caller: Caller, space: bytes, node: bytes) -> Seen:
    """Answers a file or folder that is there; raises Failure(not_found, no_right)."""
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        row = tx.execute(select(tables.node).where(_N.id == node, _N.space == space)).one_or_none()
        if row is None or row.deleted_seq is not None:
            raise Failure(Code.NOT_FOUND)
        of = tx.execute(select(tables.space).where(_S.id == space)).one()
        return Seen(node=row, space=of, above=_above(tx, row))


def _above(tx: Connection, row: Any) -> list[Any]:
    found: list[Any] = []
    while row.parent is not None and len(found) <= MAX_DEPTH:
        row = tx.execute(select(tables.node).where(_N.id == row.parent)).one()
        if row.deleted_seq is not None:
            raise Failure(Code.NOT_FOUND)
        found.append(row)
    return found[::-1]


def inside(server: Server, folder: Seen, after: bytes | None) -> tuple[Sequence[Any], bytes | None]:
    """Answers a page of the rows of what lies in a folder that somebody sees, by name, and what to go on after."""
    here = (_N.space == folder.space.id, _N.parent == folder.node.id, _N.deleted_seq.is_(None))
    with server.database.begin(write=False) as tx:
        last = None
        if after is not None:
            last = tx.execute(select(_N.key).where(_N.id == after, _N.parent == folder.node.id)).scalar()
        query = select(tables.node).where(*here, _N.key > (last or "")).order_by(_N.key)
        rows = tx.execute(query.limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def revision(server: Server, file: Seen, rev: bytes) -> Any:
    """Answers a version of a file that somebody sees; raises Failure(not_found)."""
    mine = (_R.id == rev, _R.node == file.node.id, _R.space == file.space.id, _R.state != contents.PURGED)
    with server.database.begin(write=False) as tx:
        row = tx.execute(select(tables.revision).where(*mine)).one_or_none()
    if row is None:
        raise Failure(Code.NOT_FOUND)
    return row
