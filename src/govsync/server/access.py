"""Who may do what: one function, one table, judged in the transaction of what it guards (R38, I8).

What is unknown and what is forbidden answer alike: `not_found`.
"""

from enum import StrEnum

from sqlalchemy import Connection, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Role, SpaceState
from govsync.server.db import tables


class Action(StrEnum):
    """Names what can be asked of a space."""

    READ = "read"
    ADD = "add"
    CHANGE = "change"
    MANAGE = "manage"


MAY: dict[Role, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.READ}),
    Role.UPLOADER: frozenset({Action.ADD}),
    Role.EDITOR: frozenset({Action.READ, Action.ADD, Action.CHANGE}),
    Role.MANAGER: frozenset(Action),
}
_ORDER = {role: rank for rank, role in enumerate(Role)}


def principals(tx: Connection, user: bytes) -> dict[tuple[str, bytes], None]:
    """Answers all that a user may be named as in a list of members: the account, its divisions upward, its groups."""
    found: dict[tuple[str, bytes], None] = {("user", user): None}
    unit = tx.execute(select(tables.user.c.unit).where(tables.user.c.id == user)).scalar()
    while unit is not None:
        found[("unit", unit)] = None
        unit = tx.execute(select(tables.unit.c.parent).where(tables.unit.c.id == unit)).scalar()
    for (grp,) in tx.execute(select(tables.grp_member.c.grp).where(tables.grp_member.c.user == user)):
        found[("group", grp)] = None
    return found


def memberships(tx: Connection, user: bytes) -> dict[bytes, tuple[SpaceState, Role]]:
    """Answers, for every space that the user is or was a member of, the state and the highest role."""
    mine = principals(tx, user)
    m = tables.member.c
    rows = tx.execute(
        select(m.space, m.kind, m.principal, m.role, m.ended_ms)
        .where(m.principal.in_([principal for _, principal in mine]))
        .order_by(m.space)
    )
    found: dict[bytes, tuple[SpaceState, Role]] = {}
    for space, kind, principal, role_text, ended_ms in rows:
        if (kind, principal) not in mine:
            continue
        role = Role(role_text)
        state = SpaceState.MEMBER if ended_ms is None else SpaceState.REVOKED
        known = found.get(space)
        better = known is None or (known[0] is SpaceState.REVOKED and state is SpaceState.MEMBER)
        if better or (known is not None and known[0] is state and _ORDER[role] > _ORDER[known[1]]):
            found[space] = (state, role)
    return found


def require(tx: Connection, user: bytes, space: bytes, action: Action) -> Role:
    """Answers the user's role in a space; raises Failure(not_found) unless it may do this, `no_right` where the user may
    read the space but not do this in it."""
    state, role = memberships(tx, user).get(space, (SpaceState.UNKNOWN, Role.VIEWER))
    if state is not SpaceState.MEMBER:
        raise Failure(Code.NOT_FOUND)
    if action not in MAY[role]:
        raise Failure(Code.NO_RIGHT if Action.READ in MAY[role] else Code.NOT_FOUND)
    return role
