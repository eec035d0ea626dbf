"""GovSync's own database, damaged: put aside as it is, begun anew, and the folder is what it was (R16, R40)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, meet, until

pytestmark = pytest.mark.journey


def damage(desk: Desk) -> tuple[Path, bytes]:
    """Overwrites the middle of the database of a desk that does not run; answers where it lies and what it holds now."""
    path = desk.base / "home" / "store.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) * 2 // 3] = b"\xff" * (len(data) * 2 // 3 - len(data) // 3)
    path.write_bytes(data)
    return path, bytes(data)


@pytest.mark.day("T3", part="garbage")
def test_a_damaged_database_is_put_aside_and_nothing_is_lost_or_kept_twice(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    for number in range(60):
        office.write(f"folder {number % 3}/{number}.txt", f"content {number}")
    meet(office, home)
    before = home.files()
    office.kill()
    path, data = damage(office)
    office.write("folder 0/new.txt", "saved while it was broken")
    home.write("folder 1/other.txt", "from home")
    office.start()
    meet(office, home)
    expected = {
        **before,
        "folder 0/new.txt": b"saved while it was broken",
        "folder 1/other.txt": b"from home",
    }
    assert office.files() == home.files() == expected
    kept = [each for each in path.parent.iterdir() if each.name.startswith("store.db.damaged-2")]
    assert [each.read_bytes() for each in kept if not each.name.endswith(("-wal", "-shm"))] == [data]
    said = [row for row in office.json("activity", "--limit", "500") if row["kind"] == "begun_anew"]
    assert [row["path"] for row in said] == [kept[0].name.removesuffix("-wal").removesuffix("-shm")]
    assert "the old one is kept" in office.do("activity", "--limit", "500")
    assert office.do("verify").strip() == "Everything is equal."


def test_what_waited_hidden_to_come_back_goes_to_rescued(site: Site) -> None:
    """A program wrote late into a version that had been displaced; then the database that knew of it was lost."""
    office, home = site.desk("office"), site.desk("home")
    office.write("report.txt", "one")
    meet(office, home)
    home.write("report.txt", "two")
    meet(office, home)
    office.kill()
    (displaced,) = (office.folder / ".govsync" / "trash").iterdir()
    displaced.write_text("written late")
    damage(office)
    office.start()
    found = office.base / "home" / "GovSync Rescued" / "report.txt"
    until(found.exists, "the late words")
    meet(office, home)
    assert found.read_text() == "written late"
    assert office.files() == {"report.txt": b"two"}
    said = [(row["path"], row["detail"]) for row in office.json("activity") if row["kind"] == "rescued"]
    assert said == [("report.txt", "report.txt")]
