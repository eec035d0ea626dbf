"""What this server says of somebody and reads again later, signed with a key that lives as long as the database: tokens of
sessions, and that a visitor knew a link's password."""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.model.problems import MALFORMED, Failure
from govsync.server import directory

_SECRET = "token_secret"
_SIGNATURE_BYTES = 32

Chance = Callable[[int], bytes]
"""Answers so many random bytes."""

C = TypeVar("C", bound=msgspec.Struct)


def make_secret(tx: Connection, chance: Chance) -> None:
    """Makes the key, once in the life of a database."""
    if directory.setting(tx, _SECRET) is None:
        directory.set_setting(tx, _SECRET, chance(32))


def secret(tx: Connection) -> bytes:
    """Answers the key."""
    found = directory.setting(tx, _SECRET)
    assert found is not None, "the key is made when the database is"
    return found


def signed(key: bytes, claims: msgspec.Struct) -> str:
    """Answers claims as a text (base64url) that nobody else can make; their tag says what they are for."""
    data = msgspec.msgpack.encode(claims)
    return base64.urlsafe_b64encode(data + hmac.digest(key, data, "sha256")).rstrip(b"=").decode()


def verified(key: bytes, text: str, kind: type[C]) -> C:
    """Answers what a text of ours claims; raises Failure(signed_out) for one that is not of our making, or of another kind."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failure(Code.SIGNED_OUT) from error
    claims, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
    if not hmac.compare_digest(hmac.digest(key, claims, "sha256"), signature):
        raise Failure(Code.SIGNED_OUT)
    try:
        return from_packed(claims, kind)
    except MALFORMED as error:  # Signed by us, for something else.
        raise Failure(Code.SIGNED_OUT) from error
