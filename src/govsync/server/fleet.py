"""The fleet: every device with its person, as IT sees it and answers for it; what a device did not tell is empty, never guessed.

A device is signed out from here as by itself: its tokens go, the next call with an access token that is still young is refused,
and its stream says so within a second, at whichever replica. Files are nothing that the server could take from a desk by that.
"""

import csv
import datetime
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server import accounts, audit, directory
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.directory import ACTIVE, SIGNED_OUT

SEEN_EVERY_MS = 5 * 60_000
"""How exactly it is known when a desk was last there: to note each beat would be hundreds of writes a second."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With one of these a spreadsheet takes a text for a formula (OWASP, "CSV Injection")."""
_D, _U, _O = tables.device.c, tables.user.c, tables.org.c


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device, as it is shown; moments are RFC 3339."""

    login: str
    organisation: str
    name: str
    machine: str
    state: str
    seen: str
    device: str


KEYS = {
    "login": "Whose it is.",
    "organisation": "That person's organisation.",
    "name": "What the machine is called.",
    "machine": "A hash that is the same for all devices of one machine, and tells nothing else about it.",
    "state": "`signed_out`, or empty.",
    "seen": "When the server last heard of it, to five minutes.",
    "device": "Its id.",
}
"""What each key of a device means; the keys are a contract (docs/reference/fleet.md)."""

_EVERY = (
    select(
        _D.id, _D.name, _D.machine, _D.state, _D.seen_ms, _U.login, _U.state.label("person"),
        _O.name.label("organisation"),
    )
    .join_from(tables.device, tables.user, _D.user == _U.id)
    .join(tables.org, _U.org == _O.id)
    .where(_D.state.in_((ACTIVE, SIGNED_OUT)))
    .order_by(_U.login, _D.name, _D.id)
)  # fmt: skip


def devices(tx: Connection, state: str | None = None) -> list[Device]:
    """Lists all devices by login and name, or those in a state."""
    found = (_device(row) for row in tx.execute(_EVERY))
    return [each for each in found if state in (None, each.state)]


def _device(row: Any) -> Device:
    # Whoever is shut out has no session on any device, whatever was noted of the device.
    is_in = row.state == ACTIVE and row.person == ACTIVE
    return Device(
        login=row.login, organisation=row.organisation, name=row.name, machine=row.machine,
        state="" if is_in else SIGNED_OUT, seen=_moment(row.seen_ms), device=row.id.hex(),
    )  # fmt: skip


def _moment(time_ms: int | None) -> str:
    if time_ms is None:
        return ""
    value = datetime.datetime.fromtimestamp(time_ms / 1000, datetime.UTC)
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")


def as_csv(found: Iterable[Device]) -> str:
    """Writes devices as a table for spreadsheets (RFC 4180), in which no text of a device counts as a formula."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(Device.__struct_fields__)
    for each in found:
        table.writerow([_cell(getattr(each, name)) for name in Device.__struct_fields__])
    return written.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value


def named(tx: Connection, text: str) -> Sequence[bytes]:
    """Answers which devices are meant by an id, or by a name; raises Failure(not_found) where there is none."""
    known = select(_D.id).where(_D.state.in_((ACTIVE, SIGNED_OUT)))
    found: list[bytes] = []
    if re.fullmatch("[0-9a-f]{32}", text, re.ASCII):
        found = list(tx.execute(known.where(_D.id == bytes.fromhex(text))).scalars())
    found = found or list(tx.execute(known.where(_D.name == text).order_by(_D.id)).scalars())
    if not found:
        raise Failure(Code.NOT_FOUND, name=text)
    return found


def sign_out(server: Server, tx: Connection, device: bytes) -> None:
    """Ends the session of a device; all files stay on it. Harmless where it has none."""
    directory.take_turn(tx)
    row = tx.execute(select(tables.device).where(_D.id == device)).one()
    accounts.end_session(tx, device)
    directory.note(server, tx, "device", device, directory.device_row(row) | {"state": SIGNED_OUT})
    audit.note(server, tx, "device_sign_out", directory.NOBODY, directory.NOBODY, of=device)


def note_seen(server: Server, found: Sequence[tuple[bytes, int]]) -> None:
    """Notes that devices are there, of those that were last noted, at a moment in ms, a while ago."""
    now_ms = server.clock.time_ms()
    # Away from now on either side: a clock that went back must not keep a device old for years.
    due = sorted(device for device, seen_ms in found if abs(now_ms - seen_ms) >= SEEN_EVERY_MS)
    if due:
        with server.database.begin() as tx:
            tx.execute(update(tables.device).where(_D.id.in_(due)).values(seen_ms=now_ms))
