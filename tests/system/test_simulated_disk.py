"""The simulation's disk keeps the contract of the real one, so what is proven over it holds on a desk."""

import random
from collections.abc import Callable

import pytest

from govsync.system.fs import Shape
from tests.simulation.disk import SimFileSystem
from tests.simulation.medium import Inode, Medium
from tests.system.filesystem_contract import FileSystemContract

PERSON = "person"
STEP_NS = 1_000_000


class SimWriter:
    """A program that opens as soon as no lease keeps it waiting."""

    def __init__(self, medium: Medium, inode: Inode) -> None:
        self._medium = medium
        self._inode = inode
        self._open = False
        self.is_open()

    def is_refused(self) -> bool:
        return False

    def is_open(self) -> bool:
        if not self._open and self._medium.may_write(self._inode):
            self._medium.opened(self._inode, write=True)
            self._open = True
        return self._open

    def finish(self, content: bytes) -> None:
        assert self.is_open(), "the program waits for a lease that nobody gives back"
        rest = self._inode.data[len(content) :]
        self._medium.set_data(self._inode, content + rest, PERSON)
        self._medium.closed(self._inode, write=True)


class SimWorld:
    """A folder on a simulated disk."""

    def __init__(self) -> None:
        self._ns = 1_795_000_000 * 10**9
        self.medium = Medium(self._tick, random.Random(1))
        self._top = self.medium.make(self.medium.top, "folder", Shape.FOLDER, PERSON)
        self.fs = SimFileSystem(self.medium, ("folder",))

    def _tick(self) -> int:
        self._ns += STEP_NS
        return self._ns

    def _place(self, path: str) -> tuple[Inode, str]:
        *above, name = path.split("/")
        return self.medium.resolve(("folder", *above)), name

    def _at(self, path: str) -> Inode:
        return self.medium.resolve(("folder", *path.split("/")) if path else ("folder",))

    def write(self, path: str, content: bytes) -> None:
        folder, name = self._place(path)
        inode = self.medium.here(folder, name) or self.medium.make(folder, name, Shape.FILE, PERSON)
        self.medium.set_data(inode, content, PERSON)

    def replace(self, path: str, content: bytes) -> None:
        self.write(path + ".saving", content)
        source, target = self._place(path + ".saving"), self._place(path)
        self.medium.rename(*source, *target, replace=True)

    def read(self, path: str) -> bytes:
        return self._at(path).data

    def names(self, path: str = "") -> set[str]:
        return set(self._at(path).entries)

    def mkdir(self, path: str) -> None:
        self.medium.make(*self._place(path), Shape.FOLDER, PERSON)

    def symlink(self, path: str, target: str) -> None:
        inode = self.medium.make(*self._place(path), Shape.LINK, PERSON)
        inode.target = ("folder", *target.split("/"))

    def link(self, path: str, other: str) -> None:
        self.medium.link(self._at(path), *self._place(other))

    def rename(self, path: str, other: str) -> None:
        self.medium.rename(*self._place(path), *self._place(other), replace=True)

    def remove(self, path: str) -> None:
        self.medium.unlink(*self._place(path))

    def remove_root(self) -> None:
        self.medium.remove_folder(self.medium.top, "folder")

    def writer(self, path: str) -> SimWriter:
        return SimWriter(self.medium, self._at(path))

    def until(self, condition: Callable[[], bool]) -> None:
        assert condition(), "nothing else acts here"


@pytest.fixture
def world():
    return SimWorld()


class TestSimFileSystem(FileSystemContract):
    """The contract in memory."""
