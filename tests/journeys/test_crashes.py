"""A process that crashes in foreign code says where it was, and what it was about comes to its end after the next start."""

import signal
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import meet

pytestmark = pytest.mark.journey

SAID = ("Fatal Python error: Segmentation fault", "most recent call first")


def said(log: Path) -> bool:
    text = log.read_text()
    return all(words in text for words in SAID)


def test_a_server_that_crashes_says_where_and_desks_go_on_when_it_is_back(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("a.txt", "a1")
    meet(office, home)
    site.server.process.send_signal(signal.SIGSEGV)
    assert site.server.process.wait(10) == -signal.SIGSEGV
    assert said(site.base / "server.log")
    office.write("a.txt", "a2")
    site.server.start()
    meet(office, home)
    assert home.files() == {"a.txt": b"a2"}


def test_an_agent_that_crashes_says_where_and_goes_on_after_its_next_start(site: Site) -> None:
    office, home = site.desk("office"), site.desk("home")
    office.write("a.txt", "a1")
    meet(office, home)
    assert office.agent is not None
    office.agent.send_signal(signal.SIGSEGV)
    assert office.agent.wait(10) == -signal.SIGSEGV
    assert said(office.base / "agent.out")
    office.write("a.txt", "a2")
    office.start()
    meet(office, home)
    assert home.files() == {"a.txt": b"a2"}
