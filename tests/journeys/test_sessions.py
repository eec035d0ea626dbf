"""Sessions that are over, spoilt or stolen: the desk says so, keeps everything, and a new sign-in goes on without a loss."""

import json
import signal

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import PASSWORD, Desk, meet, until

pytestmark = pytest.mark.journey


def _sign_in(site: Site, desk: Desk) -> None:
    endpoint = f"http://127.0.0.1:{site.server.port}"
    desk.do("login", "--endpoint", endpoint, "--user", "anna", "--password-stdin", stdin=PASSWORD)


@pytest.mark.parametrize("what", ["spoilt", "unreadable", "used up"])
def test_a_token_that_is_worth_nothing_ends_the_session_and_nothing_else(site: Site, what: str) -> None:
    office, home = site.desk("office"), site.desk("home")
    kept = office.base / "home" / "credentials.json"
    credentials = kept.read_bytes()
    if what == "used up":
        for _ in range(2):  # Each start uses a token up and gets the next one.
            office.kill()
            office.start()
            office.wait()
    elif what == "spoilt":
        credentials = json.dumps(dict.fromkeys(json.loads(credentials), "no token")).encode()
    else:
        credentials = b"{"
    office.kill()
    kept.write_bytes(credentials)
    office.start()
    until(lambda: office.json("status")["state"] == "signed_out", "signed out")
    office.write("meanwhile.txt", "kept")
    home.write("home.txt", "from home")
    home.wait()
    _sign_in(site, office)
    meet(office, home)
    assert office.files() == home.files() == {"meanwhile.txt": b"kept", "home.txt": b"from home"}


@pytest.mark.day("T20")
@pytest.mark.timeout(300)
def test_a_server_that_stands_still_is_noticed_and_goes_on_where_it_was(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("a.txt", "1")
    meet(office, home)
    site.server.process.send_signal(signal.SIGSTOP)
    try:
        office.write("b.txt", "while it stood still")
        until(lambda: office.json("status")["state"] == "offline", "offline", limit_s=90)
        assert office.call("wait", "--timeout", "1").returncode == 2
    finally:
        site.server.process.send_signal(signal.SIGCONT)
    meet(office, home)
    assert home.files() == {"a.txt": b"1", "b.txt": b"while it stood still"}
