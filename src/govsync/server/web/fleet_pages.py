"""The fleet in the browser: what an organisation's devices are and how they are, for whoever looks after them (`fleet_right`),
as a page and as tables to take along; and the two orders that are given there, each on a page of its own that says first what
will happen. Who gave an order stands in the audit.
"""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection, select
from starlette.responses import Response
from starlette.routing import Route

from govsync.model import ids
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import wire
from govsync.server import fleet, fleet_right, wipes
from govsync.server.db import tables
from govsync.server.fleet import Device
from govsync.server.web import fleet_view, pouring
from govsync.server.web.answers import HEADERS, attachment, onward
from govsync.server.web.fleet_view import PAGE, Asked
from govsync.server.web.signed_in import Door, Visit
from govsync.text import pages as words
from govsync.text.catalog import said

FLEET = "fleet"
Act = Callable[[Connection, bytes, bytes], None]
"""Does something to a device, on behalf of somebody."""


class FleetPages:
    """Binds the addresses of the fleet to what they answer."""

    def __init__(self, door: Door) -> None:
        self._door, self._server = door, door.server

    def routes(self) -> list[Route]:
        """Answers the routes."""
        door = self._door
        routes = [
            door.page(FLEET, "web_fleet", self._fleet),
            door.page(f"{FLEET}/devices.csv", "web_fleet_table", partial(self._table, "csv")),
            door.page(f"{FLEET}/devices.json", "web_fleet_table", partial(self._table, "json")),
            door.page(f"{FLEET}/{{device}}", "web_device", self._device),
        ]
        acts: dict[str, Act] = {"sign-out": self._sign_out, "wipe": self._wipe, "keep": self._keep}
        for name, act in acts.items():
            path = f"{FLEET}/{{device}}/{name}"
            routes.append(door.page(path, "web_device_ask", partial(self._ask, name)))
            routes.append(door.form(path, "web_device_do", partial(self._do, act)))
        return routes

    # The devices

    def _every(self, tx: Connection, visit: Visit) -> list[Device]:
        return fleet.devices(tx, org=fleet_right.require(tx, visit.session.user))

    def _fleet(self, visit: Visit) -> Response:
        asked = _asked(visit)
        with self._server.database.begin(write=False) as tx:
            every = self._every(tx, visit)
            name = _organisation(tx, visit.session.user)
        wrong, found = False, every
        try:
            found = fleet_view.narrowed(every, asked, self._server.clock.time_ms())
        except Failure as failure:
            if failure.code is not Code.BAD_REQUEST:
                raise
            wrong, found = True, []
        first = (asked.page - 1) * PAGE
        rows = found[first : first + PAGE]
        return self._door.rendered(
            "fleet.html", visit, name=name, asked=asked, wrong=wrong, count=len(found), every=len(every), counts=self._counted(visit, every),
            states=[(each, words.state(each)) for each in words.STATES if each], spans=fleet_view.SPANS,
            rows=[self._row(visit, each) for each in rows], first=first + 1, last=first + len(rows),
            before=self._at(visit, asked, asked.page - 1) if first else "",
            after=self._at(visit, asked, asked.page + 1) if first + PAGE < len(found) else "",
            csv=visit.address(f"{FLEET}/devices.csv", asked.query()), json=visit.address(f"{FLEET}/devices.json", asked.query()),
            here=visit.address(FLEET), is_narrowed=bool(asked.query()),
        )  # fmt: skip

    def _at(self, visit: Visit, asked: Asked, page: int) -> str:
        return visit.address(FLEET, asked.query() | {"page": str(page)})

    def _counted(self, visit: Visit, every: Sequence[Device]) -> list[dict[str, object]]:
        """Answers how many there are of each kind, and where those are listed."""
        counts = fleet_view.counts(every)

        def row(name: str, value: str, text: str, count: int) -> dict[str, object]:
            return {
                "href": visit.address(FLEET, {name: value}) if value else "",
                "text": text,
                "count": count,
            }

        return [
            {"title": words.BY_STATE, "rows": [row("state", each, words.state(each), count) for each, count in counts.states]},
            {"title": words.BY_VERSION, "rows": [row("", "", each or said(words.SILENT), count) for each, count in counts.versions]},
            {"title": words.BY_PROBLEM, "rows": [row("code", each, each, count) for each, count in counts.codes]},
        ]  # fmt: skip

    def _row(self, visit: Visit, device: Device) -> dict[str, object]:
        return {
            "device": device, "state": words.state(device.state), "problems": fleet.counted(device.problems),
            "seen": words.told(device.seen), "href": visit.address(_place(device)),
        }  # fmt: skip

    def _table(self, form: str, visit: Visit) -> Response:
        with self._server.database.begin(write=False) as tx:
            every = self._every(tx, visit)
        found = fleet_view.narrowed(every, _asked(visit), self._server.clock.time_ms())
        text = fleet.as_csv(found).encode() if form == "csv" else wire.encode_json(found)
        media = "text/csv; charset=utf-8" if form == "csv" else wire.JSON
        share, piece_bytes = visit.share(), self._server.bounds.piece_bytes
        share.take(len(text))
        headers = {"Content-Type": media, "Content-Disposition": attachment(f"fleet.{form}")}
        headers["Content-Length"] = str(len(text))
        return pouring.Poured(pouring.whole(text, piece_bytes), share, 200, HEADERS | headers)

    # One device

    def _found(self, tx: Connection, visit: Visit) -> Device:
        """Answers the device of an address; raises Failure(not_found) for one that is not in one's own organisation."""
        device = visit.id("device")
        fleet_right.require_device(tx, visit.session.user, device)
        return fleet.device(tx, device)

    def _device(self, visit: Visit) -> Response:
        with self._server.database.begin(write=False) as tx:
            device = self._found(tx, visit)
            order = wipes.shown(tx, bytes.fromhex(device.device))
        is_in = device.state not in ("signed_out", "wiping", "wiped")
        place = _place(device)
        acts = {
            "wipe": visit.address(f"{place}/wipe") if is_in else "",
            "sign_out": visit.address(f"{place}/sign-out") if is_in else "",
            "keep": visit.address(f"{place}/keep") if order is not None and order.begun_ms is None else "",
        }
        return self._door.rendered(
            "device.html", visit, device=device, state=words.state(device.state), problems=sorted((device.problems or {}).items()),
            seen=words.told(device.seen), reported=words.told(device.reported), in_sync=words.told(device.in_sync),
            order=None if order is None else _moments(order), acts=acts, back=visit.address(FLEET),
        )  # fmt: skip

    def _ask(self, name: str, visit: Visit) -> Response:
        """Says what will happen, and asks."""
        with self._server.database.begin(write=False) as tx:
            device = self._found(tx, visit)
        place = _place(device)
        return self._door.rendered(
            "sure.html", visit, device=device, ask=name, action=visit.address(f"{place}/{name}"),
            key=visit.key(f"{place}/{name}"), back=visit.address(place),
        )  # fmt: skip

    def _do(self, act: Act, visit: Visit) -> Response:
        """Does it; whoever may is judged in the transaction in which it is done."""
        with self._server.database.begin() as tx:
            device = self._found(tx, visit)
            act(tx, bytes.fromhex(device.device), visit.session.user)
        return onward(visit.address(_place(device)))

    def _sign_out(self, tx: Connection, device: bytes, by: bytes) -> None:
        fleet.sign_out(self._server, tx, device, by)

    def _wipe(self, tx: Connection, device: bytes, by: bytes) -> None:
        wipes.order(self._server, tx, device, by)

    def _keep(self, tx: Connection, device: bytes, by: bytes) -> None:
        wipes.keep(self._server, tx, device, by)


def _organisation(tx: Connection, user: bytes) -> str:
    o, u = tables.org.c, tables.user.c
    name = select(o.name).join_from(tables.user, tables.org, u.org == o.id).where(u.id == user)
    return str(tx.execute(name).scalar_one())


def _moments(order: wipes.Shown) -> dict[str, object]:
    return {
        "at": words.moment(order.at_ms), "begun": words.moment(order.begun_ms) if order.begun_ms is not None else "",
        "ended": words.moment(order.ended_ms) if order.ended_ms is not None else "",
        "removed": order.removed, "kept": order.kept,
    }  # fmt: skip


def _asked(visit: Visit) -> Asked:
    return Asked(
        text=visit.asked("text"), state=visit.asked("state"), older_than=visit.asked("older"), code=visit.asked("code"),
        silent_days=_number(visit.asked("silent")), page=max(1, _number(visit.asked("page"))),
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else 0


def _place(device: Device) -> str:
    return f"{FLEET}/{ids.to_text(bytes.fromhex(device.device))}"
