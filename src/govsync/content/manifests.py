"""A manifest: the ordered chunks that make a content, and its compact form for the wire and the store.

Encoded, big-endian: u8 format (1), u8 length of the scheme, scheme (ASCII), u64 size, u32 count, then 36 bytes a chunk
(hash, u32 size). There is one way to write a manifest, so equal contents have equal encodings. Whether the server holds
the chunks is not known here.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Self, overload

import msgspec

from govsync.content.chunks import MAX_BYTES, SCHEME
from govsync.content.hashes import HASH_BYTES, chunk_hash, content_hash
from govsync.model.codes import Code
from govsync.model.problems import Failure

MAX_CHUNKS = 4_000_000
"""As many chunks as about 2.5 TB have."""

_FORMAT = 1
_PIECE_BYTES = 1024 * 1024
_START = struct.Struct(">BB")
_TOTALS = struct.Struct(">QI")
_CHUNK = struct.Struct(">32sI")


class ChunkRef(msgspec.Struct, frozen=True, gc=False):
    """Names one chunk of a content: its SHA-256 and its size."""

    hash: bytes
    size_bytes: int


class _Once:
    """A value that is computed when it is first asked for, and found without a call from then on. The `cached_property` of
    Python 3.11 takes a lock, which costs more than the hash of a small content."""

    def __init__(self, compute: "Callable[[Manifest], bytes]") -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, manifest: None, owner: type) -> Self: ...
    @overload
    def __get__(self, manifest: "Manifest", owner: type) -> bytes: ...
    def __get__(self, manifest: "Manifest | None", owner: type) -> Self | bytes:
        if manifest is None:
            return self
        found = manifest.__dict__[self._compute.__name__] = self._compute(manifest)
        return found


class Manifest(msgspec.Struct, frozen=True, dict=True):
    """Says how a content is put together: `size_bytes` is the sum over `chunks`."""

    scheme: str
    size_bytes: int
    chunks: tuple[ChunkRef, ...]

    @_Once
    def content_hash(self) -> bytes:
        """Answers the content's hash, computed once from the chunks' hashes."""
        return content_hash(self.scheme, self.size_bytes, [chunk.hash for chunk in self.chunks])


EMPTY = Manifest(SCHEME, 0, ())


def manifest_of(pieces: Iterable[bytes | memoryview]) -> Manifest:
    """Hashes the chunks of a content, as `chunks.cut` yields them, into its manifest."""
    chunks = [ChunkRef(chunk_hash(piece), len(piece)) for piece in pieces]
    return Manifest(SCHEME, sum([chunk.size_bytes for chunk in chunks]), tuple(chunks))


def verify(manifest: Manifest, *, max_chunks: int = MAX_CHUNKS, max_chunk_bytes: int = MAX_BYTES) -> None:
    """Raises Failure(manifest_bad) unless the manifest agrees with itself and keeps to the limits."""
    scheme, chunks = manifest.scheme, manifest.chunks
    if not (0 < len(scheme) <= 255 and scheme.isascii() and scheme.isprintable()):
        raise Failure(Code.MANIFEST_BAD, what="scheme")
    if len(chunks) > max_chunks:
        raise Failure(Code.MANIFEST_BAD, what="count", count=len(chunks))
    size_bytes = 0
    for chunk in chunks:
        if len(chunk.hash) != HASH_BYTES:
            raise Failure(Code.MANIFEST_BAD, what="hash")
        if not 0 < chunk.size_bytes <= max_chunk_bytes:
            raise Failure(Code.MANIFEST_BAD, what="chunk_size")
        size_bytes += chunk.size_bytes
    if size_bytes != manifest.size_bytes:
        raise Failure(Code.MANIFEST_BAD, what="size")


def encode(manifest: Manifest) -> bytes:
    """Writes a manifest that `verify` accepts."""
    scheme, chunks = manifest.scheme.encode("ascii"), manifest.chunks
    start = _START.pack(_FORMAT, len(scheme)) + scheme + _TOTALS.pack(manifest.size_bytes, len(chunks))
    return start + b"".join([_CHUNK.pack(chunk.hash, chunk.size_bytes) for chunk in chunks])


def decode(
    data: bytes | memoryview, *, max_chunks: int = MAX_CHUNKS, max_chunk_bytes: int = MAX_BYTES
) -> Manifest:
    """Reads and verifies an encoded manifest; raises Failure(manifest_bad) for anything else."""
    scheme, size_bytes, chunks = _opened(data)
    manifest = Manifest(scheme, size_bytes, _chunks(chunks))
    verify(manifest, max_chunks=max_chunks, max_chunk_bytes=max_chunk_bytes)
    return manifest


def chunks_between(data: bytes | memoryview, start: int, end: int) -> tuple[ChunkRef, ...]:
    """Reads some chunks of an encoded manifest that was verified before, without those around them: a large file is
    asked for in many parts, and each must cost its own size. Raises Failure(manifest_bad) as `decode`."""
    return _chunks(_opened(data)[2][start * _CHUNK.size : end * _CHUNK.size])


def manifest_pieces(encoded: bytes) -> Iterator[bytes]:
    """Cuts an encoded manifest that is too large to travel with an operation into pieces of at most 1 MiB, to be stored as
    chunks."""
    return (encoded[start : start + _PIECE_BYTES] for start in range(0, len(encoded), _PIECE_BYTES))


def _opened(data: bytes | memoryview) -> tuple[str, int, memoryview]:
    """Answers scheme, size and the chunks, still encoded."""
    view = memoryview(data)
    try:
        format_, scheme_bytes = _START.unpack_from(view)
        totals_at = _START.size + scheme_bytes
        scheme = str(view[_START.size : totals_at], "ascii")
        size_bytes, count = _TOTALS.unpack_from(view, totals_at)
    except (struct.error, UnicodeDecodeError) as error:
        raise Failure(Code.MANIFEST_BAD, what="header") from error
    if format_ != _FORMAT:
        raise Failure(Code.MANIFEST_BAD, what="format", format=format_)
    rest = view[totals_at + _TOTALS.size :]
    # The count is believed only if the bytes for it are here, so that it cannot make us reserve memory.
    if len(rest) != count * _CHUNK.size:
        raise Failure(Code.MANIFEST_BAD, what="count", count=count)
    return scheme, size_bytes, rest


def _chunks(encoded: memoryview) -> tuple[ChunkRef, ...]:
    return tuple(ChunkRef(*fields) for fields in _CHUNK.iter_unpack(encoded))


def is_zeros(manifest: Manifest) -> bool:
    """Says whether a content holds nothing but zeros, or nothing at all."""
    return all(chunk.hash == _zeros(chunk.size_bytes) for chunk in manifest.chunks)


@lru_cache(maxsize=64)
def _zeros(size_bytes: int) -> bytes:
    return chunk_hash(bytes(size_bytes))
