"""A desk that is too old for its server says so and keeps everything, goes on once it is borne with, and is wiped all the same."""

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, until

pytestmark = pytest.mark.journey


def state(desk: Desk) -> str:
    return str(desk.json("status")["state"])


def least(site: Site, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """Has the server begin anew, with an oldest version that it bears with."""
    site.server.kill()
    monkeypatch.setenv("GOVSYNC_SERVER_LEAST_CLIENT", version)
    site.server.start()


def test_a_desk_that_is_too_old_keeps_everything_and_says_what_to_do(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, other = site.desk("desk"), site.desk("other")
    desk.write("before.txt", b"before")
    desk.wait()
    other.wait()
    least(site, monkeypatch, "999")
    until(lambda: state(desk) == "problem", "the desk says it though nothing waits")
    desk.write("meanwhile.txt", b"meanwhile")
    desk.wait(expected=4)
    assert set(desk.codes().values()) == {"client_too_old"}
    assert state(desk) == "problem"
    assert desk.files() == {"before.txt": b"before", "meanwhile.txt": b"meanwhile"}
    again = desk.call("versions", str(desk.folder / "before.txt"))
    assert (again.returncode, "[client_too_old]" in again.stderr) == (1, True)

    least(site, monkeypatch, "")
    until(lambda: "meanwhile.txt" in other.files(), "what waited goes")
    desk.wait()
    assert (state(desk), desk.codes()) == ("in_sync", {})


def test_a_desk_that_is_too_old_is_wiped_all_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = site.desk("desk")
    desk.write("a.txt", b"a")
    desk.wait()
    least(site, monkeypatch, "999")
    until(lambda: state(desk) == "problem", "the desk is too old")
    site.server.admin("device", "wipe", desk.device()).check_returncode()
    until(
        lambda: desk.device() in site.server.admin("fleet", "--json", "--state", "wiped").stdout,
        "the order is obeyed",
    )
    assert desk.files() == {}
