"""A space that is full keeps back what would make it fuller, and nothing else (R39)."""

import os

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import meet, until

pytestmark = pytest.mark.journey


def allow(site: Site, quota_bytes: int) -> None:
    """Sets what Anna may store."""
    site.server.admin("quota", "set", "anna", str(quota_bytes)).check_returncode()


@pytest.mark.day("T19")
@pytest.mark.timeout(300)
def test_a_full_space_keeps_back_only_what_makes_it_fuller(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("large.bin", os.urandom(900_000))
    office.write("gone.bin", os.urandom(50_000))
    office.write("moved.txt", "moved")
    meet(office, home)
    allow(site, 1_000_000)
    office.write("too much.bin", os.urandom(400_000))
    (office.folder / "moved.txt").rename(office.folder / "renamed.txt")
    office.write("fits.txt", "fits")
    office.wait(expected=4)
    assert office.codes() == {"too much.bin": "quota"}
    assert office.json("status")["state"] == "problem"
    (office.folder / "gone.bin").unlink()
    until(
        lambda: "gone.bin" not in home.files() and "renamed.txt" in home.files(), "the deletion and the move"
    )
    assert home.files()["fits.txt"] == b"fits"
    other = os.urandom(900_000)
    office.write("large.bin", other)
    until(lambda: home.files()["large.bin"] == other, "the edit that needs no room")
    office.write("large.bin", os.urandom(40_000))
    until(lambda: len(home.files()["large.bin"]) == 40_000, "the edit that makes room")
    until(lambda: "too much.bin" in home.files(), "what fits now", limit_s=90)
    meet(office, home)
    assert office.codes() == {}
