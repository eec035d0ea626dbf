"""Framed and control messages: what goes in comes out, and anything else is refused."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from govsync.content import frames
from govsync.content.compress import decompress
from govsync.content.hashes import chunk_hash
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import wire
from govsync.protocol.commits import Missing, Nothing, Want
from govsync.protocol.routes import ROUTES
from govsync.protocol.session import Heads, SpacesAsked
from tests.foreign import PACKED_JUNK, changed, damaged, right

LIMIT = 1 << 20


def whole(message: object, *chunks: bytes) -> bytes:
    return b"".join(wire.encode_framed(message, [(chunk_hash(data), data) for data in chunks]))


@given(
    hashes=st.lists(st.binary(min_size=32, max_size=32)),
    chunks=st.lists(st.binary(max_size=2_000) | st.just(b"a" * 40_000), max_size=5),
    step=st.integers(1, 5_000),
)
def test_a_framed_message_comes_out_as_it_went_in(
    hashes: list[bytes], chunks: list[bytes], step: int
) -> None:
    message = Missing(hashes=tuple(hashes), growth_bytes=7)
    body = whole(message, *chunks)
    pieces = [body[start : start + step] for start in range(0, len(body), step)]
    found, sent = wire.decode_framed(pieces, Missing, len(body))
    assert found == message
    plain = [(head.hash, decompress(head.encoding, data, head.size_bytes)) for head, data in sent]
    assert plain == [(chunk_hash(data), data) for data in chunks]


def test_what_compresses_travels_small_and_what_does_not_as_it_is() -> None:
    assert len(whole(Nothing(), b"a" * 40_000)) < 1_000
    noise = bytes(chunk_hash(bytes([number]))[0] for number in range(256))
    assert noise in whole(Nothing(), noise)


def outcome(data: bytes, total_bytes: int = LIMIT) -> Code | None:
    """Answers the code with which a body is refused, or None for one that is understood."""
    try:
        list(wire.decode_framed([data], Missing, total_bytes)[1])
    except Failure as failure:
        return failure.code
    return None


@given(st.binary(max_size=300))
def test_of_any_bytes_nothing_but_a_refusal_comes_out(data: bytes) -> None:
    assert outcome(data) in (None, Code.FRAME_BAD, Code.BAD_REQUEST)


MESSAGES = sorted(
    {kind for route in ROUTES for kind in (route.request, route.response) if kind is not None},
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_a_message_is_read_as_it_was_meant_or_refused(kind: Any) -> None:
    """Each that travels, in both forms: as it may be, with another value anywhere, and with its bytes damaged."""
    shape = inspect.type_info(kind)

    def from_json(body: bytes) -> Any:
        return wire.decode_json(body, kind)

    def from_frames(body: bytes) -> Any:
        return wire.decode_framed([body], kind, LIMIT)[0]

    @settings(max_examples=settings.default.max_examples // 2)  # Of each of some twenty messages.
    @given(right(shape, packed=False), right(shape, packed=True), st.data())
    def meet(in_json: Any, packed: Any, data: st.DataObject) -> None:
        text, body = msgspec.json.encode(in_json), framed(packed)
        assert same_again(from_json, wire.encode_json, text)
        assert same_again(from_frames, whole, body)
        same_again(from_json, wire.encode_json, data.draw(damaged(text), "damaged"))
        same_again(from_frames, whole, data.draw(damaged(body), "damaged"))
        same_again(from_frames, whole, framed(data.draw(changed(packed, PACKED_JUNK), "changed")))

    meet()


def framed(document: Any) -> bytes:
    return b"".join(frames.encode(wire.DOCUMENT, msgspec.msgpack.encode(document)))


def same_again(read: Callable[[bytes], Any], write: Callable[[Any], bytes], body: bytes) -> bool:
    """Says whether a body is read; what is read can be written, and read again as what it is."""
    try:
        message = read(body)
    except Failure as failure:
        assert failure.code in (Code.BAD_REQUEST, Code.FRAME_BAD)  # noqa: PT017 - either end is right, no other is
        return False
    assert read(write(message)) == message
    return True


@pytest.mark.parametrize("number", [-1, 1 << 63, 1 << 64, 10**30])
def test_a_number_that_no_database_holds_is_nobodys(number: int) -> None:
    body = b'{"epoch": "", "digest": 1, "heads": [{"space": "", "seq": %d}]}'
    assert wire.decode_json(body % 1, Heads).heads[0].seq == 1
    with pytest.raises(Failure) as caught:
        wire.decode_json(body % number, Heads)
    assert caught.value.code is Code.BAD_REQUEST


@given(st.data())
def test_a_changed_body_is_another_message_or_outcome(data: st.DataObject) -> None:
    body = bytearray(whole(Missing(hashes=(bytes(32),), growth_bytes=1), b"x" * 500, b"y" * 500))
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    assert outcome(bytes(body)) in (None, Code.FRAME_BAD, Code.BAD_REQUEST)


def test_a_body_without_a_document_is_outcome() -> None:
    chunk = b"".join(frames.encode(wire.CHUNK, bytes(37)))
    assert outcome(b"") is Code.FRAME_BAD
    assert outcome(chunk) is Code.FRAME_BAD


def test_a_body_that_was_cut_is_outcome() -> None:
    body = whole(Missing(hashes=()), b"abc")
    assert outcome(body[:-1]) is Code.FRAME_BAD


def test_a_second_document_is_outcome() -> None:
    body = whole(Missing(hashes=()))
    assert outcome(body + body) is Code.FRAME_BAD


def test_an_unknown_encoding_is_outcome() -> None:
    head = bytes(32) + (3).to_bytes(4, "big") + b"\x02"
    assert (
        outcome(whole(Missing(hashes=())) + b"".join(frames.encode(wire.CHUNK, head, b"abc")))
        is Code.FRAME_BAD
    )


def test_a_body_beyond_its_bound_is_outcome() -> None:
    body = whole(Missing(hashes=()), b"abc")
    assert outcome(body, len(body) - 1) is Code.FRAME_BAD


def test_a_frame_that_announces_too_much_is_refused_before_it_comes() -> None:
    announced = (1 << 30).to_bytes(4, "big") + bytes([wire.DOCUMENT])
    assert outcome(announced, 1 << 40) is Code.FRAME_BAD


def test_another_document_is_outcome() -> None:
    assert outcome(whole(Want(bytes(16), 0, 1))) is Code.BAD_REQUEST


@pytest.mark.parametrize("data", [b"", b"{", b'{"have": 1}', b'{"have": ["\xff"]}', b"[]"])
def test_a_control_message_that_is_none_is_outcome(data: bytes) -> None:
    with pytest.raises(Failure) as caught:
        wire.decode_json(data, SpacesAsked)
    assert caught.value.code is Code.BAD_REQUEST


def test_an_unknown_field_of_a_later_version_is_skipped() -> None:
    assert wire.decode_json(b'{"have": [], "later": 1}', SpacesAsked) == SpacesAsked()
