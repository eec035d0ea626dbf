"""Whoever asks gets an answer, whatever the question leads to; whoever speaks otherwise is hung up on."""

import errno
import threading

import pytest

from govsync.agent import commands
from govsync.agent.listen import Listener
from govsync.control.client import ask
from govsync.control.codec import Decoder, decode_reply, encode_request
from govsync.control.messages import GetStatus, ListHolds, Resume, Stop, SyncNow
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import ipc


class Agent:
    """Remembers that it was asked to end."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def agent():
    return Agent()


def _full():
    raise OSError(errno.ENOSPC, "no space", "a name")


@pytest.fixture
def control(tmp_path, monkeypatch, agent):
    path = tmp_path / "control"
    answers = {ListHolds: list, SyncNow: lambda: {}["missing"], Stop: lambda: None, Resume: _full}

    def carry_out(_, request):
        if type(request) not in answers:
            raise Failure(Code.NOT_FOUND, id=3)
        return answers[type(request)]()

    monkeypatch.setattr(commands, "carry_out", carry_out)
    listener = Listener(path, agent)
    listener.start()
    yield path
    listener.stop()


def refused(path, request) -> Failure:
    with pytest.raises(Failure) as raised:
        ask(path, request, 10)
    return raised.value


def test_an_answer_a_failure_and_a_bug_each_come_back(control):
    assert ask(control, ListHolds(), 10) == ()
    assert refused(control, GetStatus()).code is Code.NOT_FOUND
    assert refused(control, SyncNow()).code is Code.INTERNAL


def test_what_the_system_refuses_comes_back_with_its_code(control):
    failure = refused(control, Resume())
    assert failure.code is Code.DISK_FULL
    assert "a name" not in str(failure)


def test_several_questions_may_follow_on_one_connection(control):
    with ipc.connect(control, 10) as connection:
        connection.sendall(encode_request(ListHolds()) * 3)
        decoder, found = Decoder(10_000), 0
        while found < 3:
            body = decoder.feed(connection.recv(65536))
            while body is not None:
                assert decode_reply(body, ListHolds()) == ()
                found += 1
                body = decoder.feed(b"")


def test_a_command_of_another_version_is_answered_with_that(control):
    with ipc.connect(control, 10) as connection:
        connection.sendall(b"\0\0\0\x11" + b'{"command":"fly"}')
        body = Decoder(10_000).feed(connection.recv(65536))
    assert body is not None
    with pytest.raises(Failure) as raised:
        decode_reply(body, ListHolds())
    assert raised.value.code is Code.AGENT_DIFFERS


def test_a_length_that_nobody_says_ends_the_connection_and_no_other(control):
    with ipc.connect(control, 10) as connection:
        connection.sendall(b"\xff\xff\xff\xff")
        assert connection.recv(10) == b""
    assert ask(control, ListHolds(), 10) == ()


def test_the_agent_is_ended_once_that_is_said(control, agent):
    assert ask(control, ListHolds(), 10) == ()
    assert not agent.stopped.is_set()
    assert ask(control, Stop(), 10) is None
    assert agent.stopped.wait(10)
