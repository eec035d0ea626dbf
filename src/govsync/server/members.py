"""Who is a member of a space: listing, setting and ending memberships (R38). Every change stands in the `sys` journal.

A membership that ended keeps its row, so that a desk is told that it did. A division's in its team's space, and that of those
around a folder that was shared, stay for as long as the space does. Who manages a space no more owns it no more (`owners`).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, func, null, select, update

from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.activity import Told
from govsync.protocol.session import Role, SpaceKind, SpaceState
from govsync.protocol.sharing import Member, Members, PrincipalKind, SetMember
from govsync.server import access, audit, directory, horizon, named, owners, policy
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among
from govsync.server.db.insert import execute_many, insert_new
from govsync.server.named import UNIT, USER, Whom

_M = tables.member.c
_MINE = (_M.space == bindparam("of"), _M.kind == bindparam("which"), _M.principal == bindparam("who"))
_SET = (
    update(tables.member)
    .where(*_MINE)
    .values(role=bindparam("as"), ended_ms=null(), since_ms=bindparam("now_ms"))
)
_END = update(tables.member).where(*_MINE, _M.ended_ms.is_(None)).values(ended_ms=bindparam("at_ms"))
_SHARES = (
    select(_M.principal, func.count())
    .where(_M.principal.in_(AMONG), _M.kind == bindparam("which"), _M.ended_ms.is_(None))
    .group_by(_M.principal)
)


def members(server: Server, caller: Caller, space: bytes, after: bytes | None) -> Members:
    """Lists who is a member, a page in order of ids; raises Failure(not_found, no_right)."""
    query = select(tables.member).where(_M.space == space, _M.ended_ms.is_(None))
    if after is not None:
        query = query.where(_M.principal > after)
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        rows = tx.execute(query.order_by(_M.principal, _M.kind).limit(server.limits.page)).all()
        names = named.shown(tx, [(row.kind, row.principal) for row in rows])
    found = tuple(
        Member(
            who=shown.who, title=shown.title, detail=shown.detail, role=Role(row.role),
            you=(row.kind, row.principal) == (USER, caller.user),
        )
        for row in rows
        if (shown := names.get((row.kind, row.principal))) is not None
    )  # fmt: skip
    full = len(rows) == server.limits.page
    return Members(members=found, after=ids.to_text(rows[-1].principal) if full else None)


def set_member(server: Server, caller: Caller, space: bytes, change: SetMember) -> None:
    """Gives somebody else a role, or ends a membership; raises Failure(not_found, no_right, no_such_member, share_self,
    member_stays, member_through, last_manager, share_outside, too_many_members, too_many_shares)."""
    with server.database.begin() as tx:
        directory.take_turn(tx)
        access.require(tx, caller.user, space, Action.MANAGE)
        row = tx.execute(select(tables.space).where(tables.space.c.id == space)).one()
        if row.kind == SpaceKind.PERSONAL:
            raise Failure(Code.NO_RIGHT)  # It is its person's, and what is in it is shared folder by folder.
        if change.who.kind is PrincipalKind.SPACE:
            raise Failure(Code.MEMBER_STAYS)
        [whom] = named.find(tx, [change.who], active=change.role is not None).values()
        if change.role is not None and whom == (USER, caller.user):
            raise Failure(Code.SHARE_SELF)
        if row.kind == SpaceKind.TEAM and whom == (UNIT, row.owner):
            raise Failure(Code.MEMBER_STAYS)
        before = _row(tx, space, whom)
        known = before is not None and before.ended_ms is None
        if before is not None and change.role == (before.role if known else None):
            return
        if change.role is not None:
            if not known or access.is_above(change.role, Role(before.role)):
                policy.judge(tx, caller, row.owner_org, [whom])
            admit(server, tx, space, {whom: change.role})
        elif before is None:
            raise Failure(Code.MEMBER_THROUGH if _reaches(tx, whom, space) else Code.NO_SUCH_MEMBER)
        else:
            _end(server, tx, before)
        if not owners.is_managed(tx, space):
            raise Failure(Code.LAST_MANAGER)
        given = Told.MEMBER_ROLE if known else Told.MEMBER_ADDED
        kind = Told.MEMBER_REMOVED if change.role is None else given
        _note(server, caller, tx, kind, space, whom, change.role)
        if before is not None and before.role == Role.MANAGER:
            owners.pass_on(server, caller, tx, space)


def leave(server: Server, caller: Caller, space: bytes) -> None:
    """Ends the caller's own membership; raises Failure(not_found, last_manager, member_through)."""
    me = (USER, caller.user)
    with server.database.begin() as tx:
        directory.take_turn(tx)
        row = _row(tx, space, me)
        if row is None or row.ended_ms is not None:
            if _reaches(tx, me, space):
                raise Failure(Code.MEMBER_THROUGH)
            if row is None:
                raise Failure(Code.NOT_FOUND)
            return  # Asked again, since the answer was lost.
        _end(server, tx, row)
        if row.role == Role.MANAGER and not owners.is_managed(tx, space):
            raise Failure(Code.LAST_MANAGER)
        _note(server, caller, tx, Told.MEMBER_LEFT, space, me, None)
        if row.role == Role.MANAGER:
            owners.pass_on(server, caller, tx, space)


def admit(server: Server, tx: Connection, space: bytes, roles: Mapping[Whom, Role]) -> None:
    """Makes somebody members, or gives them another role; raises Failure(bad_request, too_many_members, too_many_shares)."""
    if not set(roles.values()).issubset(access.GIVEN):
        raise Failure(Code.BAD_REQUEST, what="role")
    directory.take_turn(tx)
    now_ms = horizon.moment(server, tx)
    rows = [
        {
            "space": space,
            "kind": kind,
            "principal": principal,
            "role": role,
            "ended_ms": None,
            "since_ms": now_ms,
        }
        for (kind, principal), role in roles.items()
    ]
    insert_new(tx, tables.member, rows)
    execute_many(tx, _SET, [_of(row) | {"as": row["role"], "now_ms": now_ms} for row in rows])
    directory.note_all(server, tx, [("member", space, row) for row in rows])
    count = select(func.count()).where(_M.space == space, _M.ended_ms.is_(None))
    if tx.execute(count).scalar_one() > server.limits.members:
        raise Failure(Code.TOO_MANY_MEMBERS, limit=server.limits.members)
    users = [principal for kind, principal in roles if kind == USER]
    if any(shares > server.limits.spaces for _, shares in ask_among(tx, _SHARES, users, which=USER)):
        raise Failure(Code.TOO_MANY_SHARES, limit=server.limits.spaces)


def _end(server: Server, tx: Connection, row: Any) -> None:
    ended = row._asdict() | {"ended_ms": horizon.moment(server, tx)}
    if tx.execute(_END, _of(ended) | {"at_ms": ended["ended_ms"]}).rowcount:
        directory.note(server, tx, "member", row.space, ended)


def _note(
    server: Server, caller: Caller, tx: Connection, kind: Told, space: bytes, whom: Whom, role: Role | None
) -> None:
    audit.note(server, tx, kind, caller.user, caller.device, space, members=[(*whom, role)])


def _of(row: dict[str, Any]) -> dict[str, Any]:
    return {"of": row["space"], "which": row["kind"], "who": row["principal"]}


def _row(tx: Connection, space: bytes, whom: Whom) -> Any:
    kind, principal = whom
    query = select(tables.member).where(_M.space == space, _M.kind == kind, _M.principal == principal)
    return tx.execute(query).one_or_none()


def _reaches(tx: Connection, whom: Whom, space: bytes) -> bool:
    """Says whether a person is a member of a space, in whatever way."""
    kind, principal = whom
    state, _ = access.memberships(tx, principal).get(space, (SpaceState.UNKNOWN, Role.VIEWER))
    return kind == USER and state is SpaceState.MEMBER
