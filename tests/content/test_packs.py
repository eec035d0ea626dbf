"""A pack gives back every chunk from its bytes alone, and damage never looks like an index."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.content import packs
from govsync.content.chunks import MAX_BYTES
from govsync.content.compress import Encoding, compress
from govsync.content.hashes import chunk_hash
from govsync.content.packs import ChunkPlace, Pack, PackWriter, chunk_in, read_chunk, read_frame, read_index
from tests.content.samples import answer_or_code, noise, peak_bytes
from tests.foreign import damaged

KIB = 1024
TEXT = b"".join(b"Line %d of a report that nobody reads to its end.\n" % number for number in range(10_000))


class Stored:
    """Is a pack in a store that answers ranges and remembers them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.ranges: list[tuple[int, int]] = []

    def get_range(self, offset: int, size_bytes: int) -> bytes:
        self.ranges.append((offset, size_bytes))
        return self.data[offset : offset + size_bytes]

    def index(self) -> tuple[packs.PackedChunk, ...]:
        return read_index(self.get_range, len(self.data))


def packed(contents: list[bytes]) -> Pack:
    writer = PackWriter()
    for content in contents:
        writer.add(chunk_hash(content), content)
    return writer.finish()


def stored(pack: Pack) -> Stored:
    return Stored(b"".join(pack.pieces))


CHUNKS = st.builds(
    lambda kind, size_bytes, seed: (
        noise(size_bytes, b"%d" % seed) if kind == "noise" else TEXT[seed : seed + size_bytes]
    ),
    st.sampled_from(["noise", "text"]),
    st.integers(1, 3_000) | st.sampled_from([64 * KIB, 64 * KIB + 1, 200 * KIB]),
    st.integers(0, 50),
)


@given(st.lists(CHUNKS, max_size=12))
def test_chunks_come_back_from_the_bytes_alone(contents: list[bytes]):
    pack = packed(contents)
    store = stored(pack)
    assert len(store.data) == pack.size_bytes
    assert store.index() == pack.chunks
    read = [read_chunk(chunk.place, store.get_range) for chunk in pack.chunks]
    assert sorted(read) == sorted(contents)
    assert [chunk_hash(content) for content in read] == [chunk.hash for chunk in pack.chunks]


def test_small_chunks_share_frames_of_256_kib():
    contents = [TEXT[start : start + 4_000] for start in range(0, 480_000, 4_000)]
    pack = packed(contents)
    frames = {chunk.place.frame_offset for chunk in pack.chunks}
    assert len(frames) == 2
    for chunk in pack.chunks:
        frame = read_frame(chunk.place, stored(pack).get_range)
        assert len(frame) <= packs.FRAME_BYTES
        assert chunk_hash(chunk_in(frame, chunk.place)) == chunk.hash
    assert pack.size_bytes < sum(map(len, contents)) / 3


def test_a_raw_small_chunk_is_read_by_itself():
    contents = [noise(1_000, b"%d" % number) for number in range(20)]
    pack = packed(contents)
    store = stored(pack)
    for chunk, content in zip(pack.chunks, contents, strict=True):
        assert read_chunk(chunk.place, store.get_range) == content
    assert {size_bytes for _, size_bytes in store.ranges} == {1_000}


def test_a_large_chunk_has_a_frame_of_its_own():
    large = TEXT[: 100 * KIB]
    pack = packed([TEXT[:500], large, TEXT[500:900]])
    place = {chunk.hash: chunk.place for chunk in pack.chunks}[chunk_hash(large)]
    assert (place.offset_bytes, place.size_bytes, place.encoding) == (0, len(large), Encoding.ZSTD)
    assert read_frame(place, stored(pack).get_range) == large


def test_a_chunk_that_came_compressed_is_stored_as_it_came():
    encoded = compress(TEXT)
    writer = PackWriter()
    writer.add_encoded(chunk_hash(TEXT), encoded, len(TEXT))
    pack = writer.finish()
    assert any(piece is encoded.data for piece in pack.pieces)
    assert read_chunk(pack.chunks[0].place, stored(pack).get_range) == TEXT


def test_a_pack_is_full_within_a_chunk_of_its_target():
    writer = PackWriter()
    content = noise(MAX_BYTES)
    count = 0
    while not writer.full:
        writer.add(chunk_hash(content), content)
        count += 1
    with pytest.raises(ValueError, match="full"):
        writer.add(chunk_hash(content), content)
    pack = writer.finish()
    assert packs.TARGET_BYTES <= pack.size_bytes <= packs.TARGET_BYTES + MAX_BYTES
    assert len(pack.chunks) == count


def test_many_tiny_chunks_fill_a_pack_by_their_index():
    writer = PackWriter()
    count = 0
    while not writer.full:
        writer.add(bytes(32), b"x")
        count += 1
    assert count < packs.TARGET_BYTES / 49
    assert writer.finish().size_bytes <= packs.TARGET_BYTES + 1_000


def test_the_written_form_stays_as_it_is():
    pack = stored(packed([b"GovSync"])).data
    name, checksum = chunk_hash(b"GovSync").hex(), pack[-40:-8].hex()
    entry = name + "00000008" + "00000007" + "00000000" + "00000007" + "00"
    mark = b"GovPack\x01".hex()
    assert pack.hex() == mark + b"GovSync".hex() + entry + "0000000f" + "00000031" + checksum + mark
    assert checksum == chunk_hash(bytes.fromhex(entry)).hex()


MIXED = [TEXT[:3_000], TEXT[3_000:7_000], noise(70 * KIB), TEXT[: 90 * KIB]]


@given(st.data())
def test_a_changed_byte_is_found_in_the_index_or_left_to_the_hashes(draw: st.DataObject):
    whole = stored(packed(MIXED)).data
    offsets = (
        st.integers(0, len(whole) - 1) | st.integers(len(whole) - 260, len(whole) - 1) | st.integers(0, 600)
    )
    damaged = bytearray(whole)
    damaged[draw.draw(offsets)] ^= draw.draw(st.integers(1, 255))
    store = Stored(bytes(damaged))
    index = answer_or_code(store.index)
    assert index == "chunk_bad" or index == Stored(whole).index()
    for chunk in Stored(whole).index():
        content = answer_or_code(lambda chunk=chunk: read_chunk(chunk.place, store.get_range))
        assert content == "chunk_bad" or len(content) == chunk.place.size_bytes


SMALL = b"".join(packed([TEXT[:300], noise(200)]).pieces)


@given(damaged(SMALL), st.booleans())
def test_a_damaged_pack_is_refused_or_leads_to_chunks_of_their_size(data: bytes, checked_again: bool):
    """Also where somebody wrote a checksum that fits."""
    if checked_again and len(data) > packs._END.size:
        offset, size_bytes, _, mark = packs._END.unpack(data[-packs._END.size :])
        checksum = sha256(data[offset : offset + size_bytes]).digest()
        data = data[: -packs._END.size] + packs._END.pack(offset, size_bytes, checksum, mark)
    store = Stored(data)
    index = answer_or_code(store.index)
    for chunk in index if isinstance(index, tuple) else ():
        content = answer_or_code(lambda chunk=chunk: read_chunk(chunk.place, store.get_range))
        assert content == "chunk_bad" or len(content) == chunk.place.size_bytes
    assert index == "chunk_bad" or isinstance(index, tuple)


@given(st.binary(max_size=400), st.integers(0, 500))
def test_arbitrary_bytes_are_no_pack(data: bytes, size_bytes: int):
    assert answer_or_code(lambda: read_index(Stored(data).get_range, size_bytes)) == "chunk_bad"


@given(
    st.binary(max_size=400),
    st.builds(
        ChunkPlace,
        st.integers(0, 500),
        st.integers(0, 500),
        st.integers(0, 500),
        st.integers(0, 1 << 20),
        st.sampled_from(list(Encoding)),
    ),
)
def test_an_arbitrary_place_is_refused_or_has_its_size(data: bytes, place: ChunkPlace):
    content = answer_or_code(lambda: read_chunk(place, Stored(data).get_range))
    assert content == "chunk_bad" or (isinstance(content, bytes) and len(content) == place.size_bytes)


@given(st.data())
def test_a_cut_pack_is_refused(draw: st.DataObject):
    whole = stored(packed(MIXED)).data
    store = Stored(whole[: draw.draw(st.integers(0, len(whole) - 1))])
    assert answer_or_code(store.index) == "chunk_bad"
    assert answer_or_code(lambda: read_index(store.get_range, len(whole))) == "chunk_bad"


def with_index(index: bytes, between: bytes = b"") -> Stored:
    body = packs._MARK + noise(10)
    end = packs._END.pack(len(body), len(index), sha256(index).digest(), packs._MARK)
    return Stored(body + index + between + end)


def test_an_index_that_is_not_made_of_entries_is_refused_although_its_checksum_holds():
    entry = packs._ENTRY.pack(bytes(32), 8, 10, 0, 10, 0)
    assert len(with_index(entry).index()) == 1
    for wrong in (with_index(entry + b"\x00"), with_index(entry[:-1]), with_index(entry, b"\x00")):
        assert answer_or_code(wrong.index) == "chunk_bad"


@pytest.mark.parametrize("place", [0, 7, -8, -1])
def test_a_pack_of_another_format_is_refused(place: int):
    other = bytearray(stored(packed(MIXED)).data)
    other[place] ^= 1
    assert answer_or_code(Stored(bytes(other)).index) == "chunk_bad"


RAW, ZSTD = Encoding.RAW, Encoding.ZSTD


@pytest.mark.parametrize(
    "place",
    [
        ChunkPlace(0, 10, 0, 10, RAW),
        ChunkPlace(8, 100, 0, 100, RAW),
        ChunkPlace(8, 10, 0, 9, RAW),
        ChunkPlace(8, 10, 1, 10, RAW),
        ChunkPlace(8, 0, 0, 0, RAW),
        ChunkPlace(8, 10, 0, 0, ZSTD),
        ChunkPlace(8, 10, 0, MAX_BYTES + 1, ZSTD),
        ChunkPlace(8, 10, packs.FRAME_BYTES - 1, 2, ZSTD),
    ],
)
def test_an_index_that_points_astray_is_refused_although_its_checksum_holds(place: ChunkPlace):
    entry = packs._entry(packs.PackedChunk(bytes(32), place))
    assert answer_or_code(with_index(entry).index) == "chunk_bad"


def test_an_index_that_claims_to_be_huge_reserves_nothing():
    size_bytes = 1 << 32

    def get_range(offset: int, wanted: int) -> bytes:
        if offset == size_bytes - 48:
            return b"\x00\x00\x00\x08" + b"\x7f\xff\xff\xc8" + bytes(32) + b"GovPack\x01"
        return b"GovPack\x01"

    def read() -> None:
        assert answer_or_code(lambda: read_index(get_range, size_bytes)) == "chunk_bad"

    assert peak_bytes(read) < 64 * KIB
