"""Small contents that were saved a moment ago, kept in memory: the desks that are told of them get them as they came, and
nothing has to be read back from the store and unpacked for that.

Whatever is here was hashed when it came, and is durable. It is found by the hash that a version of the space names; who
may read that was asked before. What is not here (any more) is read from the store: this is never the only place.
"""

import threading
from collections.abc import Iterable, Mapping

from govsync.server.chunk import Chunk

MOST_BYTES = 16 * 1024 * 1024
"""As much as a desk takes in some seconds; one that is further behind, or on another replica, is served by the store."""


class Fresh:
    """The newest small contents, by space and hash."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._guard = threading.Lock()
        self._kept: dict[tuple[bytes, bytes], Chunk] = {}
        self._bytes = 0

    def keep(self, space: bytes, chunks: Mapping[bytes, Chunk]) -> None:
        """Keeps chunks of a commit that is durable; what came first goes first."""
        with self._guard:
            for digest, chunk in chunks.items():
                key = space, digest
                if key in self._kept:
                    self._forget(key)
                self._kept[key] = chunk
                self._bytes += _bytes(chunk)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._kept)))

    def found(self, space: bytes, hashes: Iterable[bytes]) -> dict[bytes, Chunk]:
        """Answers those of a space's chunks that are here."""
        with self._guard:
            return {digest: self._kept[space, digest] for digest in hashes if (space, digest) in self._kept}

    def _forget(self, key: tuple[bytes, bytes]) -> None:
        self._bytes -= _bytes(self._kept.pop(key))


def _bytes(chunk: Chunk) -> int:
    return len(chunk.plain) + (len(chunk.encoded.data) if chunk.encoded is not None else 0)
