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
from govsync.model.documents import from_json
from govsync.model.problems import Failure
from govsync.protocol.fleet import NOTHING, Health
from govsync.server import accounts, audit, directory, releases
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.directory import ACTIVE, SIGNED_OUT

SEEN_EVERY_MS = 5 * 60_000
"""How exactly it is known when a desk was last there: to note each beat would be hundreds of writes a second."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With one of these a spreadsheet takes a text for a formula (OWASP, "CSV Injection")."""
_WORD = re.compile("[a-z_]{1,40}")
_D, _U, _O = tables.device.c, tables.user.c, tables.org.c
_W = tables.wipe.c


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device, as it is shown; moments are RFC 3339."""

    login: str
    organisation: str
    name: str
    machine: str
    system: str
    version: str
    state: str
    kept: int | None
    problems: dict[str, int] | None
    in_sync: str | None
    reported: str | None
    seen: str
    device: str


KEYS = {
    "login": "Whose it is.",
    "organisation": "That person's organisation.",
    "name": "What the machine is called.",
    "machine": "A hash that is the same for all devices of one machine, and tells nothing else about it.",
    "system": "The operating system, as the device told.",
    "version": "The version of GovSync, as the device told.",
    "state": "`wiping`: it is to take its files off when it asks next, or does so; `wiped`: it has; `signed_out`; else how the device was when it told so last: a state as in `govsync status`.",
    "kept": "How many files a device that was wiped kept, since they were not safely on the server.",
    "problems": "How many problems it had then, by their [codes](codes.md).",
    "in_sync": "When it was last in sync, as it told then.",
    "reported": "When it told so. Where this is null the device tells nothing, or not any more, and so are `problems` and `in_sync`; `system` and `version` are empty then.",
    "seen": "When the server last heard of it, to five minutes.",
    "device": "Its id.",
}
"""What each key of a device means; the keys are a contract (docs/reference/fleet.md)."""

_EVERY = (
    select(
        _D.id, _D.name, _D.machine, _D.state, _D.seen_ms, _D.version, _D.system, _D.condition, _D.problems, _D.in_sync_ms,
        _D.told_ms, _W.ended_ms, _W.kept, _W.epoch, _U.login, _U.state.label("person"),
        _O.name.label("organisation"),
    )
    .join_from(tables.device, tables.user, _D.user == _U.id)
    .join(tables.org, _U.org == _O.id)
    .outerjoin(tables.wipe, _W.device == _D.id)
    .where(_D.state.in_((ACTIVE, SIGNED_OUT)))
    .order_by(_U.login, _D.name, _D.id)
)  # fmt: skip


def devices(
    tx: Connection, state: str | None = None, older_than: str | None = None, org: bytes | None = None
) -> list[Device]:
    """Lists all devices by login and name, of an organisation or of all, or those of them that `narrowed` leaves; raises
    Failure(bad_request)."""
    epoch = directory.epoch(tx)
    rows = tx.execute(_EVERY if org is None else _EVERY.where(_U.org == org))
    return narrowed((_device(row, epoch) for row in rows), state, older_than)


def device(tx: Connection, device: bytes) -> Device:
    """Answers one device that there is."""
    return _device(tx.execute(_EVERY.where(_D.id == device)).one(), directory.epoch(tx))


def narrowed(found: Iterable[Device], state: str | None, older_than: str | None) -> list[Device]:
    """Answers those in a state, and of which it is known that their version is older than one; raises Failure(bad_request) for
    what is no version."""
    found = [each for each in found if state in (None, each.state)]
    if older_than is None:
        return found
    limit = releases.release(older_than)
    if limit is None:
        raise Failure(Code.BAD_REQUEST, what=f"version: {older_than}")
    known = ((each, releases.release(each.version)) for each in found)
    return [each for each, release in known if release is not None and release < limit]


def _device(row: Any, epoch: bytes) -> Device:
    # Whoever is shut out has no session on any device, whatever was noted of the device.
    is_in = row.state == ACTIVE and row.person == ACTIVE
    return Device(
        login=row.login, organisation=row.organisation, name=row.name, machine=row.machine,
        system=row.system or "", version=row.version or "", state=_ordered(row, epoch) or ((row.condition or "") if is_in else SIGNED_OUT), kept=row.kept,
        problems=from_json(row.problems.encode(), dict[str, int]) if row.problems is not None else None,
        in_sync=_maybe(row.in_sync_ms), reported=_maybe(row.told_ms), seen=_moment(row.seen_ms), device=row.id.hex(),
    )  # fmt: skip


def _ordered(row: Any, epoch: bytes) -> str:
    """Answers what is to be said of an order; nothing where there is none, or only one of another life of the database."""
    if row.ended_ms is not None:
        return "wiped"
    return "wiping" if row.epoch == epoch else ""


def _moment(time_ms: int) -> str:
    value = datetime.datetime.fromtimestamp(time_ms / 1000, datetime.UTC)
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")


def _maybe(time_ms: int | None) -> str | None:
    return None if time_ms is None else _moment(time_ms)


def as_csv(found: Iterable[Device]) -> str:
    """Writes devices as a table for spreadsheets (RFC 4180), in which no text of a device counts as a formula."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(Device.__struct_fields__)
    for each in found:
        table.writerow([_cell(getattr(each, name)) for name in Device.__struct_fields__])
    return written.getvalue()


def _cell(value: str | int | dict[str, int] | None) -> str:
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else counted(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def counted(problems: dict[str, int] | None) -> str:
    """Writes how many problems there are by code: `disk_full 1, quota 12`."""
    return ", ".join(f"{code} {count}" for code, count in sorted((problems or {}).items()))


def take_report(server: Server, caller: Caller, report: Health) -> None:
    """Keeps how a device is, in the place of what it told before, or forgets that (`NOTHING`); raises Failure(bad_request) for a
    state or a code that is not of the form that all have: a name could be nothing else."""
    with server.database.begin() as tx:
        tx.execute(update(tables.device).where(_D.id == caller.device).values(_kept(server, report)))


def _kept(server: Server, report: Health) -> dict[str, Any]:
    """Answers what stands in the row of a device that told this."""
    if report == NOTHING:
        return dict.fromkeys(("version", "system", "condition", "problems", "in_sync_ms", "told_ms"))
    words = (report.state, *(each.code for each in report.problems))
    if not all(_WORD.fullmatch(word) for word in words):
        raise Failure(Code.BAD_REQUEST, what="word")
    problems = {each.code: each.count for each in report.problems}
    return {
        "version": directory.printable(report.version), "system": directory.printable(report.system),
        "condition": report.state, "problems": msgspec.json.encode(problems).decode(),
        "in_sync_ms": report.in_sync_ms, "told_ms": server.clock.time_ms(),
    }  # fmt: skip


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


def sign_out(server: Server, tx: Connection, device: bytes, by: bytes = directory.NOBODY) -> None:
    """Ends the session of a device, on behalf of somebody or of an operator; all files stay on it. Harmless where it has none."""
    directory.take_turn(tx)
    row = tx.execute(select(tables.device).where(_D.id == device)).one()
    accounts.end_session(tx, device)
    directory.note(server, tx, "device", device, directory.device_row(row) | {"state": SIGNED_OUT})
    audit.note(server, tx, "device_sign_out", by, directory.NOBODY, of=device)


def note_seen(server: Server, found: Sequence[tuple[bytes, int]]) -> None:
    """Notes that devices are there, of those that were last noted, at a moment in ms, a while ago."""
    now_ms = server.clock.time_ms()
    # Away from now on either side: a clock that went back must not keep a device old for years.
    due = sorted(device for device, seen_ms in found if abs(now_ms - seen_ms) >= SEEN_EVERY_MS)
    if due:
        with server.database.begin() as tx:
            tx.execute(update(tables.device).where(_D.id.in_(due)).values(seen_ms=now_ms))
