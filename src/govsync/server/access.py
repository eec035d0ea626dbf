"""Who may do what: one function, one table, judged in the transaction of what it guards (R38, I8).

What is unknown and what is forbidden answer alike: `not_found`.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import BindParameter, Connection, Select, bindparam, literal, select, union_all

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
Memberships = dict[bytes, tuple[SpaceState, Role]]
"""For one person: each space that the person is or was a member of, with the state and the highest role."""

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
    """Answers, for each user and every space that the user is or was a member of, the state and the highest role.

    As many questions as the divisions are deep, however many users there are; the caller keeps to some hundred of them.
    """
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
            if space not in best or _rank(state, role) > _rank(*best[space]):
                best[space] = (state, role)
        found[user] = best
    return found


def memberships(tx: Connection, user: bytes) -> Memberships:
    """Answers, for every space that the user is or was a member of, the state and the highest role."""
    return memberships_of(tx, [user])[user]


def readable(mine: Memberships) -> list[bytes]:
    """Answers the spaces that may be read now, of those that `memberships` answered."""
    return [
        space
        for space, (state, role) in mine.items()
        if state is SpaceState.MEMBER and Action.READ in MAY[role]
    ]


def _rank(state: SpaceState, role: Role) -> tuple[bool, int]:
    return state is SpaceState.MEMBER, _ORDER[role]


def _roles_in_space() -> Select[tuple[str]]:
    """Builds the question of `require`, once: what `principals` says in several steps, for one user and one space.

    It is part of every call, so it is one statement."""
    a, u, g, m = tables.user.c, tables.unit.c, tables.grp_member.c, tables.member.c
    who = select(a.id, a.unit).where(a.id == bindparam("user"), a.state == "active").cte("who")
    up = select(who.c.unit.label("id")).cte("up", recursive=True)
    up = up.union(select(u.parent).join_from(tables.unit, up, u.id == up.c.id))
    named = union_all(
        select(literal("user").label("kind"), who.c.id),
        select(literal("unit"), up.c.id),
        select(literal("group"), g.grp).join_from(tables.grp_member, who, g.user == who.c.id),
    ).subquery()
    mine = (m.kind == named.c.kind) & (m.principal == named.c.id)
    return (
        select(m.role)
        .join_from(tables.member, named, mine)
        .where(m.space == bindparam("space"), m.ended_ms.is_(None))
    )


_ROLES = _roles_in_space()


def require(tx: Connection, user: bytes, space: bytes, action: Action) -> Role:
    """Answers the user's highest role in a space; raises Failure(not_found) unless it may do this, `no_right` where the
    user may read the space but not do this in it."""
    roles = [Role(row.role) for row in tx.execute(_ROLES, {"user": user, "space": space})]
    if not roles:
        raise Failure(Code.NOT_FOUND)
    role = max(roles, key=_ORDER.__getitem__)
    if action not in MAY[role]:
        raise Failure(Code.NO_RIGHT if Action.READ in MAY[role] else Code.NOT_FOUND)
    return role
