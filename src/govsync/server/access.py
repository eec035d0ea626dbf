"""Who may do what: one function, one table, judged in the transaction of what it guards (R38, I8).

What is unknown and what is forbidden answer alike: `not_found`. A member of kind `space` stands for all members of another
space, each in the role that he has there; whether such rows go round in a circle does not matter. But who may only add to a
space does nothing in another one: what was shared out of it is not told of (docs/decisions/0026). Who is a member in
several ways may do what any of them lets him.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from sqlalchemy import BindParameter, Connection, Select, bindparam, literal, select, union_all

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Role, SpaceState
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among


class Action(StrEnum):
    """Names what can be asked of a space."""

    READ = "read"
    ADD = "add"
    CHANGE = "change"
    SHARE = "share"
    MANAGE = "manage"


MAY: dict[Role, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.READ}),
    Role.UPLOADER: frozenset({Action.ADD}),
    Role.CONTRIBUTOR: frozenset({Action.READ, Action.ADD}),
    Role.EDITOR: frozenset({Action.READ, Action.ADD, Action.CHANGE, Action.SHARE}),
    Role.MANAGER: frozenset(Action),
}
GIVEN = tuple(role for role in Role if role is not Role.CONTRIBUTOR)
"""The roles that somebody can be given; the other comes of two of them."""
Memberships = dict[bytes, tuple[SpaceState, Role]]
"""For one person: each space that the person is or was a member of, with the state and the role."""

_ORDER = {role: rank for rank, role in enumerate(Role)}
_ASKED: BindParameter[bytes] = bindparam("asked", expanding=True)
# Every desk asks so each time that its space changes: to put these questions together takes longer than to answer them.
_ACTIVE = select(tables.user.c.id, tables.user.c.unit).where(
    tables.user.c.id.in_(_ASKED), tables.user.c.state == "active"
)
_UNITS = select(tables.unit.c.id, tables.unit.c.parent).where(tables.unit.c.id.in_(_ASKED))
_GROUPS = select(tables.grp_member.c.user, tables.grp_member.c.grp).where(
    tables.grp_member.c.user.in_(_ASKED)
)
_MEMBERS = (
    select(*(tables.member.c[name] for name in ("space", "kind", "principal", "role", "ended_ms")))
    .where(tables.member.c.principal.in_(_ASKED))
    .order_by(tables.member.c.space)
)
_BELOW = select(tables.member.c.principal, tables.member.c.space, tables.member.c.ended_ms).where(
    tables.member.c.kind == bindparam("of_kind"), tables.member.c.principal.in_(AMONG)
)


def principals(tx: Connection, users: Sequence[bytes]) -> dict[bytes, set[tuple[str, bytes]]]:
    """Answers all that each user may be named as in a list of members: the account, its divisions upward, its groups.

    A disabled user is nobody."""
    inside = {row.id: row.unit for row in tx.execute(_ACTIVE, {"asked": users})}
    found: dict[bytes, set[tuple[str, bytes]]] = {user: set() for user in users}
    found.update((user, {("user", user)}) for user in inside)
    above: dict[bytes, bytes | None] = {}
    asked = {unit for unit in inside.values() if unit is not None}
    while asked:
        rows = tx.execute(_UNITS, {"asked": list(asked)}).all()
        above.update((row.id, row.parent) for row in rows)
        asked = {row.parent for row in rows if row.parent is not None} - above.keys()
    for user, unit in inside.items():
        while unit is not None and ("unit", unit) not in found[user]:
            found[user].add(("unit", unit))
            unit = above.get(unit)
    for user, grp in tx.execute(_GROUPS, {"asked": list(inside)}):
        found[user].add(("group", grp))
    return found


def memberships_of(tx: Connection, users: Sequence[bytes]) -> dict[bytes, Memberships]:
    """Answers, for each user and every space that the user is or was a member of, the state and the role.

    As many questions as divisions and spaces are deep, however many users there are; the caller keeps to some hundred of
    them."""
    names = principals(tx, users)
    asked = {principal for mine in names.values() for _, principal in mine}
    members: dict[tuple[str, bytes], list[tuple[bytes, SpaceState, Role]]] = {}
    for space, kind, principal, role, ended_ms in tx.execute(_MEMBERS, {"asked": list(asked)}):
        state = SpaceState.MEMBER if ended_ms is None else SpaceState.REVOKED
        members.setdefault((kind, principal), []).append((space, state, Role(role)))
    found: dict[bytes, Memberships] = {}
    for user, mine in names.items():
        best: Memberships = {}
        for space, state, role in sorted(row for name in mine for row in members.get(name, ())):
            best[space] = _both(best.get(space), (state, role))
        found[user] = best
    _inherit(tx, found)
    return found


def _inherit(tx: Connection, found: dict[bytes, Memberships]) -> None:
    """Adds, for each user, the spaces of which all members of another one are members, and what these bring in turn."""
    below: dict[bytes, list[tuple[bytes, bool]]] = {}
    asked = {space for mine in found.values() for space in mine}
    known = set(asked)
    while asked:
        rows = ask_among(tx, _BELOW, asked, of_kind="space")
        for above, space, ended_ms in rows:
            below.setdefault(above, []).append((space, ended_ms is not None))
        asked = {space for _, space, _ in rows} - known
        known |= asked
    if not below:
        return
    for mine in found.values():
        waiting = list(mine)
        while waiting:
            above = waiting.pop()
            state, role = mine[above]
            for space, ended in below.get(above, ()):
                before = mine.get(space)
                mine[space] = _both(before, _brought(state, role, ended))
                if mine[space] != before:
                    waiting.append(space)


def memberships(tx: Connection, user: bytes) -> Memberships:
    """Answers, for every space that the user is or was a member of, the state and the role."""
    return memberships_of(tx, [user])[user]


def readable(mine: Memberships) -> list[bytes]:
    """Answers the spaces that may be read now, of those that `memberships` answered."""
    return _with(mine, Action.READ)


def reached(mine: Memberships) -> list[bytes]:
    """Answers those that have a place among the person's folders: who may only add has one to put into."""
    return list(dict.fromkeys([*_with(mine, Action.READ), *_with(mine, Action.ADD)]))


def _with(mine: Memberships, action: Action) -> list[bytes]:
    return [
        space for space, (state, role) in mine.items() if state is SpaceState.MEMBER and action in MAY[role]
    ]


def is_above(role: Role, other: Role) -> bool:
    """Says whether a role may do more than another."""
    return _ORDER[role] > _ORDER[other]


@cache
def joined(roles: frozenset[Role]) -> Role:
    """Answers the least role that may do what any of these may."""
    may = frozenset[Action]().union(*(MAY[role] for role in roles))
    return next(role for role in Role if may <= MAY[role])


def _both(one: tuple[SpaceState, Role] | None, other: tuple[SpaceState, Role]) -> tuple[SpaceState, Role]:
    """Joins two ways of being a member of a space; one that has ended adds nothing to one that has not."""
    if one is None or (one[0] is not SpaceState.MEMBER and other[0] is SpaceState.MEMBER):
        return other
    if one[0] is SpaceState.MEMBER and other[0] is not SpaceState.MEMBER:
        return one
    return one[0], joined(frozenset((one[1], other[1])))


def _brought(state: SpaceState, role: Role, ended: bool) -> tuple[SpaceState, Role]:
    """Answers what being a member of one space is in another whose members are its members."""
    if role is Role.CONTRIBUTOR:
        role = Role.VIEWER
    return (SpaceState.REVOKED if ended or role is Role.UPLOADER else state), role


def _roles_in_space() -> Select[tuple[str]]:
    """Builds the question of `require`, once: what `principals` says in several steps, for one user and one space.

    It is part of every call, so it is one statement."""
    a, u, g, m = tables.user.c, tables.unit.c, tables.grp_member.c, tables.member.c
    who = select(a.id, a.unit).where(a.id == bindparam("user"), a.state == "active").cte("who")
    up = select(who.c.unit.label("id")).cte("up", recursive=True)
    up = up.union(select(u.parent).join_from(tables.unit, up, u.id == up.c.id))
    # The space itself, and those whose members are its members.
    of = select(bindparam("space", type_=m.space.type).label("id")).cte("of", recursive=True)
    others = select(m.principal).join_from(tables.member, of, m.space == of.c.id)
    of = of.union(others.where(m.kind == "space", m.ended_ms.is_(None)))
    named = union_all(
        select(literal("user").label("kind"), who.c.id),
        select(literal("unit"), up.c.id),
        select(literal("group"), g.grp).join_from(tables.grp_member, who, g.user == who.c.id),
    ).subquery()
    mine = (m.kind == named.c.kind) & (m.principal == named.c.id)
    return (
        select(m.role)
        .join_from(tables.member, named, mine)
        .join(of, m.space == of.c.id)
        .where(m.ended_ms.is_(None))
        .where((m.role != Role.UPLOADER) | (m.space == bindparam("space")))
    )


_ROLES = _roles_in_space()


def require(tx: Connection, user: bytes, space: bytes, action: Action) -> Role:
    """Answers the user's role in a space; raises Failure(not_found) unless it may do this, `no_right` where the user may read
    the space but not do this in it."""
    roles = frozenset(Role(row.role) for row in tx.execute(_ROLES, {"user": user, "space": space}))
    if not roles:
        raise Failure(Code.NOT_FOUND)
    role = joined(roles)
    if action not in MAY[role]:
        raise Failure(Code.NO_RIGHT if Action.READ in MAY[role] else Code.NOT_FOUND)
    return role
