"""A desk that is put back from an old copy of its machine, or begins anew on a full folder, takes nobody's work back."""

import shutil

import pytest

from tests.journeys.conftest import Site
from tests.journeys.days.sizes import size
from tests.journeys.site import PASSWORD, Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


def go_on(site: Site, desk: Desk) -> None:
    """Starts a desk, and signs it in again where it has to."""
    desk.start()
    until(lambda: desk.json("status")["state"] != "offline", "the server's word")
    if desk.json("status")["state"] == "signed_out":
        endpoint = f"http://127.0.0.1:{site.server.port}"
        desk.do("login", "--endpoint", endpoint, "--user", "anna", "--password-stdin", stdin=PASSWORD)


@pytest.mark.day("T3", part="an old home, an old machine, no home")
@pytest.mark.parametrize("what", ["an old home", "an old machine", "no home"])
def test_an_old_copy_of_a_desk_deletes_nothing_and_sends_nothing_old(site: Site, what: str) -> None:
    """A laptop put back from an image deleted what it had never seen, and sent its old files as the newest
    (Nextcloud desktop 2913 and 1124, Maestral 295, Syncthing 2067)."""
    office, home = site.desk("office"), site.desk("home")
    count = size(20, 500)
    for number in range(count):
        office.write(f"{number % 3}/{number}.txt", f"paper {number}")
    meet(office, home)
    office.kill()
    aside = site.base / "image"
    shutil.copytree(office.base, aside, ignore=shutil.ignore_patterns("control"))
    office.start()
    for number in range(5):
        home.write(f"new {number}.txt", f"new {number}")
        home.write(f"{number % 3}/{number}.txt", f"edited {number}")
    (home.folder / "1/10.txt").rename(home.folder / "1/renamed.txt")
    meet(office, home)
    expected = home.files()
    office.kill()
    if what == "an old machine":
        shutil.rmtree(office.folder)
        shutil.copytree(aside / "GovSync", office.folder)
    shutil.rmtree(office.base / "home")
    if what == "no home":
        endpoint = f"http://127.0.0.1:{site.server.port}"
        office.do("login", "--endpoint", endpoint, "--user", "anna", "--password-stdin", stdin=PASSWORD)
        office.do("folder", "set", str(office.folder))
    else:
        shutil.copytree(aside / "home", office.base / "home")
    go_on(site, office)
    meet(office, home)
    assert office.files() == home.files() == expected
    assert office.json("conflicts") == home.json("conflicts") == []
    assert office.json("holds") == []
