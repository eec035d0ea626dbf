"""Orders to take the files off a device: given by IT, heard by the desk with its beats, and obeyed by the desk alone, which
removes what is safely here and keeps all else (docs/decisions/0043).

An order has an id and belongs to one life of the database: a copy that is put back and said to be one repeats no order. One that
has begun ends with the next sign-in of the device, one that has not waits for it. A token from a life that a copy lost ends
either: what that copy still orders may have been done, or taken back, since.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.fleet import Wiped
from govsync.server import accounts, audit, directory
from govsync.server.context import Caller, Server
from govsync.server.db import tables

_W, _D = tables.wipe.c, tables.device.c


class Order(msgspec.Struct, frozen=True):
    """An order that stands."""

    id: bytes
    epoch: bytes


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the newest order for a device."""

    at_ms: int
    begun_ms: int | None
    ended_ms: int | None
    removed: int | None
    kept: int | None


def order(server: Server, tx: Connection, device: bytes, by: bytes = directory.NOBODY) -> bool:
    """Orders, on behalf of somebody or of an operator, that a device be wiped, and says whether it can hear that: one that is
    signed out asks for nothing. An order that stands already is not given again."""
    row = _turn(tx, device)
    state = tx.execute(select(tables.user.c.state).where(tables.user.c.id == row.user)).scalar()
    if (row.state, state) != (directory.ACTIVE, directory.ACTIVE):
        return False
    if not standing(tx, [device]):
        tx.execute(delete(tables.wipe).where(_W.device == device))
        new = {
            "device": device, "id": server.ids.new(), "epoch": directory.epoch(tx), "at_ms": server.clock.time_ms(),
        }  # fmt: skip
        tx.execute(insert(tables.wipe), [new])
        _note(server, tx, row, "device_wipe", by)
    return True


def keep(server: Server, tx: Connection, device: bytes, by: bytes = directory.NOBODY) -> bool:
    """Takes an order back that has not begun, and says whether there was one."""
    row = _turn(tx, device)
    gone = tx.execute(delete(tables.wipe).where(_W.device == device, _W.begun_ms.is_(None)))
    if gone.rowcount:
        _note(server, tx, row, "device_keep", by)
    return bool(gone.rowcount)


def standing(tx: Connection, devices: Iterable[bytes]) -> dict[bytes, Order]:
    """Answers the orders of this life of the database that are not carried out yet, by device."""
    query = select(_W.device, _W.id, _W.epoch).where(_W.device.in_(list(devices)), _W.ended_ms.is_(None))
    rows = tx.execute(query.where(_W.epoch == directory.epoch(tx)))
    return {row.device: Order(row.id, row.epoch) for row in rows}


def shown(tx: Connection, device: bytes) -> Shown | None:
    """Answers how far the order for a device is, None where there is none in this life of the database."""
    row = tx.execute(select(tables.wipe).where(_W.device == device)).one_or_none()
    if row is None or (row.ended_ms is None and row.epoch != directory.epoch(tx)):
        return None
    return Shown(
        at_ms=row.at_ms, begun_ms=row.begun_ms, ended_ms=row.ended_ms, removed=row.removed, kept=row.kept
    )


def begin(server: Server, caller: Caller, order: bytes) -> None:
    """Notes that a desk begins to obey, from when on the order cannot be taken back; raises Failure(not_found) where it does
    not stand any more."""
    with server.database.begin() as tx:
        _turn(tx, caller.device)
        found = standing(tx, [caller.device]).get(caller.device)
        if found is None or found.id != order:
            raise Failure(Code.NOT_FOUND)
        mine = update(tables.wipe).where(_W.device == caller.device, _W.begun_ms.is_(None))
        tx.execute(mine.values(begun_ms=server.clock.time_ms()))


def end(server: Server, caller: Caller, order: bytes, result: Wiped) -> None:
    """Notes what became of the files, and ends the device's session; raises Failure(not_found) for what it had not begun."""
    with server.database.begin() as tx:
        row = _turn(tx, caller.device)
        mine = update(tables.wipe).where(
            _W.device == caller.device, _W.id == order, _W.begun_ms.is_not(None), _W.ended_ms.is_(None)
        )
        done = tx.execute(
            mine.values(ended_ms=server.clock.time_ms(), removed=result.removed, kept=result.kept)
        )
        if not done.rowcount:
            raise Failure(Code.NOT_FOUND)
        accounts.end_session(tx, caller.device)
        told = directory.device_row(row) | {"state": directory.SIGNED_OUT}
        directory.note(server, tx, "device", caller.device, told)
        told_by = (caller.user, caller.device)
        audit.note(server, tx, "device_wiped", *told_by, removed=result.removed, kept=result.kept)


def _turn(tx: Connection, device: bytes) -> Any:
    """Waits for the turn to change the directory; answers the device."""
    directory.take_turn(tx)
    return tx.execute(select(tables.device).where(_D.id == device)).one()


def _note(server: Server, tx: Connection, row: Any, kind: str, by: bytes) -> None:
    """Writes it down; by the journal every replica learns that this person's desks are to be looked at."""
    directory.note(server, tx, "device", row.id, directory.device_row(row))
    audit.note(server, tx, kind, by, directory.NOBODY, of=row.id)
