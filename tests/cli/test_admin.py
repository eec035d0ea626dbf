"""Organisations and people, added from the command line to a real database; and how a check ends."""

import json

import pytest
from sqlalchemy import select

from govsync.protocol.session import DeviceInfo
from govsync.server import check as checking
from govsync.server import directory, fleet, handover
from govsync.server.app import Options, open_server
from govsync.server.db import tables


@pytest.fixture
def admin(govsync, tmp_path):
    def call(*arguments: str, stdin: str = ""):
        return govsync("admin", *arguments, "--data", str(tmp_path / "data"), stdin=stdin)

    return call


def add_anna(admin):
    assert admin("org", "add", "Ministry") == (0, "", "")
    assert admin("division", "add", "Ministry/Planning") == (0, "", "")
    options = ("--name", "Anna Kim", "--org", "Ministry/Planning", "--password-stdin")
    return admin("user", "add", "anna", *options, stdin="a long password\n")


def test_people_are_added_listed_and_shut_out(admin):
    assert add_anna(admin) == (0, "", "")
    listed = json.loads(admin("user", "list", "--json").out)
    assert [(row["login"], row["name"], row["state"]) for row in listed] == [("anna", "Anna Kim", "active")]
    assert admin("user", "disable", "anna") == (0, "", "")
    assert "disabled" in admin("user", "list").out


def test_an_organisation_decides_with_whom_it_shares(admin):
    for name in ("Ministry", "Health", "Works, Roads"):
        assert admin("org", "add", name) == (0, "", "")
    for decided in ("anyone", "nobody", "Health", "Works, Roads", "Health,Ministry"):
        assert admin("org", "share", "Ministry", "--with", decided) == (0, "", "")
    assert admin("org", "share", "Ministry", "--with", "Health", "--with", "Works, Roads") == (0, "", "")
    for wrong in (
        ("None", "--with", "anyone"),
        ("Ministry", "--with", "None"),
        ("Ministry", "--with", "Health,None"),
    ):
        assert admin("org", "share", *wrong).code == 1
    assert admin("org", "share", "Ministry").code == 64


def test_quotas_are_set_and_listed(admin):
    add_anna(admin)
    assert admin("quota", "list") == (0, "Nobody has a quota.\n", "")
    assert admin("quota", "set", "anna", "50 GiB") == (0, "", "")
    assert admin("quota", "set", "Ministry/Planning", "1,5 TiB") == (0, "", "")
    assert json.loads(admin("quota", "list", "--json").out) == [
        {"owner": "Ministry/Planning", "name": "Planning", "used_bytes": 0, "quota_bytes": 3 << 39},
        {"owner": "anna", "name": "Anna Kim", "used_bytes": 0, "quota_bytes": 50 << 30},
    ]
    assert "anna               Anna Kim  0 bytes  50.0 GiB" in admin("quota", "list").out
    assert admin("quota", "set", "Ministry/Planning", "none") == (0, "", "")
    assert [row["owner"] for row in json.loads(admin("quota", "list", "--json").out)] == ["anna"]
    for wrong in ("much", "-1", "0", "1 XB", "nan"):
        assert admin("quota", "set", "anna", "--", wrong).code == 64
    assert admin("quota", "set", "nobody", "1 GB").code == 1


def test_what_somebody_shared_is_handed_over(admin, monkeypatch):
    add_anna(admin)
    options = ("--name", "Boris", "--org", "Ministry", "--password-stdin")
    admin("user", "add", "boris", *options, stdin="a long password\n")
    assert admin("user", "hand-over", "anna", "--to", "boris") == (0, "There is nothing to hand over.\n", "")
    monkeypatch.setattr(handover, "hand_over", lambda _server, _tx, login, to: [f"{login} {to}", "b"])
    assert admin("user", "hand-over", "anna", "--to", "boris") == (0, "anna boris\nb\n", "")
    monkeypatch.undo()
    for wrong in (("anna", "--to", "anna"), ("anna", "--to", "nobody"), ("nobody", "--to", "anna")):
        assert admin("user", "hand-over", *wrong).code == 1
    assert admin("user", "hand-over", "anna").code == 64


def test_where_there_is_nobody_the_list_says_so(admin):
    assert admin("user", "list").out == "There is nobody yet.\n"
    assert admin("user", "list", "--json").out == "[]\n"


def test_groups_have_members(admin):
    add_anna(admin)
    assert admin("group", "add", "Budget") == (0, "", "")
    assert admin("group", "member", "add", "Budget", "anna") == (0, "", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "disable", "nobody"),
        ("group", "member", "add", "None", "nobody"),
        ("division", "add", "None/Planning"),
    ],
)
def test_what_there_is_not_is_told_in_one_line(admin, arguments):
    done = admin(*arguments)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("govsync: ")
    assert done.err.count("\n") == 1


def test_a_name_that_is_taken_is_refused(admin):
    add_anna(admin)
    assert admin("org", "add", "Ministry").code == 1


def test_a_user_without_a_password_is_wrong_usage(admin):
    admin("org", "add", "Ministry")
    assert admin("user", "add", "anna", "--name", "A", "--org", "Ministry", "--password-stdin").code == 64
    assert admin("user", "list", "--json").out == "[]\n"


def test_a_sound_server_is_said_to_be_sound(admin):
    add_anna(admin)
    assert admin("check") == (0, "sound\n", "")
    assert admin("collect").code == 0
    assert admin("restored").code == 0
    assert admin("check") == (0, "sound\n", "")


def test_damage_is_listed_and_ends_with_1(admin, monkeypatch):
    damage = checking.Damage(what="chunk", where="ab12", advice="ask it back: --repair")
    asked: list[bool] = []

    def check(_, repair):
        asked.append(repair)
        return [damage]

    monkeypatch.setattr(checking, "check", check)
    assert admin("check") == (1, "chunk  ab12  ask it back: --repair\n", "")
    assert admin("check", "--repair").code == 1
    assert asked == [False, True]


def test_where_the_data_are_may_be_said_by_the_environment_as_a_package_does(govsync, tmp_path, monkeypatch):
    monkeypatch.setenv("GOVSYNC_SERVER_DATA", str(tmp_path / "said"))
    assert govsync("admin", "org", "add", "Ministry") == (0, "", "")
    assert (tmp_path / "said" / "server.db").exists()
    assert govsync("admin", "org", "add", "Ministry", "--data", str(tmp_path / "other")) == (0, "", "")
    assert (tmp_path / "other" / "server.db").exists()


def test_the_fleet_is_empty_at_first_and_says_so(admin):
    assert admin("fleet") == (0, "There are no devices.\n", "")
    assert admin("fleet", "--json") == (0, "[]\n", "")
    assert admin("fleet", "--csv").out.split() == [",".join(fleet.KEYS)]
    assert admin("fleet", "--csv", "--json").code == 64


def test_a_device_is_listed_and_signed_out_by_its_name_or_its_id(admin, tmp_path):
    add_anna(admin)
    server = open_server(Options(data=tmp_path / "data"))
    ids = [bytes([number]) * 16 for number in (1, 2, 3)]
    with server.database.begin() as tx:
        [anna] = tx.execute(select(tables.user.c.id)).scalars()
        for device, name in zip(ids, ("pc-1", "twin", "twin"), strict=True):
            directory.register_device(server, tx, anna, DeviceInfo(id=device, name=name, machine="m"))
    server.database.close()
    assert [row["name"] for row in json.loads(admin("fleet", "--json").out)] == ["pc-1", "twin", "twin"]
    assert admin("device", "sign-out", "pc-1") == (0, "", "")
    assert [row["device"] for row in json.loads(admin("fleet", "--state", "signed_out", "--json").out)] == [
        ids[0].hex()
    ]
    twice = admin("device", "sign-out", "twin")
    assert (twice.code, ids[1].hex() in twice.err, ids[2].hex() in twice.err) == (64, True, True)
    assert admin("device", "sign-out", ids[2].hex()) == (0, "", "")
    assert admin("fleet", "--state", "signed_out").out.count("signed_out") == 2
    assert admin("device", "sign-out", "nobody's").code == 1
    wiped = admin("device", "wipe", "pc-1")
    assert (wiped.code, wiped.out, wiped.err.count("\n")) == (1, "", 1)
    assert admin("device", "keep", ids[1].hex()).code == 1
    assert admin("device", "wipe", ids[1].hex()) == (0, "", "")
    assert [row["device"] for row in json.loads(admin("fleet", "--state", "wiping", "--json").out)] == [
        ids[1].hex()
    ]
    assert admin("device", "keep", ids[1].hex()) == (0, "", "")
    assert json.loads(admin("fleet", "--state", "wiping", "--json").out) == []
