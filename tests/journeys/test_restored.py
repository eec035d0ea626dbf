"""The server is put back from a copy, or begins with nothing, a desk's memory is lost, a home is copied: with real processes."""

import os
import shutil
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


def verified(*desks: Desk) -> None:
    """Each desk reads everything and compares it with the server."""
    for desk in desks:
        assert desk.do("verify").strip() == "Everything is equal."


def put_back(site: Site, copy: Path) -> None:
    site.server.kill()
    shutil.rmtree(site.server.data)
    shutil.copytree(copy, site.server.data)
    site.server.start()


def sign_in_again(site: Site, desk: Desk, user: str = "anna") -> None:
    if desk.agent is not None:
        desk.kill()
    endpoint = f"http://127.0.0.1:{site.server.port}"
    desk.do("login", "--endpoint", endpoint, "--user", user, "--password-stdin", stdin=PASSWORD)
    desk.start()


@pytest.mark.day("T2")
def test_a_server_put_back_from_a_copy_and_written_on_is_united_with_what_desks_hold(site: Site) -> None:
    office, home, late = (site.desk(name) for name in ("office", "home", "late"))
    office.write("a.txt", "a1")
    office.write("b.txt", "b1")
    office.join_team()
    office.write("Planning/team.txt", "t1")
    meet(office, home, late)
    site.server.kill()
    copy = site.base / "copy"
    shutil.copytree(site.server.data, copy)
    site.server.start()
    office.write("a.txt", "a2")
    home.write("folder/new.txt", "n1")
    office.write("Planning/team.txt", "t2")
    (home.folder / "b.txt").rename(home.folder / "c.txt")
    meet(office, home, late)
    late.kill()
    home.kill()
    put_back(site, copy)
    for number in range(8):  # Beyond the sequences that the desks have seen.
        office.write("after.txt", f"after {number}")
        office.wait()
    home.start()
    late.start()
    meet(office, home, late)
    assert office.files() == {
        "a.txt": b"a2", "c.txt": b"b1", "folder/new.txt": b"n1", "Planning/team.txt": b"t2", "after.txt": b"after 7",
    }  # fmt: skip
    verified(office, home, late)
    assert site.server.admin("check").stdout.strip() == "sound"


@pytest.mark.day("T2")
def test_an_emptied_server_is_refilled_from_the_desks_after_a_sign_in(site: Site) -> None:
    office, home, late = (site.desk(name) for name in ("office", "home", "late"))
    for number in range(30):
        office.write(f"2025/{number % 3}/{number}.txt", f"content {number}")
    office.write("large.bin", os.urandom(3_000_000))
    office.join_team()
    office.write("Planning/team.txt", "t1")
    meet(office, home, late)
    office.write("a.txt", "a1")
    meet(office, home)
    late.kill()
    office.write("a.txt", "a2")
    (office.folder / "2025" / "1").rename(office.folder / "2025" / "moved")
    meet(office, home)
    expected = office.files()
    home.kill()
    office.kill()
    site.server.kill()
    shutil.rmtree(site.server.data)
    office.write("worked on meanwhile.txt", "w")
    office.write("a.txt", "a3, written while there was no server")
    expected |= {"worked on meanwhile.txt": b"w", "a.txt": b"a3, written while there was no server"}
    site.server.start()
    site.server.populate()
    for desk in (
        late,
        home,
        office,
    ):  # One after the other: two that give back at once are two who wrote a.txt.
        sign_in_again(site, desk)
        desk.wait()
    meet(office, home, late)
    assert office.files() == expected
    verified(office, home, late)
    assert site.server.admin("check").stdout.strip() == "sound"
    for desk in (office, home, late):
        assert desk.json("conflicts") == []


@pytest.mark.day("T2", part="what was shared")
def test_what_was_shared_waits_for_whoever_shared_it_and_is_united_without_a_byte(site: Site) -> None:
    anna, boris = site.desk("anna"), site.desk("boris", "boris")
    for number in range(10):
        anna.write(f"Plans/2026/{number}.txt", f"content {number}")
    anna.write("Plans/large.bin", os.urandom(300_000))
    anna.wait()
    share = ("share", "add", str(anna.folder / "Plans"), "--with", "boris", "--role", "editor")
    anna.do(*share)
    until(lambda: boris.files() == anna.files(), "the folder on Boris's desk")
    boris.wait()
    shown = {path: (boris.folder / path).stat().st_ino for path in boris.files()}
    site.server.kill()
    shutil.rmtree(site.server.data)
    site.server.start()
    site.server.populate()
    sign_in_again(site, boris, "boris")
    until(lambda: boris.codes() == {"Plans": "space_frozen"}, "that the folder waits to be shared again")
    (row,) = boris.json("problems")
    assert "share it with you again" in row["action"]
    boris.write("Plans/2026/3.txt", "by Boris meanwhile")
    boris.wait(4)
    expected = boris.files()
    sign_in_again(site, anna)
    anna.wait()
    assert len(anna.files()) == len(expected)
    anna.do(*share)
    until(lambda: boris.codes() == {}, "that the folder is shared again")
    meet(anna, boris)
    assert anna.files() == boris.files() == expected
    assert {path: (boris.folder / path).stat().st_ino for path in boris.files()} == shown, (
        "nothing came again"
    )
    assert anna.json("conflicts") == boris.json("conflicts") == []
    assert [row["with"] for row in anna.json("share", "list")] == ["anna", "boris"]
    verified(anna, boris)
    assert site.server.admin("check").stdout.strip() == "sound"


@pytest.mark.day("T3", part="no memory")
def test_a_desk_that_has_lost_its_memory_takes_its_files_for_what_they_are(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    for number in range(20):
        office.write(f"f/{number}.txt", f"content {number}")
    office.write("old.txt", "v1")
    office.write("mine.txt", "m1")
    office.join_team()
    office.write("Planning/team.txt", "t1")
    meet(office, home)
    home.kill()
    office.write("old.txt", "v2")
    office.wait()
    for found in (home.base / "home").rglob("*"):
        if found.is_file() and found.name.startswith("store.db"):
            found.unlink()
    home.write("mine.txt", "changed while nobody looked")
    home.start()
    meet(office, home)
    files = office.files()
    assert files["old.txt"] == b"v2"
    assert {b"m1", b"changed while nobody looked"} <= set(files.values())
    assert files["Planning/team.txt"] == b"t1"
    assert len(files) == 20 + 1 + 2 + 1, "no copy of what was known, equal or older; nothing is deleted"
    verified(office, home)


@pytest.mark.day("T3", part="a clone")
def test_a_copied_home_that_runs_twice_becomes_a_device_of_its_own(site: Site) -> None:
    office = site.desk("office")
    for number in range(10):
        office.write(f"f/{number}.txt", f"content {number}")
    office.write("a.txt", "a1")
    office.wait()
    office.kill()
    shutil.copytree(office.base, site.base / "twin", ignore=shutil.ignore_patterns("control"))
    twin = Desk.copied(site.base, "twin", office)
    site.desks.append(twin)
    office.start()
    office.write("a.txt", "a2")
    (office.folder / "f/0.txt").unlink()
    office.wait()
    (twin.folder / "f/1.txt").unlink()
    twin.write("f/2.txt", "changed in the copy")
    twin.start()
    until(lambda: "signed out a copy" in twin.do("activity"), "the copy is signed out")
    assert office.device() != twin.device()
    if (
        office.json("status")["state"] == "signed_out"
    ):  # Both had one token, so it may have been given up for both.
        sign_in_again(site, office)
    sign_in_again(site, twin)
    meet(office, twin)
    kept = {f"f/{number}.txt": f"content {number}".encode() for number in range(1, 10)}
    edited = {"a.txt": b"a2", "f/2.txt": b"changed in the copy"}
    assert office.files() == kept | edited, (
        "what the office deleted is gone, what only the copy lacked came back"
    )
    assert office.json("conflicts") == twin.json("conflicts") == []
    assert len(office.json("versions", str(office.folder / "f/2.txt"))) == 2, (
        "its edit is one of the file that was copied"
    )
    verified(office, twin)


def test_a_home_or_a_folder_that_is_put_back_from_a_backup_takes_nothing_away(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    for number in range(10):
        office.write(f"f/{number}.txt", f"content {number}")
    office.write("old.txt", "v1")
    office.join_team()
    office.write("Planning/team.txt", "t1")
    meet(office, home)
    home.kill()
    backup = site.base / "backup"
    shutil.copytree(home.base, backup, ignore=shutil.ignore_patterns("control"))
    home.start()
    office.write("old.txt", "v2")
    office.write("f/since.txt", "since")
    (office.folder / "f/1.txt").unlink()
    home.write("f/mine.txt", "mine")
    (home.folder / "f/0.txt").unlink()
    meet(office, home)
    expected = office.files()

    home.kill()
    shutil.rmtree(home.base / "home")
    shutil.copytree(backup / "home", home.base / "home")
    home.write("f/2.txt", "edited before the first start")
    (home.folder / "f/3.txt").unlink()
    begin_again(site, home)
    meet(office, home)
    expected |= {"f/2.txt": b"edited before the first start"}
    assert office.files() == expected, "what was missing came back, and nothing that was deleted before"

    home.kill()
    shutil.rmtree(home.folder)
    shutil.copytree(backup / "GovSync", home.folder)
    begin_again(site, home)
    meet(office, home)
    there_again = {f"f/{number}.txt": f"content {number}".encode() for number in (0, 1)}
    assert office.files() == expected | there_again, "what was put back is there, older versions gave way"
    assert office.json("conflicts") == home.json("conflicts") == []
    verified(office, home)


def begin_again(site: Site, desk: Desk) -> None:
    """Starts a desk of which the home was put back: its session may have gone on without it."""
    desk.start()
    until(
        lambda: desk.json("status")["state"] in ("in_sync", "signed_out"), "it knows whether it is signed in"
    )
    if desk.json("status")["state"] == "signed_out":
        sign_in_again(site, desk)
