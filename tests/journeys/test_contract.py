"""Every `--json` answer has the keys that scripts were promised, filled, with real processes (docs/reference/cli.md)."""

import os
from typing import Any

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import until

pytestmark = pytest.mark.journey

KEYS = {
    "status": {
        "state", "folder", "endpoint", "account", "device", "pending", "problems", "holds", "skipped", "waiting", "rate",
        "paused", "online", "scanning", "checked_at", "spaces", "last_change", "version", "notices",
    },
    "pending": {"up", "down", "bytes_up", "bytes_down"},
    "rate": {"up", "down"},
    "spaces": {"id", "name", "kind", "role", "path"},
    "problems": {"id", "code", "path", "message", "action", "since"},
    "holds": {"id", "kind", "count", "paths", "since"},
    "activity": {"at", "kind", "path", "user", "device", "detail"},
    "conflicts": {"id", "path", "copy", "user", "device", "at"},
    "versions": {"revision", "at", "user", "device", "size", "hash", "current"},
    "trash": {"id", "path", "deleted", "user", "device", "size"},
    "verify": {"path", "difference"},
    "doctor": {"check", "result", "detail"},
}  # fmt: skip
EMPTY_AT_TIMES = {"path", "detail", "user", "device"}


def has_keys(what: str, rows: Any) -> None:
    """Checks every row; what a row is for is never empty."""
    for row in rows if isinstance(rows, list) else [rows]:
        assert set(row) >= KEYS[what], (what, row)
        assert all(row[key] not in ("", None) for key in KEYS[what] - EMPTY_AT_TIMES), (what, row)
    assert rows, what


@pytest.mark.commands
def test_every_answer_has_the_keys_of_the_contract(site: Site) -> None:
    anna, boris = site.desk("anna-desk"), site.desk("boris-desk", login="boris")
    anna.join_team()
    anna.write("Planning/Budget.csv", "0")
    for desk in (anna, boris):
        until(lambda desk=desk: "Planning/Budget.csv" in desk.tree(), "the team's file")  # type: ignore[misc]
    anna.write("Planning/Budget.csv", "from Anna")
    boris.write("Planning/Budget.csv", "from Boris")
    for desk in (anna, boris, anna, boris):
        desk.wait()
    for desk in (anna, boris):
        listed = desk.json("conflicts")
        has_keys("conflicts", listed)
        saved = desk.json("versions", str(desk.folder / listed[0]["copy"]))[0]
        assert [(row["user"], row["device"], row["at"]) for row in listed] == [
            (saved["user"], saved["device"], saved["at"])
        ]
        assert saved["user"] in ("Anna", "Boris")
    has_keys("versions", anna.json("versions", str(anna.folder / "Planning/Budget.csv")))
    has_keys("activity", anna.json("activity"))
    has_keys("doctor", anna.json("doctor"))

    before = anna.json("status")["last_change"]
    anna.write("short-lived.txt", "x")
    anna.wait()
    (anna.folder / "short-lived.txt").unlink()
    anna.wait()
    has_keys("trash", anna.json("trash", "list"))
    assert anna.json("status")["last_change"] > before

    (anna.folder / "link").symlink_to("elsewhere")
    (anna.folder / os.fsdecode(b"not text \xff")).write_bytes(b"x")
    anna.wait(expected=4)
    has_keys("problems", anna.json("problems"))
    status = anna.json("status")
    has_keys("status", status)
    assert status["skipped"] == 1
    for part in ("pending", "rate", "spaces"):
        has_keys(part, status[part])

    boris.do("settings", "set", "hold.deletions", "1")
    boris.write("kept.txt", "x")
    boris.write("kept too.txt", "x")
    boris.wait()
    for name in ("kept.txt", "kept too.txt"):
        (boris.folder / name).unlink()
    boris.wait(expected=4)
    has_keys("holds", boris.json("holds"))
    verified = boris.call("verify", "--json")
    assert verified.returncode == 4


def test_new_patterns_take_effect_at_once_and_delete_nothing(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("notes.mine", "synced already")
    office.wait()
    office.do("settings", "set", "sync.ignore", "*.mine")
    office.write("later.mine", "left alone")
    office.write("plain.txt", "synced")
    office.wait()
    home.wait()
    assert {"notes.mine", "plain.txt"} <= set(home.tree())
    assert "later.mine" not in home.tree()
    assert office.json("status")["skipped"] == 1
    office.write("notes.mine", "and still is")
    office.do("settings", "set", "sync.ignore", "")
    office.wait()
    until(lambda: "later.mine" in home.tree(), "what was left alone")
    assert home.tree()["notes.mine"] == b"and still is"
    office.write("d/.govsyncignore", "*.old")
    office.write("d/a.old", "left alone")
    office.wait()
    (office.folder / "d/.govsyncignore").write_text("*.bak")
    office.wait()
    until(lambda: home.tree().get("d/a.old") == b"left alone", "what the file of patterns let go")


@pytest.mark.day("T8", part="open in a program")
def test_a_save_made_while_a_version_comes_back_is_kept(site: Site) -> None:
    """The command asks the server; the disk is changed with everything that protects a save (R11)."""
    office = site.desk("office")
    plan = office.folder / "Plan.txt"
    for text in ("first", "second"):
        plan.write_text(text)
        office.wait()
    first = office.json("versions", str(plan))[-1]["revision"]
    with plan.open("r+") as program:
        waits = office.call("restore", str(plan), "--revision", first)
        assert (waits.returncode, "open_here" in waits.stderr) == (4, True)
        assert plan.read_text() == "second", "a program has it open: the version waits"
        program.write("THIRD!")
    until(lambda: len(list(office.folder.glob("Plan*.txt"))) == 2, "both versions")
    office.wait()
    contents = sorted(path.read_text() for path in office.folder.glob("Plan*.txt"))
    assert contents == ["THIRD!", "first"]
    (row,) = office.json("conflicts")
    office.do("resolve", row["id"], "--keep", "theirs")
    office.wait()
    assert [path.read_text() for path in office.folder.glob("Plan*.txt")] == ["first"]
