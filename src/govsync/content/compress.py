"""Compression of chunks: Zstandard (RFC 8878) where it saves something, else the bytes as they are.

Hashes are always taken of the plain bytes, before compression. Nothing here trusts a compressed body: how large it may
become is said by whoever asks.
"""

import sys
import threading
from enum import StrEnum

import msgspec

from govsync.model.codes import Code
from govsync.model.problems import Failure

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_LEVEL = 3
_WORTH = 0.95
"""Compressed bytes are kept when they are at most this part of the plain ones."""

_PROBE_BYTES = 8 * 1024
_PROBE_FROM_BYTES = 8 * _PROBE_BYTES

# Level 3 never needs a larger window than 2 MiB, so a body that demands one is not ours and gets no memory.
_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 21}


class Encoding(StrEnum):
    """Says how bytes are stored or travel."""

    RAW = "raw"
    ZSTD = "zstd"


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """Holds bytes in the form in which they are stored or travel."""

    encoding: Encoding
    data: bytes | memoryview


def compress(data: bytes | memoryview) -> Encoded:
    """Compresses bytes unless that saves less than 5 %; raw bytes are the ones handed in, not a copy."""
    if _looks_compressible(data):
        packed = _packed(data)
        if len(packed) <= len(data) * _WORTH:
            return Encoded(Encoding.ZSTD, packed)
    return Encoded(Encoding.RAW, data)


class _Compressors(threading.local):
    """A compressor for each thread: to make one costs more than to compress a small body. It keeps the memory of the
    largest body that it has seen, so large ones get one of their own."""

    def __init__(self) -> None:
        self.small = zstd.ZstdCompressor(_LEVEL)


_compressors = _Compressors()


def _packed(data: bytes | memoryview) -> bytes:
    if len(data) < _PROBE_FROM_BYTES:
        return _compressors.small.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)
    return zstd.compress(data, _LEVEL)


def decompress(encoding: str, data: bytes | memoryview, size_bytes: int) -> bytes:
    """Answers the plain bytes; raises Failure(chunk_bad) unless they are exactly `size_bytes`."""
    return bytes(plain_of(encoding, data, size_bytes))


def plain_of(encoding: str, data: bytes | memoryview, size_bytes: int) -> bytes | memoryview:
    """As `decompress`, for many or large bodies: raw bytes are the ones handed in, not a copy."""
    plain = _within(encoding, data, size_bytes)
    if len(plain) != size_bytes:
        raise Failure(Code.CHUNK_BAD, what="size", size_bytes=len(plain), expected_bytes=size_bytes)
    return plain


def decompress_within(encoding: str, data: bytes | memoryview, limit_bytes: int) -> bytes:
    """Answers the plain bytes; raises Failure(chunk_bad) when there are more than the limit, before they are made."""
    return bytes(_within(encoding, data, limit_bytes))


def _within(encoding: str, data: bytes | memoryview, limit_bytes: int) -> bytes | memoryview:
    if encoding == Encoding.RAW:
        if len(data) > limit_bytes:
            raise Failure(Code.CHUNK_BAD, what="limit", limit_bytes=limit_bytes)
        return data
    if encoding != Encoding.ZSTD:
        raise Failure(Code.CHUNK_BAD, what="encoding", encoding=encoding)
    decompressor = zstd.ZstdDecompressor(options=_OPTIONS)
    try:
        # Room for one byte more than allowed tells a body that is too long from one that was cut.
        plain = decompressor.decompress(data, limit_bytes + 1)
    except zstd.ZstdError as error:
        raise Failure(Code.CHUNK_BAD, what="zstd") from error
    if len(plain) > limit_bytes:
        raise Failure(Code.CHUNK_BAD, what="limit", limit_bytes=limit_bytes)
    if not decompressor.eof or decompressor.unused_data:
        raise Failure(Code.CHUNK_BAD, what="zstd")
    return plain


def _looks_compressible(data: bytes | memoryview) -> bool:
    """Tries two small samples of a large body, so that media and archives cost next to nothing."""
    if len(data) < _PROBE_FROM_BYTES:
        return True
    view = memoryview(data)
    for start in (len(view) // 4, len(view) * 3 // 4):
        sample = view[start : start + _PROBE_BYTES]
        if len(zstd.compress(sample, 1)) <= _PROBE_BYTES * _WORTH:
            return True
    return False
