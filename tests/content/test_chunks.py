"""Cuts are a promise to all desks and all years: golden vectors, and one result however the bytes come."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyfastcdc import FastCDC
from pyfastcdc.py import FastCDC as SlowCDC

from govsync.content import chunks
from govsync.content.chunks import MAX_BYTES, MIN_BYTES, cut, reading, require_fast_chunking
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.content.samples import noise, peak_bytes

pytestmark = pytest.mark.windows

# Every desk has to cut like this for ever. A change here is another scheme, never a new expectation.
GOLDEN_NOISE = [
    580554, 223385, 205363, 641419, 701006, 205361, 287192, 797450, 1053750, 1024542, 1281945, 1170256, 216385,
]  # fmt: skip
GOLDEN_TABLE = [546241, 556801, 1328329, 162822, 1217494, 1122498, 708887, 99569]
NOISE = noise(8 * 1024 * 1024)


def sizes(data: bytes, **options: int) -> list[int]:
    return [len(piece) for _, piece in cut(reading(data), **options)]


def test_noise_is_cut_where_it_always_was():
    assert sizes(NOISE) == GOLDEN_NOISE


def test_a_table_is_cut_where_it_always_was():
    table = b"".join(b"%d,%d\r\n" % (number, number * number) for number in range(300_000))
    assert sizes(table) == GOLDEN_TABLE


def test_bytes_without_a_cut_point_are_cut_at_the_largest_size():
    assert sizes(bytes(5 * 1024 * 1024)) == [MAX_BYTES, MAX_BYTES, 1024 * 1024]


def test_the_reference_in_plain_python_cuts_alike():
    data = NOISE[:1_500_000]
    reference = SlowCDC(512 * 1024, min_size=128 * 1024, max_size=2 * 1024 * 1024)
    assert sizes(data) == [chunk.length for chunk in reference.cut_buf(data)]


@given(
    start=st.integers(0, len(NOISE)),
    size_bytes=st.integers(0, len(NOISE)) | st.integers(0, 8 * MIN_BYTES) | st.integers(0, MIN_BYTES + 2),
    expected_bytes=st.integers(0, len(NOISE)) | st.integers(0, MIN_BYTES + 2),
    read_bytes=st.integers(1_000, len(NOISE)),
)
def test_cuts_depend_on_the_bytes_alone(start: int, size_bytes: int, expected_bytes: int, read_bytes: int):
    data = NOISE[start : start + size_bytes]
    whole = FastCDC(512 * 1024, min_size=128 * 1024, max_size=2 * 1024 * 1024).cut_buf(data) if data else []

    def read_in_pieces(offset: int, target: memoryview) -> int:
        return reading(data)(offset, target[:read_bytes])

    seen = [(offset, bytes(piece)) for offset, piece in cut(read_in_pieces, expected_bytes)]
    assert seen == [(chunk.offset, bytes(chunk.data)) for chunk in whole]
    assert b"".join(piece for _, piece in seen) == data


@pytest.mark.parametrize("size_bytes", [MIN_BYTES - 1, MIN_BYTES, MIN_BYTES + 1])
@pytest.mark.parametrize("expected_bytes", [0, MIN_BYTES - 1, MIN_BYTES, MIN_BYTES + 1, 5 * 1024 * 1024])
def test_a_content_about_the_smallest_size_is_one_chunk(size_bytes: int, expected_bytes: int):
    assert sizes(NOISE[:size_bytes], expected_bytes=expected_bytes) == [size_bytes]


def test_an_empty_content_has_no_chunk():
    assert sizes(b"") == []


def test_an_insertion_at_the_front_leaves_all_but_the_first_chunk_as_it_was():
    before = {bytes(piece) for _, piece in cut(reading(NOISE))}
    after = {bytes(piece) for _, piece in cut(reading(b"x" * 1024 + NOISE))}
    assert len(after - before) == 1


def test_a_large_content_is_cut_in_little_memory():
    size_bytes = 64 * 1024 * 1024

    def read_zeros(offset: int, target: memoryview) -> int:
        return min(len(target), size_bytes - offset)

    def use(pieces: Iterator[tuple[int, memoryview]]) -> None:
        assert sum(len(piece) for _, piece in pieces) == size_bytes

    assert peak_bytes(lambda: use(cut(read_zeros, size_bytes))) < 5 * 1024 * 1024
    # A file that had grown since its size was asked is paid for once more, when the window grows.
    assert peak_bytes(lambda: use(cut(read_zeros, 3 * 1024 * 1024))) < 12 * 1024 * 1024


def test_an_error_of_the_reader_comes_through():
    def fail(offset: int, target: memoryview) -> int:
        raise Failure(Code.UNREADABLE, errno=5)

    with pytest.raises(Failure) as raised:
        list(cut(fail))
    assert raised.value.code is Code.UNREADABLE


def test_the_compiled_chunker_is_in_use():
    require_fast_chunking()


def test_a_missing_compiled_chunker_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chunks, "FastCDC", SlowCDC)
    with pytest.raises(Failure) as raised:
        require_fast_chunking()
    assert raised.value.code is Code.SLOW_CHUNKING
