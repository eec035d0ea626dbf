"""The folders that one batch works in: opened once each, component by component from the proven root (R10, I7).

Knows which of them were changed, so that one flush covers the batch (R16). Neighbours: `root` proves, `place`,
`recover`, `reader` and `scanner` ask for folders here. Refuses to know what is done inside a folder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from govsync.local.steps import STATE, At
from govsync.model.codes import Code
from govsync.model.names import IGNORE_FILE, RESERVED_PREFIX, key
from govsync.model.problems import Failure
from govsync.system.fs import FileSystem, Folder

MOST_OPEN = 200
"""Folders kept open between two steps; a step itself needs two paths of at most 100 components (R8)."""


class OpenFolders:
    """Open folders by their path below the root; closing it closes all, the root included."""

    def __init__(self, fs: FileSystem, root: Folder) -> None:
        self._fs = fs
        self._open: dict[tuple[str, ...], Folder] = {(): root}
        self._retired: list[Folder] = []
        self._touched: dict[int, Folder] = {}
        try:
            self.dev = fs.identity(root).dev
        except BaseException:
            root.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parent(self, at: At) -> Folder:
        """Opens the folder of a name; raises as `at`, and for a name that leads elsewhere."""
        require_plain(at.name)
        return self.at(at.path)

    def at(self, path: tuple[str, ...]) -> Folder:
        """Answers the folder at `path`.

        Raises Failure(gone, not_a_folder, link_in_the_way, obscured when it lies on another file system, name_illegal
        or name_reserved for a component that could lead elsewhere).
        """
        if path not in self._open:
            for component in path:
                require_plain(component)
        return self._descend(path)

    def hidden(self, *path: str) -> Folder:
        """Answers one of our own folders below `.govsync`, and makes it where somebody tidied it away.

        What lies in them was, or will be, under stricter eyes elsewhere: only their owner may enter.
        """
        whole = (STATE, *path)
        try:
            return self._descend(whole)
        except Failure as failure:
            if failure.code is not Code.GONE:
                raise
        parent = self._descend(whole[:-1])
        self._fs.make_folder(parent, whole[-1], private=True)
        self.touch(parent)
        return self._descend(whole)

    def touch(self, *folders: Folder) -> None:
        """Notes that these folders, or files in them, changed, so that `flush` covers them."""
        for folder in folders:
            self._touched[id(folder)] = folder

    def forget(self, path: tuple[str, ...]) -> None:
        """Notes that the folder at `path` was moved or removed: what was opened below it has another path now."""
        for known in [known for known in self._open if known[: len(path)] == path]:
            self._retired.append(self._open.pop(known))

    def make_room(self) -> None:
        """Closes folders between two steps when too many are open; the changed ones are flushed first (I16)."""
        if len(self._open) + len(self._retired) <= MOST_OPEN:
            return
        self.flush()
        root = self._open.pop(())
        self._close_all()
        self._open = {(): root}

    def flush(self) -> None:
        """Returns when all changes noted so far are on the disk."""
        if self._touched:
            self._fs.flush_folders(list(self._touched.values()))
            self._touched = {}

    def close(self) -> None:
        """Closes every folder."""
        self._close_all()
        self._open = {}

    def _close_all(self) -> None:
        for folder in (*self._retired, *self._open.values()):
            folder.close()
        self._retired = []

    def _descend(self, path: tuple[str, ...]) -> Folder:
        folder = self._open.get(path)
        if folder is None:
            folder = self._fs.open_folder(self._descend(path[:-1]), path[-1])
            self._open[path] = folder
            if self._fs.identity(folder).dev != self.dev:
                self.forget(path)
                raise Failure(Code.OBSCURED, name=path[-1])
        return folder


def require_plain(component: str) -> None:
    """Accepts a name that stays in its folder and outside our hidden one; raises Failure(name_illegal, name_reserved).

    Whatever name a server tells of, this is passed before anything is done on the disk, by steps from anywhere (I7).
    """
    if component in ("", ".", "..") or "/" in component or "\0" in component:
        raise Failure(Code.NAME_ILLEGAL, name=component)
    if component != IGNORE_FILE and key(component).startswith(RESERVED_PREFIX):
        raise Failure(Code.NAME_RESERVED, name=component)


@contextmanager
def opened(fs: FileSystem, path: tuple[str, ...]) -> Iterator[Folder]:
    """Opens the folder at `path` for one use; raises as `OpenFolders.at`."""
    with OpenFolders(fs, fs.root()) as folders:
        yield folders.at(path)


def write_whole(fs: FileSystem, folder: Folder, name: str, data: bytes) -> None:
    """Writes a small file whole, its data durable; the old one stays until the new one can take its name.

    On a disk that cannot exchange, a cut in between leaves neither, and the new one under `name`.new.
    """
    new = f"{name}.new"
    if fs.stat(folder, new) is not None:
        fs.unlink(folder, new)
    with fs.create(folder, new) as file:
        file.write(data)
        file.flush()
    if fs.stat(folder, name) is None:
        fs.rename(folder, new, folder, name)
    elif fs.exchange(folder, new, folder, name):
        fs.unlink(folder, new)
    else:
        fs.unlink(folder, name)
        fs.rename(folder, new, folder, name)


def read_whole(fs: FileSystem, folder: Folder, name: str, limit_bytes: int) -> bytes | None:
    """Reads a small file whole; None when it is missing or longer than `limit_bytes`."""
    try:
        file = fs.open_file(folder, name)
    except Failure as failure:
        if failure.code is Code.GONE:
            return None
        raise
    with file:
        target = bytearray(limit_bytes + 1)
        count = file.read_into(0, memoryview(target))
    return bytes(target[:count]) if count <= limit_bytes else None
