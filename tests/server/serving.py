"""A real server on a free port of this machine, in a thread, and desks that call it over HTTP."""

import queue
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from govsync.protocol.session import DeviceInfo
from govsync.remote.http import HttpCalls
from govsync.remote.rate import Rate
from govsync.server import app
from govsync.server.context import Server
from tests.server.office import PASSWORD

LIMIT_S = 30.0


@contextmanager
def serving(server: Server, proxies: Sequence[str] = (), send_bytes: int = 0) -> Iterator[str]:
    """Serves, and answers the address; `send_bytes`, where not 0, is what the operating system takes ahead for a line."""
    listening = app.listen("127.0.0.1", 0)
    if send_bytes:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_bytes)
    addresses: queue.SimpleQueue[str] = queue.SimpleQueue()
    edges: queue.SimpleQueue[app.Edge] = queue.SimpleQueue()
    arguments = (server, listening, addresses.put, edges.put, proxies)
    thread = threading.Thread(target=app.run, args=arguments)
    thread.start()
    try:
        yield addresses.get(timeout=LIMIT_S)
    finally:
        edges.get(timeout=LIMIT_S).stop()
        thread.join(LIMIT_S)
        assert not thread.is_alive()


class Kept:
    """A keyring of a test: a refresh token in memory, and all that were ever stored."""

    def __init__(self, refresh: str | None = None) -> None:
        self.stored = [] if refresh is None else [refresh]

    def load(self) -> str | None:
        return self.stored[-1] if self.stored else None

    def store(self, refresh: str) -> None:
        self.stored.append(refresh)


def free() -> tuple[Rate, Rate]:
    """Answers two rates that limit nothing; they count."""
    return Rate(0, lambda: 0.0, _never), Rate(0, lambda: 0.0, _never)


def _never(wait_s: float) -> None:
    raise AssertionError(f"nothing limits the rate, yet it waits {wait_s} s")


def unsigned(
    endpoint: str, device: bytes = bytes(16), kept: Kept | None = None, nonce: str = "start"
) -> HttpCalls:
    """Answers the calls of a device that may have no session."""
    return HttpCalls(endpoint, device, kept or Kept(), nonce, lambda _: None, free())


@contextmanager
def desk(endpoint: str, login: str, device: bytes, nonce: str = "start") -> Iterator[HttpCalls]:
    """Answers the calls of a device that has signed in."""
    kept = Kept()
    calls = unsigned(endpoint, device, kept, nonce)
    try:
        info = DeviceInfo(id=device, name="desk", machine="machine")
        kept.store(calls.sign_in(login, PASSWORD, info).refresh)
        yield calls
    finally:
        calls.close()
