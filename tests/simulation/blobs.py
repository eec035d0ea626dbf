"""An object store that keeps its promise and not a byte more: durable on return, anything at all before it."""

import random
from collections.abc import Callable, Iterable, Iterator

from govsync.model.codes import Code
from govsync.model.problems import Failure


class SimBlobs:
    """Objects in memory (`server.blobs.interface.Blobs`); `before` may end the server in the middle of a put."""

    def __init__(self, chance: random.Random, before: Callable[[str], None]) -> None:
        self._chance = chance
        self._before = before
        self._objects: dict[str, bytes] = {}
        self._identity: str | None = None

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """As `Blobs.put_new`; a crash midway leaves nothing, or an object that nobody has been told of."""
        data = b"".join(bytes(piece) for piece in pieces)
        try:
            self._before("put")
        except BaseException:
            if self._chance.random() < 0.5:
                self._objects.setdefault(key, data)
            raise
        self._objects.setdefault(key, data)

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """As `Blobs.get_range`."""
        data = self._objects.get(key, b"")[offset : offset + size_bytes]
        if len(data) < size_bytes:
            raise Failure(Code.CHUNK_LOST)
        return data

    def size(self, key: str) -> int | None:
        """As `Blobs.size`."""
        return len(self._objects[key]) if key in self._objects else None

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        self._objects.pop(key, None)

    def list(self) -> Iterator[tuple[str, int]]:
        """As `Blobs.list`."""
        yield from sorted((key, len(data)) for key, data in self._objects.items())

    def identity(self) -> str | None:
        """As `Blobs.identity`."""
        return self._identity

    def establish(self, identity: str) -> None:
        """As `Blobs.establish`."""
        self._identity = identity
