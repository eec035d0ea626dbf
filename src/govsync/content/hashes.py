"""The two hashes: of a chunk and of a content. SHA-256 (FIPS 180-4) in both.

A content's hash covers the list of its chunks' hashes, not its bytes again: every byte is covered once and hashed once.
"""

import struct
from collections.abc import Iterable
from hashlib import sha256

HASH_BYTES = 32

_SIZE = struct.Struct(">Q")


def chunk_hash(data: bytes | bytearray | memoryview) -> bytes:
    """Names a chunk by its bytes."""
    return sha256(data).digest()


def content_hash(scheme: str, size_bytes: int, chunk_hashes: Iterable[bytes]) -> bytes:
    """Names a content by scheme, size and its chunks in order; an empty content has no chunk.

    Hashes u8 length of the scheme, scheme, u64 size, 32 bytes a chunk: with the length first and the rest of fixed
    width, no two different lists are written alike.
    """
    name = scheme.encode("ascii")
    whole = sha256(bytes((len(name),)) + name + _SIZE.pack(size_bytes))
    for each in chunk_hashes:
        whole.update(each)
    return whole.digest()
