"""The form of what travels over the control socket: a length (u32, big-endian), then that many bytes of JSON. No I/O.

A request (`messages`) is answered by one reply: a value, or a failure's code and facts. One at a time on a connection;
several connections are served side by side.
"""

import struct
from typing import Any, TypeVar, get_args

import msgspec

from govsync.control.messages import AnyRequest, Request, answer_of
from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.problems import MALFORMED, Failure

MOST_REQUEST_BYTES = 1024 * 1024
MOST_REPLY_BYTES = 256 * 1024 * 1024
"""Enough for the differences of a million files; a larger length is not one of ours."""

Answer = TypeVar("Answer")

_LENGTH = struct.Struct(">I")
_NULL = msgspec.Raw(b"null")
_TAGS = frozenset(kind.__struct_config__.tag for kind in get_args(AnyRequest))


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answers a request: a value, or the failure's code and facts."""

    value: msgspec.Raw = _NULL
    code: str | None = None
    facts: dict[str, str] = {}


class _Named(msgspec.Struct, frozen=True):
    command: str


class Decoder:
    """Puts messages together from what arrives, none of them longer than `most_bytes`."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._data = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Takes bytes in and answers the first message that is whole; b"" asks for the next one.

        Raises Failure(bad_request) for one that says it is too long.
        """
        self._data += data
        if len(self._data) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._data)
        if length > self._most_bytes:
            raise Failure(Code.BAD_REQUEST, what="length")
        end = _LENGTH.size + length
        if len(self._data) < end:
            return None
        body = bytes(self._data[_LENGTH.size : end])
        del self._data[:end]
        return body


def encode_request(request: Request[Any]) -> bytes:
    """Writes a request; raises Failure(name_not_text) for a path that is no text."""
    return _framed(request)


def encode_answer(answer: object) -> bytes:
    """Writes the reply that a request was carried out, and its answer; raises Failure(name_not_text)."""
    return _framed(Reply(msgspec.Raw(_json(answer))))


def encode_failure(failure: Failure) -> bytes:
    """Writes the reply that a request failed."""
    facts = {name: str(fact) for name, fact in failure.facts.items()}
    return _framed(Reply(code=failure.code, facts=facts))


def decode_request(body: bytes) -> AnyRequest:
    """Reads a request; raises Failure(bad_request), or Failure(agent_differs) for a command that is not known here."""
    try:
        request: AnyRequest = from_json(body, AnyRequest)
    except MALFORMED as error:
        raise _unread(body) from error
    return request


def _unread(body: bytes) -> Failure:
    try:
        command = from_json(body, _Named).command
    except MALFORMED:
        return Failure(Code.BAD_REQUEST, what="request")
    return Failure(Code.BAD_REQUEST if command in _TAGS else Code.AGENT_DIFFERS, what=command)


def decode_reply(body: bytes, request: Request[Answer]) -> Answer:
    """Answers what a reply says to a request; raises the failure that it says, or Failure(agent_differs) where it
    cannot be understood."""
    try:
        reply = from_json(body, Reply)
        if reply.code is None:
            answer: Answer = from_json(reply.value, answer_of(type(request)))
            return answer
        failure = Failure(Code(reply.code), **reply.facts)
    except (ValueError, *MALFORMED) as error:  # A code that is not known here is a ValueError.
        raise Failure(Code.AGENT_DIFFERS, what="reply") from error
    raise failure


def _json(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise Failure(Code.NAME_NOT_TEXT, name=ascii(error.object)) from error


def _framed(message: Request[Any] | Reply) -> bytes:
    body = _json(message)
    return _LENGTH.pack(len(body)) + body
