"""Strangers who answer in the server's place: nobody believes them, nothing is deleted for it, and it is over when they go."""

import os

import pytest

from tests.journeys.conftest import Site
from tests.journeys.faults import PAGES
from tests.journeys.site import PASSWORD, meet, until

pytestmark = pytest.mark.journey


def test_a_portal_in_front_of_the_server_is_said_at_the_sign_in(site: Site) -> None:
    desk = site.desk("office", port=site.line.port)
    desk.kill()
    sign_in = (
        "login",
        "--endpoint",
        f"http://127.0.0.1:{site.line.port}",
        "--user",
        "anna",
        "--password-stdin",
    )
    for page in PAGES:
        site.line.answer_with(page)
        done = desk.call(*sign_in, stdin=PASSWORD)
        expected = "[offline" if page in ("empty", "noise") else "[not_our_server"
        assert (done.returncode, expected in done.stderr) == (1, True), (page, done)
    site.line.mend()
    desk.do(*sign_in, stdin=PASSWORD)
    desk.start()
    desk.wait()


def test_a_portal_in_mid_life_is_no_word_about_any_file(site: Site) -> None:
    office, home = site.desk("office", port=site.line.port), site.desk("home")
    office.write("a/b.txt", "precious")
    office.write("c.txt", "1")
    meet(office, home)
    for page in PAGES:
        site.line.answer_with(page)
        until(lambda: office.json("status")["state"] == "offline", f"offline, for {page}")
        office.write("c.txt", f"written behind {page}")
        assert office.call("wait", "--timeout", "1").returncode == 2
        assert office.codes() == {}
        checked = {row["check"]: row for row in _doctor(office)}
        assert checked["endpoint"]["result"] == "FAIL", page
        code = "offline" if page in ("empty", "noise") else "not_our_server"
        assert code in checked["endpoint"]["detail"], (page, checked["endpoint"])
        assert office.files() == {"a/b.txt": b"precious", "c.txt": f"written behind {page}".encode()}
    assert home.files() == {"a/b.txt": b"precious", "c.txt": b"1"}
    site.line.mend()
    meet(office, home)
    assert home.files() == {"a/b.txt": b"precious", "c.txt": b"written behind noise"}


@pytest.mark.day("T7")
def test_a_download_that_is_cut_off_again_and_again_goes_on_where_it_was(site: Site) -> None:
    """No connection lives long enough for all of it: without going on (I12) it would never end."""
    office, home = site.desk("office", port=site.line.port), site.desk("home")
    meet(office, home)
    content = os.urandom(12_000_000)
    site.line.end_after(5_000_000)
    home.write("large.bin", content)
    until(lambda: office.files().get("large.bin") == content, "all of it", limit_s=120)
    site.line.mend()
    meet(office, home)
    assert office.do("verify").strip() == "Everything is equal."


def _doctor(desk):
    """Runs the doctor, who says by the exit code whether all is well."""
    import json

    done = desk.call("doctor", "--json")
    rows = json.loads(done.stdout)
    assert done.returncode == (1 if any(row["result"] == "FAIL" for row in rows) else 0)
    return rows
