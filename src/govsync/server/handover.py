"""Handing over what somebody shared who is not there any more: an operator's work (`govsync admin user hand-over`)."""

from typing import Any

from sqlalchemy import Connection, or_, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.activity import Told
from govsync.protocol.session import Role, SpaceKind
from govsync.protocol.sharing import Principal, PrincipalKind
from govsync.server import audit, directory, members, named, owners, policy
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.named import USER
from govsync.server.policy import Policies

OPERATOR = Caller(user=directory.NOBODY, device=directory.NOBODY)
_M, _S = tables.member.c, tables.space.c


def hand_over(server: Server, tx: Connection, login: str, to: str) -> list[str]:
    """Makes somebody the manager of every shared folder that another person owns, or is the only one to manage, and its owner
    where that person was; answers the folders' names.

    All or none: raises Failure(no_such_member), `share_self` for one and the same person, `share_outside` where a folder may
    not leave its organisation, `too_many_members`, `too_many_shares`.
    """
    directory.take_turn(tx)
    [(_, old)] = named.find(tx, [Principal(PrincipalKind.USER, login)], active=False).values()
    [(_, new)] = named.find(tx, [Principal(PrincipalKind.USER, to)]).values()
    if old == new:
        raise Failure(Code.SHARE_SELF)
    spaces = _left_by(tx, old)
    org, policies = policy.organisation_of(tx, new), Policies(tx)
    if not all(policies.lets(row.owner_org, org) for row in spaces):
        raise Failure(Code.SHARE_OUTSIDE)
    for row in spaces:
        members.admit(server, tx, row.id, {(USER, new): Role.MANAGER})
        given = [(USER, new, Role.MANAGER)]
        audit.note(server, tx, Told.MEMBER_ADDED, OPERATOR.user, OPERATOR.device, row.id, members=given)
        if row.owner == old:
            owners.set_owner(server, OPERATOR, tx, row, (USER, new))
    return [str(row.name) for row in spaces]


def _left_by(tx: Connection, user: bytes) -> list[Any]:
    """Lists the shared spaces that a person owns, or that nobody else manages who could."""
    managed = (_M.kind == USER) & (_M.principal == user) & (_M.role == Role.MANAGER) & _M.ended_ms.is_(None)
    mine = select(_M.space).where(managed)
    rows = tx.execute(
        select(tables.space)
        .where(_S.kind == SpaceKind.SHARED, or_(_S.owner == user, _S.id.in_(mine)))
        .order_by(_S.name, _S.id)
    ).all()
    return [row for row in rows if row.owner == user or not owners.is_managed(tx, row.id)]
