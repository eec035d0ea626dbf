"""IT has a desk wiped: what the server has goes, what it has not stays, and nothing looks deleted to anybody."""

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, until
from tests.journeys.test_fleet import admin, listed, state

# A desk that was wiped begins anew, which a fork cannot.
pytestmark = [pytest.mark.journey, pytest.mark.commands, pytest.mark.timeout(300)]

FILES = {f"Plans/{number}.txt": b"plan %d" % number for number in range(20)}


def test_a_desk_is_wiped_but_for_what_was_not_sent_and_used_again(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    for path, content in FILES.items():
        (office.folder / path).parent.mkdir(exist_ok=True)
        (office.folder / path).write_bytes(content)
    office.wait()
    home.wait()
    office.do("pause")
    (office.folder / "Plans" / "0.txt").write_bytes(b"edited")
    (office.folder / "new.txt").write_bytes(b"new")
    assert office.agent is not None
    pid = office.agent.pid
    admin(site, "device", "wipe", office.device())
    until(lambda: listed(site)[office.device()]["state"] == "wiped", "the desk is wiped")
    until(lambda: office.call("status").returncode == 0, "it began anew")
    assert office.files() == {"Plans/0.txt": b"edited", "new.txt": b"new"}
    assert listed(site)[office.device()]["kept"] == 2
    over = office.json("status")["session_over"]
    assert (over["wiped"], over["removed"], over["kept"]) == (True, 19, 2)
    words = office.do("status")
    assert (
        "Your organisation had this desk signed out and 19 synced files removed; the server has them."
        in words
    )
    assert (
        "2 files that the server does not have just so stay in the folder. Ask your IT support why." in words
    )
    assert (state(office), office.agent.pid, office.agent.poll()) == ("signed_out", pid, None)
    assert site.server.admin("device", "wipe", office.device()).returncode == 1
    home.wait()
    assert home.files() == FILES

    endpoint = f"http://127.0.0.1:{site.server.port}"
    office.do("login", "--endpoint", endpoint, "--user", "anna", "--password-stdin", stdin=PASSWORD)
    assert office.json("status")["session_over"] is None
    office.do("resume")
    until(lambda: home.files().get("new.txt") == b"new", "what was not sent")
    office.wait()
    home.wait()
    assert listed(site)[office.device()]["state"] == ""
    for desk in (office, home):
        assert FILES.items() - {("Plans/0.txt", b"plan 0")} <= desk.files().items()
        both = {content for path, content in desk.files().items() if path.startswith("Plans/0")}
        assert both == {b"plan 0", b"edited"}
