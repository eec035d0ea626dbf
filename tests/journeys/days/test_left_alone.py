"""What is ignored, not sent yet or outside the folder is nobody's to delete; a laptop that comes back late neither."""

import os
import shutil
from pathlib import Path

import pytest

from tests.journeys.clocks import SHIFT_S, YEAR_S, Clocks
from tests.journeys.conftest import Site
from tests.journeys.days.sizes import size
from tests.journeys.site import meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


@pytest.mark.day("T15")
def test_a_deleted_folder_takes_along_neither_what_is_ignored_nor_what_is_unsent_nor_what_a_link_shows(
    site: Site,
) -> None:
    """A folder deleted elsewhere took along files that had never been sent, and what a link in it pointed to
    (Nextcloud desktop 2617, 1238 and 1295, Syncthing 2719)."""
    office, home = site.desk("office", port=site.line.port), site.desk("home")
    outside = site.base / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("precious")
    office.write("F/synced.txt", "synced")
    office.write("F/deep/synced.txt", "synced")
    office.write("other.own", "synced before the pattern")
    meet(office, home)
    office.write("F/scratch.tmp", "ignored")
    (office.folder / "F/link").symlink_to(outside)
    office.do("settings", "set", "sync.ignore", "*.own")
    office.wait()
    site.line.cut()
    until(lambda: office.json("status")["state"] == "offline", "offline")
    office.write("F/unsent.txt", "unsent")
    shutil.rmtree(home.folder / "F")
    home.wait()
    site.line.mend()
    meet_without = {"F/scratch.tmp", "F/link"}
    for desk in (office, home, office):
        desk.wait()
    seen = {path for path in office.tree() if not (office.folder / path).is_dir()}
    assert seen == {"other.own", "F/unsent.txt", "F/scratch.tmp"}
    assert (office.folder / "F/link").is_symlink()
    assert set(home.files()) == {"other.own", "F/unsent.txt"}, (
        "a pattern and a deletion remove nothing for others"
    )
    assert (outside / "precious.txt").read_text() == "precious"
    assert meet_without.isdisjoint(home.tree())
    trashed = {path.read_text() for path in (office.folder / ".govsync/trash").rglob("*") if path.is_file()}
    assert trashed == {"synced"}
    assert office.json("status")["state"] == "in_sync"


@pytest.mark.day("T16")
def test_a_laptop_from_the_drawer_brings_back_only_what_was_edited_on_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that had been off for long brought everything back that had been deleted meanwhile
    (Syncthing 1075 and 3563, rclone 9939)."""
    clocks = Clocks(monkeypatch)
    office, laptop = site.desk("office"), site.desk("laptop")
    third = size(20, 100)
    for number in range(3 * third):
        office.write(f"{number % 4}/{number}.txt", f"paper {number}")
    meet(office, laptop)
    laptop.kill()
    files = list(office.files())
    deleted, moved = files[:third], files[third : 2 * third]
    for path in deleted:
        (office.folder / path).unlink()
    (office.folder / "moved").mkdir()
    for path in moved:
        (office.folder / path).rename(office.folder / "moved" / Path(path).name)
    office.wait()
    expected = office.files()
    edited = {path: f"edited in the drawer: {path}".encode() for path in deleted[:5]}
    for path, content in edited.items():
        laptop.write(path, content)
    clocks.shift(YEAR_S + 35 * 24 * 3600)
    laptop.env[SHIFT_S] = os.environ[SHIFT_S]
    laptop.start()
    meet(office, laptop)
    assert len(laptop.json("holds")) == 0
    assert office.files() == {**expected, **edited}
