"""Bytes come back exactly, and a stranger's body never costs more than was allowed."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.content.compress import Encoding, compress, decompress, decompress_within
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.content.samples import answer_or_code, noise, peak_bytes
from tests.foreign import damaged

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
TEXT = b"".join(b"Line %d of a report that nobody reads to its end.\n" % number for number in range(60_000))
PARAMETER = zstd.CompressionParameter


@given(st.binary(max_size=2_000) | st.integers(0, 300_000).map(lambda size: (TEXT * 2)[:size]))
def test_bytes_come_back_as_they_were(data: bytes):
    encoded = compress(data)
    assert len(encoded.data) <= len(data)
    assert decompress(encoded.encoding, encoded.data, len(data)) == data


def test_a_body_is_compressed_alike_whatever_was_before_and_in_whichever_thread():
    bodies = [TEXT[start : start + 100 + start % 3_000] for start in range(0, 200_000, 997)]
    alone = [compress(body) for body in bodies]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(compress, reversed(bodies))) == alone[::-1]
    assert [
        decompress(each.encoding, each.data, len(body)) for each, body in zip(alone, bodies, strict=True)
    ] == bodies


@pytest.mark.parametrize("size_bytes", [2 * MIB, 2 * MIB - 1, len(TEXT)])
def test_the_largest_chunk_comes_back(size_bytes: int):
    encoded = compress(TEXT[:size_bytes])
    assert encoded.encoding is Encoding.ZSTD
    assert decompress("zstd", encoded.data, size_bytes) == TEXT[:size_bytes]


@pytest.mark.parametrize("size_bytes", [100, 10_000, MIB])
def test_what_does_not_shrink_stays_as_it_is_without_a_copy(size_bytes: int):
    data = noise(size_bytes)
    encoded = compress(data)
    assert encoded.encoding is Encoding.RAW
    assert encoded.data is data


@pytest.mark.parametrize(("saved_bytes", "encoding"), [(600, Encoding.RAW), (1_400, Encoding.ZSTD)])
def test_compression_must_save_a_twentieth(saved_bytes: int, encoding: Encoding):
    data = noise(20_000 - saved_bytes) + bytes(saved_bytes)
    assert compress(data).encoding is encoding


@pytest.mark.parametrize("compressible_part", [1, 3])
def test_one_compressible_sample_is_enough_to_try(compressible_part: int):
    quarters = [noise(64 * 1024, b"%d" % number) for number in range(4)]
    quarters[compressible_part] = bytes(64 * 1024)
    assert compress(b"".join(quarters)).encoding is Encoding.ZSTD


@given(st.sampled_from(["raw", "zstd", "gzip", ""]), st.binary(max_size=300), st.integers(0, 400))
def test_arbitrary_bytes_are_refused_or_have_the_size_that_was_said(
    encoding: str, data: bytes, size_bytes: int
):
    plain = answer_or_code(lambda: decompress(encoding, data, size_bytes))
    assert plain == "chunk_bad" or (isinstance(plain, bytes) and len(plain) == size_bytes)


@given(st.data())
def test_a_changed_byte_never_makes_more_than_was_said(draw: st.DataObject):
    data = bytearray(compress(TEXT[:5_000]).data)
    data[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    plain = answer_or_code(lambda: decompress("zstd", bytes(data), 5_000))
    assert plain == "chunk_bad" or (isinstance(plain, bytes) and len(plain) == 5_000)


@given(
    st.integers(1, 5_000).flatmap(lambda size: damaged(bytes(compress(TEXT[:size]).data))),
    st.integers(0, 6_000),
)
def test_a_damaged_body_never_makes_more_than_was_allowed(data: bytes, limit_bytes: int):
    plain = answer_or_code(lambda: decompress_within("zstd", data, limit_bytes))
    assert plain == "chunk_bad" or (isinstance(plain, bytes) and len(plain) <= limit_bytes)


@pytest.mark.parametrize("encoding", ["raw", "zstd"])
def test_another_size_than_was_said_is_refused(encoding: str):
    data = zstd.compress(TEXT) if encoding == "zstd" else TEXT
    assert decompress(encoding, data, len(TEXT)) == TEXT
    for size_bytes in (0, len(TEXT) - 1, len(TEXT) + 1):
        assert (
            answer_or_code(lambda size_bytes=size_bytes: decompress(encoding, data, size_bytes))
            == "chunk_bad"
        )


def test_a_body_that_is_too_long_is_told_from_one_that_was_cut():
    data = zstd.compress(TEXT)
    for wrong, what in ((data, "limit"), (data[:-1], "zstd")):
        with pytest.raises(Failure) as raised:
            decompress_within("zstd", wrong, len(TEXT) - 1)
        assert (raised.value.code, raised.value.facts["what"]) == (Code.CHUNK_BAD, what)


def test_a_limit_lets_less_through_and_no_more():
    data = zstd.compress(TEXT)
    assert decompress_within("zstd", data, len(TEXT)) == TEXT
    assert decompress_within("zstd", data, 2 * len(TEXT)) == TEXT
    assert answer_or_code(lambda: decompress_within("zstd", data, len(TEXT) - 1)) == "chunk_bad"
    assert answer_or_code(lambda: decompress_within("raw", TEXT, len(TEXT) - 1)) == "chunk_bad"


def test_a_bomb_is_refused_before_it_goes_off():
    bomb = zstd.compress(bytes(256 * MIB))

    def open_it() -> None:
        assert answer_or_code(lambda: decompress("zstd", bomb, MIB)) == "chunk_bad"

    assert len(bomb) < MIB / 16
    assert peak_bytes(open_it) < 4 * MIB


def test_a_body_that_demands_a_large_window_is_refused():
    compressor = zstd.ZstdCompressor(options={PARAMETER.window_log: 27, PARAMETER.content_size_flag: 0})
    greedy = compressor.compress(TEXT) + compressor.flush()
    assert zstd.decompress(greedy) == TEXT
    assert answer_or_code(lambda: decompress("zstd", greedy, len(TEXT))) == "chunk_bad"


def test_a_cut_body_and_bytes_behind_it_are_refused():
    data = zstd.compress(TEXT)
    for wrong in (data[:-1], data[: len(data) // 2], b"", data + b"\x00", data + zstd.compress(b"")):
        assert answer_or_code(lambda wrong=wrong: decompress("zstd", wrong, len(TEXT))) == "chunk_bad"


def test_a_frame_with_an_empty_last_block_is_read_to_its_end():
    # Other encoders may write such frames: all bytes are out before the frame has ended.
    compressor = zstd.ZstdCompressor()
    data = compressor.compress(TEXT, zstd.ZstdCompressor.FLUSH_BLOCK) + compressor.flush()
    assert decompress("zstd", data, len(TEXT)) == TEXT
    assert answer_or_code(lambda: decompress("zstd", data[:-1], len(TEXT))) == "chunk_bad"


def test_an_unknown_encoding_is_refused():
    assert answer_or_code(lambda: decompress("gzip", b"x", 1)) == "chunk_bad"
