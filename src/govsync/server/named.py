"""People, groups, divisions and spaces by the names that people use, and the other way round."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select

from govsync.model import names
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.sharing import Principal, PrincipalKind
from govsync.server import directory
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among

Whom = tuple[str, bytes]
"""Somebody as the table of members names them: of which kind, and by which id."""
USER, GROUP, UNIT, SPACE = "user", "group", "unit", "space"
ACTIVE = "active"
_U, _O, _T, _G, _S = tables.user.c, tables.org.c, tables.unit.c, tables.grp.c, tables.space.c
_BY_LOGIN = select(_U.login, _U.id, _U.state).where(_U.login.in_(AMONG))
_GROUPS_BY_NAME = select(_G.name, _G.id).where(_G.name.in_(AMONG))
_USERS = select(_U.id, _U.login, _U.name, _U.unit, _O.name).join_from(
    tables.user, tables.org, _U.org == _O.id
)
_UNITS = select(_T.id, _T.name, _T.parent, _O.name).join_from(tables.unit, tables.org, _T.org == _O.id)
_GROUPS, _SPACES = select(_G.id, _G.name), select(_S.id, _S.name)


class Shown(msgspec.Struct, frozen=True):
    """How somebody is shown: by which name to ask for them, their title, and where they belong."""

    who: Principal
    title: str
    detail: str = ""


def find(tx: Connection, asked: Iterable[Principal], active: bool = True) -> dict[Principal, Whom]:
    """Answers who is meant; raises Failure(no_such_member) where somebody is nobody, or a disabled person that must be
    `active`."""
    whom = tuple(asked)
    logins = {who: directory.login_key(who.name) for who in whom if who.kind is PrincipalKind.USER}
    groups = {who: names.nfc(who.name) for who in whom if who.kind is PrincipalKind.GROUP}
    users = {
        login: each
        for login, each, state in ask_among(tx, _BY_LOGIN, map(_text, logins.values()))
        if state == ACTIVE or not active
    }
    by_name = dict(ask_among(tx, _GROUPS_BY_NAME, map(_text, groups.values())))
    found: dict[Principal, Whom | None] = {}
    for who in whom:
        match who.kind:
            case PrincipalKind.USER:
                found[who] = _whom(USER, users.get(logins[who]))
            case PrincipalKind.GROUP:
                found[who] = _whom(GROUP, by_name.get(groups[who]))
            case PrincipalKind.DIVISION:
                found[who] = _whom(UNIT, _division(tx, who.name))
            case PrincipalKind.SPACE:
                found[who] = None
    known = {who: meant for who, meant in found.items() if meant is not None}
    if len(known) < len(found):
        raise Failure(Code.NO_SUCH_MEMBER)
    return known


def _whom(kind: str, each: bytes | None) -> Whom | None:
    return None if each is None else (kind, bytes(each))


def _text(name: str) -> str:
    """Answers a name that a database can be asked for: PostgreSQL takes no NUL, and nobody's name has a slash either."""
    return name.replace("\0", "/")


def _division(tx: Connection, path: str) -> bytes | None:
    try:
        return directory.find_unit(tx, _text(path))[1]
    except Failure:
        return None


def shown(tx: Connection, whom: Iterable[Whom]) -> dict[Whom, Shown]:
    """Answers how people, groups, divisions and spaces are shown; those that are not there any more are left out."""
    asked: dict[str, list[bytes]] = {}
    for kind, each in whom:
        asked.setdefault(kind, []).append(each)
    divisions = _Divisions(tx)

    def rows(kind: str, question: Select[Any], column: Any) -> list[Any]:
        return ask_among(tx, question.where(column.in_(AMONG)), asked.get(kind, ()))

    found: dict[Whom, Shown] = {}
    for each, login, name, unit, org in rows(USER, _USERS, _U.id):
        found[USER, each] = Shown(Principal(PrincipalKind.USER, login), name, divisions.path(org, unit))
    for each, name, parent, org in rows(UNIT, _UNITS, _T.id):
        above = divisions.path(org, parent)
        found[UNIT, each] = Shown(Principal(PrincipalKind.DIVISION, f"{above}/{name}"), name, above)
    for each, name in rows(GROUP, _GROUPS, _G.id):
        found[GROUP, each] = Shown(Principal(PrincipalKind.GROUP, name), name)
    for each, name in rows(SPACE, _SPACES, _S.id):
        found[SPACE, each] = Shown(Principal(PrincipalKind.SPACE, name), name)
    return found


class _Divisions:
    """Paths of divisions, each looked up once."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._known: dict[bytes, str] = {}

    def path(self, organisation: str, unit: bytes | None) -> str:
        """Answers `ORG[/DIVISION…]`."""
        if unit is None:
            return organisation
        if unit not in self._known:
            self._known[unit] = directory.division_path(self._tx, unit)
        return f"{organisation}/{self._known[unit]}"
