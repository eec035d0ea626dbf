"""The way to the server: the system's proxy, none, or the one that is named (`network.proxy`)."""

import socket
import threading
from collections.abc import Iterator

import pytest

from govsync.model.problems import Failure
from govsync.remote import http
from govsync.remote.http import HttpCalls
from tests.server.serving import Kept, free

ENDPOINT = "http://server.invalid:8470"


class Proxy:
    """Notes what it is asked for, and answers nothing that could be ours."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self.asked.append(connection.recv(65536).split(b"\r\n")[0])
                connection.sendall(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def proxies(monkeypatch) -> Iterator[tuple[Proxy, Proxy]]:
    system, named = Proxy(), Proxy()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", system.address)
    yield system, named
    system.close()
    named.close()


def reach(calls: HttpCalls) -> None:
    with pytest.raises(Failure):
        calls.reach()


def made(proxy: str) -> HttpCalls:
    return HttpCalls(ENDPOINT, bytes(16), Kept(), "nonce", lambda _: None, free(), proxy)


def test_the_way_that_is_set_is_gone_and_no_other(proxies):
    system, named = proxies
    for proxy, expected in (("system", (1, 0)), (named.address, (1, 1)), ("none", (1, 1))):
        calls = made(proxy)
        reach(calls)
        calls.close()
        assert (bool(system.asked), bool(named.asked)) == tuple(map(bool, expected)), proxy
    assert system.asked[0].startswith(b"GET http://server.invalid:8470/api/v1/")


def test_another_way_is_gone_from_the_next_request_on(proxies):
    system, named = proxies
    calls = made("none")
    reach(calls)
    assert (system.asked, named.asked) == ([], [])
    calls.use_proxy(named.address)
    reach(calls)
    assert named.asked
    assert not system.asked
    before = len(named.asked)
    calls.use_proxy("system")
    reach(calls)
    assert len(named.asked) == before
    assert system.asked
    calls.close()


def test_where_the_system_knows_a_way_of_its_own_that_is_gone(proxies, monkeypatch):
    """As Windows does, whose settings and scripts no environment names."""
    system, named = proxies
    asked = []
    for way, expected in ((named.address, (False, True)), ("", (False, True)), (None, (True, True))):
        monkeypatch.setattr(http, "way_to", lambda endpoint, way=way: (asked.append(endpoint), way)[1])
        calls = made("system")
        reach(calls)
        calls.close()
        assert (bool(system.asked), bool(named.asked)) == expected, way
    assert asked == [ENDPOINT] * 3
    made("none").close()
    assert len(asked) == 3
