"""The session of a device: new tokens are safe before they are used, and asked for once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Tokens
from govsync.remote.session import Session
from tests.server.serving import Kept


class Endpoint:
    """Hands out tokens in a row; `gate` holds an exchange back."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Failure | None = None

    def exchange(self, refresh: str) -> Tokens:
        assert self.gate.wait(30)
        self.asked.append(refresh)
        if self.failure is not None:
            raise self.failure
        turn = len(self.asked)
        return Tokens(
            access=f"access {turn}",
            refresh=f"refresh {turn}",
            expires_s=600,
            user=bytes(16),
            login="",
            name="",
        )


def test_an_access_token_is_got_once_and_kept() -> None:
    endpoint, kept = Endpoint(), Kept("refresh 0")
    session = Session(kept, endpoint.exchange)
    assert [session.access(), session.access()] == ["access 1", "access 1"]
    assert endpoint.asked == ["refresh 0"]


def test_an_expired_token_is_exchanged_with_the_newest_refresh_token() -> None:
    endpoint, kept = Endpoint(), Kept("refresh 0")
    session = Session(kept, endpoint.exchange)
    first = session.access()
    assert session.access(expired=first) == "access 2"
    assert endpoint.asked == ["refresh 0", "refresh 1"]


def test_of_many_threads_that_find_a_token_expired_one_asks() -> None:
    endpoint, kept = Endpoint(), Kept("refresh 0")
    session = Session(kept, endpoint.exchange)
    first = session.access()
    endpoint.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(session.access, first) for _ in range(8)]
        endpoint.gate.set()
        assert {answer.result(30) for answer in answers} == {"access 2"}
    assert endpoint.asked == ["refresh 0", "refresh 1"]


def test_a_token_that_could_not_be_kept_is_not_used() -> None:
    class Full(Kept):
        def store(self, refresh: str) -> None:
            raise Failure(Code.NO_KEYRING)

    endpoint = Endpoint()
    session = Session(Full("refresh 0"), endpoint.exchange)
    for _ in range(2):
        with pytest.raises(Failure) as caught:
            session.access()
        assert caught.value.code is Code.NO_KEYRING
    assert endpoint.asked == ["refresh 0", "refresh 0"]


def test_a_failed_exchange_changes_nothing() -> None:
    endpoint, kept = Endpoint(), Kept("refresh 0")
    session = Session(kept, endpoint.exchange)
    endpoint.failure = Failure(Code.OFFLINE)
    with pytest.raises(Failure):
        session.access()
    endpoint.failure = None
    assert session.access() == "access 2"
    assert endpoint.asked == ["refresh 0", "refresh 0"]


def test_a_device_without_a_session_is_signed_out() -> None:
    with pytest.raises(Failure) as caught:
        Session(Kept(), Endpoint().exchange).access()
    assert caught.value.code is Code.SIGNED_OUT
