"""Which spaces a person reaches, and how far each has come (R38, R42); `mounts` says where they hang."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from govsync.content.chunks import SCHEME
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.digest import heads_digest
from govsync.protocol.session import (
    Head,
    Heads,
    Me,
    Role,
    SpaceInfo,
    SpaceKind,
    Spaces,
    SpacesAsked,
    SpaceState,
)
from govsync.server import access, chain, directory, mounts, quota
from govsync.server.access import Memberships
from govsync.server.context import Caller, Server
from govsync.server.db import tables

_IN = 400
_HEADS = select(tables.space.c.id, tables.space.c.head, tables.space.c.chain).where(
    tables.space.c.id.in_(bindparam("asked", expanding=True))
)


def me(server: Server, caller: Caller, version: str) -> Me:
    """Tells a desk who it is for the server, and the limits that it must obey."""
    with server.database.begin(write=False) as tx:
        u, o = tables.user.c, tables.org.c
        row = tx.execute(
            select(u.login, u.name, o.name.label("org"))
            .join_from(tables.user, tables.org, u.org == o.id)
            .where(u.id == caller.user)
        ).one()
    return Me(
        user=caller.user, login=row.login, name=row.name, organisation=row.org, limits=server.limits, scheme=SCHEME,
        time_ms=server.clock.time_ms(), version=version,
        min_client=server.least_client or "0.0.0",
    )  # fmt: skip


def spaces(server: Server, caller: Caller, asked: SpacesAsked) -> Spaces:
    """Answers for each space that the desk holds, and for every other one that the person reaches (R38).

    On the way, what the person cannot find anywhere is given a place in the person's own space (`mounts`).
    """
    with server.database.begin(write=False) as tx:
        mine = access.memberships(tx, caller.user)
        rows = mounts.rows_of(tx, [*asked.have, *mine])
        misplaced = mounts.is_misplaced(tx, caller, mine, rows)
        owners = _Owners(tx)
        held = set(asked.have)
        found = [
            _info(rows[space], state, role, owners)
            for space, (state, role) in mine.items()
            if space in rows and (state is SpaceState.MEMBER or space in held)
        ]
    if misplaced:
        mounts.settle(server, caller)
    for space in asked.have:
        if space not in mine:
            found.append(SpaceInfo(id=space, state=SpaceState.UNKNOWN))
        elif space not in rows:
            found.append(SpaceInfo(id=space, state=SpaceState.DELETED))
    found.sort(key=lambda info: (info.kind is not SpaceKind.PERSONAL, info.id))
    return Spaces(spaces=tuple(found))


def info(tx: Connection, caller: Caller, space: bytes) -> SpaceInfo:
    """Answers one space as the caller reaches it; raises Failure(not_found)."""
    state, role = access.memberships(tx, caller.user).get(space, (SpaceState.UNKNOWN, Role.VIEWER))
    row = mounts.rows_of(tx, [space]).get(space)
    if state is not SpaceState.MEMBER or row is None:
        raise Failure(Code.NOT_FOUND)
    return _info(row, state, role, _Owners(tx))


class _Owners:
    """The names by which a desk finds a space again after a fire (R35)."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._organisations: dict[bytes, str] = {}
        self._owners: dict[bytes, str] = {}

    def organisation(self, row: Any) -> str:
        if row.owner_org not in self._organisations:
            query = select(tables.org.c.name).where(tables.org.c.id == row.owner_org)
            self._organisations[row.owner_org] = str(self._tx.execute(query).scalar() or "")
        return self._organisations[row.owner_org]

    def owner(self, row: Any) -> str:
        """Answers a person's login, or a division's path: two divisions may have one name in two places. The owner of what
        was a folder is the one of the space that it was in, until it is passed on (`owners`)."""
        if row.owner not in self._owners:
            query = select(tables.user.c.login).where(tables.user.c.id == row.owner)
            login = self._tx.execute(query).scalar()
            found = directory.division_path(self._tx, row.owner) if login is None else str(login)
            self._owners[row.owner] = found
        return self._owners[row.owner]

    def used_bytes(self, row: Any) -> int:
        """Answers how much counts for a space's quota; where it has none, what is in it."""
        return quota.used_bytes(self._tx, row) if row.quota else int(row.bytes)


def _info(row: Any, state: SpaceState, role: Role, owners: _Owners) -> SpaceInfo:
    if state is not SpaceState.MEMBER:
        return SpaceInfo(id=row.id, state=state)
    return SpaceInfo(
        id=row.id, state=state, kind=SpaceKind(row.kind), name=row.name, role=role, root=row.root, epoch=row.epoch,
        owner_organisation=owners.organisation(row), owner=owners.owner(row), quota_bytes=row.quota,
        used_bytes=owners.used_bytes(row),
    )  # fmt: skip


def heads(server: Server, caller: Caller) -> Heads:
    """Answers the newest sequence of every space that the person may read, and their digest."""
    with server.database.begin(write=False) as tx:
        mine = access.memberships(tx, caller.user)
        found = heads_of(tx, {caller.user: mine})[caller.user]
        return Heads(epoch=directory.epoch(tx), heads=found, digest=heads_digest(found))


def heads_of(tx: Connection, memberships: Mapping[bytes, Memberships]) -> dict[bytes, tuple[Head, ...]]:
    """Answers the newest sequences for many people at once, given what each is a member of."""
    mine = {user: access.readable(spaces) for user, spaces in memberships.items()}
    asked = sorted({space for spaces in mine.values() for space in spaces})
    newest = {head.space: head for head in newest_of(tx, asked)}
    return {
        user: tuple(newest[space] for space in sorted(spaces) if space in newest)
        for user, spaces in mine.items()
    }


def newest_of(tx: Connection, asked: Sequence[bytes]) -> Iterator[Head]:
    """Yields the newest sequence of each space that exists, of those asked."""
    for start in range(0, len(asked), _IN):
        rows = tx.execute(_HEADS, {"asked": asked[start : start + _IN]})
        yield from (Head(row.id, row.head, bytes(row.chain[: chain.QUOTED])) for row in rows)
