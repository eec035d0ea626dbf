"""Reads documents of known types: JSON and MessagePack, whoever wrote them.

msgspec takes a type apart when it first reads one. A thread that meets a type which another has taken apart by half crashes
the whole process: seen when the first two commits came to a server at the same moment. So decoders are made one at a time;
one that is made knows whole types, its own and all that they are made of, and is used by any number of threads.
"""

import threading
from functools import cache
from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")

_ONE_AT_A_TIME = threading.Lock()


@overload
def from_json(data: bytes | msgspec.Raw, kind: type[T]) -> T: ...
@overload
def from_json(data: bytes | msgspec.Raw, kind: Any) -> Any: ...
def from_json(data: bytes | msgspec.Raw, kind: Any) -> Any:
    """Reads a value of a type, or of a union of types, from JSON (RFC 8259); raises one of problems.MALFORMED."""
    return _json(kind).decode(data)


@overload
def from_packed(data: bytes, kind: type[T]) -> T: ...
@overload
def from_packed(data: bytes, kind: Any) -> Any: ...
def from_packed(data: bytes, kind: Any) -> Any:
    """Reads a value of a type, or of a union of types, from MessagePack; raises one of problems.MALFORMED."""
    return _packed(kind).decode(data)


@cache
def _json(kind: Any) -> msgspec.json.Decoder[Any]:
    with _ONE_AT_A_TIME:
        return msgspec.json.Decoder(kind)


@cache
def _packed(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    with _ONE_AT_A_TIME:
        return msgspec.msgpack.Decoder(kind)
