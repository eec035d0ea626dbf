"""Objects in a local folder: written beside, flushed, given their name, and the folder flushed (order of writes: data
before name, name before anybody is told)."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from govsync.model.codes import Code
from govsync.model.problems import Failure

_IDENTITY = "store-id"


class FolderBlobs:
    """Objects below one folder, spread over 256 folders by the last two characters of their key."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, key: str) -> Path:
        return self._root / key[-2:] / key

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """As `Blobs.put_new`."""
        self._require()
        path = self._path(key)
        try:
            path.parent.mkdir(exist_ok=True)
            fd, temporary = tempfile.mkstemp(dir=self._root, prefix="new-")
            try:
                with os.fdopen(fd, "wb") as file:
                    for piece in pieces:
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            _flush_folder(path.parent)
            _flush_folder(self._root)
        except OSError as error:
            raise Failure(Code.STORE_UNAVAILABLE, what=os.strerror(error.errno or 0)) from error

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """As `Blobs.get_range`."""
        try:
            with self._path(key).open("rb") as file:
                file.seek(offset)
                data = file.read(size_bytes)
        except FileNotFoundError as error:
            self._require()
            raise Failure(Code.CHUNK_LOST) from error
        except OSError as error:
            raise Failure(Code.CHUNK_LOST, what=os.strerror(error.errno or 0)) from error
        if len(data) < size_bytes:
            raise Failure(Code.CHUNK_LOST, what="short")
        return data

    def size(self, key: str) -> int | None:
        """As `Blobs.size`."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        self._path(key).unlink(missing_ok=True)

    def list(self) -> Iterator[tuple[str, int]]:
        """As `Blobs.list`."""
        self._require()
        found = (path for path in self._root.glob("??/*") if path.is_file())
        yield from sorted((path.name, path.stat().st_size) for path in found)

    def identity(self) -> str | None:
        """As `Blobs.identity`."""
        try:
            return (self._root / _IDENTITY).read_text().strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Failure(Code.STORE_UNAVAILABLE, what=os.strerror(error.errno or 0)) from error

    def establish(self, identity: str) -> None:
        """As `Blobs.establish`."""
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / _IDENTITY).open("w") as file:
            file.write(identity)
            file.flush()
            os.fsync(file.fileno())
        _flush_folder(self._root)

    def _require(self) -> None:
        """A folder without its mark is another one, or not mounted: nothing is written into it (R48)."""
        if not (self._root / _IDENTITY).exists():
            raise Failure(Code.STORE_UNAVAILABLE, what="the store's mark is missing")


def _flush_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
