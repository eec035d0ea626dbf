"""GovSync's own database, damaged: put aside as it is, begun anew, and the folder is what it was (R16, R40)."""

import sqlite3
from contextlib import closing

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import meet

pytestmark = pytest.mark.journey


def test_a_damaged_database_is_put_aside_and_nothing_is_lost_or_kept_twice(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    for number in range(60):
        office.write(f"folder {number % 3}/{number}.txt", f"content {number}")
    meet(office, home)
    before = home.files()
    office.kill()
    path = office.base / "home" / "store.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) * 2 // 3] = b"\xff" * (len(data) * 2 // 3 - len(data) // 3)
    path.write_bytes(data)
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
    assert [each.read_bytes() for each in kept if not each.name.endswith(("-wal", "-shm"))] == [bytes(data)]
    said = [row for row in office.json("activity", "--limit", "500") if row["kind"] == "begun_anew"]
    assert [row["path"] for row in said] == [kept[0].name.removesuffix("-wal").removesuffix("-shm")]
    assert "the old one is kept" in office.do("activity", "--limit", "500")
    assert office.do("verify").strip() == "Everything is equal."
