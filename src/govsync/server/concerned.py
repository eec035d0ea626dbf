"""Whom a change of members, of people, of their devices, or of what an organisation fixes concerns: found in the `sys`
journal, so that each replica, and what `admin` does, tells all of them."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from govsync.model.documents import from_packed
from govsync.server import directory, fixed
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among
from govsync.server.named import GROUP, SPACE, UNIT, USER

AT_ONCE = 10_000
"""So many changes are looked at in one turn."""
_J, _U, _T = tables.journal.c, tables.user.c, tables.unit.c
_KINDS = ("member", "group_member", "user", "device", fixed.KIND)
_ORG = "org"
_IN_ORGS = select(_U.id).where(_U.org.in_(AMONG))
_IN_GROUPS = select(tables.grp_member.c.user).where(tables.grp_member.c.grp.in_(AMONG))
_IN_UNITS = select(_U.id).where(_U.unit.in_(AMONG))
_UNITS_BELOW = select(_T.id).where(_T.parent.in_(AMONG))


class Concerned(msgspec.Struct, frozen=True):
    """The people whose rights may have changed, and the spaces all of whose members' may; for whose desks something else is
    `fixed`; `head` is how far that goes."""

    head: int
    users: frozenset[bytes] = frozenset()
    spaces: frozenset[bytes] = frozenset()
    fixed: frozenset[bytes] = frozenset()


def since(server: Server, last: int | None) -> Concerned:
    """Answers whom the changes after a sequence concern; None for the sequence: nobody, from now on."""
    with server.database.begin(write=False) as tx:
        head = directory.sys_head(tx)
        if last is None or head <= last:
            return Concerned(head)
        query = select(_J.seq, _J.kind, _J.body).where(_J.stream == directory.SYS, _J.seq > last)
        rows = tx.execute(query.where(_J.kind.in_(_KINDS)).order_by(_J.seq).limit(AT_ONCE)).all()
        named: dict[str, set[bytes]] = {}
        for row in rows:
            kind, who = _named(row.kind, from_packed(row.body, dict[str, Any]))
            named.setdefault(kind, set()).add(who)
        people = frozenset(who for (who,) in ask_among(tx, _IN_ORGS, named.get(_ORG, ())))
        users = named.get(USER, set()) | _users(tx, named.get(GROUP, ()), named.get(UNIT, ()))
    read = rows[-1].seq if len(rows) == AT_ONCE else head
    return Concerned(read, frozenset(users), frozenset(named.get(SPACE, ())), people)


def _named(kind: str, row: dict[str, Any]) -> tuple[str, bytes]:
    if kind == fixed.KIND:
        return _ORG, row["org"]
    if kind == "member":
        return row["kind"], row["principal"]
    return USER, row["id" if kind == "user" else "user"]


def _users(tx: Connection, groups: Iterable[bytes], units: Iterable[bytes]) -> set[bytes]:
    """Answers who is in some groups, and in some divisions or below them."""
    users = {who for (who,) in ask_among(tx, _IN_GROUPS, groups)}
    level, known = set(units), set(units)
    while level:
        users.update(who for (who,) in ask_among(tx, _IN_UNITS, level))
        level = {who for (who,) in ask_among(tx, _UNITS_BELOW, level)} - known
        known |= level
    return users
