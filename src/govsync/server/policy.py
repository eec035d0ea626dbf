"""What organisations let out, and whom they let others see: with anyone, with nobody, or with organisations that are named.

Something leaves the organisation that owns the space which it lies in; whoever is shown to another organisation leaves his
own. Inside an organisation everybody may share with everybody. Judged when somebody becomes a member: what was shared before
an organisation changed its mind stays shared until somebody ends it. Links, which anybody may have, are judged each time that
one is opened, too.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server import directory
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among
from govsync.server.named import GROUP, UNIT, USER, Whom

ANYONE, NOBODY, NAMED = "anyone", "nobody", "named"
_O, _P, _U = tables.org.c, tables.org_partner.c, tables.user.c
_ORGS_OF = {
    USER: select(_U.id, _U.org).where(_U.id.in_(AMONG)),
    UNIT: select(tables.unit.c.id, tables.unit.c.org).where(tables.unit.c.id.in_(AMONG)),
    GROUP: select(tables.grp_member.c.grp, _U.org)
    .join_from(tables.grp_member, tables.user, tables.grp_member.c.user == _U.id)
    .where(tables.grp_member.c.grp.in_(AMONG))
    .distinct(),
}


class Policies:
    """What each organisation has decided."""

    def __init__(self, tx: Connection) -> None:
        self.organisations = {row.id: row.shares_with for row in tx.execute(select(_O.id, _O.shares_with))}
        self._partners = {(row.org, row.partner) for row in tx.execute(select(tables.org_partner))}

    def lets(self, org: bytes, other: bytes) -> bool:
        """Says whether an organisation shares with another one, or lets itself be seen by it."""
        decided = self.organisations.get(org, NOBODY)
        return org == other or decided == ANYONE or (decided == NAMED and (org, other) in self._partners)

    def reached(self, org: bytes) -> set[bytes]:
        """Answers the organisations with whose people those of one can share."""
        return {other for other in self.organisations if self.lets(org, other) and self.lets(other, org)}


def organisation_of(tx: Connection, user: bytes) -> bytes:
    """Answers to which organisation a person belongs."""
    return bytes(tx.execute(select(_U.org).where(_U.id == user)).scalar_one())


def judge(tx: Connection, caller: Caller, owner: bytes, whom: Iterable[Whom]) -> None:
    """Judges whether a caller may share what an organisation owns with somebody; raises Failure(no_such_member) for those
    who are not shown to the caller, as for those who are not there, and `share_outside` where it may not leave."""
    asked: dict[str, list[bytes]] = {}
    for kind, principal in whom:
        asked.setdefault(kind, []).append(principal)
    concerned = {
        org for kind, principals in asked.items() for _, org in ask_among(tx, _ORGS_OF[kind], principals)
    }
    own, policies = organisation_of(tx, caller.user), Policies(tx)
    if not all(policies.lets(org, own) for org in concerned):
        raise Failure(Code.NO_SUCH_MEMBER)
    if not all(policies.lets(owner, org) for org in concerned):
        raise Failure(Code.SHARE_OUTSIDE)


def lets_anybody(org_row: Any) -> bool:
    """Says whether an organisation lets its things be had by whoever has a link: only one that shares with anyone does."""
    return bool(org_row.shares_with == ANYONE)


def decide(server: Server, tx: Connection, name: str, shares_with: Sequence[str]) -> None:
    """Sets with whom an organisation shares: `anyone`, `nobody`, or names of organisations, each given by itself or several
    with commas between them; raises Failure(not_found, bad_request)."""
    directory.take_turn(tx)
    org = directory.find_organisation(tx, name)
    decided, partners = _decided(tx, shares_with)
    tx.execute(delete(tables.org_partner).where(_P.org == org))
    if partners:
        tx.execute(insert(tables.org_partner), [{"org": org, "partner": each} for each in partners])
    tx.execute(update(tables.org).where(_O.id == org).values(shares_with=decided))
    row: dict[str, Any] = dict(tx.execute(select(tables.org).where(_O.id == org)).mappings().one())
    directory.note(server, tx, "org", org, row | {"partners": partners})


def _decided(tx: Connection, shares_with: Sequence[str]) -> tuple[str, list[bytes]]:
    if not shares_with:
        raise Failure(Code.BAD_REQUEST, what="with")
    if len(shares_with) == 1 and shares_with[0] in (ANYONE, NOBODY):
        return shares_with[0], []
    found = {org for each in shares_with for org in _organisations(tx, each)}
    return NAMED, sorted(found)


def _organisations(tx: Connection, names: str) -> list[bytes]:
    """Answers one organisation, whose name may have a comma in it, or several."""
    try:
        return [directory.find_organisation(tx, names)]
    except Failure:
        if "," not in names:
            raise
    return [directory.find_organisation(tx, each.strip()) for each in names.split(",")]
