"""How messages travel: JSON for control, frames for everything that carries contents.

A framed body begins with one frame of kind DOCUMENT, a MessagePack document; frames of kind CHUNK follow: the chunk's
hash (32 bytes; all zero where the document says which chunk it is), its plain size (u32, big-endian), its encoding (u8:
0 raw, 1 zstd), its bytes.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from govsync.content import frames
from govsync.content.compress import Encoded, Encoding, compress
from govsync.model.codes import Code
from govsync.model.documents import from_json, from_packed
from govsync.model.problems import MALFORMED, Failure
from govsync.protocol.commits import ChunkHead

JSON = "application/json"
FRAMES = "application/vnd.govsync.frames"
PROBLEM = "application/problem+json"
BYTES = "application/octet-stream"
EVENTS = "text/event-stream"
VERSION_HEADER = "GovSync-Api"
VERSION = "1"
PREFIX = "/api/v1"

DOCUMENT = 1
CHUNK = 2
_HEAD = struct.Struct(">32sIB")
_ENCODINGS = (Encoding.RAW, Encoding.ZSTD)
UNNAMED = bytes(32)
_FRAME_BYTES = 16 * 1024 * 1024
"""More than any document or chunk needs, so that no frame can demand more memory."""

T = TypeVar("T")


def encode_json(message: object) -> bytes:
    """Writes a control message."""
    return msgspec.json.encode(message)


def decode_json(data: bytes, kind: type[T]) -> T:
    """Reads a control message; raises Failure(bad_request)."""
    try:
        return from_json(data, kind)
    except MALFORMED as error:
        raise Failure(Code.BAD_REQUEST, what=kind.__name__) from error


def encode_framed(
    message: object, chunks: Iterable[tuple[bytes, bytes | memoryview]] = ()
) -> Iterator[bytes | memoryview]:
    """Writes a document and, after it, chunks given as (hash, plain bytes), compressed where that saves something."""
    yield from frames.encode(DOCUMENT, msgspec.msgpack.encode(message))
    for digest, data in chunks:
        yield from encode_chunk(digest, len(data), compress(data))


def encode_chunk(digest: bytes, size_bytes: int, encoded: Encoded) -> tuple[bytes | memoryview, ...]:
    """Writes a chunk behind a document, in a form that it has already; `size_bytes` is that of its plain bytes."""
    head = _HEAD.pack(digest, size_bytes, _ENCODINGS.index(encoded.encoding))
    return frames.encode(CHUNK, head, encoded.data)


def decode_framed(
    pieces: Iterable[bytes], kind: type[T], total_bytes: int
) -> tuple[T, Iterator[tuple[ChunkHead, memoryview]]]:
    """Reads a document and yields the chunks behind it, as they come; raises Failure(frame_bad, bad_request).

    The chunks' bytes are as they travelled, and not copied; whoever takes them unpacks and verifies them."""
    found = frames.decode(pieces, frame_bytes=_FRAME_BYTES, total_bytes=total_bytes)
    first = next(found, None)
    if first is None or first.kind != DOCUMENT:
        raise Failure(Code.FRAME_BAD, what="document")
    try:
        message = from_packed(first.body, kind)
    except MALFORMED as error:
        raise Failure(Code.BAD_REQUEST, what=getattr(kind, "__name__", "message")) from error
    return message, _chunks(found)


def _chunks(found: Iterator[frames.Frame]) -> Iterator[tuple[ChunkHead, memoryview]]:
    for frame in found:
        body = frame.body
        if frame.kind != CHUNK or len(body) < _HEAD.size or body[_HEAD.size - 1] >= len(_ENCODINGS):
            raise Failure(Code.FRAME_BAD, what="chunk")
        digest, size, encoding = _HEAD.unpack_from(body)
        yield ChunkHead(digest, size, _ENCODINGS[encoding]), memoryview(body)[_HEAD.size :]
