"""What the server needs of a store of immutable objects.

Keys are short names of ASCII letters, digits, `-` and `.`, made by the server. Every method raises
Failure(store_full) where there is no room left, Failure(store_unavailable) where the store cannot be reached, cannot
store, or is not there at all.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

MARK = "store-id"
"""The object that says which store this is; it is no object to anybody else (R48)."""


class Stored(msgspec.Struct, frozen=True):
    """One object of a store; `modified_ms` is the store's own time of its making."""

    key: str
    size_bytes: int
    modified_ms: int


class Blobs(Protocol):
    """A store of immutable objects; every method may be called from several threads."""

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """Stores an object, whole and durable on return; one that is there already is left as it is."""

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """Reads a part of an object; raises Failure(chunk_lost) where the object, or this part of it, is not there."""

    def size(self, key: str) -> int | None:
        """Answers an object's size in bytes, or None where there is none."""

    def delete(self, key: str) -> None:
        """Removes an object; harmless where there is none."""

    def list(self) -> Iterator[Stored]:
        """Yields every object in order of key, also what a put that was cut off may have left under a name of its own."""

    def identity(self) -> str | None:
        """Answers which store this is, or None for one that was never marked (R48)."""

    def establish(self, identity: str) -> None:
        """Marks a store that has no mark; one that has keeps its own."""
