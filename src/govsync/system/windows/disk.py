"""The real disk on Windows: the primitives of `fs` on open handles (R10), with what its kernel gives instead of Linux' calls.

- No exchange: a file is replaced by two renames, neither of which replaces anything (R15).
- A lease is a second handle that lets nobody write: who has the file open for writing, or mapped, keeps it from being had, and who
  comes meanwhile is refused and tries again, instead of waiting. So a lease is never broken.
- A file that is written here is on the disk when it is closed: nothing flushes all of a volume but an administrator.
- Names of a folder are on the disk with the next flush of anything, since NTFS writes one journal in order; that of the folder
  itself is asked for.
- There is no executable bit. A file that GovSync has shut is read-only and bears the mark of the system, which elsewhere hides
  nothing by itself and goes wherever the file goes.
- Whatever somebody has open, in a way that lets nobody rename it, is in use (`busy`); and so is a folder in which something is open.
"""

import errno
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.failures import attempt, failure_of
from govsync.system.fs import Entry, File, Folder, Listing, Shape, Stat, Trust
from govsync.system.windows import nt
from govsync.system.windows.paths import extended

assert sys.platform == "win32"

_LOOK = nt.READ_ATTRIBUTES
_IN_FOLDER = nt.LIST_FOLDER | nt.TRAVERSE | nt.READ_ATTRIBUTES
_IN_FILE = nt.READ | nt.READ_ATTRIBUTES
_NEW_FILE = nt.READ | nt.WRITE | nt.READ_ATTRIBUTES
_LET_NOBODY_WRITE = nt.SHARE_READ | nt.SHARE_DELETE
_SHUT = nt.READ_ONLY | nt.SYSTEM
_CARRIED = nt.READ_ONLY | nt.SYSTEM | nt.HIDDEN
_PIECE_BYTES = 1 << 24
_MOST = (1 << 63) - 1
"""The largest number that databases and other desks hold."""
_WITH_NUMBERS = "NTFS"
"""The one file system whose numbers of 64 bits stay a file's own: FAT has none, those of ReFS are longer."""


def ignore_lease_signals() -> None:
    """Nothing: here nobody is told when somebody wants to write, who is refused instead."""


def network_kind(folder: Path) -> str | None:
    """Names the kind of the file system that another machine lends, on which a folder lies or would lie; None: a local one."""
    with attempt("probe"):
        there = next(each for each in (folder, *folder.parents) if each.is_dir())
        with _opened(there) as root:
            return nt.kind(root.handle).lower() if nt.is_remote(root.handle) else None


class _Handle:
    """An open handle that closes once, on a volume with this serial number."""

    def __init__(self, handle: int, volume: int) -> None:
        self._handle: int | None = handle
        self.volume = volume

    @property
    def handle(self) -> int:
        """Answers the handle; raises Failure(gone) after closing."""
        if self._handle is None:
            raise Failure(Code.GONE, what="closed")
        return self._handle

    def close(self) -> None:
        """Closes the handle, once."""
        handle, self._handle = self._handle, None
        if handle is not None:
            nt.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def stat(self) -> Stat:
        """As `File.stat`."""
        try:
            return _stat(self.handle, self.volume)
        except OSError as error:
            raise failure_of(error, "stat") from error


class DiskFolder(_Handle):
    """An open folder."""


class DiskFile(_Handle):
    """An open regular file."""

    opened: Stat
    """As `File.opened`."""

    def __init__(self, handle: int, volume: int, written: bool = False) -> None:
        super().__init__(handle, volume)
        self._unflushed = written
        self.lease: _Handle | None = None

    def close(self) -> None:
        """Closes the file, and its lease; what was written is on the disk then. Raises Failure where it is not."""
        lease, self.lease = self.lease, None
        if lease is not None:
            lease.close()
        try:
            if self._handle is not None and self._unflushed:
                self.flush()
        finally:
            super().close()

    def read_into(self, offset: int, target: memoryview) -> int:
        """As `File.read_into`."""
        done = 0
        handle = self.handle
        with attempt("read"):
            while done < len(target):
                count = nt.read(handle, offset + done, target[done : done + _PIECE_BYTES])
                if count == 0:
                    break
                done += count
        return done

    def write(self, data: bytes | memoryview) -> None:
        """As `File.write`."""
        self._unflushed = True
        with attempt("write"):
            for start in range(0, len(data), _PIECE_BYTES):
                piece = bytes(data[start : start + _PIECE_BYTES])
                done = nt.write(self.handle, piece)
                while done < len(piece):
                    done += nt.write(self.handle, piece[done:])

    def reserve(self, size_bytes: int) -> None:
        """As `File.reserve`; on a file system that cannot reserve, writing finds out."""
        if size_bytes == 0:
            return
        try:
            nt.reserve(self.handle, size_bytes)
        except OSError as error:
            failure = failure_of(error, "reserve")
            if failure.code in (Code.DISK_FULL, Code.TOO_LARGE_HERE):
                raise failure from error

    def finish(self, mtime_ns: int, exec: bool, write: bool = True) -> int:
        """As `File.finish`; there is no executable bit."""
        self._unflushed = True
        with attempt("finish"):
            found = nt.about(self.handle)
            attributes = found.attributes & ~_SHUT if write else found.attributes | _SHUT
            nt.set_attributes(self.handle, attributes, mtime_ns)
        return found.number & _MOST

    def flush(self) -> None:
        """As `File.flush`."""
        with attempt("flush"):
            nt.flush(self.handle)
        self._unflushed = False


def _stat(handle: int, volume: int) -> Stat:
    found = nt.about(handle)
    shape = Shape.FOLDER if found.is_folder else Shape.FILE
    if found.attributes & nt.IS_REPARSE_POINT and nt.tag(handle) & nt.NAME_SURROGATE:
        shape = Shape.LINK
    return Stat(
        shape, volume, found.number & _MOST, 0 if shape is Shape.FOLDER else found.size_bytes,
        _held(found.mtime_ns), _held(found.ctime_ns), None, found.links, not found.attributes & nt.READ_ONLY,
        found.attributes & _SHUT == _SHUT,
    )  # fmt: skip


def _held(time_ns: int) -> int:
    return max(-_MOST - 1, min(time_ns, _MOST))


def _of(handle: Folder | File) -> _Handle:
    assert isinstance(handle, _Handle)
    return handle


def _opened(path: Path) -> DiskFolder:
    """Opens a folder by its path; raises OSError."""
    handle = nt.open_path(extended(path), _IN_FOLDER, nt.FOLDER)
    try:
        return DiskFolder(handle, nt.serial(handle))
    except BaseException:
        nt.close(handle)
        raise


class DiskFileSystem:
    """The disk below one folder (`fs.FileSystem`)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._leases: bool | None = None

    @staticmethod
    def made(root: Path) -> "DiskFileSystem":
        """Opens a folder as a file system, and makes it, for this person alone, where there is none."""
        with attempt("root"):
            Path(extended(root)).mkdir(mode=0o700, parents=True, exist_ok=True)
        return DiskFileSystem(root)

    def root(self) -> Folder:
        """As `FileSystem.root`."""
        with attempt("root"):
            return _opened(self._root)

    def open_folder(self, parent: Folder, name: str) -> Folder:
        """As `FileSystem.open_folder`."""
        with self._entry(parent, name, _IN_FOLDER, "open_folder") as found:
            shape = found.stat().shape
            if shape is Shape.LINK:
                raise Failure(Code.LINK_IN_THE_WAY, name=name)
            if shape is not Shape.FOLDER:
                raise Failure(Code.NOT_A_FOLDER, name=name)
            with attempt("open_folder"):
                return DiskFolder(nt.open_at(found.handle, "", _IN_FOLDER, nt.FOLDER), found.volume)

    def identity(self, folder: Folder) -> Stat:
        """As `FileSystem.identity`."""
        return _of(folder).stat()

    def list(self, folder: Folder) -> Listing:
        """As `FileSystem.list`. What the folder's own table says of its entries lags behind, so that each is looked at itself."""
        before = self.identity(folder)
        entries: list[Entry] = []
        complete = True
        try:
            for name in _names(_of(folder)):
                found = self.stat(folder, name)
                if found is not None:
                    entries.append(Entry(name, found))
        except OSError:
            complete = False
        except Failure as failure:
            if failure.code is Code.GONE and failure.facts.get("what") == "closed":
                raise
            complete = False
        after = self.identity(folder)
        changed = (before.ino, before.dev, before.mtime_ns) != (after.ino, after.dev, after.mtime_ns)
        return Listing(before, tuple(entries), complete, changed)

    def stat(self, folder: Folder, name: str) -> Stat | None:
        """As `FileSystem.stat`."""
        try:
            with self._entry(folder, name, _LOOK, "stat") as found:
                return found.stat()
        except Failure as failure:
            if failure.code is Code.GONE and failure.facts.get("what") != "closed":
                return None
            raise

    def birth_ns(self, folder: Folder, name: str, ino: int) -> int | None:
        """As `FileSystem.birth_ns`."""
        with self._entry(folder, name, _LOOK, "birth") as found, attempt("birth"):
            about = nt.about(found.handle)
        return _held(about.born_ns) if about.number & _MOST == ino else None

    def open_file(self, folder: Folder, name: str) -> File:
        """As `FileSystem.open_file`."""
        with self._entry(folder, name, _LOOK, "open_file") as found:
            shape = found.stat().shape
            if shape is Shape.LINK:
                raise Failure(Code.LINK_IN_THE_WAY, name=name)
            if shape is not Shape.FILE:
                raise Failure(Code.NOT_A_FOLDER, name=name)
            with attempt("open_file"):
                # By what was looked at, and not by its name again; what a disk keeps in its own way, compressed, is read whole.
                file = DiskFile(nt.open_at(found.handle, "", _IN_FILE, nt.NO_FOLDER), found.volume)
        file.opened = file.stat()
        return file

    def create(self, folder: Folder, name: str) -> File:
        """As `FileSystem.create`; who may read it is what its folder hands on."""
        held = _of(folder)
        with attempt("create"):
            handle = nt.open_at(held.handle, name, _NEW_FILE, nt.NO_FOLDER | nt.NO_FOLLOW, how=nt.CREATE)
        return DiskFile(handle, held.volume, written=True)

    def copy_attributes(self, source: File, target: Folder, name: str) -> None:
        """As `FileSystem.copy_attributes`; who may read a file is what the folder hands on that it was made in."""
        with attempt("copy_attributes"):
            carried = nt.about(_of(source).handle).attributes & _CARRIED
        self._change(target, name, "copy_attributes", carried, _CARRIED)

    def set_exec(self, folder: Folder, name: str, exec: bool) -> None:
        """As `FileSystem.set_exec`: looks whether it could be set, where there is such a bit."""
        self.open_file(folder, name).close()

    def set_write(self, folder: Folder, name: str, write: bool) -> None:
        """As `FileSystem.set_write`."""
        self._change(folder, name, "set_write", 0 if write else _SHUT, _SHUT)

    def exchange(self, a: Folder, a_name: str, b: Folder, b_name: str) -> bool:
        """As `FileSystem.exchange`: no file system of Windows can."""
        for folder, name in ((a, a_name), (b, b_name)):
            if self.stat(folder, name) is None:
                raise Failure(Code.GONE, name=name)
        return False

    def rename(self, source: Folder, name: str, target: Folder, target_name: str) -> None:
        """As `FileSystem.rename`."""
        to = _of(target).handle
        with self._entry(source, name, nt.DELETE | nt.READ_ATTRIBUTES, "rename") as moved:
            if self._is_itself(moved, source, name, target, target_name):
                raise Failure(Code.EXISTS, name=target_name)  # To the kernel that is done already.
            try:
                nt.rename(moved.handle, to, target_name)
            except OSError as error:
                if error.errno == errno.EACCES:  # So it is said that something below is open.
                    raise Failure(Code.BUSY, what="rename") from error
                raise failure_of(error, "rename") from error

    def make_folder(self, folder: Folder, name: str, private: bool = False) -> None:
        """As `FileSystem.make_folder`; a private one is hidden, and whose it is follows from where it lies."""
        with attempt("make_folder"):
            nt.close(
                nt.open_at(
                    _of(folder).handle, name, _LOOK, nt.FOLDER | nt.NO_FOLLOW, how=nt.CREATE,
                    attributes=nt.HIDDEN if private else nt.NORMAL,
                )
            )  # fmt: skip

    def remove_folder(self, folder: Folder, name: str) -> None:
        """As `FileSystem.remove_folder`."""
        self._remove(folder, name, Shape.FOLDER)

    def unlink(self, folder: Folder, name: str) -> None:
        """As `FileSystem.unlink`."""
        self._remove(folder, name, Shape.FILE)

    def lease(self, file: File) -> bool:
        """As `FileSystem.lease`."""
        assert isinstance(file, DiskFile)
        self.release(file)
        try:
            file.lease = _Handle(_held_from_writers(file.handle), file.volume)
        except OSError:
            return False
        return True

    def lease_unbroken(self, file: File) -> bool:
        """As `FileSystem.lease_unbroken`: nobody could have opened it."""
        assert isinstance(file, DiskFile)
        return file.lease is not None

    def release(self, file: File) -> None:
        """As `FileSystem.release`."""
        assert isinstance(file, DiskFile)
        lease, file.lease = file.lease, None
        if lease is not None:
            lease.close()

    def leases(self) -> bool:
        """As `FileSystem.leases`; what is held here keeps no other machine from writing."""
        if self._leases is None:
            try:
                with _opened(self._root) as root:
                    self._leases = not nt.is_remote(root.handle)
            except OSError:
                return False  # The root is missing just now: asked again.
        return self._leases

    def trust(self) -> Trust:
        """As `FileSystem.trust`."""
        with attempt("trust"), _opened(self._root) as root:
            remote = nt.is_remote(root.handle)
            return Trust(watched=not remote, identity=not remote and nt.kind(root.handle) == _WITH_NUMBERS)

    def written_by_somebody(self, folder: Folder, name: str) -> bool | None:
        """As `FileSystem.written_by_somebody`; also who lets nobody read counts as one who writes."""
        try:
            file = self.open_file(folder, name)
        except Failure as failure:
            if failure.code is Code.BUSY:
                return True
            raise
        with file:
            if not self.leases():
                return None
            try:
                nt.close(_held_from_writers(_of(file).handle))
            except OSError as error:
                return True if error.errno == errno.EBUSY else None
        return False

    def flush_folders(self, folders: Sequence[Folder]) -> None:
        """As `FileSystem.flush_folders`; what was written was flushed when it was closed."""
        for folder in folders:
            held = _of(folder).handle
            try:
                handle = nt.open_at(held, "", nt.ADD_FILE | nt.APPEND_OR_ADD_FOLDER, nt.FOLDER)
            except OSError as error:
                if error.errno == errno.EACCES:
                    continue  # Where this person may add nothing, nothing was added.
                raise failure_of(error, "flush") from error
            try:
                with attempt("flush"):
                    nt.flush(handle)
            finally:
                nt.close(handle)

    def free_bytes(self) -> int:
        """As `FileSystem.free_bytes`."""
        with attempt("free"), _opened(self._root) as root:
            return nt.free_bytes(root.handle)

    def _entry(self, folder: Folder, name: str, access: int, what: str) -> _Handle:
        """Opens whatever has a name in a folder, never what it leads to."""
        held = _of(folder)
        handle = held.handle
        try:
            return _Handle(nt.open_at(handle, _named(name), access, nt.NO_FOLLOW), held.volume)
        except OSError as error:
            raise failure_of(error, what) from error

    def _is_itself(self, moved: _Handle, source: Folder, name: str, target: Folder, target_name: str) -> bool:
        """Says whether a name is one that the file has: the same, or another of several (hard links)."""
        if name == target_name and self.identity(source).ino == self.identity(target).ino:
            return True
        held = moved.stat()
        if held.links == 1 or name.casefold() == target_name.casefold():
            return False
        there = self.stat(target, target_name)
        return there is not None and there.ino == held.ino

    def _change(self, folder: Folder, name: str, what: str, attributes: int, of: int) -> None:
        """Sets those attributes of a file that are in `of`."""
        self.open_file(folder, name).close()
        with (
            self._entry(folder, name, nt.READ_ATTRIBUTES | nt.WRITE_ATTRIBUTES, what) as found,
            attempt(what),
        ):
            nt.set_attributes(found.handle, nt.about(found.handle).attributes & ~of | attributes)

    def _remove(self, folder: Folder, name: str, shape: Shape) -> None:
        what = "remove_folder" if shape is Shape.FOLDER else "unlink"
        access = nt.DELETE | nt.READ_ATTRIBUTES | nt.WRITE_ATTRIBUTES
        with self._entry(folder, name, access, what) as found:
            if (found.stat().shape is Shape.FOLDER) != (shape is Shape.FOLDER):
                raise Failure(Code.NOT_A_FOLDER, name=name)
            with attempt(what):
                nt.remove(found.handle)


def _names(folder: _Handle) -> list[str]:
    """Lists a folder by a handle of its own: how far one has come in it is the handle's."""
    handle = nt.open_at(folder.handle, "", nt.LIST_FOLDER, nt.FOLDER)
    try:
        return [*nt.names(handle)]
    finally:
        nt.close(handle)


def _named(name: str) -> str:
    if not name:
        raise FileNotFoundError(errno.ENOENT, "nothing is called by no name")
    return name


def _held_from_writers(handle: int) -> int:
    """Opens an open file once more so that nobody can write it, nor has it open for that; raises OSError."""
    return nt.open_at(handle, "", nt.READ, nt.NO_FOLDER, share=_LET_NOBODY_WRITE)
