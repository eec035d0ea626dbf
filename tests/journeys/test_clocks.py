"""Clocks that are years off, on desks and on the server: what is newer is told by sequence, and nothing grows old (R36, R46)."""

import datetime

import pytest

from tests.journeys.clocks import YEAR_S, Clocks
from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def far_from_now(moment: str) -> bool:
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(moment)
    return abs(age) > datetime.timedelta(days=1)


def clock_line(desk: Desk) -> tuple[str, str]:
    (found,) = [row for row in desk.json("doctor") if row["check"] == "clock"]
    return found["result"], found["detail"]


@pytest.mark.day("T18", part="clocks")
def test_desks_whose_clocks_are_ten_years_off_sync_as_any_other(site: Site, clocks: Clocks) -> None:
    clocks.shift(10 * YEAR_S)
    ahead = site.desk("ahead")
    clocks.shift(-10 * YEAR_S)
    behind = site.desk("behind")
    ahead.write("a.txt", "one")
    ahead.write("gone.txt", "deleted soon")
    meet(ahead, behind)
    behind.write("a.txt", "two")
    meet(ahead, behind)
    (ahead.folder / "gone.txt").unlink()
    ahead.write("a.txt", "three")
    meet(ahead, behind)
    behind.write("a.txt", "four")
    meet(ahead, behind)
    assert ahead.files() == behind.files() == {"a.txt": b"four"}, (
        "the last one to save, whatever its clock says"
    )
    for desk in (ahead, behind):
        versions = desk.json("versions", str(desk.folder / "a.txt"))
        assert [row["size"] for row in versions] == [4, 5, 3, 3]
        assert not any(far_from_now(row["at"]) for row in versions), "the server's dates"
        (trashed,) = desk.json("trash", "list")
        assert (trashed["path"], far_from_now(trashed["deleted"])) == ("gone.txt", False)
        assert desk.json("conflicts") == []
    assert clock_line(ahead)[0] == clock_line(behind)[0] == "WARN"
    assert clock_line(ahead)[1].startswith("+3153")
    assert clock_line(behind)[1].startswith("-3153")
    ahead.kill()
    ahead.start()  # What is kept of the session knows no date either.
    ahead.write("after.txt", "after a start")
    meet(ahead, behind)
    assert behind.files()["after.txt"] == b"after a start"


@pytest.mark.parametrize("years", [10, -10])
def test_a_server_whose_clock_jumps_by_years_empties_nothing(site: Site, clocks: Clocks, years: int) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("a.txt", "one")
    office.write("gone.txt", "deleted long before")
    meet(office, home)
    office.write("a.txt", "two!")
    (office.folder / "gone.txt").unlink()
    meet(office, home)

    clocks.shift(years * YEAR_S)
    site.server.kill()
    site.server.start()
    for _ in range(3):
        site.server.admin("collect").check_returncode()
    home.write("while.txt", "saved while the clock was wrong")
    until(lambda: home.json("status")["state"] in ("in_sync", "signed_out"), "the server answers")
    assert office.files()["a.txt"] == home.files()["a.txt"] == b"two!"

    clocks.shift(0)
    site.server.kill()
    site.server.start()
    site.server.admin("collect").check_returncode()
    assert site.server.admin("check").returncode == 0
    for desk in (office, home):
        sign_in_again(site, desk)
    meet(office, home)
    assert (
        office.files() == home.files() == {"a.txt": b"two!", "while.txt": b"saved while the clock was wrong"}
    )
    versions = office.json("versions", str(office.folder / "a.txt"))
    assert [row["size"] for row in versions] == [4, 3]
    office.do("restore", str(office.folder / "a.txt"), "--revision", versions[1]["revision"])
    (trashed,) = office.json("trash", "list")
    office.do("trash", "restore", trashed["id"])
    until(lambda: home.files().get("gone.txt") == b"deleted long before", "what was in the trash")
    until(lambda: home.files()["a.txt"] == b"one", "the version from before")


def sign_in_again(site: Site, desk: Desk) -> None:
    """Signs a desk in whose session has grown old by the server's clock."""
    until(lambda: desk.json("status")["state"] in ("in_sync", "syncing", "signed_out"), "the server answers")
    if desk.json("status")["state"] == "signed_out":
        endpoint = f"http://127.0.0.1:{site.server.port}"
        desk.do("login", "--endpoint", endpoint, "--user", "anna", "--password-stdin", stdin=PASSWORD)
