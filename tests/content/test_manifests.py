"""What is read is what was written, and nothing else is read."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.content.chunks import MAX_BYTES, SCHEME, cut, reading
from govsync.content.hashes import chunk_hash, content_hash
from govsync.content.manifests import (
    EMPTY,
    ChunkRef,
    Manifest,
    chunks_between,
    decode,
    encode,
    manifest_of,
    verify,
)
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.content.samples import answer_or_code, noise, peak_bytes
from tests.foreign import damaged

CHUNKS = st.builds(ChunkRef, st.binary(min_size=32, max_size=32), st.integers(1, MAX_BYTES))
MANIFESTS = st.lists(CHUNKS, max_size=5).map(
    lambda chunks: Manifest(SCHEME, sum(chunk.size_bytes for chunk in chunks), tuple(chunks))
)
TWO = manifest_of([b"first", b"second"])


def refused(manifest: Manifest, **limits: int) -> bool:
    return answer_or_code(lambda: verify(manifest, **limits)) == "manifest_bad"


def test_a_manifest_says_how_its_content_is_put_together():
    data = noise(3_000_000)
    manifest = manifest_of(piece for _, piece in cut(reading(data)))
    assert manifest.size_bytes == len(data)
    assert len(manifest.chunks) > 1
    offset = 0
    for chunk in manifest.chunks:
        assert chunk_hash(data[offset : offset + chunk.size_bytes]) == chunk.hash
        offset += chunk.size_bytes
    assert manifest.content_hash == content_hash(SCHEME, len(data), [chunk.hash for chunk in manifest.chunks])


def test_nothing_has_the_empty_manifest():
    assert manifest_of([]) == EMPTY
    assert decode(encode(EMPTY)) == EMPTY


@given(MANIFESTS)
def test_a_manifest_comes_back_as_it_was_written(manifest: Manifest):
    assert decode(encode(manifest)) == manifest


@given(MANIFESTS, st.integers(0, 7), st.integers(0, 7))
def test_a_part_of_a_manifest_is_that_part_of_it(manifest: Manifest, start: int, end: int):
    assert chunks_between(encode(manifest), start, end) == manifest.chunks[start:end]


def test_a_part_of_a_manifest_costs_its_own_size():
    whole = encode(Manifest(SCHEME, 50_000, tuple(ChunkRef(bytes(32), 1) for _ in range(50_000))))
    assert peak_bytes(lambda: chunks_between(whole, 40_000, 40_010)) < 64 * 1024


def test_a_chunk_takes_36_bytes():
    assert len(encode(TWO)) - len(encode(EMPTY)) == 2 * 36


def test_the_written_form_stays_as_it_is():
    assert encode(manifest_of([b"GovSync"])).hex() == (
        "0112"
        + b"fastcdc2020/512k/1".hex()
        + "0000000000000007"
        + "00000001"
        + chunk_hash(b"GovSync").hex()
        + "00000007"
    )


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_or_are_the_one_way_to_write_what_was_read(data: bytes):
    read = answer_or_code(lambda: decode(data))
    assert read == "manifest_bad" or (isinstance(read, Manifest) and encode(read) == data)


@given(MANIFESTS, st.data())
def test_a_changed_byte_is_refused_or_changes_the_content_hash(manifest: Manifest, draw: st.DataObject):
    data = bytearray(encode(manifest))
    data[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    read = answer_or_code(lambda: decode(bytes(data)))
    assert read == "manifest_bad" or (
        isinstance(read, Manifest) and read.content_hash != manifest.content_hash
    )


@given(MANIFESTS.flatmap(lambda manifest: damaged(encode(manifest))))
def test_a_damaged_manifest_is_refused_or_is_the_one_way_to_write_what_was_read(data: bytes):
    read = answer_or_code(lambda: decode(data))
    assert read == "manifest_bad" or (isinstance(read, Manifest) and encode(read) == data)


@given(MANIFESTS, st.data())
def test_a_cut_or_longer_manifest_is_refused(manifest: Manifest, draw: st.DataObject):
    data = encode(manifest)
    for wrong in (data[: draw.draw(st.integers(0, len(data) - 1))], data + b"\x00", data + bytes(36)):
        assert answer_or_code(lambda wrong=wrong: decode(wrong)) == "manifest_bad"


def test_an_absurd_count_is_refused_without_memory_for_it():
    data = bytearray(encode(EMPTY))
    data[-4:] = b"\xff\xff\xff\xff"

    def read() -> None:
        assert answer_or_code(lambda: decode(bytes(data), max_chunks=1 << 32)) == "manifest_bad"

    assert peak_bytes(read) < 64 * 1024


def test_more_chunks_than_allowed_are_refused():
    assert decode(encode(TWO), max_chunks=2) == TWO
    assert answer_or_code(lambda: decode(encode(TWO), max_chunks=1)) == "manifest_bad"
    assert refused(TWO, max_chunks=1)


@pytest.mark.parametrize(
    "wrong",
    [
        msgspec.structs.replace(TWO, size_bytes=TWO.size_bytes + 1),
        msgspec.structs.replace(TWO, scheme=""),
        msgspec.structs.replace(TWO, scheme="s" * 256),
        msgspec.structs.replace(TWO, scheme="fastcdc\n"),
        msgspec.structs.replace(TWO, scheme="šema"),
        Manifest(SCHEME, 0, (ChunkRef(bytes(32), 0),)),
        Manifest(SCHEME, 0, (ChunkRef(bytes(32), 5), ChunkRef(bytes(32), -5))),
        Manifest(SCHEME, MAX_BYTES + 1, (ChunkRef(bytes(32), MAX_BYTES + 1),)),
        Manifest(SCHEME, 1, (ChunkRef(bytes(31), 1),)),
    ],
)
def test_a_manifest_that_is_wrong_in_itself_is_refused(wrong: Manifest):
    assert not refused(TWO)
    assert refused(wrong)


def test_a_chunk_over_the_limit_handed_in_is_refused():
    assert not refused(TWO, max_chunk_bytes=6)
    assert refused(TWO, max_chunk_bytes=5)


def test_the_refusal_says_what_is_wrong():
    with pytest.raises(Failure) as raised:
        decode(b"\x02" + encode(TWO)[1:])
    assert (raised.value.code, raised.value.facts) == (Code.MANIFEST_BAD, {"what": "format", "format": 2})
