"""Who did what: rows that are appended in the transaction of what they tell of, and sealed in batches soon after.

A seal is one hash over a batch of rows and the seal before it, so that a row which is changed, removed or put in between later
does not fit its seal, nor any after it. Rows are appended freely, by any number of replicas at once; only sealing takes turns.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, exists, func, insert, select, update

from govsync.server import directory, horizon
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import take_turns
from govsync.server.db.insert import insert_rows

AT_ONCE = 5_000
"""So many rows have one seal at most."""
SEAL_S = 1.0
"""How long a row waits for its seal, where the server is not busy otherwise."""
BETWEEN = 1_000_000
"""So many rows about a space fit between two entries of its journal."""
_PURPOSE = "sealing"
_FIRST = bytes(32)
_A, _L = tables.audit.c, tables.seal.c
_SEALED = ("id", "at_ms", "kind", "user", "device", "body", "space", "position")


def note(
    server: Server,
    tx: Connection,
    kind: str,
    user: bytes,
    device: bytes,
    space: bytes | None = None,
    **facts: Any,
) -> None:
    """Appends a row; what is about a space finds its place behind the entry that is the newest in the space's journal."""
    row = {
        "id": server.ids.new(), "at_ms": horizon.moment(server, tx), "kind": kind, "user": user, "device": device,
        "body": msgspec.msgpack.encode(facts), "space": space, "position": None,
    }  # fmt: skip
    if space is not None:
        directory.take_turn(tx)
        row["position"] = _next_position(tx, space)
    insert_rows(tx, tables.audit, [row])


def note_visitor(server: Server, tx: Connection, kind: str, link: bytes, **facts: Any) -> None:
    """Appends what somebody without an account did: who that was is not known, and the link stands for the device. Strangers
    take no turns with the people of the space, so the row has no place among what these are shown."""
    note(server, tx, kind, directory.NOBODY, link, **facts)


def _next_position(tx: Connection, space: bytes) -> int:
    head = tx.execute(select(tables.space.c.head).where(tables.space.c.id == space)).scalar_one()
    last = tx.execute(select(func.max(_A.position)).where(_A.space == space)).scalar()
    return int(max(head * BETWEEN, last or 0)) + 1


def seal(server: Server, going: Callable[[], bool] = lambda: True) -> int:
    """Seals what is not sealed yet; answers how many rows those were."""
    count = 0
    while going() and (sealed := _seal_some(server)):
        count += sealed
    return count


def turn(server: Server, going: Callable[[], bool] = lambda: True) -> None:
    """Seals what is there, unless another replica is at it; where nothing is, nobody is kept waiting."""
    with server.database.begin(write=False) as tx:
        there = tx.execute(select(exists().where(_A.seal.is_(None)))).scalar()
    if there:
        with server.database.alone(_PURPOSE) as mine:
            if mine:
                seal(server, going)


def _seal_some(server: Server) -> int:
    with server.database.begin() as tx:
        take_turns(tx, _PURPOSE)
        rows = tx.execute(_rows().where(_A.seal.is_(None)).limit(AT_ONCE)).all()
        if not rows:
            return 0
        last = tx.execute(select(tables.seal).order_by(_L.number.desc()).limit(1)).one_or_none()
        number, before = (last.number + 1, last.hash) if last is not None else (1, _FIRST)
        made = {"number": number, "hash": _hash(before, rows), "at_ms": server.clock.time_ms()}
        tx.execute(insert(tables.seal), [made])
        # By their ids one by one: what came since then waits for the next seal.
        tx.execute(update(tables.audit).where(_A.id.in_([row.id for row in rows])).values(seal=number))
        return len(rows)


def first_broken(server: Server) -> int | None:
    """Answers the first seal that does not fit what it seals, or None where all do."""
    before, expected = _FIRST, 1
    with server.database.begin(write=False) as tx:
        newest = tx.execute(select(func.max(_L.number))).scalar() or 0
    while expected <= newest:
        with server.database.begin(write=False) as tx:
            found = tx.execute(select(_L.hash).where(_L.number == expected)).scalar()
            rows = tx.execute(_rows().where(_A.seal == expected)).all()
        if not rows or found is None or bytes(found) != _hash(before, rows):
            return expected
        before, expected = bytes(found), expected + 1
    with server.database.begin(write=False) as tx:
        beyond = tx.execute(select(func.min(_A.seal)).where(_A.seal.not_in(select(_L.number)))).scalar()
    return int(beyond) if beyond is not None else None


def _rows() -> Any:
    return select(*(_A[name] for name in _SEALED)).order_by(_A.id)


def _hash(before: bytes, rows: Sequence[Any]) -> bytes:
    digest = hashlib.sha256(before)
    for row in rows:
        digest.update(msgspec.msgpack.encode(list(row)))
    return digest.digest()
