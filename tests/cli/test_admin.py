"""Organisations and people, added from the command line to a real database; and how a check ends."""

import json

import pytest
from sqlalchemy import text

from govsync.server import check as checking
from govsync.server import handover
from govsync.server.db.connect import Database
from govsync.server.db.migrate import NEWEST


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


def test_tables_of_a_newer_program_end_a_command_in_one_sentence(admin, tmp_path):
    admin("org", "add", "Ministry")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'server.db'}")
    with database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    done = admin("org", "add", "Health")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith(
        f"govsync: The database's tables are of version 9999; this program knows them up to {NEWEST},"
    )
    assert done.err.endswith("[tables_newer]\n")


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
