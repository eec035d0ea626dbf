"""A person leaves a desk and takes the files off it: what the server has is there for whoever comes back (docs/decisions/0033)."""

import time

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, until

pytestmark = pytest.mark.journey

FILES = {f"Plans/{number}.txt": b"plan %d" % number for number in range(40)} | {
    "large.bin": b"large" * 300_000
}


def filled(site: Site) -> tuple[Desk, Desk]:
    office, home = site.desk("office"), site.desk("home")
    for path, content in FILES.items():
        (office.folder / path).parent.mkdir(exist_ok=True)
        (office.folder / path).write_bytes(content)
    office.wait()
    home.wait()
    assert home.files() == FILES
    return office, home


def login(desk: Desk, site: Site) -> None:
    endpoint = f"http://127.0.0.1:{site.server.port}"
    desk.do("login", "--endpoint", endpoint, "--user", "anna", "--password-stdin", stdin=PASSWORD)


def test_what_is_sent_goes_what_is_not_stays_and_everything_comes_back(site: Site) -> None:
    office, home = filled(site)
    office.do("pause")
    (office.folder / "Plans" / "0.txt").write_bytes(b"edited")
    (office.folder / "new.txt").write_bytes(b"new")
    said = office.do("logout", "--remove-files")
    assert f"{len(FILES) - 1} files were removed. 2 stay here." in said
    assert "Stays: Plans/0.txt" in said
    assert office.files() == {"Plans/0.txt": b"edited", "new.txt": b"new"}
    assert office.json("status")["state"] == "signed_out"
    home.wait()
    assert home.files() == FILES
    login(office, site)
    office.do("resume")
    until(lambda: home.files().get("new.txt") == b"new", "what was not sent")
    for desk in (office, home, office):
        desk.wait()
        assert FILES.items() - {("Plans/0.txt", b"plan 0")} <= desk.files().items()
        contents = {content for path, content in desk.files().items() if path.startswith("Plans/0")}
        assert contents == {b"plan 0", b"edited"}


def test_without_a_line_nothing_is_removed_and_the_person_stays_signed_in(site: Site) -> None:
    office = site.desk("office", port=site.line.port)
    (office.folder / "a.txt").write_bytes(b"one")
    office.wait()
    site.line.cut()
    refused = office.call("logout", "--remove-files")
    assert (refused.returncode, "[offline" in refused.stderr) == (1, True)
    assert office.files() == {"a.txt": b"one"}
    site.line.mend()
    office.wait()


@pytest.mark.parametrize("after_s", [0.1, 0.2, 0.4, 0.7])
def test_a_sign_out_that_is_killed_loses_nothing_and_deletes_nothing_for_anybody(
    site: Site, after_s: float
) -> None:
    office, home = filled(site)
    office.do("stop")
    assert office.agent is not None
    office.agent.wait(10)
    leaving = site._programs.start(["logout", "--remove-files"], office.env, 1, 2)
    time.sleep(after_s)
    leaving.kill()
    leaving.wait()
    login(office, site)
    office.start()
    office.wait()
    home.wait()
    office.wait()
    assert home.files() == FILES
    assert office.files() == FILES
