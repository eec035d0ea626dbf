"""Downloads that are refused and folders that are renamed under an upload: nothing old comes over new, nothing is sent twice."""

import os

import pytest

from tests.journeys.conftest import Site
from tests.journeys.days.sizes import size
from tests.journeys.site import meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


@pytest.mark.day("T9", part="a download that does not come; rights and locks wait for sharing")
def test_an_older_content_never_goes_over_a_newer_one_that_could_not_be_fetched(site: Site) -> None:
    """A download that was blocked made a desk take its older file for an edit and send it over the newer one
    (Nextcloud desktop 5014 and 4060)."""
    office, home = site.desk("office", port=site.line.port), site.desk("home")
    office.write("plan.bin", b"old" + os.urandom(300_000))
    meet(office, home)
    site.line.refuse(b"/fetch")
    newer = b"new" + os.urandom(300_000)
    home.write("plan.bin", newer)
    home.wait()
    until(lambda: office.json("status")["pending"]["down"] == 1, "the desk knows of it and cannot have it")
    for _ in range(3):
        office.kill()
        office.start()
        office.call("wait", "--timeout", "1")
        assert office.json("status")["state"] != "in_sync"
        assert office.files()["plan.bin"].startswith(b"old")
    site.line.mend()
    meet(office, home)
    assert office.files() == home.files() == {"plan.bin": newer}
    assert len(home.json("versions", str(home.folder / "plan.bin"))) == 2
    assert home.json("conflicts") == office.json("conflicts") == []


@pytest.mark.day("T10")
def test_a_folder_renamed_and_moved_under_its_upload_stays_one_folder(site: Site) -> None:
    """A folder renamed while it was uploaded came back under both names, or lost what was under way
    (ownCloud client 2296, 1737 and 2170)."""
    office, home, away = site.desk("office"), site.desk("home"), site.desk("away")
    count = size(30, 100)
    for number in range(count):
        office.write(f"V/{number}.bin", os.urandom(2_000))
    meet(office, home, away)
    away.kill()
    conflicting = [f"away {number}".encode() for number in range(5)]
    for number, content in enumerate(conflicting):
        away.write(f"V/{number}.bin", content)
        away.write(f"V/away {number}.bin", content)
    for number in range(count):
        office.write(f"V/{number}.bin", f"office {number}")
        office.write(f"V/office {number}.bin", f"office new {number}")
        if number == count // 10:
            (home.folder / "V").rename(home.folder / "V2")
        if number == count // 2:
            (home.folder / "W").mkdir()
            (home.folder / "V2").rename(home.folder / "W/V2")
    (home.folder / "W/V2").rename(home.folder / "W/V3")
    for desk in (office, home):  # Swapped sooner, two files would be edits of what is still on its way.
        desk.wait()
    folder = home.folder / "W/V3"
    (folder / "20.bin").rename(folder / "swap")
    (folder / "21.bin").rename(folder / "20.bin")
    (folder / "swap").rename(folder / "21.bin")
    away.start()
    meet(office, home, away)
    files = home.files()
    assert {path.rpartition("/")[0] for path in files} == {"W/V3"}
    assert not (home.folder / "V").exists()
    contents = set(files.values())
    assert set(conflicting) <= contents
    assert {f"office new {number}".encode() for number in range(count)} <= contents
    assert {f"office {number}".encode() for number in range(count)} <= contents
    assert len(files) == 2 * count + 5 + 5, "the names, and a copy for each of the five edits"
