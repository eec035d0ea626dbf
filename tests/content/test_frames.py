"""Frames survive any cutting on their way, within limits that hold for any input."""

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.content.frames import HEADER_BYTES, Decoder, Frame, decode, encode, gather
from tests.content.samples import answer_or_code, noise, peak_bytes
from tests.foreign import damaged

KIB = 1024
MIB = 1024 * KIB
FRAMES = st.lists(st.builds(Frame, st.integers(0, 255), st.binary(max_size=60)), max_size=8)


def written(frames: list[Frame]) -> bytes:
    return b"".join(chain.from_iterable(encode(frame.kind, frame.body) for frame in frames))


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place for place in cuts if place < len(data))})
    return [data[start:end] for start, end in pairwise(places)]


def decoded(pieces: list[bytes], frame_bytes: int = MIB, total_bytes: int = 4 * MIB) -> list[Frame] | str:
    return answer_or_code(lambda: list(decode(pieces, frame_bytes=frame_bytes, total_bytes=total_bytes)))


def test_a_frame_is_length_kind_body():
    assert b"".join(encode(7, b"ab", b"", memoryview(b"c"))).hex() == "00000003" + "07" + b"abc".hex()


@given(FRAMES, st.lists(st.integers(0, 600)))
def test_frames_come_back_however_the_body_was_cut_on_its_way(frames: list[Frame], cuts: list[int]):
    data = written(frames)
    assert decoded(pieces_of(data, cuts)) == frames
    assert decoded([bytes((byte,)) for byte in data]) == frames


@given(st.lists(st.binary(max_size=40)))
def test_arbitrary_bytes_are_refused_or_are_the_one_way_to_write_what_was_read(pieces: list[bytes]):
    read = decoded(pieces, frame_bytes=50)
    assert read == "frame_bad" or (isinstance(read, list) and written(read) == b"".join(pieces))


@given(FRAMES.flatmap(lambda frames: damaged(written(frames))), st.integers(0, 60))
def test_a_damaged_body_is_refused_or_is_the_one_way_to_write_what_was_read(data: bytes, frame_bytes: int):
    read = decoded([data], frame_bytes)
    assert read == "frame_bad" or (isinstance(read, list) and written(read) == data)
    assert isinstance(read, str) or all(len(frame.body) <= frame_bytes for frame in read)


@given(FRAMES.filter(bool), st.data())
def test_a_body_cut_short_is_refused(frames: list[Frame], draw: st.DataObject):
    data = written(frames)
    ends = {len(written(frames[:count])) for count in range(len(frames) + 1)}
    short = draw.draw(st.integers(0, len(data) - 1).filter(lambda size: size not in ends))
    assert decoded([data[:short]]) == "frame_bad"


def test_a_frame_over_the_limit_is_refused_at_its_header():
    header = written([Frame(1, bytes(11))])[:HEADER_BYTES]
    assert answer_or_code(lambda: Decoder(frame_bytes=10, total_bytes=MIB).feed(header)) == "frame_bad"
    assert decoded([written([Frame(1, bytes(10))])], frame_bytes=10) == [Frame(1, bytes(10))]


def test_more_than_the_total_is_refused():
    data = written([Frame(1, bytes(10)), Frame(2, b"")])
    assert len(decoded([data[:7], data[7:]], total_bytes=len(data))) == 2
    assert decoded([data[:7], data[7:]], total_bytes=len(data) - 1) == "frame_bad"


def test_frames_are_told_as_soon_as_they_are_whole():
    data = written([Frame(1, b"one"), Frame(2, b""), Frame(3, b"three")])
    decoder = Decoder(frame_bytes=10, total_bytes=100)
    assert decoder.feed(data[:7]) == []
    assert decoder.feed(data[7:13]) == [Frame(1, b"one"), Frame(2, b"")]
    assert decoder.feed(data[13:]) == [Frame(3, b"three")]
    decoder.finish()


def test_an_announced_length_reserves_nothing():
    header = b"\x7f\xff\xff\xff\x01"
    decoder = Decoder(frame_bytes=1 << 31, total_bytes=1 << 32)
    assert peak_bytes(lambda: decoder.feed(header + b"x")) < 64 * KIB


def test_a_body_in_tiny_pieces_takes_no_more_memory_than_in_one():
    size_bytes = 64 * KIB
    decoder = Decoder(frame_bytes=MIB, total_bytes=MIB)

    def trickle() -> None:
        decoder.feed(size_bytes.to_bytes(4, "big") + b"\x01")
        for _ in range(size_bytes - 1):
            decoder.feed(b"x")

    assert peak_bytes(trickle) < 3 * size_bytes


SIZES = st.integers(0, 200) | st.sampled_from([64 * KIB - 1, 64 * KIB, 300 * KIB])


@given(st.lists(SIZES, max_size=12))
def test_gathering_changes_no_byte_and_copies_no_large_piece(sizes: list[int]):
    pieces = [noise(size, b"%d" % number) for number, size in enumerate(sizes)]
    gathered = list(gather(pieces))
    assert b"".join(gathered) == b"".join(pieces)
    assert [piece for piece in gathered if len(piece) == 300 * KIB] == [
        p for p in pieces if len(p) == 300 * KIB
    ]
    assert all(any(piece is large for piece in gathered) for large in pieces if len(large) >= 64 * KIB)
    assert b"" not in gathered


def test_small_pieces_travel_together():
    sizes = [len(piece) for piece in gather(b"x" * 1_000 for _ in range(1_000))]
    assert len(sizes) == 4
    assert max(sizes) <= 256 * KIB + 1_000


@pytest.mark.parametrize("size_bytes", [100, 100 * KIB])
def test_a_piece_in_a_reused_buffer_is_taken_before_the_next_is_asked_for(size_bytes: int):
    buffer = bytearray(size_bytes)

    def reusing():
        for number in range(5):
            buffer[:] = bytes((number,)) * size_bytes
            yield memoryview(buffer)

    expected = b"".join(bytes((number,)) * size_bytes for number in range(5))
    seen = bytearray()
    for piece in gather(reusing()):
        seen += piece
    assert seen == expected
