"""Where spaces hang: whatever a person may read, or add to, is found below the person's own space, once (R25, R38).

A space that was a folder hangs where the folder was. Who does not see it there has it at the top of the own space, as a
team's space, until it comes into sight elsewhere or the membership ends. What hangs in a space that its person may only add
to is not in sight there. All of this is done when a desk of the person asks, and is told as the doing of whoever gave the
space or took it (`attribution`), never of who asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from govsync.model import names
from govsync.model.nodes import Kind
from govsync.protocol.changes import NodeState
from govsync.protocol.session import SpaceKind
from govsync.server import access, chain, directory
from govsync.server.access import Memberships
from govsync.server.attribution import Attribution
from govsync.server.chain import JournalEntry
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among
from govsync.server.db.connect import lock_space
from govsync.server.db.insert import execute_many, insert_rows
from govsync.server.view import shown, state_of

Rows = Mapping[bytes, Any]
"""Rows of spaces, by id."""
_SPACES = select(tables.space).where(tables.space.c.id.in_(AMONG))
_MOUNTS = select(tables.node).where(
    tables.node.c.space.in_(AMONG),
    tables.node.c.target_space.is_not(None),
    tables.node.c.deleted_seq.is_(None),
)
_BURY = (
    update(tables.node)
    .where(tables.node.c.id == bindparam("node_id"))
    .values(deleted_seq=bindparam("q"), seq=bindparam("q"))
)
_MADE = select(tables.journal.c.seq, tables.journal.c.at_ms).where(
    tables.journal.c.stream == bindparam("stream"), tables.journal.c.seq.in_(AMONG)
)
_TAKEN = select(tables.node.c.key).where(tables.node.c.parent.in_(AMONG), tables.node.c.deleted_seq.is_(None))


class _Misplaced(msgspec.Struct, frozen=True):
    """What hangs nowhere, and mounts in the own space that show what cannot be seen any more, or is seen elsewhere too."""

    new: Sequence[Any]
    gone: Sequence[Any]


def rows_of(tx: Connection, spaces: Iterable[bytes]) -> dict[bytes, Any]:
    """Answers the rows of those of these spaces that exist."""
    return {row.id: row for row in ask_among(tx, _SPACES, spaces)}


def is_misplaced(tx: Connection, caller: Caller, mine: Memberships, rows: Rows) -> bool:
    """Says whether there is anything for `settle` to do."""
    found = _misplaced(tx, caller, mine, rows)
    return bool(found.new or found.gone)


def settle(server: Server, caller: Caller) -> None:
    """Hangs spaces into the person's own, at its root, under a free name: never into a folder of that name, whose private
    files would become everybody's (R25); and takes away what has no place there any more."""
    with server.database.begin() as tx:
        mine = access.memberships(tx, caller.user)
        rows = rows_of(tx, mine)
        own = _own(caller, rows)
        # The lock before the look: two desks of one person that ask at once must not both find a place missing.
        own = lock_space(tx, own.id) if own is not None else None
        found = _misplaced(tx, caller, mine, rows)
        if own is None or not (found.new or found.gone):
            return
        moved = [*(each.id for each in found.new), *(mount.target_space for mount in found.gone)]
        by = Attribution(tx, caller.user, mine, moved)
        entries = [
            *_removed(server, by, tx, own, found.gone),
            *_added(server, by, tx, own, found.new, own.head + len(found.gone)),
        ]
        head, value = chain.append(tx, own.id, own.head, own.chain, entries)
        s = tables.space
        tx.execute(update(s).where(s.c.id == own.id).values(head=head, chain=value))


def mount_of(node: bytes, parent: bytes, name: str, place: bytes, seq: int, target: Any) -> NodeState:
    """Answers a mount of a space (its row), as it travels."""
    return NodeState(
        node=node, kind=Kind.MOUNT, parent=parent, name=name, place=place, seq=seq, target_space=target.id, root=target.root,
    )  # fmt: skip


def insert_mounts(tx: Connection, space: bytes, states: Sequence[NodeState]) -> None:
    """Makes the rows of new mounts in a space."""
    rows = [
        {
            "id": state.node, "space": space, "parent": state.parent, "name": state.name, "key": names.key(state.name),
            "kind": Kind.MOUNT.value, "target_space": state.target_space, "root": state.root, "place": state.place,
            "size": 0, "mtime_ns": 0, "exec": False, "seq": state.seq, "created_seq": state.seq,
        }
        for state in states
    ]  # fmt: skip
    insert_rows(tx, tables.node, rows)


def _own(caller: Caller, rows: Rows) -> Any:
    mine = (row for row in rows.values() if row.kind == SpaceKind.PERSONAL and row.owner == caller.user)
    return next(mine, None)


def _misplaced(tx: Connection, caller: Caller, mine: Memberships, rows: Rows) -> _Misplaced:
    own = _own(caller, rows)
    if own is None:
        return _Misplaced((), ())
    readable, reached = set(access.readable(mine)), set(access.reached(mine))
    here: list[Any] = []
    inside: dict[bytes, set[bytes]] = {}
    for mount in sorted(ask_among(tx, _MOUNTS, readable | {own.id}), key=lambda row: bytes(row.id)):
        if mount.space == own.id:
            here.append(mount)
        elif mount.target_space in reached:
            inside.setdefault(mount.space, set()).add(mount.target_space)
    ended = mine.keys() - reached
    gone = [mount for mount in here if mount.target_space in ended]
    kept = [mount for mount in here if mount.target_space not in ended]
    seen = _seen((mount.target_space for mount in kept), inside)
    hidden = [
        space for space in sorted(reached - seen) if space in rows and rows[space].kind != SpaceKind.PERSONAL
    ]
    new = _tops(hidden, inside)
    elsewhere = {target for targets in inside.values() for target in targets}
    for mount in [mount for mount in kept if mount.target_space in elsewhere]:
        others = [each for each in kept if each is not mount]
        if mount.target_space in _seen([*new, *(each.target_space for each in others)], inside):
            kept = others
            gone.append(mount)
    return _Misplaced([rows[space] for space in new], gone)


def _seen(tops: Iterable[bytes], inside: Mapping[bytes, set[bytes]]) -> set[bytes]:
    """Answers which spaces are found when one goes down from some of them, through mounts."""
    found: set[bytes] = set()
    waiting = list(tops)
    while waiting:
        space = waiting.pop()
        if space not in found:
            found.add(space)
            waiting.extend(inside.get(space, ()))
    return found


def _tops(hidden: Sequence[bytes], inside: Mapping[bytes, set[bytes]]) -> list[bytes]:
    """Answers from which of these spaces all of them are found: those that hang in no other, and one of each circle."""
    held = {target for space in hidden for target in inside.get(space, ()) if target != space}
    tops = [space for space in hidden if space not in held]
    seen = _seen(tops, inside)
    for space in hidden:
        if space not in seen:
            tops.append(space)
            seen |= _seen([space], inside)
    return tops


def _added(
    server: Server, by: Attribution, tx: Connection, own: Any, targets: Sequence[Any], head: int
) -> list[JournalEntry]:
    """Makes mounts at the root of a space; answers what its journal says of them, after `head`."""
    taken = {key for (key,) in ask_among(tx, _TAKEN, [own.root])} if targets else set()
    turns: dict[str, int] = {}
    states: list[NodeState] = []
    for seq, target in enumerate(targets, head + 1):
        node, first = server.ids.new(), names.nfc(target.name)
        name, turn = first, turns.get(first, 1)
        while names.key(name) in taken:
            turn += 1
            name = names.second_name(first, turn)
        turns[first] = turn
        taken.add(names.key(name))
        states.append(mount_of(node, own.root, name, node, seq, target))
    insert_mounts(tx, own.id, states)
    givers = [by.giver(target.id) for target in targets]
    return [
        _entry(server, user, state.node, "mount", state) for user, state in zip(givers, states, strict=True)
    ]


def _removed(
    server: Server, by: Attribution, tx: Connection, own: Any, mounts: Sequence[Any]
) -> list[JournalEntry]:
    """Takes mounts out of a space; answers what its journal says of them."""
    states = [
        msgspec.structs.replace(shown(state_of(mount)), dead=True, seq=seq)
        for seq, mount in enumerate(mounts, own.head + 1)
    ]
    execute_many(tx, _BURY, [{"node_id": state.node, "q": state.seq} for state in states])
    made_ms = dict(ask_among(tx, _MADE, [mount.created_seq for mount in mounts], stream=own.id))
    takers = [by.taker(mount.target_space, made_ms[mount.created_seq]) for mount in mounts]
    return [
        _entry(server, user, server.ids.new(), "delete", state)
        for user, state in zip(takers, states, strict=True)
    ]


def _entry(server: Server, user: bytes, key: bytes, kind: str, state: NodeState) -> JournalEntry:
    return JournalEntry(
        key=key, kind=kind, node=state.node, user=user, device=directory.NOBODY, at_ms=server.clock.time_ms(),
        body=msgspec.msgpack.encode(state),
    )  # fmt: skip
