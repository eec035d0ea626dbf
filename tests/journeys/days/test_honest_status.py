"""Times that say nothing and items that cannot be synced: nothing is sent for the first, and each of the second is said."""

import os
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.journeys.conftest import Site
from tests.journeys.days.sizes import size
from tests.journeys.days.test_not_written import limit_files
from tests.journeys.site import Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS


def journal_length(site: Site) -> int:
    with closing(sqlite3.connect(site.server.data / "server.db", timeout=30)) as database:
        return int(database.execute("SELECT count(*) FROM journal").fetchone()[0])


def shift(desk: Desk, times: Callable[[int], int]) -> None:
    for name in desk.files():
        before = (desk.folder / name).stat()
        os.utime(desk.folder / name, ns=(before.st_atime_ns, times(before.st_mtime_ns)))


@pytest.mark.day("T18")
def test_a_time_alone_is_no_edit_and_an_edit_needs_no_time(site: Site) -> None:
    """A changed time zone made everything be uploaded anew, with a conflict for each file
    (ownCloud client 2438 and 2880, Syncthing 2414)."""
    office, home = site.desk("office"), site.desk("home")
    for number in range(size(20, 500)):
        office.write(f"{number}.txt", f"paper {number}")
    meet(office, home)
    before = journal_length(site)
    for desk, times in (
        (office, lambda ns: ns + HOUR_NS),
        (home, lambda ns: ns - HOUR_NS),
        (office, lambda _: 0),
        (home, lambda _: 4_102_444_800 * SECOND_NS),
        (office, lambda ns: ns - ns % (2 * SECOND_NS)),
    ):
        shift(desk, times)
        desk.do("sync-now")
    home.kill()
    shift(home, lambda ns: ns - 3 * 365 * 24 * HOUR_NS)
    home.start()
    meet(office, home)
    assert journal_length(site) == before, "nothing was sent"
    assert office.json("conflicts") == home.json("conflicts") == []
    edited = office.folder / "1.txt"
    kept = edited.stat()
    edited.write_text("Paper 1")
    os.utime(edited, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    office.do("sync-now")
    meet(office, home)
    texts = {home.files()["1.txt"]} | {
        path.read_bytes() for path in (office.base / "home").glob("GovSync Rescued/*")
    }
    assert b"Paper 1" in texts, "an edit that moved no time is kept"


@pytest.mark.day("T19")
def test_items_that_cannot_be_synced_are_all_said_and_hold_up_nothing_else(site: Site) -> None:
    """A green tick stood over files that had never been sent, and one bad name held up a thousand good ones
    (ownCloud client 7495, Nextcloud desktop 229, 4407 and 4580, Maestral 608)."""
    office, home = site.desk("office"), site.desk("home")
    meet(office, home)
    home.do("settings", "set", "sync.ignore", "blocked")
    home.write("blocked", "one's own")
    limit_files(home, 8_000_000)
    site.server.admin("quota", "set", "anna", "12 MB").check_returncode()
    latin = os.path.join(os.fsencode(office.folder), b"caf\xe9.txt")
    with open(latin, "wb") as file:
        file.write(b"latin")
    deep = "/".join(str(number) for number in range(100))
    office.write(".govsyncish", "ours by its name")
    office.write(f"{deep}/1/too deep.txt", "too deep")
    office.write("too large for the disk there.bin", os.urandom(8_500_000))
    office.write("blocked/inside.txt", "inside")
    good = {f"good/{number}.txt": f"good {number}".encode() for number in range(size(100, 1_000))}
    for name, content in good.items():
        office.write(name, content)
    office.wait(expected=4)
    office.write("too much for the space.bin", os.urandom(5_000_000))
    office.wait(expected=4)
    home.wait(expected=4)
    here = {"name_not_text", "name_reserved", "too_deep", "quota"}
    for desk in (office, home):
        desk.kill()
        desk.start()
    limit_files(home, 8_000_000)
    for desk, expected in ((office, here), (home, {"too_large_here", "exists"})):
        desk.do("sync-now")
        desk.wait(expected=4)
        assert desk.json("status")["state"] == "problem"
        assert set(desk.codes().values()) == expected
    assert {name: content for name, content in home.files().items() if name.startswith("good/")} == good
    # Each ends by itself when its cause does.
    os.rename(latin, office.folder / "café.txt")
    (office.folder / ".govsyncish").rename(office.folder / "ours.txt")
    (office.folder / f"{deep}/1/too deep.txt").rename(office.folder / "not too deep.txt")
    (office.folder / f"{deep}/1").rmdir()
    (office.folder / "too much for the space.bin").unlink()
    limit_files(home, resource.RLIM_INFINITY)
    (home.folder / "blocked").unlink()
    for desk in (office, home):
        until(lambda desk=desk: desk.json("problems") == [], "the end of every problem", limit_s=120)  # type: ignore[misc]
    meet(office, home)
