"""Framing of bodies that carry contents: u32 length of the body (big-endian), u8 kind, body.

What a kind means is said by the messages that use it. Large bodies are never joined on their way out, and on their way
in each byte is copied once.
"""

import struct
from collections.abc import Iterable, Iterator
from io import BytesIO

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure

_HEADER = struct.Struct(">IB")
HEADER_BYTES = _HEADER.size

_LARGE_BYTES = 64 * 1024
_GATHERED_BYTES = 256 * 1024


class Frame(msgspec.Struct, frozen=True):
    """One frame as it was received."""

    kind: int
    body: bytes


def encode(kind: int, *parts: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
    """Answers the pieces of one frame, whose body is the parts in a row; `HEADER_BYTES` longer than the parts."""
    return _HEADER.pack(sum(map(len, parts)), kind), *parts


def gather(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Joins small pieces into some of about 256 KiB and passes large ones on untouched.

    Each piece is copied or passed on before the next one is asked for, so views into a reused buffer are fine.
    """
    held = bytearray()
    for piece in pieces:
        small = len(piece) < _LARGE_BYTES
        if small:
            held += piece
            if len(held) < _GATHERED_BYTES:
                continue
        if held:
            yield bytes(held)
            held.clear()
        if not small:
            yield piece
    if held:
        yield bytes(held)


def decode(pieces: Iterable[bytes | memoryview], *, frame_bytes: int, total_bytes: int) -> Iterator[Frame]:
    """Yields the frames of a whole body; raises Failure(frame_bad) at a limit or when the body is cut short."""
    decoder = Decoder(frame_bytes=frame_bytes, total_bytes=total_bytes)
    for piece in pieces:
        yield from decoder.feed(piece)
    decoder.finish()


class Decoder:
    """Takes a body apart as it arrives, for those who cannot hand over an iterable; holds one unfinished frame at most.

    `frame_bytes` bounds the body of a frame, `total_bytes` all that is fed. After a Failure it is of no more use.
    """

    def __init__(self, *, frame_bytes: int, total_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._allowed_bytes = total_bytes
        self._header = bytearray()
        self._body = BytesIO()

    def feed(self, piece: bytes | memoryview) -> list[Frame]:
        """Answers the frames that this piece completes; raises Failure(frame_bad) at a limit."""
        self._allowed_bytes -= len(piece)
        if self._allowed_bytes < 0:
            raise Failure(Code.FRAME_BAD, what="total")
        frames: list[Frame] = []
        rest = memoryview(piece)
        while rest:
            start = rest[: HEADER_BYTES - len(self._header)]
            self._header += start
            rest = rest[len(start) :]
            if len(self._header) < HEADER_BYTES:
                break
            size_bytes, kind = _HEADER.unpack(self._header)
            if size_bytes > self._frame_bytes:
                raise Failure(
                    Code.FRAME_BAD, what="frame", size_bytes=size_bytes, limit_bytes=self._frame_bytes
                )
            # The body grows with the bytes that come: an announced size reserves nothing, and a body in many tiny
            # pieces costs no more than one in few.
            part = rest[: size_bytes - self._body.tell()]
            self._body.write(part)
            rest = rest[len(part) :]
            if self._body.tell() == size_bytes:
                frames.append(Frame(kind, self._body.getvalue()))
                self._header.clear()
                self._body = BytesIO()
        return frames

    def finish(self) -> None:
        """Raises Failure(frame_bad) when the body ended inside a frame."""
        if self._header:
            raise Failure(Code.FRAME_BAD, what="cut")
