"""The fleet as IT sees it, and a device that is signed out from there."""

import csv
import io

import pytest
from sqlalchemy import insert

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.protocol.fleet import NOTHING, CodeCount, Health
from govsync.protocol.session import DeviceInfo, Refresh
from govsync.server import accounts, directory, fleet
from govsync.server.db import tables
from tests.server.desk import rows
from tests.server.office import Office, code_of


def listed(office: Office, state: str | None = None) -> list[fleet.Device]:
    with office.server.database.begin(write=False) as tx:
        return fleet.devices(tx, state)


def sign_out(office: Office, device: bytes) -> None:
    with office.server.database.begin() as tx:
        fleet.sign_out(office.server, tx, device)


def test_every_device_is_listed_with_its_person_by_login_and_name(office: Office) -> None:
    devices = {name: office.device(name) for name in ("laptop", "desk", "ward")}
    for name, login in {"laptop": "anna", "desk": "anna", "ward": "clara"}.items():
        office.sign_in(login, devices[name])
    link = {
        "id": office.ids.new(), "user": office.anna, "name": "link", "machine": "", "state": "link", "seen_ms": 0,
    }  # fmt: skip
    with office.server.database.begin() as tx:
        tx.execute(insert(tables.device), [link])
    assert [(each.login, each.organisation, each.name) for each in listed(office)] == [
        ("anna", "Interior", "desk"),
        ("anna", "Interior", "laptop"),
        ("clara", "Health", "ward"),
    ], "what comes through a link is nobody's device"
    ward = listed(office)[-1]
    assert (ward.machine, ward.device) == ("machine", devices["ward"].id.hex())
    assert (ward.state, ward.seen) == ("", "2026-11-18T11:06:40Z")


def test_a_device_that_is_signed_out_is_refused_at_once_and_no_other(office: Office) -> None:
    gone, stays = office.device("gone"), office.device("stays")
    tokens, others = office.sign_in("anna", gone), office.sign_in("anna", stays)
    sign_out(office, gone.id)
    assert code_of(lambda: accounts.caller_of(office.server, tokens.access)) is Code.SIGNED_OUT
    request = Refresh(refresh=tokens.refresh, device=gone.id)
    assert code_of(lambda: accounts.refresh(office.server, request, office.ids.chance)) is Code.SIGNED_OUT
    assert accounts.caller_of(office.server, others.access).device == stays.id
    assert [each.name for each in listed(office, "signed_out")] == ["gone"]
    sign_out(office, gone.id)
    office.sign_in("anna", gone)
    assert listed(office, "signed_out") == []


def test_a_sign_out_stands_in_the_journal_and_in_the_audit(office: Office) -> None:
    device = office.device()
    office.sign_in("anna", device)
    sign_out(office, device.id)
    told = [row for row in rows(office, tables.journal) if row["kind"] == "device"]
    newest = from_packed(max(told, key=lambda row: row["seq"])["body"], dict[str, object])  # type: ignore[arg-type, return-value]
    assert newest == {
        "id": device.id, "user": office.anna, "name": "desk", "machine": "machine", "state": "signed_out",
        "seen_ms": office.clock.now_ms,
    }  # fmt: skip
    [noted] = [row for row in rows(office, tables.audit) if row["kind"] == "device_sign_out"]
    assert from_packed(noted["body"], dict[str, bytes]) == {"of": device.id}  # type: ignore[arg-type]


def test_the_devices_of_somebody_who_is_shut_out_are_signed_out(office: Office) -> None:
    office.sign_in("anna")
    with office.server.database.begin() as tx:
        directory.set_user_state(office.server, tx, "anna", "disabled")
    assert [each.state for each in listed(office)] == ["signed_out"]


def test_when_a_desk_was_last_there_is_known_to_some_minutes(office: Office) -> None:
    first, second = office.device("first"), office.device("second")
    tokens = office.sign_in("anna", first)
    office.sign_in("anna", second)
    began_ms = office.clock.now_ms

    def seen() -> list[int]:
        return [
            (row["seen_ms"] - began_ms) // 1000
            for row in sorted(rows(office, tables.device), key=lambda row: row["name"])
        ]  # type: ignore[operator, arg-type, return-value]

    office.clock.now_ms += 299_000
    fleet.note_seen(office.server, [(first.id, began_ms)])
    assert seen() == [0, 0], "a while is let pass"
    office.clock.now_ms += 1_000
    fleet.note_seen(office.server, [(first.id, began_ms)])
    assert seen() == [300, 0]
    office.clock.now_ms += 60_000
    accounts.refresh(office.server, Refresh(refresh=tokens.refresh, device=first.id), office.ids.chance)
    assert seen() == [360, 0]
    office.clock.now_ms = began_ms - 3_600_000
    fleet.note_seen(office.server, [(second.id, began_ms)])
    assert seen() == [360, -3600], "a clock that went back keeps nothing old"


def test_a_device_is_meant_by_its_id_or_its_name(office: Office) -> None:
    one, two = office.device("pc-1"), office.device("pc-1")
    odd = DeviceInfo(id=office.ids.new(), name=one.id.hex(), machine="")
    for each in (one, two, odd):
        office.sign_in("anna", each)
    link = {
        "id": office.ids.new(), "user": office.anna, "name": "upload link", "machine": "", "state": "link", "seen_ms": 0,
    }  # fmt: skip
    with office.server.database.begin() as tx:
        tx.execute(insert(tables.device), [link])
    with office.server.database.begin(write=False) as tx:
        assert fleet.named(tx, one.id.hex()) == [one.id], "an id comes before what calls itself so"
        assert sorted(fleet.named(tx, "pc-1")) == sorted([one.id, two.id])
        for wrong in ("pc", "", one.id.hex()[:-1], bytes(16).hex(), "%", "upload link"):
            assert code_of(lambda wrong=wrong: fleet.named(tx, wrong)) is Code.NOT_FOUND  # type: ignore[misc]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_no_name_becomes_a_formula_of_a_spreadsheet(office: Office, name: str) -> None:
    office.sign_in("anna", office.device(name))
    [head, row] = list(csv.reader(io.StringIO(fleet.as_csv(listed(office)))))
    assert head == list(fleet.KEYS) == list(fleet.Device.__struct_fields__)
    assert dict(zip(head, row, strict=True))["name"] == "'" + name
    assert all(not cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_a_name_with_commas_and_quotes_is_one_cell(office: Office) -> None:
    office.sign_in("anna", office.device('a, "b"'))
    assert list(csv.reader(io.StringIO(fleet.as_csv(listed(office)))))[1][2] == 'a, "b"'


def report(**more: object) -> Health:
    told = {
        "version": "1.2.3",
        "system": "Linux-6.1",
        "state": "problem",
        "problems": (CodeCount("quota", 2),),
    }
    return Health(**{**told, "in_sync_ms": 1_795_000_000_000, **more})  # type: ignore[arg-type]


def test_what_a_device_told_is_shown_and_of_the_others_nothing(office: Office) -> None:
    silent, caller = office.caller("anna"), office.caller("anna")
    fleet.take_report(office.server, caller, report())
    office.clock.now_ms += 60_000
    fleet.take_report(office.server, caller, report(state="in_sync", problems=()))
    shown = {each.device: each for each in listed(office)}
    told, other = shown[caller.device.hex()], shown[silent.device.hex()]
    assert (told.version, told.system, told.state, told.problems) == ("1.2.3", "Linux-6.1", "in_sync", {})
    assert (told.in_sync, told.reported) == ("2026-11-18T11:06:40Z", "2026-11-18T11:07:40Z")
    assert (other.version, other.system, other.state) == ("", "", "")
    assert (other.problems, other.in_sync, other.reported) == (None, None, None)
    sign_out(office, caller.device)
    assert [each.state for each in listed(office, "signed_out")] == ["signed_out"]


def test_of_a_device_that_tells_no_more_nothing_stands_that_it_told(office: Office) -> None:
    silent, caller = office.caller("anna"), office.caller("anna")
    fleet.take_report(office.server, caller, report())
    fleet.take_report(office.server, caller, NOTHING)
    one, other = listed(office)
    assert {one.device, other.device} == {silent.device.hex(), caller.device.hex()}
    for each in (one, other):
        assert (each.version, each.system, each.state) == ("", "", "")
        assert (each.problems, each.in_sync, each.reported) == (None, None, None)
    fleet.take_report(office.server, caller, report(state="in_sync"))
    assert [each.device for each in listed(office, "in_sync")] == [caller.device.hex()]


def test_a_report_has_no_room_for_a_name(office: Office) -> None:
    caller = office.caller("anna")
    for wrong in (
        {"state": "Plan.docx"},
        {"problems": (CodeCount("Budget 2027", 1),)},
        {"problems": (CodeCount("", 1),)},
        {"state": "x" * 41},
        {"state": ""},
    ):
        told = report(**wrong)
        assert code_of(lambda told=told: fleet.take_report(office.server, caller, told)) is Code.BAD_REQUEST  # type: ignore[misc]
    fleet.take_report(office.server, caller, report(version="1\x1b[2J", system="Linux\n\u202e" + "x" * 300))
    [shown] = listed(office)
    assert (shown.version, shown.system) == ("1[2J", "Linux" + "x" * 95)


def test_problems_are_one_cell(office: Office) -> None:
    caller = office.caller("anna")
    fleet.take_report(
        office.server, caller, report(problems=(CodeCount("quota", 2), CodeCount("disk_full", 1)))
    )
    [head, row] = list(csv.reader(io.StringIO(fleet.as_csv(listed(office)))))
    assert row[head.index("problems")] == "disk_full 1, quota 2"


def test_only_devices_of_which_it_is_known_are_older(office: Office) -> None:
    for version in ("0.9.12", "1.0.0-rc1", "1.0.0", "1.0.0+abc", "1.10.0", "strange", ""):
        fleet.take_report(office.server, office.caller("anna"), report(version=version))
    office.caller("anna")

    def older(than: str) -> list[str]:
        with office.server.database.begin(write=False) as tx:
            return sorted(each.version for each in fleet.devices(tx, None, than))

    assert older("0.9") == []
    assert older("1.0.0") == ["0.9.12", "1.0.0-rc1"]
    assert older("1.2") == ["0.9.12", "1.0.0", "1.0.0+abc", "1.0.0-rc1"]
    assert older("2")[-1] == "1.10.0"
    assert code_of(lambda: older("newest")) is Code.BAD_REQUEST
