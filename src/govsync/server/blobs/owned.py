"""A store that is proven to be this database's own, whenever it would be written to or seems to lack something (R48).

A folder that is not mounted and a wrong bucket look like a store that is empty. Without this, a server would write its
packs into them, and take every content for lost.
"""

from collections.abc import Iterable, Iterator

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.blobs.interface import Blobs, Stored


class OwnedBlobs:
    """A store with the mark that the database knows."""

    def __init__(self, blobs: Blobs, identity: str) -> None:
        self._blobs, self._identity = blobs, identity

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """As `Blobs.put_new`; afterwards the mark is looked at again, since the store may have gone in between."""
        self._prove()
        self._blobs.put_new(key, pieces)
        self._prove()

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """As `Blobs.get_range`."""
        try:
            return self._blobs.get_range(key, offset, size_bytes)
        except Failure as failure:
            if failure.code is Code.CHUNK_LOST:
                self._prove()
            raise

    def size(self, key: str) -> int | None:
        """As `Blobs.size`."""
        found = self._blobs.size(key)
        if found is None:
            self._prove()
        return found

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        self._prove()
        self._blobs.delete(key)

    def list(self) -> Iterator[Stored]:
        """As `Blobs.list`."""
        self._prove()
        return self._blobs.list()

    def identity(self) -> str | None:
        """As `Blobs.identity`."""
        return self._blobs.identity()

    def establish(self, identity: str) -> None:
        """As `Blobs.establish`."""
        self._blobs.establish(identity)

    def _prove(self) -> None:
        if self._blobs.identity() != self._identity:
            raise Failure(Code.STORE_UNAVAILABLE, what="the store is missing, or another one")
