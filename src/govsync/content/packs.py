"""A pack: one immutable object of many chunks, the form in which contents rest in the blob store.

    pack    = mark, frames, index, end                                      (integers big-endian, nothing between)
    mark    = "GovPack", u8 format (1)
    frame   = a large chunk, zstd | small chunks in a row, zstd, at most 256 KiB together when plain | a raw chunk
    index   = 49 bytes a chunk, in order of place: hash, u32 frame offset, u32 frame size, u32 offset in the plain
              frame, u32 chunk size, u8 encoding (0 raw, 1 zstd)
    end     = u32 offset of the index, u32 its size, its SHA-256, mark

The index at the end makes a pack explain itself: a database that was lost is rebuilt from the packs alone. It carries
a checksum of its own; the frames need none, since every chunk is checked by its hash. Small chunks share a frame
because zstd then does better and is called less often. Whose a chunk is is not known here, so a hash that is added
twice is stored twice.
"""

import struct
from collections.abc import Callable
from hashlib import sha256

import msgspec

from govsync.content.chunks import MAX_BYTES
from govsync.content.compress import Encoded, Encoding, compress, decompress_within
from govsync.model.codes import Code
from govsync.model.problems import Failure

TARGET_BYTES = 8 * 1024 * 1024
"""A pack is full at this size; it ends at most one chunk larger."""

FRAME_BYTES = 256 * 1024
"""The most that small chunks in one frame are when plain: what is unpacked to read one of them."""

SMALL_BYTES = 64 * 1024
"""Chunks up to this size share frames."""

GetRange = Callable[[int, int], bytes]
"""Reads (offset, size) of one pack; raises Failure where the store cannot."""

_MARK = b"GovPack\x01"
_ENTRY = struct.Struct(">32sIIIIB")
_END = struct.Struct(">II32s8s")
ENTRY_BYTES = _ENTRY.size
"""What a chunk takes beside its frame."""
FIXED_BYTES = len(_MARK) + _END.size
"""What a pack takes beside its frames and its entries."""
_ENCODINGS = (Encoding.RAW, Encoding.ZSTD)


class ChunkPlace(msgspec.Struct, frozen=True, gc=False):
    """Says where in a pack a chunk is: its frame, and the part of the plain frame that is the chunk.

    A raw chunk is a frame of its own: `offset_bytes` is 0, `frame_bytes` equals `size_bytes`.
    """

    frame_offset: int
    frame_bytes: int
    offset_bytes: int
    size_bytes: int
    encoding: Encoding


class PackedChunk(msgspec.Struct, frozen=True):
    """Names a chunk of a pack and says where it is."""

    hash: bytes
    place: ChunkPlace


class Pack(msgspec.Struct, frozen=True):
    """A finished pack: its bytes in pieces, and its chunks in order of place."""

    pieces: tuple[bytes | memoryview, ...]
    chunks: tuple[PackedChunk, ...]
    size_bytes: int


class PackWriter:
    """Puts one pack together in memory: add chunks until it is `full`, then `finish` it, once."""

    def __init__(self) -> None:
        self._pieces: list[bytes | memoryview] = [_MARK]
        self._pieces_bytes = len(_MARK)
        self._chunks: list[PackedChunk] = []
        self._small: list[tuple[bytes, int, int]] = []
        self._small_frame = bytearray()

    @property
    def full(self) -> bool:
        """Says that the pack, with its index, has reached `TARGET_BYTES` and takes no more."""
        index_bytes = _ENTRY.size * (len(self._chunks) + len(self._small))
        return self._pieces_bytes + len(self._small_frame) + index_bytes >= TARGET_BYTES

    def add(self, chunk_hash: bytes, data: bytes) -> None:
        """Adds a plain chunk; raises ValueError when the pack is full."""
        if len(data) > SMALL_BYTES:
            self.add_encoded(chunk_hash, compress(data), len(data))
            return
        self._require_room()
        if len(self._small_frame) + len(data) > FRAME_BYTES:
            self._close_small_frame()
        self._small.append((chunk_hash, len(self._small_frame), len(data)))
        self._small_frame += data

    def add_encoded(self, chunk_hash: bytes, encoded: Encoded, size_bytes: int) -> None:
        """Adds a chunk in the form in which it came, already verified, as a frame of its own; `size_bytes` is plain."""
        self._require_room()
        place = ChunkPlace(self._pieces_bytes, len(encoded.data), 0, size_bytes, encoded.encoding)
        self._chunks.append(PackedChunk(chunk_hash, place))
        self._append(encoded.data)

    def finish(self) -> Pack:
        """Writes what is held, the index and the end."""
        self._close_small_frame()
        index_offset = self._pieces_bytes
        index = b"".join(map(_entry, self._chunks))
        self._append(index)
        self._append(_END.pack(index_offset, len(index), sha256(index).digest(), _MARK))
        return Pack(tuple(self._pieces), tuple(self._chunks), self._pieces_bytes)

    def _require_room(self) -> None:
        if self.full:
            raise ValueError("the pack is full")

    def _append(self, piece: bytes | memoryview) -> None:
        self._pieces.append(piece)
        self._pieces_bytes += len(piece)

    def _close_small_frame(self) -> None:
        if not self._small:
            return
        start = self._pieces_bytes
        encoded = compress(bytes(self._small_frame))
        for chunk_hash, offset, size_bytes in self._small:
            if encoded.encoding is Encoding.RAW:
                place = ChunkPlace(start + offset, size_bytes, 0, size_bytes, Encoding.RAW)
            else:
                place = ChunkPlace(start, len(encoded.data), offset, size_bytes, Encoding.ZSTD)
            self._chunks.append(PackedChunk(chunk_hash, place))
        self._append(encoded.data)
        self._small.clear()
        self._small_frame.clear()


def read_frame(place: ChunkPlace, get_range: GetRange) -> bytes:
    """Reads and unpacks the frame of a chunk, at most 256 KiB or the chunk's size; `chunk_in` takes chunks out of it.

    A frame is told by (pack, `frame_offset`): who reads many small chunks keeps the last one. Raises Failure(chunk_bad)
    when the bytes are damaged in a way that shows without the chunk's hash.
    """
    return unpack_frame(place, _read(get_range, place.frame_offset, place.frame_bytes))


def unpack_frame(place: ChunkPlace, packed: bytes) -> bytes:
    """Unpacks the frame of a chunk, for those who want it in both forms; raises Failure(chunk_bad) as `read_frame`."""
    return decompress_within(place.encoding, packed, max(FRAME_BYTES, place.size_bytes))


def chunk_in(frame: bytes, place: ChunkPlace) -> bytes:
    """Takes a chunk out of its plain frame; its hash is for the caller to check."""
    data = frame[place.offset_bytes : place.offset_bytes + place.size_bytes]
    if len(data) != place.size_bytes:
        raise Failure(Code.CHUNK_BAD, what="size", size_bytes=len(data), expected_bytes=place.size_bytes)
    return data


def read_chunk(place: ChunkPlace, get_range: GetRange) -> bytes:
    """Reads one chunk; its hash is for the caller to check. Raises Failure(chunk_bad)."""
    return chunk_in(read_frame(place, get_range), place)


def read_index(get_range: GetRange, size_bytes: int) -> tuple[PackedChunk, ...]:
    """Lists the chunks of a pack of that size, in order of place; raises Failure(chunk_bad) when it is not whole.

    Needs memory for the index alone. The chunks themselves are not looked at.
    """
    end_offset = size_bytes - _END.size
    if end_offset < len(_MARK):
        raise _bad("size")
    index_offset, index_bytes, checksum, mark = _END.unpack(_read(get_range, end_offset, _END.size))
    if mark != _MARK or _read(get_range, 0, len(_MARK)) != _MARK:
        raise _bad("mark")
    if index_offset + index_bytes != end_offset or index_bytes % _ENTRY.size:
        raise _bad("end")
    index = _read(get_range, index_offset, index_bytes)
    if sha256(index).digest() != checksum:
        raise _bad("checksum")
    return tuple(_packed_chunk(entry, index_offset) for entry in _ENTRY.iter_unpack(index))


def _entry(chunk: PackedChunk) -> bytes:
    place = chunk.place
    return _ENTRY.pack(
        chunk.hash,
        place.frame_offset,
        place.frame_bytes,
        place.offset_bytes,
        place.size_bytes,
        _ENCODINGS.index(place.encoding),
    )


def _packed_chunk(entry: tuple[bytes, int, int, int, int, int], frames_end: int) -> PackedChunk:
    chunk_hash, frame_offset, frame_bytes, offset_bytes, size_bytes, encoding = entry
    end_bytes = offset_bytes + size_bytes
    if encoding == _ENCODINGS.index(Encoding.RAW):
        fits = offset_bytes == 0 and size_bytes == frame_bytes
    else:
        fits = encoding < len(_ENCODINGS) and (offset_bytes == 0 or end_bytes <= FRAME_BYTES)
    inside = len(_MARK) <= frame_offset and frame_offset + frame_bytes <= frames_end
    if not (fits and inside and 0 < size_bytes <= MAX_BYTES):
        raise _bad("place")
    place = ChunkPlace(frame_offset, frame_bytes, offset_bytes, size_bytes, _ENCODINGS[encoding])
    return PackedChunk(chunk_hash, place)


def _read(get_range: GetRange, offset: int, size_bytes: int) -> bytes:
    data = get_range(offset, size_bytes)
    if len(data) != size_bytes:
        raise _bad("short")
    return data


def _bad(what: str) -> Failure:
    return Failure(Code.CHUNK_BAD, what=f"pack_{what}")
