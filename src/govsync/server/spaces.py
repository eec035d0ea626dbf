"""Which spaces a person reaches, where they are mounted, and how far each has come (R25, R38, R42)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from govsync.content.chunks import SCHEME
from govsync.model import names
from govsync.model.nodes import Kind
from govsync.protocol.changes import NodeState
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
from govsync.server import access, chain, directory
from govsync.server.access import Memberships
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space

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
    )  # fmt: skip


def spaces(server: Server, caller: Caller, asked: SpacesAsked) -> Spaces:
    """Answers for each space that the desk holds, and for every other one that the person reaches (R38).

    On the way, team spaces that have no place in the person's own space yet are given one, and those whose membership has
    ended lose it (R25, R38).
    """
    with server.database.begin(write=False) as tx:
        mine = access.memberships(tx, caller.user)
        rows = _rows(tx, [*asked.have, *mine])
        misplaced = _unmounted(tx, caller, mine, rows) or _ended(tx, caller, mine, rows)
        owners = _Owners(tx)
        found = [
            _info(rows[space], state, role, owners) for space, (state, role) in mine.items() if space in rows
        ]
    if misplaced:
        _mount(server, caller)
    for space in asked.have:
        if space not in mine:
            found.append(SpaceInfo(id=space, state=SpaceState.UNKNOWN))
        elif space not in rows:
            found.append(SpaceInfo(id=space, state=SpaceState.DELETED))
    found.sort(key=lambda info: (info.kind is not SpaceKind.PERSONAL, info.id))
    return Spaces(spaces=tuple(found))


def _rows(tx: Connection, ids: list[bytes]) -> dict[bytes, Any]:
    found = tx.execute(select(tables.space).where(tables.space.c.id.in_(set(ids)))).all()
    return {row.id: row for row in found}


class _Owners:
    """The names by which a desk finds a space again after a fire (R35)."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx

    def organisation(self, row: Any) -> str:
        found = self._tx.execute(select(tables.org.c.name).where(tables.org.c.id == row.owner_org)).scalar()
        return str(found or "")

    def owner(self, row: Any) -> str:
        """Answers a person's login, or a division's path: two divisions may have one name in two places."""
        if row.kind == SpaceKind.PERSONAL:
            query = select(tables.user.c.login).where(tables.user.c.id == row.owner)
            return str(self._tx.execute(query).scalar() or "")
        names: list[str] = []
        unit: bytes | None = row.owner
        while unit is not None:
            u = tables.unit.c
            found = self._tx.execute(select(u.name, u.parent).where(u.id == unit)).one_or_none()
            if found is None:
                break
            names.append(found.name)
            unit = found.parent
        return "/".join(reversed(names))


def _info(row: Any, state: SpaceState, role: Role, owners: _Owners) -> SpaceInfo:
    if state is not SpaceState.MEMBER:
        return SpaceInfo(id=row.id, state=state)
    return SpaceInfo(
        id=row.id, state=state, kind=SpaceKind(row.kind), name=row.name, role=role, root=row.root, epoch=row.epoch,
        owner_organisation=owners.organisation(row), owner=owners.owner(row), quota_bytes=row.quota, used_bytes=row.bytes,
    )  # fmt: skip


def _personal(caller: Caller, rows: dict[bytes, Any]) -> Any:
    mine = (row for row in rows.values() if row.kind == SpaceKind.PERSONAL and row.owner == caller.user)
    return next(mine, None)


def _unmounted(tx: Connection, caller: Caller, mine: Memberships, rows: dict[bytes, Any]) -> list[Any]:
    """Answers the spaces that a person may read and that have no place in the person's own."""
    personal = _personal(caller, rows)
    if personal is None:
        return []
    mounted = {mount.target_space for mount in _mounts(tx, personal.id)}
    readable = [rows[space] for space in access.readable(mine) if space in rows and space not in mounted]
    return [row for row in readable if row.kind != SpaceKind.PERSONAL]


def _mounts(tx: Connection, personal: bytes) -> Sequence[Any]:
    n = tables.node.c
    query = select(tables.node).where(
        n.space == personal, n.target_space.is_not(None), n.deleted_seq.is_(None)
    )
    return tx.execute(query.order_by(n.id)).all()


def _ended(tx: Connection, caller: Caller, mine: Memberships, rows: dict[bytes, Any]) -> list[Any]:
    """Answers the mounts of spaces whose membership has ended (R38)."""
    personal = _personal(caller, rows)
    if personal is None:
        return []
    readable = access.readable(mine)
    mounts = _mounts(tx, personal.id)
    return [mount for mount in mounts if mount.target_space in mine and mount.target_space not in readable]


def _mount(server: Server, caller: Caller) -> None:
    """Hangs spaces of others into the person's own, at its root, under a free name: never into a folder of that name,
    whose private files would become everybody's (R25); and takes away the places of those that may not be read any more.
    """
    with server.database.begin() as tx:
        mine = access.memberships(tx, caller.user)
        rows = _rows(tx, list(mine))
        # The lock before the look: two desks of one person that ask at once must not both find a place missing.
        personal = _personal(caller, rows)
        personal = lock_space(tx, personal.id) if personal is not None else None
        for row in _unmounted(tx, caller, mine, rows):
            personal = _add_mount(server, caller, tx, personal, row)
        for mount in _ended(tx, caller, mine, rows):
            personal = _remove_mount(server, caller, tx, personal, mount)


def _add_mount(server: Server, caller: Caller, tx: Connection, personal: Any, row: Any) -> Any:
    """Adds one mount; answers the row of the personal space as it is then."""
    personal_id = personal.id
    n = tables.node.c
    taken = {
        key
        for (key,) in tx.execute(
            select(n.key).where(n.space == personal_id, n.parent == personal.root, n.deleted_seq.is_(None))
        )
    }
    name, turn = names.nfc(row.name), 1
    while names.key(name) in taken:
        turn += 1
        name = names.second_name(row.name, turn)
    seq, node = personal.head + 1, server.ids.new()
    state = NodeState(
        node=node, kind=Kind.MOUNT, parent=personal.root, name=name, place=node, seq=seq, target_space=row.id
    )
    tx.execute(
        insert(tables.node),
        [
            {
                "id": node, "space": personal_id, "parent": personal.root, "name": name, "key": names.key(name),
                "kind": Kind.MOUNT, "target_space": row.id, "place": node, "size": 0, "mtime_ns": 0, "exec": False,
                "seq": seq, "created_seq": seq,
            }
        ],
    )  # fmt: skip
    return _journal(server, caller, tx, personal, node, "mount", state)


def _remove_mount(server: Server, caller: Caller, tx: Connection, personal: Any, mount: Any) -> Any:
    """Takes a mount away; answers the row of the personal space as it is then."""
    seq = personal.head + 1
    tx.execute(update(tables.node).where(tables.node.c.id == mount.id).values(deleted_seq=seq, seq=seq))
    state = NodeState(
        node=mount.id, kind=Kind.MOUNT, parent=mount.parent, name=mount.name, place=mount.place, seq=seq, dead=True,
        target_space=mount.target_space,
    )  # fmt: skip
    return _journal(server, caller, tx, personal, server.ids.new(), "delete", state)


def _journal(
    server: Server, caller: Caller, tx: Connection, personal: Any, key: bytes, kind: str, state: NodeState
) -> Any:
    entry = chain.JournalEntry(
        key=key, kind=kind, node=state.node, user=caller.user, device=directory.NOBODY, at_ms=server.clock.time_ms(),
        body=msgspec.msgpack.encode(state),
    )  # fmt: skip
    head, value = chain.append(tx, personal.id, personal.head, personal.chain, [entry])
    tx.execute(update(tables.space).where(tables.space.c.id == personal.id).values(head=head, chain=value))
    return lock_space(tx, personal.id)


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
