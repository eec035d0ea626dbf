"""What happened in a space: its journal, and what the audit knows of its members and links, in one order, newest first.

Each row of the audit has its place between two entries of the journal, so that both are read on from one number.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from govsync.model.documents import from_packed
from govsync.protocol.activity import Activity, Happened, Told
from govsync.protocol.changes import NodeState
from govsync.protocol.numbers import LARGEST
from govsync.protocol.session import Role
from govsync.protocol.sharing import NewMember
from govsync.server import access, named
from govsync.server.access import Action
from govsync.server.audit import BETWEEN
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among
from govsync.server.named import Whom
from govsync.server.versions import PAGE, Names, Paths

MOST_MEMBERS = 20
"""So many of those with whom a folder was shared are named."""
Facts = Mapping[str, Any]
"""What a row of the audit has beside who did what where."""
_A, _J = tables.audit.c, tables.journal.c
_NODES = select(tables.node).where(tables.node.c.id.in_(AMONG))


def activity(server: Server, caller: Caller, space: bytes, before: int | None) -> Activity:
    """Lists what happened; raises Failure(not_found, no_right)."""
    end = LARGEST if before is None else before
    entries = select(_J.seq, _J.kind, _J.user, _J.device, _J.at_ms, _J.body)
    rows = select(_A.position, _A.kind, _A.user, _A.device, _A.at_ms, _A.body)
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        earlier = _J.seq <= (end - 1) // BETWEEN
        told = tx.execute(entries.where(_J.stream == space, earlier).order_by(_J.seq.desc()).limit(PAGE))
        noted = tx.execute(
            rows.where(_A.space == space, _A.position < end).order_by(_A.position.desc()).limit(PAGE)
        )
        both = [(row.seq * BETWEEN, row) for row in told] + [(row.position, row) for row in noted]
        page = sorted(both, key=lambda each: each[0], reverse=True)[:PAGE]
        names = Names.of(tx, [row for _, row in page])
        facts = {at: from_packed(row.body, dict[str, Any]) for at, row in page if at % BETWEEN}
        paths = Paths(tx)
        noted_of = _Noted(tx, space, facts.values(), paths)
        happened = tuple(
            Happened(
                at_ms=row.at_ms, kind=row.kind, user_name=names.user(row), device_name=names.device(row),
                **(noted_of(row.kind, facts[at]) if at in facts else _path(row, paths)),
            )
            for at, row in page
        )  # fmt: skip
    return Activity(happened=happened, before=page[-1][0] if len(page) == PAGE else None)


def _path(row: Any, paths: Paths) -> dict[str, Any]:
    return {"path": paths.of(from_packed(row.body, NodeState))}


class _Noted:
    """What the audit says in some of its rows: who was given which role, and what links lead to."""

    def __init__(self, tx: Connection, space: bytes, all_facts: Iterable[Facts], paths: Paths) -> None:
        whom = {each for facts in all_facts for each in _roles(facts)}
        self._shown = named.shown(tx, whom)
        nodes = ask_among(tx, _NODES, [facts["node"] for facts in all_facts if "link" in facts])
        # Of what lies in another space by now nothing is told: who may read this one need not be a member there.
        self._paths = {row.id: paths.of(row) for row in nodes if row.space == space}

    def __call__(self, kind: str, facts: Facts) -> dict[str, Any]:
        if "link" in facts:
            return {"path": self._paths.get(facts["node"], ""), "role": Role(facts["role"])}
        known = [(self._shown[whom].who, role) for whom, role in _roles(facts).items() if whom in self._shown]
        if kind == Told.SHARE:
            return {"members": tuple(NewMember(who, role) for who, role in known if role is not None)}
        return {"who": known[0][0], "role": known[0][1]} if known else {}


def _roles(facts: Facts) -> dict[Whom, Role | None]:
    """Answers who was given which role, and who lost it."""
    members: Iterable[list[Any]] = facts.get("members", ())
    return {
        (kind, principal): None if role is None else Role(role)
        for kind, principal, role in list(members)[:MOST_MEMBERS]
    }
