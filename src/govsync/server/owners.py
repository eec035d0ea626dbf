"""Whose a shared space is: who is charged for it (`quota`), and that it passes on when that person does not manage it any more
(docs/decisions/0024).

To which organisation it belongs does not change: what may leave that is not decided by who is left.
"""

from typing import Any

from sqlalchemy import Connection, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.activity import Told
from govsync.protocol.session import Role, SpaceKind
from govsync.server import access, audit, directory
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.named import ACTIVE, GROUP, SPACE, UNIT, USER, Whom

_M, _S, _U, _G = tables.member.c, tables.space.c, tables.user.c, tables.grp_member.c


def is_managed(tx: Connection, space: bytes) -> bool:
    """Says whether there is anybody who manages a space, or one whose members are its members."""
    asked, waiting = {space}, [space]
    while waiting:
        rows = tx.execute(
            select(_M.kind, _M.principal, _U.state)
            .join_from(tables.member, tables.user, _M.principal == _U.id, isouter=True)
            .where(_M.space == waiting.pop(), _M.role == Role.MANAGER, _M.ended_ms.is_(None))
        ).all()
        if any(row.kind != SPACE and row.state in (None, ACTIVE) for row in rows):
            return True
        above = {row.principal for row in rows if row.kind == SPACE} - asked
        asked |= above
        waiting.extend(sorted(above))
    return False


def pass_on(server: Server, caller: Caller, tx: Connection, space: bytes) -> None:
    """Passes a space, and those whose members are its members, on from owners who do not manage them any more; raises
    Failure(last_manager) where there is nobody to pass them on to. Whoever asks has the directory's turn."""
    asked, waiting = {space}, [space]
    while waiting:
        row = tx.execute(select(tables.space).where(_S.id == waiting.pop(0))).one()
        if row.kind == SpaceKind.SHARED and _is_left(tx, row):
            set_owner(server, caller, tx, row, _next(tx, row.id))
        inside = select(_M.space).where(_M.principal == row.id, _M.kind == SPACE, _M.ended_ms.is_(None))
        below = set(tx.execute(inside).scalars()) - asked
        asked |= below
        waiting.extend(sorted(below))


def set_owner(server: Server, caller: Caller, tx: Connection, row: Any, owner: Whom) -> None:
    """Makes somebody the owner of a space (its row)."""
    kind, principal = owner
    tx.execute(update(tables.space).where(_S.id == row.id).values(owner=principal))
    directory.note(server, tx, "space", row.id, row._asdict() | {"owner": principal})
    given = [(kind, principal, Role.MANAGER)]
    audit.note(server, tx, Told.OWNER, caller.user, caller.device, row.id, members=given)


def _is_left(tx: Connection, row: Any) -> bool:
    """Says whether the owner is a person who does not manage a space any more, in whatever way: a division stays."""
    if tx.execute(select(_U.id).where(_U.id == row.owner)).first() is None:
        return False
    try:
        access.require(tx, row.owner, row.id, Action.MANAGE)
    except Failure:
        return True
    return False


def _next(tx: Connection, space: bytes) -> Whom:
    """Answers who has managed a space longest, of the people who do so themselves; else the owner of the space around it, a
    division that manages it, or the person of a group that does who has been there longest."""
    mine = (_M.space == space, _M.role == Role.MANAGER, _M.ended_ms.is_(None))
    people = (
        select(_U.id).join_from(tables.member, tables.user, (_M.kind == USER) & (_M.principal == _U.id))
        .where(*mine, _U.state == ACTIVE).order_by(_M.since_ms, _U.id).limit(1)
    )  # fmt: skip
    person = tx.execute(people).scalar()
    if person is not None:
        return USER, bytes(person)
    around = (
        select(_S.owner, _U.id).join_from(tables.member, tables.space, (_M.kind == SPACE) & (_M.principal == _S.id))
        .join(tables.user, _U.id == _S.owner, isouter=True).where(*mine).order_by(_M.since_ms, _S.id).limit(1)
    )  # fmt: skip
    above = tx.execute(around).one_or_none()
    if above is not None:
        return USER if above.id is not None else UNIT, bytes(above.owner)
    divisions = (
        select(_M.principal).where(*mine, _M.kind == UNIT).order_by(_M.since_ms, _M.principal).limit(1)
    )
    division = tx.execute(divisions).scalar()
    if division is not None:
        return UNIT, bytes(division)
    in_groups = (
        select(_U.id).join_from(tables.member, tables.grp_member, (_M.kind == GROUP) & (_M.principal == _G.grp))
        .join(tables.user, _U.id == _G.user).where(*mine, _U.state == ACTIVE)
        .order_by(_M.since_ms, _U.id).limit(1)
    )  # fmt: skip
    member = tx.execute(in_groups).scalar()
    if member is None:
        raise Failure(Code.LAST_MANAGER)
    return USER, bytes(member)
