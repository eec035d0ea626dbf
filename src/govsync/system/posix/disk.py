"""The real disk on Linux and macOS: the primitives of `fs`, each one or two system calls on open descriptors (R10, R11).

Every component is opened without following links, relative to the descriptor above it, so no path from anywhere can
lead outside the folder. What the two kernels have in ways of their own is `kernel`'s; with macOS' side this was never run
on a Mac, and the contract is kept there against a likeness of its calls. Leases, which Linux has, need SIGIO to be ignored:
`ignore_lease_signals` is called once, by whoever starts a process that uses this.
"""

import contextlib
import errno
import os
import stat as modes
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.failures import attempt, failure_of
from govsync.system.fs import Entry, File, Folder, Listing, Shape, Stat, Trust
from govsync.system.posix.kernel import kernel

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_NOT_OPENED = (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP)
"""How the kernels say that something is no file: of a socket, Linux the first and macOS the last."""


def ignore_lease_signals() -> None:
    """Lets a lease that is broken be asked about instead of ending the process."""
    kernel.ignore_lease_signals()


def network_kind(folder: Path) -> str | None:
    """Names the network or user-space file system on which a folder lies, or would lie when it is made; None: a local
    one."""
    with attempt("probe"):
        there = next(each for each in (folder, *folder.parents) if each.is_dir())
        fd = os.open(there, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return kernel.network_kind(fd)
        finally:
            os.close(fd)


_FORMAT = 0o170000
"""The bits of a mode that say what it is the mode of."""
_SHAPES = {modes.S_IFREG: Shape.FILE, modes.S_IFDIR: Shape.FOLDER, modes.S_IFLNK: Shape.LINK}


_MOST = (1 << 63) - 1
"""The largest number that databases and other desks hold. Disks know larger ones: inodes of 64 bits, and years after 2262."""


def _stat(found: os.stat_result) -> Stat:
    mode = found.st_mode
    return Stat(
        _SHAPES.get(mode & _FORMAT, Shape.OTHER), found.st_dev, found.st_ino & _MOST, found.st_size,
        _held(found.st_mtime_ns), _held(found.st_ctime_ns), mode & 0o100 != 0, found.st_nlink, mode & 0o200 != 0,
        mode & (_SHUT | 0o200) == _SHUT,
    )  # fmt: skip


def _held(time_ns: int) -> int:
    if -_MOST <= time_ns <= _MOST:
        return time_ns
    return max(-_MOST - 1, min(time_ns, _MOST))


class _Descriptor:
    """An open descriptor that closes once."""

    def __init__(self, number: int) -> None:
        self._number: int | None = number

    @property
    def fd(self) -> int:
        """Answers the descriptor; raises Failure(gone) after closing."""
        if self._number is None:
            raise Failure(Code.GONE, what="closed")
        return self._number

    def close(self) -> None:
        """Closes the descriptor, once."""
        number, self._number = self._number, None
        if number is not None:
            os.close(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def stat(self) -> Stat:
        """As `File.stat`."""
        try:
            return _stat(os.fstat(self.fd))
        except OSError as error:
            raise failure_of(error, "stat") from error


class DiskFolder(_Descriptor):
    """An open folder."""


class DiskFile(_Descriptor):
    """An open regular file."""

    opened: Stat
    """As `File.opened`."""

    def read_into(self, offset: int, target: memoryview) -> int:
        """As `File.read_into`."""
        done = 0
        try:
            while done < len(target):
                count = os.preadv(self.fd, [target[done:] if done else target], offset + done)
                if count == 0:
                    break
                done += count
        except OSError as error:
            raise failure_of(error, "read") from error
        return done

    def write(self, data: bytes | memoryview) -> None:
        """As `File.write`."""
        try:
            done = os.write(self.fd, data) if data else 0
            while done < len(data):
                done += os.write(self.fd, memoryview(data)[done:])
        except OSError as error:
            raise failure_of(error, "write") from error

    def reserve(self, size_bytes: int) -> None:
        """As `File.reserve`; on a file system that cannot reserve, writing finds out."""
        if size_bytes == 0:
            return
        try:
            kernel.reserve(self.fd, size_bytes)
        except OSError as error:
            failure = failure_of(error, "reserve")
            if failure.code in (Code.DISK_FULL, Code.TOO_LARGE_HERE):
                with attempt("reserve"):
                    os.ftruncate(self.fd, os.fstat(self.fd).st_size)  # Gives back what was reserved of it.
                raise failure from error

    def finish(self, mtime_ns: int, exec: bool, write: bool = True) -> int:
        """As `File.finish`."""
        try:
            found = os.fstat(self.fd)
            mode = modes.S_IMODE(found.st_mode)
            if mode != _with_exec(mode, exec):
                os.fchmod(self.fd, _with_exec(mode, exec))
            if not write:
                with contextlib.suppress(OSError):  # A file system without modes.
                    _shut(self.fd, _with_exec(mode, exec))
            os.utime(self.fd, ns=(found.st_atime_ns, mtime_ns))
        except OSError as error:
            raise failure_of(error, "finish") from error
        return found.st_ino & _MOST

    def flush(self) -> None:
        """As `File.flush`."""
        with attempt("flush"):
            kernel.flush(self.fd)


class _WrittenFile(DiskFile):
    """A new file where no flush of folders is known to reach the data of files: they are on the way when it is closed."""

    def close(self) -> None:
        """Closes the file, once; raises Failure where its data cannot be written."""
        try:
            if self._number is not None:
                with attempt("flush"):
                    os.fsync(self._number)
        finally:
            super().close()


def _with_exec(mode: int, exec: bool) -> int:
    """Answers a mode with the executable bit of everybody who may read, or of nobody."""
    return mode | (mode & 0o444) >> 2 if exec else mode & ~0o111


_WRITE = 0o222
"""The bits of a mode by which somebody may write."""
_SHUT = modes.S_ISVTX
"""The mark of a file that GovSync has shut. On files Linux and macOS give the sticky bit no meaning and every file system
that knows modes keeps it, so the mark goes wherever the file goes; `chmod` with a number takes it away."""


def _shut(fd: int, mode: int) -> None:
    """Takes the right to write from everybody; without the mark where a file system refuses it."""
    try:
        os.fchmod(fd, mode & ~_WRITE | _SHUT)
    except OSError:
        os.fchmod(fd, mode & ~_WRITE)


def _fd(handle: Folder | File) -> int:
    assert isinstance(handle, _Descriptor)
    return handle.fd


def _narrowed(mode: int, doubtful: int) -> int:
    """Answers a mode without the doubtful rights of others, in which the group has no more than everybody."""
    mode &= ~(doubtful & 0o007)
    return mode & (~0o070 | (mode & 0o007) << 3) if doubtful else mode


class DiskFileSystem:
    """The disk below one folder (`fs.FileSystem`)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._leases: bool | None = None

    @classmethod
    def made(cls, root: Path) -> Self:
        """Opens a folder as a file system, and makes it, for this person alone, where there is none."""
        with attempt("root"):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(root)

    def root(self) -> Folder:
        """As `FileSystem.root`."""
        with attempt("root"):
            return DiskFolder(os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    def open_folder(self, parent: Folder, name: str) -> Folder:
        """As `FileSystem.open_folder`."""
        try:
            return DiskFolder(os.open(name, _OPEN_FOLDER, dir_fd=_fd(parent)))
        except OSError as error:
            found = self.stat(parent, name)
            if found is not None and found.shape is Shape.LINK:
                raise Failure(Code.LINK_IN_THE_WAY, name=name) from error
            raise failure_of(error, "open_folder") from error

    def identity(self, folder: Folder) -> Stat:
        """As `FileSystem.identity`."""
        assert isinstance(folder, _Descriptor)
        return folder.stat()

    def list(self, folder: Folder) -> Listing:
        """As `FileSystem.list`."""
        before = self.identity(folder)
        entries: list[Entry] = []
        complete = True
        try:
            with os.scandir(_fd(folder)) as found:
                for entry in found:
                    try:
                        entries.append(Entry(entry.name, _stat(entry.stat(follow_symlinks=False))))
                    except FileNotFoundError:
                        continue  # It went between the listing and the look: the folder's time has changed.
        except OSError:
            complete = False
        after = self.identity(folder)
        changed = (before.ino, before.dev, before.mtime_ns) != (after.ino, after.dev, after.mtime_ns)
        return Listing(before, tuple(entries), complete, changed)

    def stat(self, folder: Folder, name: str) -> Stat | None:
        """As `FileSystem.stat`."""
        try:
            return _stat(os.stat(name, dir_fd=_fd(folder), follow_symlinks=False))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise failure_of(error, "stat") from error

    def birth_ns(self, folder: Folder, name: str, ino: int) -> int | None:
        """As `FileSystem.birth_ns`."""
        try:
            found, born_ns = kernel.birth(_fd(folder), name)
        except OSError as error:
            raise failure_of(error, "birth") from error
        return None if born_ns is None or found & _MOST != ino else _held(born_ns)

    def open_file(self, folder: Folder, name: str) -> File:
        """As `FileSystem.open_file`; a pipe or device is not waited for."""
        try:
            file = DiskFile(os.open(name, _OPEN_FILE, dir_fd=_fd(folder)))
        except OSError as error:
            if error.errno in _NOT_OPENED:
                raise Failure(Code.NOT_A_FOLDER, name=name) from error
            raise failure_of(error, "open_file") from error
        file.opened = file.stat()
        if file.opened.shape is not Shape.FILE:
            file.close()
            raise Failure(Code.NOT_A_FOLDER, name=name)
        return file

    def create(self, folder: Folder, name: str) -> File:
        """As `FileSystem.create`; the mode is what the person's umask makes of an ordinary new file."""
        try:
            made = os.open(name, _CREATE, 0o666, dir_fd=_fd(folder))
        except OSError as error:
            raise failure_of(error, "create") from error
        return DiskFile(made) if kernel.FLUSHES_ALL else _WrittenFile(made)

    def copy_attributes(self, source: File, target: Folder, name: str) -> None:
        """As `FileSystem.copy_attributes`.

        Each attribute as far as it goes: a file system without them, or a group that we are not in, is no reason not to
        place a file; its content is what was promised. But nobody may read it who could not before: without the old
        group, or without the old ACL, the group gets no more than everybody, and everybody nothing where the ACL may have
        refused it. No program inherits its owner's rights.
        """
        with self.open_file(target, name) as file:
            old, new = _fd(source), _fd(file)
            with attempt("copy_attributes"):
                found = os.fstat(old)
            mode = modes.S_IMODE(found.st_mode) & (0o777 | _SHUT)
            try:
                os.fchown(new, -1, found.st_gid)
                ours = True
            except OSError:
                ours = False
            mode = _narrowed(mode, kernel.copy_extended(old, new, ours) | (0 if ours else 0o070))
            with contextlib.suppress(OSError):  # A file system without modes.
                os.fchmod(new, mode)

    def set_exec(self, folder: Folder, name: str, exec: bool) -> None:
        """As `FileSystem.set_exec`."""
        with self.open_file(folder, name) as file, attempt("set_exec"):
            fd = _fd(file)
            os.fchmod(fd, _with_exec(modes.S_IMODE(os.fstat(fd).st_mode), exec))

    def set_write(self, folder: Folder, name: str, write: bool) -> None:
        """As `FileSystem.set_write`."""
        with self.open_file(folder, name) as file, attempt("set_write"):
            fd = _fd(file)
            mode = modes.S_IMODE(os.fstat(fd).st_mode)
            if write:
                os.fchmod(fd, mode & ~_SHUT | _WRITE & ~kernel.umask())
            else:
                _shut(fd, mode)

    def exchange(self, a: Folder, a_name: str, b: Folder, b_name: str) -> bool:
        """As `FileSystem.exchange`."""
        try:
            kernel.rename_exchange(_fd(a), a_name, _fd(b), b_name)
        except OSError as error:
            if error.errno in kernel.NO_EXCHANGE:
                return False
            raise failure_of(error, "exchange") from error
        return True

    def rename(self, source: Folder, name: str, target: Folder, target_name: str) -> None:
        """As `FileSystem.rename`."""
        try:
            kernel.rename_noreplace(_fd(source), name, _fd(target), target_name)
        except OSError as error:
            raise failure_of(error, "rename") from error

    def make_folder(self, folder: Folder, name: str, private: bool = False) -> None:
        """As `FileSystem.make_folder`."""
        with attempt("make_folder"):
            os.mkdir(name, 0o700 if private else 0o777, dir_fd=_fd(folder))

    def remove_folder(self, folder: Folder, name: str) -> None:
        """As `FileSystem.remove_folder`."""
        with attempt("remove_folder"):
            os.rmdir(name, dir_fd=_fd(folder))

    def unlink(self, folder: Folder, name: str) -> None:
        """As `FileSystem.unlink`."""
        try:
            os.unlink(name, dir_fd=_fd(folder))
        except PermissionError as error:  # What macOS says of a folder, too.
            found = self.stat(folder, name)
            if found is not None and found.shape is Shape.FOLDER:
                raise Failure(Code.NOT_A_FOLDER, name=name) from error
            raise failure_of(error, "unlink") from error
        except OSError as error:
            raise failure_of(error, "unlink") from error

    def lease(self, file: File) -> bool:
        """As `FileSystem.lease`."""
        assert isinstance(file, _Descriptor)
        return kernel.lease(file.fd)

    def lease_unbroken(self, file: File) -> bool:
        """As `FileSystem.lease_unbroken`."""
        assert isinstance(file, _Descriptor)
        with attempt("lease"):
            return kernel.lease_unbroken(file.fd)

    def release(self, file: File) -> None:
        """As `FileSystem.release`."""
        assert isinstance(file, _Descriptor)
        kernel.release(file.fd)

    def leases(self) -> bool:
        """As `FileSystem.leases`."""
        if self._leases is None:
            # Where the root is missing or full just now the answer is None, and it is asked again.
            self._leases = kernel.leases(self._root)
        return self._leases is True

    def trust(self) -> Trust:
        """As `FileSystem.trust`."""
        with self.root() as root, attempt("trust"):
            return Trust(
                watched=kernel.network_kind(_fd(root)) is None, identity=kernel.keeps_numbers(_fd(root))
            )

    def written_by_somebody(self, folder: Folder, name: str) -> bool | None:
        """As `FileSystem.written_by_somebody`."""
        with self.open_file(folder, name) as file:
            return kernel.written_by_somebody(_fd(file)) if self.leases() else None

    def flush_folders(self, folders: Sequence[Folder]) -> None:
        """As `FileSystem.flush_folders`."""
        if folders:
            with attempt("flush"):
                kernel.flush_folders(map(_fd, folders))

    def free_bytes(self) -> int:
        """As `FileSystem.free_bytes`."""
        with attempt("free"):
            found = os.statvfs(self._root)
            return found.f_bavail * found.f_frsize
