"""Finding people, groups and divisions to share with: by any part of a name or login, in whatever letters (R8)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, or_, select

from govsync.model import names
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.sharing import Directory, Found
from govsync.server import directory, named, policy
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.named import ACTIVE, GROUP, UNIT, USER, Whom

LEAST_CHARACTERS = 2
MOST = 50


def search(server: Server, caller: Caller, text: str) -> Directory:
    """Answers with whom the caller could share, at most `MOST`: those first whose name begins with the text. Raises
    Failure(bad_request) for a text that is too short, or longer than any name."""
    key = names.key(text.strip())
    if not LEAST_CHARACTERS <= len(key) <= directory.MOST_CHARACTERS or "\0" in key:
        raise Failure(Code.BAD_REQUEST, what="text")
    with server.database.begin(write=False) as tx:
        whom = _those(tx, policy.Policies(tx).reached(policy.organisation_of(tx, caller.user)), caller, key)
        shown = named.shown(tx, whom)
    begins = [each for each in whom if names.key(shown[each].title).startswith(key)]
    best = (shown[each] for each in list(dict.fromkeys([*begins, *whom]))[:MOST])
    return Directory(found=tuple(Found(who=each.who, title=each.title, detail=each.detail) for each in best))


def _those(tx: Connection, reached: Iterable[bytes], caller: Caller, key: str) -> list[Whom]:
    """Answers everybody who can be shared with and has the text in the name, of each kind as many as are shown at all."""
    u, g, t = tables.user.c, tables.grp_member.c, tables.unit.c
    orgs = sorted(reached)
    others = (g.grp == tables.grp.c.id) & (g.user == u.id) & u.org.not_in(orgs)
    queries = {
        USER: _named(tables.user, key, u.login.contains(key, autoescape=True)).where(
            u.state == ACTIVE, u.id != caller.user, u.org.in_(orgs)
        ),
        GROUP: _named(tables.grp, key).where(~exists().where(others)),
        UNIT: _named(tables.unit, key).where(t.org.in_(orgs)),
    }
    return [(kind, row.id) for kind, query in queries.items() for row in tx.execute(query)]


def _named(table: Any, key: str, *others: ColumnElement[bool]) -> Select[tuple[bytes]]:
    """Asks for those whose name has the text in it, or of whom something else is true; those that begin with it first."""
    name = table.c.name_key
    order = (~name.startswith(key, autoescape=True), name, table.c.id)
    fits = or_(name.contains(key, autoescape=True), *others)
    return select(table.c.id).where(fits).order_by(*order).limit(MOST)
