"""What is charged to whom: all that a space holds, once and to its owner, however many share it (R39).

A quota is that of a person's own space, or of a division's. What was shared out of it still counts there, and so does what
was passed on to its owner since (`owners`): a share neither multiplies a quota nor escapes it.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import SpaceKind
from govsync.server import audit, directory, named
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space

NONE = 0
"""The quota of whoever may fill any number of bytes."""
_S, _U = tables.space.c, tables.user.c
_HOME = select(tables.space).where(_S.owner == bindparam("owner"), _S.kind != SpaceKind.SHARED.value)
_OTHERS = select(func.coalesce(func.sum(_S.bytes), 0)).where(
    _S.owner == bindparam("owner"), _S.id != bindparam("space")
)


def most_bytes(tx: Connection, row: Any, lock: bool = False) -> int | None:
    """Answers how many bytes a space (its row) may hold beside all else that is charged to its owner; None: any number.

    With `lock` nothing grows meanwhile that is charged to the same owner: who holds the lock of a shared space waits for that
    of its owner's own one, never the other way round.
    """
    home = row
    if row.kind == SpaceKind.SHARED:
        home = tx.execute(_HOME, {"owner": row.owner}).one_or_none()
    if home is None or not home.quota:
        return None
    if lock and home is not row:
        lock_space(tx, home.id)
    others = tx.execute(_OTHERS, {"owner": row.owner, "space": row.id}).scalar_one()
    return max(0, int(home.quota) - int(others))


def used_bytes(tx: Connection, row: Any) -> int:
    """Answers how much is charged to the owner of a space that has a quota."""
    return int(row.bytes) + int(tx.execute(_OTHERS, {"owner": row.owner, "space": row.id}).scalar_one())


class Charged(msgspec.Struct, frozen=True):
    """A person, by login, or a division, by `ORG/NAME…`: how many bytes are charged to it, and how many may be."""

    owner: str
    name: str
    used_bytes: int
    quota_bytes: int


def decide(server: Server, tx: Connection, whom: str, quota_bytes: int) -> None:
    """Sets how many bytes may be charged to a person or a division; raises Failure(not_found).

    Nothing goes where more is there already: what makes it more is refused until it fits (R39)."""
    home = tx.execute(_HOME, {"owner": _owner(tx, whom)}).one()
    row = lock_space(tx, home.id)
    tx.execute(update(tables.space).where(_S.id == row.id).values(quota=quota_bytes))
    directory.note(server, tx, "space", row.id, row._asdict() | {"quota": quota_bytes})
    audit.note(server, tx, "quota", directory.NOBODY, directory.NOBODY, of=row.id, quota_bytes=quota_bytes)


def _owner(tx: Connection, whom: str) -> bytes:
    if "/" in whom:
        owner = directory.find_unit(tx, whom)[1]
    else:
        owner = tx.execute(select(_U.id).where(_U.login == directory.login_key(whom))).scalar()
    if owner is None:
        raise Failure(Code.NOT_FOUND, name=whom)
    return bytes(owner)


def limited(tx: Connection) -> list[Charged]:
    """Lists who has a quota, by name of login or division."""
    homes = tx.execute(select(tables.space).where(_S.quota != NONE)).all()
    kinds = {SpaceKind.PERSONAL: named.USER, SpaceKind.TEAM: named.UNIT}
    shown = named.shown(tx, [(kinds[SpaceKind(row.kind)], row.owner) for row in homes])
    found = []
    for row in homes:
        owner = shown[kinds[SpaceKind(row.kind)], row.owner]
        found.append(Charged(owner.who.name, owner.title, used_bytes(tx, row), int(row.quota)))
    return sorted(found, key=lambda each: each.owner)
