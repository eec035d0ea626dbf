"""The product's `FileSystem` over a `Medium`: every primitive first asks the world what is to happen.

`before(primitive, arguments)` may switch to another job, let a person act, raise a `Failure`, or end the process. After
`die` nothing that the process still tries has an effect, its descriptors are closed and its leases are gone: what is
left is what the medium shows (`kill -9`) or what a crash keeps of it.
"""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.fs import Entry, File, Folder, Listing, Shape, Stat, Trust
from tests.simulation.medium import GOVSYNC, Inode, Lease, Medium


class Killed(BaseException):
    """The process ended at this very moment: nothing that the product catches."""


Before = Callable[[str, tuple[object, ...]], None]


def _undisturbed(_primitive: str, _arguments: tuple[object, ...]) -> None:
    """Nothing happens in between."""


class _Handle:
    """An open descriptor that closes once."""

    def __init__(self, fs: "SimFileSystem", inode: Inode, write: bool) -> None:
        self._fs = fs
        self._inode: Inode | None = inode
        self._write = write
        self.lease: Lease | None = None
        fs.medium.opened(inode, write)
        fs.open_handles.append(self)

    @property
    def inode(self) -> Inode:
        """Answers what is open; raises Failure(gone) after closing."""
        if self._inode is None:
            raise Failure(Code.GONE, what="closed")
        return self._inode

    def close(self) -> None:
        """Closes, once."""
        inode, self._inode = self._inode, None
        if inode is not None:
            self.let_go()
            self._fs.open_handles.remove(self)
            self._fs.medium.closed(inode, self._write)

    def let_go(self) -> None:
        """Gives the lease back, if there is one."""
        if self.lease is not None:
            self._fs.medium.release(self.lease)
            self.lease = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SimFolder(_Handle):
    """An open folder."""


class SimFile(_Handle):
    """An open file."""

    opened: Stat

    def stat(self) -> Stat:
        """As `File.stat`."""
        self._fs.enter("file.stat")
        return self._fs.medium.stat(self.inode)

    def read_into(self, offset: int, target: memoryview) -> int:
        """As `File.read_into`; a person may write between two pieces of it."""
        half = (len(target) + 1) // 2
        done = self._read(offset, target[:half])
        return done + (self._read(offset + done, target[half:]) if done == half else 0)

    def _read(self, offset: int, target: memoryview) -> int:
        if not target:
            return 0
        self._fs.enter("file.read", offset)
        piece = self.inode.data[offset : offset + len(target)]
        target[: len(piece)] = piece
        return len(piece)

    def write(self, data: bytes | memoryview) -> None:
        """As `File.write`."""
        self._fs.enter("file.write", len(data))
        self._fs.medium.set_data(self.inode, self.inode.data + bytes(data), GOVSYNC)

    def reserve(self, size_bytes: int) -> None:
        """As `File.reserve`."""
        self._fs.enter("file.reserve", size_bytes)
        if size_bytes > self._fs.medium.free_bytes():
            raise Failure(Code.DISK_FULL)

    def finish(self, mtime_ns: int, exec: bool, write: bool = True) -> int:
        """As `File.finish`."""
        self._fs.enter("file.finish")
        self._fs.medium.set_exec(self.inode, exec)
        if not write:
            self._fs.medium.set_write(self.inode, write, mark=True)
        self._fs.medium.set_times(self.inode, mtime_ns)
        return self._fs.medium.stat(self.inode).ino

    def flush(self) -> None:
        """As `File.flush`."""
        self._fs.enter("file.flush")
        self._fs.medium.flush_file(self.inode)


def _inode(handle: Folder | File) -> Inode:
    assert isinstance(handle, _Handle)
    return handle.inode


class SimFileSystem:
    """The disk below one folder, as one process sees it (`system.fs.FileSystem`)."""

    def __init__(self, medium: Medium, path: tuple[str, ...], before: Before = _undisturbed) -> None:
        self.medium = medium
        self.path = path
        self.before = before
        self.cut_listing: Callable[[], bool] = lambda: False
        """Says whether the next entry of a listing cannot be read."""
        self.open_handles: list[_Handle] = []
        self.dead = False
        self.steps = 0

    def enter(self, primitive: str, *arguments: object) -> None:
        """Begins a primitive: whatever is to happen first happens now."""
        if self.dead:
            raise Killed
        self.before(primitive, arguments)
        if self.dead:
            raise Killed
        self.steps += 1

    def die(self) -> None:
        """Ends the process: the kernel closes its descriptors."""
        self.dead = True
        for handle in list(self.open_handles):
            handle.close()

    def root(self) -> Folder:
        """As `FileSystem.root`."""
        self.enter("root")
        inode = self.medium.resolve(self.path)
        if inode.shape is not Shape.FOLDER:
            raise Failure(Code.NOT_A_FOLDER)
        return SimFolder(self, inode, write=False)

    def open_folder(self, parent: Folder, name: str) -> Folder:
        """As `FileSystem.open_folder`."""
        self.enter("open_folder", name)
        inode = self._at(parent, name)
        if inode.shape is Shape.LINK:
            raise Failure(Code.LINK_IN_THE_WAY, name=name)
        if inode.shape is not Shape.FOLDER:
            raise Failure(Code.NOT_A_FOLDER, name=name)
        return SimFolder(self, inode, write=False)

    def identity(self, folder: Folder) -> Stat:
        """As `FileSystem.identity`."""
        self.enter("identity")
        return self.medium.stat(_inode(folder))

    def list(self, folder: Folder) -> Listing:
        """As `FileSystem.list`: names first, then a look at each; the folder may change in between."""
        self.enter("list")
        inode = _inode(folder)
        before = self.medium.stat(inode)
        names = list(inode.entries)
        entries: list[Entry] = []
        complete = True
        for name in names:
            self.enter("list.entry", name)
            if self.cut_listing():
                complete = False
                break
            found = self.medium.here(inode, name)
            if found is not None:
                entries.append(Entry(name, self.medium.stat(found)))
        after = self.medium.stat(inode)
        return Listing(before, tuple(entries), complete, before.mtime_ns != after.mtime_ns)

    def stat(self, folder: Folder, name: str) -> Stat | None:
        """As `FileSystem.stat`."""
        self.enter("stat", name)
        found = self.medium.here(_inode(folder), name)
        return None if found is None else self.medium.stat(found)

    def birth_ns(self, folder: Folder, name: str, ino: int) -> int | None:
        """As `FileSystem.birth_ns`."""
        self.enter("birth_ns", name)
        inode = self._at(folder, name)
        known = self.medium.births and self.medium.stat(inode).ino == ino
        return inode.birth_ns if known else None

    def open_file(self, folder: Folder, name: str) -> File:
        """As `FileSystem.open_file`."""
        self.enter("open_file", name)
        file = SimFile(self, self._file_at(folder, name), write=False)
        file.opened = self.medium.stat(file.inode)
        return file

    def create(self, folder: Folder, name: str) -> File:
        """As `FileSystem.create`."""
        self.enter("create", name)
        inode = self.medium.make(_inode(folder), name, Shape.FILE, GOVSYNC)
        return SimFile(self, inode, write=True)

    def copy_attributes(self, source: File, target: Folder, name: str) -> None:
        """As `FileSystem.copy_attributes`."""
        self.enter("copy_attributes", name)
        self.medium.set_exec(self._file_at(target, name), _inode(source).exec)
        old = _inode(source)
        self.medium.set_write(self._file_at(target, name), old.write, old.shut)

    def set_exec(self, folder: Folder, name: str, exec: bool) -> None:
        """As `FileSystem.set_exec`."""
        self.enter("set_exec", name)
        self.medium.set_exec(self._file_at(folder, name), exec)

    def set_write(self, folder: Folder, name: str, write: bool) -> None:
        """As `FileSystem.set_write`."""
        self.enter("set_write", name)
        self.medium.set_write(self._file_at(folder, name), write, mark=not write)

    def exchange(self, a: Folder, a_name: str, b: Folder, b_name: str) -> bool:
        """As `FileSystem.exchange`."""
        self.enter("exchange", a_name, b_name)
        if self.medium.has_exchange:
            self.medium.exchange(_inode(a), a_name, _inode(b), b_name)
        return self.medium.has_exchange

    def rename(self, source: Folder, name: str, target: Folder, target_name: str) -> None:
        """As `FileSystem.rename`."""
        self.enter("rename", name, target_name)
        self.medium.rename(_inode(source), name, _inode(target), target_name, replace=False)

    def make_folder(self, folder: Folder, name: str, private: bool = False) -> None:
        """As `FileSystem.make_folder`."""
        self.enter("make_folder", name)
        self.medium.make(_inode(folder), name, Shape.FOLDER, GOVSYNC)

    def remove_folder(self, folder: Folder, name: str) -> None:
        """As `FileSystem.remove_folder`."""
        self.enter("remove_folder", name)
        self.medium.remove_folder(_inode(folder), name)

    def unlink(self, folder: Folder, name: str) -> None:
        """As `FileSystem.unlink`."""
        self.enter("unlink", name)
        self.medium.unlink(_inode(folder), name)

    def lease(self, file: File) -> bool:
        """As `FileSystem.lease`."""
        self.enter("lease")
        assert isinstance(file, SimFile)
        file.let_go()
        file.lease = self.medium.lease(file.inode)
        return file.lease is not None

    def lease_unbroken(self, file: File) -> bool:
        """As `FileSystem.lease_unbroken`."""
        self.enter("lease_unbroken")
        assert isinstance(file, SimFile)
        return file.lease is not None and not file.lease.broken

    def release(self, file: File) -> None:
        """As `FileSystem.release`; the kernel does it for a process that has ended."""
        if not self.dead:
            self.enter("release")
            assert isinstance(file, SimFile)
            file.let_go()

    def leases(self) -> bool:
        """As `FileSystem.leases`."""
        return self.medium.has_leases

    def trust(self) -> Trust:
        """As `FileSystem.trust`."""
        return Trust(watched=not self.medium.network, identity=not self.medium.network)

    def written_by_somebody(self, folder: Folder, name: str) -> bool | None:
        """As `FileSystem.written_by_somebody`."""
        self.enter("written_by_somebody", name)
        inode = self._file_at(folder, name)
        return inode.writers > 0 if self.medium.has_leases else None

    def flush_folders(self, folders: Sequence[Folder]) -> None:
        """As `FileSystem.flush_folders`."""
        self.enter("flush_folders")
        if folders:
            self.medium.flush(_inode(folder) for folder in folders)

    def free_bytes(self) -> int:
        """As `FileSystem.free_bytes`."""
        return self.medium.free_bytes()

    def _at(self, folder: Folder, name: str) -> Inode:
        found = self.medium.here(_inode(folder), name)
        if found is None:
            raise Failure(Code.GONE, name=name)
        return found

    def _file_at(self, folder: Folder, name: str) -> Inode:
        inode = self._at(folder, name)
        if inode.shape is Shape.LINK:
            raise Failure(Code.LINK_IN_THE_WAY, name=name)
        if inode.shape is not Shape.FILE:
            raise Failure(Code.NOT_A_FOLDER, name=name)
        if inode.unreadable:
            raise Failure(Code.NO_ACCESS, name=name)
        return inode
