"""Plain HTTP to a real server, by hand: what no client of ours would ever send."""

import json
import socket
from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import msgspec

from govsync.model import ids
from govsync.model.codes import Code
from govsync.protocol import wire

LIMIT_S = 60.0


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> Code:
        """The code of a refusal, which is always a problem document, and ours."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.headers["govsync-api"] == "1"
        document = json.loads(self.body)
        assert document["status"] == self.status
        return Code(document["code"])


class Caller:
    """Somebody who calls an address, with a token or without."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.address = address
        self._host, port = address.removeprefix("http://").rsplit(":", 1)
        self._port = int(port)
        self._token = token

    def call(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> Answer:
        """Sends one request; a body in pieces goes out chunked."""
        sent = {"Authorization": f"Bearer {self._token}"} if self._token is not None else {}
        with closing(HTTPConnection(self._host, self._port, timeout=LIMIT_S)) as connection:
            connection.request(method, wire.PREFIX + path, body, {**sent, **headers})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            found.pop("date", None)  # Two answers that are alike may fall into two seconds.
            return Answer(answer.status, found, answer.read())

    def begin(self, path: str, length: int, first: bytes = b"", token: str | None = None) -> socket.socket:
        """Begins a request with a body of some length, and sends the first part of it."""
        line = socket.create_connection((self._host, self._port), timeout=LIMIT_S)
        head = f"POST {wire.PREFIX}{path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {token or self._token}\r\n"
        line.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + first)
        return line


def in_space(space: bytes, rest: str) -> str:
    """Answers the path of a call about a space."""
    return f"/spaces/{ids.to_text(space)}/{rest}"


def framed(message: Any, chunks: Iterable[tuple[Any, bytes]] = ()) -> bytes:
    """Answers a framed body."""
    return b"".join(wire.encode_framed(message, chunks))
