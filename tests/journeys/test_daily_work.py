"""What people do every day, with real processes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, meet, until

pytestmark = pytest.mark.journey


def test_a_file_saved_on_one_desk_is_on_the_other(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("Reports/Plan.txt", "first")
    office.write("Large.bin", os.urandom(3_000_000))
    office.write("empty", b"")
    (office.folder / "tool.sh").write_text("#!/bin/sh\n")
    (office.folder / "tool.sh").chmod(0o755)
    meet(office, home)
    assert home.tree()["Reports/Plan.txt"] == b"first"
    assert (home.folder / "tool.sh").stat().st_mode & 0o100
    home.write("Reports/Plan.txt", "second")
    until(lambda: office.tree()["Reports/Plan.txt"] == b"second", "the edit")
    status = office.json("status")
    assert {"state", "folder", "pending", "spaces", "checked_at"} <= set(status)
    assert office.do("verify").strip() == "Everything is equal."


def test_what_is_being_sent_is_told_by_name(site: Site) -> None:
    office = site.desk("office")
    office.wait()
    office.do("settings", "set", "network.upload_limit", "300 KB")
    office.write("Large.bin", os.urandom(1_500_000))
    seen: list[dict[str, object]] = []

    def moves() -> bool:
        seen.extend(office.json("status")["transfers"])
        return bool(seen)

    until(moves, "the sending")
    assert seen == [{"path": "Large.bin", "direction": "up", "done_bytes": 0, "size_bytes": 1_500_000}]
    office.do("settings", "set", "network.upload_limit", "0")
    office.wait()
    assert (office.json("status")["transfers"], office.json("status")["transferring"]) == ([], 0)


def test_a_renamed_folder_keeps_its_files_and_their_history(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    for number in range(30):
        office.write(f"2025/{number}.txt", str(number))
    meet(office, home)
    (home.folder / "2025").rename(home.folder / "2025 old")
    home.write("2025 old/3.txt", "edited after the move")
    meet(office, home)
    assert office.tree()["2025 old/3.txt"] == b"edited after the move"
    assert "2025" not in office.tree()
    versions = office.json("versions", str(office.folder / "2025 old" / "3.txt"))
    assert [each["current"] for each in versions] == [True, False]


def test_two_people_edit_at_once_and_both_versions_stay(site: Site) -> None:
    anna, boris = site.desk("anna-desk"), site.desk("boris-desk", login="boris")
    anna.join_team()
    anna.write("Planning/Budget.csv", "0")
    for desk in (anna, boris):
        until(lambda desk=desk: "Planning/Budget.csv" in desk.tree(), "the team's file")  # type: ignore[misc]
    anna.write("Planning/Budget.csv", "from Anna")
    boris.write("Planning/Budget.csv", "from Boris")
    for desk in (anna, boris, anna, boris):
        desk.wait()
    kept = {content for path, content in anna.tree().items() if path.startswith("Planning/Budget")}
    assert kept == {b"from Anna", b"from Boris"}
    assert anna.tree() == boris.tree()
    loser = anna if anna.json("conflicts") else boris
    listed = loser.json("conflicts")
    assert [row["path"] for row in listed] == ["Planning/Budget.csv"]
    copy = loser.tree()[listed[0]["copy"]]
    loser.do("resolve", listed[0]["id"], "--keep", "mine")
    for desk in (loser, anna, boris):
        desk.wait()
    left = {path: data for path, data in anna.tree().items() if path.startswith("Planning/Budget")}
    assert left == {"Planning/Budget.csv": copy}
    assert loser.json("conflicts") == []


def test_office_programs_save_without_a_trace_of_their_tricks(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("Letter.docx", "v1")
    meet(office, home)
    target = office.folder / "Letter.docx"
    target.rename(office.folder / "Letter.bak")
    (office.folder / "~WRL0001.tmp").write_text("v2")
    (office.folder / "~WRL0001.tmp").rename(target)
    (office.folder / "Letter.bak").unlink()
    (office.folder / "~$Letter.docx").write_text("lock")
    meet_without = {"Letter.docx": b"v2"}
    office.wait()
    home.wait()
    assert {path: data for path, data in home.tree().items() if path.startswith("Letter")} == meet_without
    assert "~$Letter.docx" not in home.tree()
    assert len(office.json("versions", str(target))) == 2


def test_what_was_deleted_comes_back_from_the_trash(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("Notes.txt", "keep me")
    meet(office, home)
    (office.folder / "Notes.txt").unlink()
    until(lambda: "Notes.txt" not in home.tree(), "the deletion")
    item = next(row for row in office.json("trash", "list") if row["path"] == "Notes.txt")
    office.do("trash", "restore", item["id"])
    until(lambda: home.tree().get("Notes.txt") == b"keep me", "the return")


def test_many_deletions_are_a_question_first(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.do("settings", "set", "hold.deletions", "5")
    for number in range(8):
        office.write(f"f{number}", str(number))
    meet(office, home)
    for number in range(8):
        (office.folder / f"f{number}").unlink()
    office.wait(expected=4)
    assert office.json("holds")[0]["count"] == 8
    assert len([path for path in home.tree() if path.startswith("f")]) == 8
    office.do("reject")
    meet(office, home)
    assert office.tree()["f7"] == b"7"
    for number in range(8):
        (office.folder / f"f{number}").unlink()
    office.wait(expected=4)
    office.do("approve")
    meet(office, home)
    assert not [path for path in home.tree() if path.startswith("f")]


def test_what_is_not_sent_is_never_replaced_by_an_older_version(site: Site) -> None:
    office = site.desk("office")
    plan = office.folder / "Plan.txt"
    for text in ("first", "second"):
        office.write("Plan.txt", text)
        office.wait()
    first = office.json("versions", str(plan))[-1]["revision"]
    office.do("pause")
    office.write("Plan.txt", "third, only here")
    refused = office.call("restore", str(plan), "--revision", first)
    assert (refused.returncode, "[not_sent" in refused.stderr) == (1, True)
    assert plan.read_text() == "third, only here"
    elsewhere = office.base / "Plan of before.txt"
    assert office.do("restore", str(plan), "--revision", first, "--to", str(elsewhere)).strip() == str(
        elsewhere
    )
    assert elsewhere.read_text() == "first"
    assert (
        "[name_taken" in office.call("restore", str(plan), "--revision", first, "--to", str(elsewhere)).stderr
    )
    office.do("resume")
    office.wait()
    office.do("restore", str(plan), "--revision", first)
    assert plan.read_text() == "first"
    office.wait()
    assert len(office.json("versions", str(plan))) == 4


def test_a_version_of_a_document_that_is_open_here_waits_and_it_is_said(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    plan, lock = office.folder / "Plan.odt", office.folder / ".~lock.Plan.odt#"
    for text in ("first", "second"):
        office.write("Plan.odt", text)
        office.wait()
    first = office.json("versions", str(plan))[-1]["revision"]
    lock.write_text("an office program has it open")
    office.wait()
    said = office.call("restore", str(plan), "--revision", first)
    assert (said.returncode, "[open_here" in said.stderr, said.stdout) == (4, True, "")
    home.wait()
    assert home.files()["Plan.odt"] == b"first", "it is the newest for everybody else"
    assert plan.read_text() == "second"
    waited = office.call("wait", "--timeout", "60")
    assert (waited.returncode, waited.stderr.count("\n"), "Plan.odt: It is open" in waited.stderr) == (
        4,
        1,
        True,
    )
    lock.unlink()
    until(lambda: plan.read_text() == "first", "the version after it was closed")
    office.wait()


WRITER = "import sys; f = open(sys.argv[1], 'wb', 0); f.write(b'a part'); print(flush=True); f.write(sys.stdin.buffer.read())"


def test_a_file_that_a_program_keeps_open_is_named_and_keeps_nothing_else_back(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    command = [sys.executable, "-c", WRITER, str(office.folder / "Measured.log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        program.stdout.readline()
        office.write("Plan.txt", "another")
        waited = office.call("wait", "--timeout", "60")
        said = "Measured.log: A program has it open and may still be writing it: it waits until the program closes it."
        assert (waited.returncode, said in waited.stderr, waited.stdout) == (4, True, "")
        status = office.json("status")
        assert (status["state"], status["waiting"], status["problems"]) == ("syncing", 1, 0)
        assert [(row["path"], row["code"]) for row in status["notices"]] == [("Measured.log", "busy")]
        assert said in office.do("status")
        home.wait()
        assert home.files() == {"Plan.txt": b"another"}
        program.communicate(", and the rest")
    office.wait()
    assert office.json("status")["notices"] == []
    home.wait()
    assert home.files()["Measured.log"] == b"a part, and the rest"


def test_a_person_who_signs_out_keeps_everything_and_her_session_ends(site: Site) -> None:
    office = site.desk("office")
    office.write("Plan.txt", "mine")
    office.wait()
    credentials = (office.base / "home" / "credentials.json").read_bytes()
    assert "Not sent yet: 0." in office.do("logout")
    assert office.json("status")["state"] == "signed_out"
    assert (office.folder / "Plan.txt").read_text() == "mine"
    office.do("stop")
    (office.base / "home" / "credentials.json").write_bytes(credentials)
    office.do("start")
    until(
        lambda: office.json("status")["state"] == "signed_out", "the server's word that the session is over"
    )
    office.do("stop")


def test_a_save_made_just_before_a_wait_is_always_included(site: Site) -> None:
    office = site.desk("office")
    for turn in range(8):
        # In a folder made a moment ago, whose watch may not be set yet; moved at once every other time.
        made = office.folder / f"new {turn}" / "inner"
        made.mkdir(parents=True)
        if turn % 2:
            made = made.rename(office.folder / f"moved {turn}")
        (made / "saved.txt").write_text(f"saved {turn}")
        office.wait()
        versions = office.json("versions", str(made / "saved.txt"))
        assert [row["size"] for row in versions] == [len(f"saved {turn}")]
    office.kill()
    office.write("while it was away.txt", "found by the first look")
    office.start()
    office.write("right after the start.txt", "found by the watch")
    office.wait()
    for name in ("while it was away.txt", "right after the start.txt"):
        assert office.json("versions", str(office.folder / name))


def test_what_support_is_sent_of_a_desk_at_work_names_no_file_and_holds_no_secret(
    site: Site, tmp_path: Path
) -> None:
    office = site.desk("office")
    office.write("Dismissal/Kim.docx", "words")
    office.write("Dismissal/open*.docx", "words")
    office.wait()
    office.do("settings", "set", "sync.ignore", "Dismissal*.bak")
    office.kill()
    office.write("Dismissal/Lee.docx", "more")
    office.start()
    office.wait()
    (office.folder / "Dismissal" / "Lee.docx").unlink()
    office.write("Dismissal/Park.docx", os.urandom(300_000))
    office.wait()
    office.do("support-bundle", str(tmp_path / "support.zip"))
    with ZipFile(tmp_path / "support.zip") as bundle:
        text = "\n".join(bundle.read(name).decode() for name in bundle.namelist())
    assert '"in_sync"' in text
    kept = (office.base / "home" / "credentials.json").read_text()
    secrets = [word for word in re.findall(r"[\w+/=-]{20,}", kept) if word != office.device()]
    assert secrets
    for private in ("Dismissal", "docx", PASSWORD, str(office.folder), *secrets):
        assert private not in text
