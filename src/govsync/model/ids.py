"""Ids: 16 bytes, time-ordered, made by whoever creates the thing (RFC 9562, version 7).

Node ids, revision ids and place ids are such keys, and a revision's id *is* the key of the `put` that made it, a
place's id the key of the create, move or revive that made it (R31). Time order keeps database indices compact; the 74
random bits make them unique without anybody's permission. This module is pure: time and chance are handed in.
"""

import base64
import binascii
from typing import Annotated, Protocol

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure

SIZE_BYTES = 16

Hex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""An id as our own small files have it: hexadecimal."""


class Ids(Protocol):
    """Makes new ids and jitter; the one in `agent` and `server` draws from the system, the simulation's from a seed."""

    def new(self) -> bytes:
        """Answers a new id, never answered before."""

    def jitter(self) -> float:
        """Answers a number drawn evenly from [0, 1)."""


_TIME = (1 << 48) - 1
_TIME_AT = 80
_MARKS = 0x7 << 76 | 0b10 << 62
"""Version and variant, where RFC 9562 has them (section 5.7)."""
_OTHER_BITS = ~(0xF << 76 | 0b11 << 62)


def uuid7(time_ms: int, chance: bytes) -> bytes:
    """Builds a version 7 id from Unix milliseconds and 10 random bytes (RFC 9562, section 5.7)."""
    raw = (time_ms & _TIME) << _TIME_AT | int.from_bytes(chance, "big")
    return (raw & _OTHER_BITS | _MARKS).to_bytes(SIZE_BYTES, "big")


def to_text(value: bytes) -> str:
    """Writes an id as 22 characters of unpadded base64url (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Reads an id written by `to_text`; raises Failure(bad_request) for anything else."""
    try:
        value = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failure(Code.BAD_REQUEST, what="id") from error
    if len(value) != SIZE_BYTES or to_text(value) != text:
        raise Failure(Code.BAD_REQUEST, what="id")
    return value
