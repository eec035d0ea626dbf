"""Too much at once is asked about first: deletions, rewrites, a folder that is gone or another (R28, R29)."""

import os
import shutil
import time

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, meet, until

pytestmark = pytest.mark.journey


def held(desk: Desk, kind: str) -> bool:
    return kind in [hold["kind"] for hold in desk.json("holds")]


def fill(desk: Desk, count: int) -> dict[str, bytes]:
    files = {f"papers/{number:04}.txt": f"paper {number}".encode() for number in range(count)}
    for name, content in files.items():
        desk.write(name, content)
    return files


def contents(desk: Desk) -> dict[str, bytes | None]:
    return {path: content for path, content in desk.tree().items() if content is not None}


def test_a_mass_deletion_waits_while_everything_else_goes_on(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    files = fill(office, 250)
    meet(office, home)
    shutil.rmtree(office.folder / "papers")
    until(lambda: held(office, "deletions"), "the question")
    (hold,) = office.json("holds")
    assert (hold["count"], len(hold["paths"])) == (250, 100)
    assert office.json("status")["state"] == "hold"
    office.write("new.txt", "goes on")
    home.write("papers/0001.txt", "edited at home")
    home.wait()
    office.wait(4)
    home.wait()
    assert contents(home) == {**files, "new.txt": b"goes on", "papers/0001.txt": b"edited at home"}
    assert "papers" not in office.tree(), "nothing is written to this desk for what is held"
    office.do("approve", hold["id"])
    meet(office, home)
    assert contents(home) == {"new.txt": b"goes on", "papers/0001.txt": b"edited at home"}


def test_a_rejected_deletion_comes_back_as_it_is_today(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    files = fill(office, 220)
    meet(office, home)
    shutil.rmtree(office.folder / "papers")
    until(lambda: held(office, "deletions"), "the question")
    home.write("papers/0001.txt", "edited at home")
    home.wait()
    office.kill()
    office.start()
    assert held(office, "deletions"), "the question outlives the process"
    office.do("reject")
    meet(office, home)
    assert contents(office) == {**files, "papers/0001.txt": b"edited at home"}
    assert office.call("reject").returncode == 1, "there is no question left"


def test_a_deletion_that_is_taken_back_by_hand_ends_the_question(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    files = fill(office, 220)
    meet(office, home)
    aside = office.base / "aside"
    shutil.move(office.folder / "papers", aside)
    until(lambda: held(office, "deletions"), "the question")
    shutil.move(aside, office.folder / "papers")
    until(lambda: not office.json("holds"), "the end of the question")
    meet(office, home)
    assert contents(home) == files


def test_an_encrypting_program_is_stopped_and_the_old_versions_return(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    files = fill(office, 1_200)
    meet(office, home)
    for name in files:
        office.write(name, os.urandom(40))
    until(lambda: held(office, "rewrites"), "the question")
    office.wait(4)
    (hold,) = office.json("holds")
    sent = {each["path"]: each["id"] for each in hold["sent"]}
    assert hold["count"] + len(sent) == 1_200
    assert len(sent) < 1_000
    home.wait()
    spoilt = {path for path, content in contents(home).items() if content != files[path]}
    assert spoilt == set(sent)
    encrypted = contents(office)
    office.do("reject", hold["id"])
    meet(office, home)
    rescued = {path.read_bytes() for path in (office.base / "home" / "GovSync Rescued").iterdir()}
    assert rescued == {content for path, content in encrypted.items() if path not in sent}
    path, revision = next(iter(sent.items()), ("", ""))
    if path:  # What had gone before the question is brought back one by one, by its old version.
        office.do("restore", str(office.folder / path), "--revision", revision)
        meet(office, home)
    spoilt = {each for each, content in contents(home).items() if content != files[each]}
    assert spoilt == set(sent) - {path}


@pytest.mark.day("T4", part="renamed away")
def test_a_folder_that_vanished_is_a_question_until_it_is_back(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    files = fill(office, 5)
    meet(office, home)
    elsewhere = office.folder.with_name("elsewhere")
    office.folder.rename(elsewhere)
    until(lambda: held(office, "folder_missing"), "the question", limit_s=90)
    (hold,) = office.json("holds")
    assert hold["paths"] == [str(office.folder)]
    sentence, *lines = office.call("status").stdout.splitlines()
    assert sentence == "1 question waits for an answer; nothing is synced until the folder is back."
    assert lines[-1].startswith(f"{office.folder}: The GovSync folder is missing.")
    office.wait(4)
    home.write("meanwhile.txt", "written at home")
    home.wait()
    elsewhere.rename(office.folder)
    until(lambda: not office.json("holds"), "the end of the question", limit_s=90)
    meet(office, home)
    assert contents(office) == {**files, "meanwhile.txt": b"written at home"}


@pytest.mark.day("T4", part="empty")
def test_an_empty_folder_in_its_place_deletes_nothing_and_gets_nothing(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    files = fill(office, 5)
    meet(office, home)
    elsewhere = office.folder.with_name("elsewhere")
    office.folder.rename(elsewhere)
    office.folder.mkdir()
    until(lambda: held(office, "folder_replaced"), "the question", limit_s=90)
    home.write("meanwhile.txt", "written at home")
    home.wait()
    time.sleep(1)  # Long enough for whatever must not happen.
    assert contents(home) == {**files, "meanwhile.txt": b"written at home"}
    assert list(office.folder.iterdir()) == []
    office.folder.rmdir()
    elsewhere.rename(office.folder)
    until(lambda: not office.json("holds"), "the end of the question", limit_s=90)
    meet(office, home)
    assert contents(office) == {**files, "meanwhile.txt": b"written at home"}
