"""Objects in a local folder.

An object is written under a name of its own, flushed, then linked to its key, and its folder flushed: the bytes are
durable before the name, the name before anybody is told, and a name that is taken is never replaced. What a crash leaves
behind is listed as an object that nobody knows, and removed like any other.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.blobs.interface import MARK, Stored
from govsync.system.durable import flush, flush_folder
from govsync.system.failures import failure_of, is_unreadable
from govsync.system.process import own_id

T = TypeVar("T")


class FolderBlobs:
    """Objects below one folder, spread over some hundred folders by the last two characters of their key."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """As `Blobs.put_new`."""
        with _store_failures():
            self._put(self._path(key), pieces)

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """As `Blobs.get_range`."""
        with _store_failures():
            try:
                with self._path(key).open("rb") as file:
                    file.seek(offset)
                    data = file.read(size_bytes)
            except OSError as error:
                if isinstance(error, FileNotFoundError) or is_unreadable(error):
                    raise Failure(Code.CHUNK_LOST) from error
                raise
        if len(data) < size_bytes:
            raise Failure(Code.CHUNK_LOST, what="short")
        return data

    def size(self, key: str) -> int | None:
        """As `Blobs.size`."""
        with _store_failures():
            return _unless_gone(lambda: self._path(key).stat().st_size)

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        with _store_failures():
            self._path(key).unlink(missing_ok=True)

    def list(self) -> Iterator[Stored]:
        """As `Blobs.list`."""
        with _store_failures():
            names = sorted(
                each.name for folder in self._root.iterdir() if folder.is_dir() for each in folder.iterdir()
            )
        for name in names:
            with _store_failures():
                found = _unless_gone(self._path(name).stat)
            if found is not None:
                yield Stored(name, found.st_size, found.st_mtime_ns // 1_000_000)

    def identity(self) -> str | None:
        """As `Blobs.identity`."""
        with _store_failures():
            return _unless_gone(lambda: (self._root / MARK).read_text().strip())

    def establish(self, identity: str) -> None:
        """As `Blobs.establish`."""
        with _store_failures():
            self._root.mkdir(parents=True, exist_ok=True)
            self._put(self._root / MARK, [identity.encode()])

    def _path(self, key: str) -> Path:
        return self._root / key[-2:] / key

    def _put(self, path: Path, pieces: Iterable[bytes | memoryview]) -> None:
        written = self._path(f"{path.name}.{own_id()}.{threading.get_ident()}.new")
        for folder in (path.parent, written.parent):
            folder.mkdir(exist_ok=True)
        try:
            with written.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
                flush(file)
            try:
                path.hardlink_to(written)
            except FileExistsError:
                return
            for folder in (path.parent, self._root):
                flush_folder(folder)
        finally:
            written.unlink(missing_ok=True)


@contextmanager
def _store_failures() -> Iterator[None]:
    """Whatever the disk answers but "not there" says that the store cannot be used now, not that an object is lost."""
    try:
        yield
    except OSError as error:
        full = failure_of(error, "store").code is Code.DISK_FULL
        raise Failure(Code.STORE_FULL if full else Code.STORE_UNAVAILABLE, what=error.strerror) from error


def _unless_gone(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except FileNotFoundError:
        return None
