"""Who looks after the devices of an organisation in the browser: one right, given by an operator to a person of that
organisation, and judged here alone, in the transaction of what it guards. Whoever does not have it is told of nothing.
"""

from sqlalchemy import Connection, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server import audit, directory
from govsync.server.context import Server
from govsync.server.db import tables

_U, _D = tables.user.c, tables.device.c


def decide(server: Server, tx: Connection, login: str, has: bool) -> None:
    """Gives the right to a person, or takes it; raises Failure(not_found)."""
    directory.take_turn(tx)
    row = tx.execute(select(tables.user).where(_U.login == directory.login_key(login))).one_or_none()
    if row is None:
        raise Failure(Code.NOT_FOUND, name=login)
    tx.execute(update(tables.user).where(_U.id == row.id).values(fleet=has))
    directory.note(server, tx, "user", row.id, {**row._asdict(), "fleet": has})
    audit.note(server, tx, "fleet_right", directory.NOBODY, directory.NOBODY, of=row.id, has=has)


def has(tx: Connection, user: bytes) -> bool:
    """Says whether somebody has it."""
    return _organisation(tx, user) is not None


def require(tx: Connection, user: bytes) -> bytes:
    """Answers the organisation whose fleet somebody looks after; raises Failure(not_found)."""
    found = _organisation(tx, user)
    if found is None:
        raise Failure(Code.NOT_FOUND)
    return found


def require_device(tx: Connection, user: bytes, device: bytes) -> None:
    """Raises Failure(not_found) unless somebody looks after the fleet of which a device is one."""
    org = require(tx, user)
    owner = select(_U.org).join_from(tables.device, tables.user, _D.user == _U.id)
    in_fleet = _D.state.in_((directory.ACTIVE, directory.SIGNED_OUT))
    if tx.execute(owner.where(_D.id == device, in_fleet)).scalar() != org:
        raise Failure(Code.NOT_FOUND)


def _organisation(tx: Connection, user: bytes) -> bytes | None:
    mine = (_U.id == user, _U.state == directory.ACTIVE, _U.fleet)
    found = tx.execute(select(_U.org).where(*mine)).scalar()
    return None if found is None else bytes(found)
