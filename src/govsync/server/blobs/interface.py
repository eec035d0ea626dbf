"""What the server needs of a store of immutable objects.

Failures: `store_unavailable` where the store itself is not there or not ours (R48), `chunk_lost` where an object is
missing that should be there.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol


class Blobs(Protocol):
    """A store of immutable objects; every method may be called from several threads."""

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """Stores an object, durable on return; a second object of the same key changes nothing."""

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """Reads a part of an object."""

    def size(self, key: str) -> int | None:
        """Answers an object's size, or None where there is none."""

    def delete(self, key: str) -> None:
        """Removes an object; harmless where there is none."""

    def list(self) -> Iterator[tuple[str, int]]:
        """Yields key and size of every object, in order of key."""

    def identity(self) -> str | None:
        """Answers which store this is, or None for one that was never used (R48)."""

    def establish(self, identity: str) -> None:
        """Marks a new store."""
