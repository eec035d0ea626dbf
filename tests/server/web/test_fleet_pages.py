"""The fleet in a browser: who sees which devices, what an order does and says, and that nobody else learns that there is one."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.model import ids
from govsync.model.documents import from_packed
from govsync.protocol.fleet import CodeCount, Health, Wiped
from govsync.protocol.session import DeviceInfo
from govsync.protocol.web import ROOT
from govsync.server import accounts, directory, fleet, fleet_right, wipes
from govsync.server.db import tables
from govsync.server.web import fleet_view
from tests.server.desk import rows
from tests.server.test_fleet import listed
from tests.server.web.person import Person, fields
from tests.server.web.test_handlers import secure
from tests.server.web.town import Town, founded
from tests.server.web.visitor import Seen

FLEET = f"{ROOT}fleet"
NAMES = {"desk", "pc-anna", "pc-boris"}


class Fleet:
    """Boris looks after the fleet of his organisation; Anna and Clara have devices, Clara in another organisation."""

    def __init__(self, town: Town) -> None:
        self.town, self.office, self.server = town, town.office, town.office.server
        self.devices: dict[str, DeviceInfo] = {}
        for login in ("anna", "boris", "clara"):
            self.devices[login] = self.office.device(f"pc-{login}")
            self.office.sign_in(login, self.devices[login])
        self.give("boris")

    def give(self, login: str, has: bool = True) -> None:
        with self.server.database.begin() as tx:
            fleet_right.decide(self.server, tx, login, has)

    def page(self, login: str, more: str = "") -> str:
        return f"{FLEET}/{ids.to_text(self.devices[login].id)}{more}"

    def tell(self, login: str, state: str, version: str, **problems: int) -> None:
        """Has a device tell how it is."""
        found = tuple(CodeCount(code, count) for code, count in problems.items())
        caller = accounts.caller_of(self.server, self.office.sign_in(login, self.devices[login]).access)
        fleet.take_report(
            self.server, caller, Health(version=version, system="Linux", state=state, problems=found)
        )

    def person(self, login: str) -> Person:
        person = Person(self.town.address)
        assert person.sign_in(login).status == 303
        return person

    def audited(self, kind: str) -> list[tuple[bytes, bytes]]:
        """Who did something of a kind, to which device."""
        return [
            (row["user"], from_packed(row["body"], dict[str, bytes])["of"])  # type: ignore[arg-type, misc]
            for row in rows(self.office, tables.audit)
            if row["kind"] == kind
        ]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Fleet]:
    with founded(tmp_path) as town:
        yield Fleet(town)


@pytest.fixture
def boris(world: Fleet) -> Person:
    return world.person("boris")


def names(seen: Seen) -> set[str]:
    assert seen.status == 200, seen.text
    return {row["name"] for row in json.loads(seen.body)}


def found(person: Person, query: str = "") -> set[str]:
    """What is listed, which page and tables say alike."""
    as_json = names(secure(person.get(f"{FLEET}/devices.json{query}")))
    table = csv.DictReader(io.StringIO(secure(person.get(f"{FLEET}/devices.csv{query}")).body.decode()))
    assert {row["name"] for row in table} == as_json
    page = secure(person.get(FLEET + query)).text
    assert {name for name in (*NAMES, "pc-clara") if name in page} == as_json
    return as_json


def test_one_sees_the_devices_of_one_s_own_organisation(world: Fleet, boris: Person) -> None:
    page = secure(boris.get(FLEET))
    assert (page.status, "Devices of Interior" in page.text) == (200, True)
    assert found(boris) == NAMES
    world.give("clara")
    assert found(world.person("clara")) == {"pc-clara"}
    device = secure(boris.get(world.page("anna")))
    for text in ("pc-anna", "anna", "Last seen 2026-11-18 11:06 UTC", "Told how it is not told"):
        assert text in device.text


def test_the_tables_are_those_of_the_command(world: Fleet, boris: Person) -> None:
    world.tell("anna", "problem", "1.4", disk_full=1, quota=12)
    with world.server.database.begin(write=False) as tx:
        ours = [each for each in fleet.devices(tx) if each.organisation == "Interior"]
    table = boris.get(f"{FLEET}/devices.csv")
    assert table.body.decode() == fleet.as_csv(ours)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"].startswith('attachment; filename="fleet.csv"')
    assert [row["problems"] for row in json.loads(boris.get(f"{FLEET}/devices.json").body)] == [
        each.problems for each in ours
    ]


def test_a_fleet_is_narrowed_and_counted(world: Fleet, boris: Person) -> None:
    world.tell("anna", "problem", "1.4", disk_full=1, quota=12)
    world.tell("boris", "in_sync", "1.5")
    assert found(boris, "?state=problem") == {"pc-anna"}
    assert found(boris, "?older=1.5") == {"pc-anna"}
    assert found(boris, "?code=quota") == {"pc-anna"}
    assert found(boris, "?text=PC-") == {"pc-anna", "pc-boris"}
    assert found(boris, "?text=anna") == {"desk", "pc-anna"}
    assert found(boris, "?silent=1") == set()
    world.office.clock.now_ms += 25 * 3_600_000
    world.office.sign_in("boris", world.devices["boris"])
    boris.sign_in("boris")
    assert found(boris, "?silent=1") == {"desk", "pc-anna"}
    assert found(boris, "?silent=7") == set()
    page = boris.get(f"{FLEET}?state=problem").text
    for text in (
        "Something needs its person 1",
        "In sync 1",
        "1.4 1",
        "1.5 1",
        "disk_full 1",
        "disk_full 1, quota 12",
    ):
        assert text in page
    assert "There are no such devices." in boris.get(f"{FLEET}?text=nobody").text
    wrong = secure(boris.get(f"{FLEET}?older=new"))
    assert (wrong.status, "This is not a version." in wrong.text) == (200, True)


def test_a_long_list_has_pages(world: Fleet, boris: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsync.server.web.fleet_pages.PAGE", 2)
    first = boris.get(FLEET)
    assert "1 to 2 of 3" in first.text
    [after] = [href for href in first.hrefs() if "page=" in href and "lang=" not in href]
    second = boris.follow(FLEET, after)
    assert "3 to 3 of 3" in second.text
    [before] = [href for href in second.hrefs() if "page=" in href and "lang=" not in href]
    assert "1 to 2 of 3" in boris.follow(FLEET, before).text
    for far in ("9", "0", "-1", "x"):
        assert secure(boris.get(f"{FLEET}?page={far}")).status == 200
    assert names(boris.get(f"{FLEET}/devices.json?page=2")) == NAMES
    assert fleet_view.PAGE <= 500


def test_a_wipe_is_asked_ordered_shown_and_taken_back(world: Fleet, boris: Person) -> None:
    page = world.page("anna")
    ask = secure(boris.get(f"{page}/wipe"))
    assert "Remove the files from pc-anna ?" in ask.text
    assert "Everything else stays on it" in ask.text
    assert world.audited("device_wipe") == []
    assert boris.onward(boris.send(f"{page}/wipe", "/wipe"), f"{page}/wipe") == page
    anna = world.devices["anna"].id
    assert world.audited("device_wipe") == [(world.office.boris, anna)]
    shown = boris.get(page).text
    assert "To remove its files" in shown
    assert "Begun not yet: it begins when the device asks next" in shown
    assert [each.state for each in listed(world.office) if each.name == "pc-anna"] == ["wiping"]
    boris.send(f"{page}/keep", "/keep")
    assert world.audited("device_keep") == [(world.office.boris, anna)]
    assert "Removal of its files" not in boris.get(page).text

    boris.send(f"{page}/wipe", "/wipe")
    with world.server.database.begin(write=False) as tx:
        order = wipes.standing(tx, [anna])[anna].id
    caller = accounts.Caller(user=world.office.anna, device=anna)
    wipes.begin(world.server, caller, order)
    assert "Take the order back" not in boris.get(page).text
    boris.send(f"{page}/keep", "/keep")
    assert "Begun 2026-11-18 11:06 UTC" in boris.get(page).text
    wipes.end(world.server, caller, order, Wiped(removed=7, kept=2))
    shown = boris.get(page).text
    assert "Files removed" in shown
    assert "Removed 7 files Kept, since not safely on the server 2 files" in shown


def test_a_device_is_signed_out_and_an_order_for_it_reaches_nobody(world: Fleet, boris: Person) -> None:
    page = world.page("anna")
    boris.send(f"{page}/sign-out", f"{page.rpartition('/')[2]}/sign-out")
    assert world.audited("device_sign_out") == [(world.office.boris, world.devices["anna"].id)]
    shown = boris.get(page).text
    assert "State Signed out" in shown
    assert "hears of no order" in shown
    boris.send(f"{page}/wipe", "/wipe")
    assert world.audited("device_wipe") == []


def test_whoever_has_not_the_right_is_told_what_is_told_of_nothing(world: Fleet, boris: Person) -> None:
    """Without it, of another organisation, and for a device that there is not: all alike."""

    def told(person: Person, method: str, path: str) -> tuple[int, str]:
        form = {"key": fields(person.get(ROOT), "sign-out")["key"]}
        seen = secure(person.get(path) if method == "GET" else person.post(path, form))
        return seen.status, seen.text

    anna = world.person("anna")
    nothing = told(anna, "GET", f"{ROOT}nothing")
    assert nothing[0] == 404
    mine = [world.page("anna", more) for more in ("", "/wipe", "/keep", "/sign-out")]
    for path in (FLEET, f"{FLEET}?older=new", f"{FLEET}/devices.csv", f"{FLEET}/devices.json", *mine):
        assert told(anna, "GET", path) == nothing, path
    assert "fleet" not in str(anna.get(ROOT).hrefs())
    for login in ("clara", "nobody"):
        device = world.page("clara") if login == "clara" else f"{FLEET}/{'A' * 22}"
        for more in ("", "/wipe", "/keep", "/sign-out"):
            assert told(boris, "GET", device + more) == nothing, (login, more)
    assert told(boris, "GET", f"{FLEET}/no-id") == nothing


def test_a_form_changes_something_only_with_the_right_and_its_own_key(world: Fleet, boris: Person) -> None:
    page = world.page("anna", "/wipe")
    key = fields(boris.get(page), "/wipe")
    other = world.person("boris")
    foreign = fields(other.get(page), "/wipe")
    for form in (
        {},
        foreign,
        fields(boris.get(world.page("anna", "/keep")), "/keep"),
        fields(boris.get(world.page("boris", "/wipe")), "/wipe"),
    ):
        assert secure(boris.post(page, form)).status == 400
    stranger = Person(world.town.address)
    assert secure(stranger.post(page, key)).status == 403
    assert secure(boris.post(page, key, Sec_Fetch_Site="cross-site")).status == 400
    world.give("boris", has=False)
    assert secure(boris.post(page, key)).status == 404
    world.give("boris")
    with world.server.database.begin() as tx:
        directory.set_user_state(world.server, tx, "boris", "disabled")
    assert secure(boris.post(page, key)).status == 403
    assert world.audited("device_wipe") == []
    assert {each.state for each in listed(world.office)} == {"", "signed_out"}


def test_the_name_of_a_machine_is_text(world: Fleet, boris: Person) -> None:
    world.devices["anna"] = world.office.device("<script>alert(1)</script>\u202egpj")
    world.office.sign_in("anna", world.devices["anna"])
    for path in (FLEET, world.page("anna"), world.page("anna", "/wipe")):
        page = secure(boris.get(path)).body.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "\u202e" not in page
