"""An upgrade exchanges the program under an agent that works: it begins anew, and goes on with what was under way."""

import os
import signal

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, meet, until

pytestmark = [pytest.mark.journey, pytest.mark.commands]


def _began(desk: Desk) -> int:
    log = "".join(file.read_text() for file in (desk.base / "home" / "logs").glob("*.log*"))
    return log.count(" begins, on ")


def test_an_agent_that_is_asked_to_begin_anew_goes_on_with_what_was_under_way(site: Site) -> None:
    here, there = site.desk("here"), site.desk("there")
    here.do("pause")
    for number in range(20):
        here.write(f"report {number}.txt", os.urandom(200_000))
    here.do("resume")
    assert here.agent is not None
    before, pid = _began(here), here.agent.pid
    os.kill(pid, signal.SIGUSR1)
    until(lambda: _began(here) == before + 1 and here.call("status").returncode == 0, "it began anew")
    assert here.agent.poll() is None
    meet(here, there)
    assert len(there.files()) == 20
