"""The way to the server: the system's proxy, none, or the one that is named (`network.proxy`)."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.remote import http
from govsync.remote.http import HttpCalls, Way, trusted
from tests.accepting import Accepting
from tests.server.serving import Kept, free

ENDPOINT = "http://server.invalid:8470"


class Proxy:
    """Notes what it is asked for, and answers nothing that could be ours."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self._context = context
        listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._accepting = Accepting(listening, self._answer)

    def close(self) -> None:
        self._accepting.close()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            if self._context is not None:
                try:
                    connection = self._context.wrap_socket(connection, server_side=True)
                except OSError:
                    return  # It is not trusted.
            self.asked.append(connection.recv(65536).split(b"\r\n")[0])
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


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
    return HttpCalls(ENDPOINT, bytes(16), Kept(), "nonce", lambda _: None, free(), Way(proxy))


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
    calls.use_way(Way(named.address))
    reach(calls)
    assert named.asked
    assert not system.asked
    before = len(named.asked)
    calls.use_way(Way("system"))
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


@pytest.fixture
def certified(tmp_path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate of its own, and the file that makes it trusted."""
    certificate, key = tmp_path / "agency.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=agency", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = Proxy(context)
    yield server.address.replace("http:", "https:"), certificate
    server.close()


def refusal(calls: HttpCalls) -> Code:
    with pytest.raises(Failure) as raised:
        calls.reach()
    return raised.value.code


def test_a_file_of_certificates_is_trusted_besides_the_system_s(certified, tmp_path):
    address, certificate = certified
    calls = HttpCalls(address, bytes(16), Kept(), "nonce", lambda _: None, free(), Way("none"))
    assert refusal(calls) is Code.CERTIFICATE
    calls.use_way(Way("none", str(certificate)))
    assert refusal(calls) is Code.NOT_OUR_SERVER, "it is trusted, and says nothing of ours"
    calls.use_way(Way("none"))
    assert refusal(calls) is Code.CERTIFICATE
    calls.close()


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_has_no_certificates_is_told_and_nothing_is_trusted_by_it(certified, tmp_path, content):
    file = tmp_path / "broken.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Failure) as raised:
        trusted(str(file))
    assert (raised.value.code, raised.value.facts) == (Code.CERTIFICATES_BAD, {"name": str(file)})
    calls = HttpCalls(
        certified[0], bytes(16), Kept(), "nonce", lambda _: None, free(), Way("none", str(file))
    )
    assert refusal(calls) is Code.CERTIFICATE, "it is asked all the same"
    calls.close()
