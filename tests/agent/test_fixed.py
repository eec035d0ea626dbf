"""What the organisation fixes is asked for, kept while there is no line, and taken as soon as it is otherwise."""

import queue

import pytest

from govsync.agent import fixed
from govsync.agent.fixed import Fixed
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import wire
from govsync.protocol.session import MOST_POLICY_CHARACTERS, MOST_POLICY_KEYS, Policy
from govsync.system.places import Places, places

LIMIT_S = 30.0
RATE = {"network.upload_limit": "2 MB"}


@pytest.fixture
def here(tmp_path) -> Places:
    return places({"GOVSYNC_HOME": str(tmp_path / "home")})


class Server:
    """Answers as it was told to, the last answer for ever."""

    def __init__(self, *answers: Policy | Code) -> None:
        self._answers = list(answers)
        self.asked: queue.Queue[int] = queue.Queue()

    def policy(self) -> Policy:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        self.asked.put(1)
        if isinstance(answer, Code):
            raise Failure(answer)
        return answer


def test_only_what_is_otherwise_is_kept_and_told(here):
    assert fixed.keep(here, Policy(settings=RATE))
    assert not fixed.keep(here, Policy(settings=RATE))
    assert fixed.kept(here) == (RATE, [])
    assert fixed.keep(here, Policy())
    assert fixed.kept(here) == ({}, [])


def test_what_cannot_be_read_is_told_and_replaced(here):
    here.endpoint_policy.mkdir(parents=True)
    assert len(fixed.kept(here)[1]) == 1
    here.endpoint_policy.rmdir()
    here.endpoint_policy.write_text("no toml")
    assert len(fixed.kept(here)[1]) == 1
    assert fixed.keep(here, Policy())
    assert fixed.kept(here) == ({}, [])


def test_a_server_that_cannot_answer_is_asked_again_and_what_it_said_stays(here, monkeypatch):
    monkeypatch.setattr(fixed, "AGAIN_S", 0.01)
    fixed.keep(here, Policy(settings={"app.language": "ko"}))
    changed: queue.Queue[dict[str, str]] = queue.Queue()
    server = Server(Code.STORE_UNAVAILABLE, Code.OFFLINE, Policy(settings=RATE))
    asking = Fixed(server, here, lambda: changed.put(fixed.kept(here)[0]))  # type: ignore[arg-type]
    asking.start()
    asking.ask()
    assert changed.get(timeout=LIMIT_S) == RATE
    for _ in range(3):
        server.asked.get(timeout=LIMIT_S)
    asking.ask()
    server.asked.get(timeout=LIMIT_S)
    asking.stop()
    asking._thread.join(LIMIT_S)
    assert changed.empty(), "the same once more changes nothing"


def test_a_session_that_has_ended_asks_no_more_and_keeps_what_was_said(here, monkeypatch):
    monkeypatch.setattr(fixed, "AGAIN_S", 0.0)
    fixed.keep(here, Policy(settings=RATE))
    server = Server(Code.SIGNED_OUT)
    asking = Fixed(server, here, lambda: pytest.fail("nothing has changed"))  # type: ignore[arg-type]
    asking.start()
    asking.ask()
    server.asked.get(timeout=LIMIT_S)
    asking.stop()
    asking._thread.join(LIMIT_S)
    assert server.asked.empty()
    assert fixed.kept(here) == (RATE, [])


@pytest.mark.parametrize(
    "settings",
    [
        {f"a.{number}": "1" for number in range(MOST_POLICY_KEYS + 1)},
        {"a": "x" * (MOST_POLICY_CHARACTERS + 1)},
        {"a" * 101: "1"},
    ],
    ids=["keys", "text", "key"],
)
def test_more_than_any_policy_needs_is_not_our_server_s(settings):
    with pytest.raises(Failure):
        wire.decode_json(wire.encode_json(Policy(settings=settings)), Policy)
