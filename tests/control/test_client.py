"""A question over a real socket: answered, refused, not answered at all."""

import socket
import struct
import threading

import pytest

from govsync.control.client import ask
from govsync.control.messages import GetStatus, ListHolds, Restore, Wait, Waited
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import ipc
from tests.control.desk import FakeAgent
from tests.control.test_codec import HOLD, framed


def failed(path, request=None, timeout_s=10.0) -> Failure:
    with pytest.raises(Failure) as raised:
        ask(path, request or GetStatus(), timeout_s)
    return raised.value


def test_the_answer_of_the_agent_is_the_answer(tmp_path):
    answers = {ListHolds: [HOLD], Wait: Waited.DONE}
    agent = FakeAgent(tmp_path / "control", lambda request: answers[type(request)])
    assert ask(tmp_path / "control", ListHolds(), 10) == (HOLD,)
    assert ask(tmp_path / "control", Wait(timeout_s=3), 10) is Waited.DONE
    assert agent.asked == [ListHolds(), Wait(timeout_s=3)]
    agent.close()


def test_the_failure_of_the_agent_is_raised_here(tmp_path):
    def refuse(_):
        raise Failure(Code.NOT_FOUND, revision="zz")

    agent = FakeAgent(tmp_path / "control", refuse)
    failure = failed(tmp_path / "control", Restore(path="/a", revision="zz"))
    assert (failure.code, failure.facts) == (Code.NOT_FOUND, {"revision": "zz"})
    agent.close()


def test_a_long_answer_arrives_whole(tmp_path):
    many = [HOLD] * 5_000
    agent = FakeAgent(tmp_path / "control", lambda _: many)
    assert list(ask(tmp_path / "control", ListHolds(), 10)) == many
    agent.close()


def test_without_an_agent_it_is_said_that_none_runs(tmp_path):
    assert failed(tmp_path / "control").code is Code.AGENT_NOT_RUNNING


@pytest.mark.parametrize("said", [b"", b"\0\0", struct.pack(">I", 100) + b"{"])
def test_an_agent_that_ends_in_the_middle_is_not_running(tmp_path, said):
    agent = FakeAgent(tmp_path / "control", said)
    assert failed(tmp_path / "control").code is Code.AGENT_NOT_RUNNING
    agent.close()


def test_an_agent_that_dies_before_it_reads_is_not_running(tmp_path):
    with ipc.listen(tmp_path / "control") as listening:
        thread = threading.Thread(target=lambda: listening.accept()[0].close())
        thread.start()
        assert failed(tmp_path / "control").code is Code.AGENT_NOT_RUNNING
        thread.join(10)


def test_an_agent_that_speaks_otherwise_is_of_another_version(tmp_path):
    agent = FakeAgent(tmp_path / "control", framed(b'{"value":{"state":"brand_new"}}'))
    assert failed(tmp_path / "control").code is Code.AGENT_DIFFERS
    agent.close()


def test_an_agent_that_says_nothing_is_waited_for_only_so_long(tmp_path):
    held: list[socket.socket] = []
    with ipc.listen(tmp_path / "control") as listening:
        thread = threading.Thread(target=lambda: held.append(listening.accept()[0]))
        thread.start()
        assert failed(tmp_path / "control", timeout_s=0.05).code is Code.TIMED_OUT
        thread.join(10)
        held[0].close()
