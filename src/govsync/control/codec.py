"""Messages of the control socket: a length (u32, big-endian), then JSON. No I/O here.

A request names a command and its arguments; the answer is its value, or a failure's code and facts. One request a
connection at a time; several connections are served side by side.
"""

import struct
from typing import Any

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure

MOST_BYTES = 16 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class Request(msgspec.Struct, frozen=True):
    """Asks the agent for something."""

    command: str
    arguments: dict[str, Any] = {}


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answers a request: a value, or the failure's code and facts."""

    value: Any = None
    code: str | None = None
    facts: dict[str, str] = {}

    def result(self) -> Any:
        """Answers the value; raises the failure."""
        if self.code is not None:
            raise Failure(Code(self.code), **self.facts)
        return self.value


def encode(message: Request | Reply) -> bytes:
    """Writes a message."""
    body = msgspec.json.encode(message)
    return _LENGTH.pack(len(body)) + body


class Decoder:
    """Puts a message together from what arrives."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Takes bytes in; answers a message's JSON when it is whole. Raises Failure(bad_request) for one too long."""
        self._data += data
        if len(self._data) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._data)
        if length > MOST_BYTES:
            raise Failure(Code.BAD_REQUEST, what="length")
        if len(self._data) < _LENGTH.size + length:
            return None
        body = bytes(self._data[_LENGTH.size : _LENGTH.size + length])
        del self._data[: _LENGTH.size + length]
        return body


def request_of(body: bytes) -> Request:
    """Reads a request; raises Failure(bad_request)."""
    try:
        return msgspec.json.decode(body, type=Request)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(Code.BAD_REQUEST, what="request") from error


def reply_of(body: bytes) -> Reply:
    """Reads a reply; raises Failure(bad_request)."""
    try:
        return msgspec.json.decode(body, type=Reply)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(Code.BAD_REQUEST, what="reply") from error
