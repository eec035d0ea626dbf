"""What organisations fix of the settings of their people's desks.

What may be fixed stands in `settings.schema`: nothing that says where a desk's files lie or where they go, and nothing that
makes a guard of the desk weaker. Each desk judges that anew; here a wrong one is refused to whoever sets it.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import MOST_POLICY_CHARACTERS, Policy
from govsync.server import audit, directory
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.settings.schema import find, parse_of_endpoint

KIND = "org_policy"
"""Under which a change stands in the `sys` journal, where each replica finds it, and in the audit."""
_P, _U = tables.org_policy.c, tables.user.c


class Row(msgspec.Struct, frozen=True):
    """One key that is fixed, as it is listed."""

    key: str
    value: str


def fix(server: Server, tx: Connection, name: str, key: str, text: str) -> None:
    """Fixes a key on the desks of an organisation's people; raises Failure(not_found, setting_unknown, setting_bad,
    setting_not_theirs)."""
    setting = find(key)
    parse_of_endpoint(setting, text)
    if len(text) > MOST_POLICY_CHARACTERS:
        raise Failure(Code.SETTING_BAD, name=setting.key, value=f"{text[:40]}…")
    org = _turn(tx, name)
    tx.execute(delete(tables.org_policy).where(_P.org == org, _P.key == setting.key))
    tx.execute(insert(tables.org_policy), [{"org": org, "key": setting.key, "value": text}])
    _note(server, tx, org, setting.key, text)


def release(server: Server, tx: Connection, name: str, key: str) -> None:
    """Leaves a key to the people again; raises Failure(not_found) where it was not fixed. A key that this version does not
    know any more can be released, too."""
    org = _turn(tx, name)
    if not tx.execute(delete(tables.org_policy).where(_P.org == org, _P.key == key)).rowcount:
        raise Failure(Code.NOT_FOUND, name=key)
    _note(server, tx, org, key, None)


def listed(tx: Connection, name: str) -> list[Row]:
    """Lists what an organisation has fixed, by key; raises Failure(not_found)."""
    return _of(tx, directory.find_organisation(tx, name))


def policy(server: Server, caller: Caller) -> Policy:
    """Tells a desk what the organisation of its person has fixed."""
    with server.database.begin(write=False) as tx:
        org = tx.execute(select(_U.org).where(_U.id == caller.user)).scalar_one()
        return Policy(settings={row.key: row.value for row in _of(tx, bytes(org))})


def _of(tx: Connection, org: bytes) -> list[Row]:
    rows = tx.execute(select(_P.key, _P.value).where(_P.org == org).order_by(_P.key))
    return [Row(row.key, row.value) for row in rows]


def _turn(tx: Connection, name: str) -> bytes:
    directory.take_turn(tx)
    return directory.find_organisation(tx, name)


def _note(server: Server, tx: Connection, org: bytes, key: str, text: str | None) -> None:
    row: dict[str, Any] = {"org": org, "key": key, "value": text}
    directory.note(server, tx, KIND, org, row)
    audit.note(server, tx, KIND, directory.NOBODY, directory.NOBODY, **row)
