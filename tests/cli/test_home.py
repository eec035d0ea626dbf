"""Starting and stopping the agent of a home."""

import threading

import pytest

from govsync.cli import home as homes
from govsync.control.messages import GetStatus, Stop
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.lock import Lock
from tests.cli.test_device import STATUS


def test_an_agent_that_ends_at_once_is_not_started_and_says_why(govsync):
    done = govsync("start")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert "[folder_missing]" in done.err


def test_starting_a_running_agent_is_nothing(govsync, agent):
    asked = agent(lambda _: STATUS).asked
    assert govsync("start") == (0, "", "")
    assert asked == [GetStatus()]


def test_an_agent_of_another_version_is_running_and_can_be_stopped(agent, home):
    def respond(request):
        if isinstance(request, Stop):
            return
        raise Failure(Code.AGENT_DIFFERS, what="status")

    asked = agent(respond).asked
    assert homes.is_running()
    homes.stop()
    assert asked[-1] == Stop()


def test_stop_returns_when_the_agent_has_let_go_of_the_home(agent, home, monkeypatch):
    held = Lock(home / "lock")
    looked: list[bool] = []
    free = homes._is_free

    def look() -> bool:
        looked.append(free())
        if len(looked) == 3:
            held.release()
        return looked[-1]

    monkeypatch.setattr(homes, "_is_free", look)
    agent(lambda _: None)
    homes.stop()
    assert looked == [False, False, False, True]


def test_an_agent_that_does_not_end_is_waited_for_only_so_long(agent, home, monkeypatch):
    monkeypatch.setattr(homes, "STOP_S", 0.05)
    agent(lambda _: None)
    with Lock(home / "lock"), pytest.raises(Failure) as raised:
        homes.stop()
    assert raised.value.code is Code.TIMED_OUT


@pytest.mark.parametrize("fails", [False, True])
def test_a_stopped_agent_is_started_again_whatever_comes_of_it(agent, home, monkeypatch, fails):
    started = threading.Event()
    monkeypatch.setattr(homes, "start", started.set)
    asked = agent(lambda request: None if isinstance(request, Stop) else STATUS).asked
    try:
        with homes.stopped():
            assert Stop() in asked
            assert not started.is_set()
            if fails:
                raise Failure(Code.WRONG_PASSWORD)
    except Failure:
        assert fails
    assert started.is_set()


def test_where_no_agent_ran_none_is_started(home, monkeypatch):
    monkeypatch.setattr(homes, "start", lambda: pytest.fail("nobody asked for it"))
    with homes.stopped():
        assert not homes.is_running()
