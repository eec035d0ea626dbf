"""The real disk on Linux: the primitives of `fs`, each one or two system calls on open descriptors (R10, R11).

Every component is opened without following links, relative to the descriptor above it, so no path from anywhere can
lead outside the folder. Leases need SIGIO to be ignored: `ignore_lease_signals` is called once, by whoever starts a
process that uses this.
"""

import contextlib
import fcntl
import os
import signal
import stat as modes
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import linux
from govsync.system.failures import attempt, failure_of
from govsync.system.fs import Entry, File, Folder, Listing, Shape, Stat

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def ignore_lease_signals() -> None:
    """Lets a lease that is broken be asked about instead of ending the process."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def _shape(mode: int) -> Shape:
    if modes.S_ISREG(mode):
        return Shape.FILE
    if modes.S_ISDIR(mode):
        return Shape.FOLDER
    return Shape.LINK if modes.S_ISLNK(mode) else Shape.OTHER


def _stat(found: os.stat_result) -> Stat:
    return Stat(
        _shape(found.st_mode), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns,
        bool(found.st_mode & 0o100), found.st_nlink,
    )  # fmt: skip


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
        with attempt("stat"):
            return _stat(os.fstat(self.fd))


class DiskFolder(_Descriptor):
    """An open folder."""


class DiskFile(_Descriptor):
    """An open regular file."""

    def read_into(self, offset: int, target: memoryview) -> int:
        """As `File.read_into`."""
        done = 0
        with attempt("read"):
            while done < len(target):
                count = os.preadv(self.fd, [target[done:]], offset + done)
                if count == 0:
                    break
                done += count
        return done

    def write(self, data: bytes | memoryview) -> None:
        """As `File.write`."""
        rest = memoryview(data)
        with attempt("write"):
            while rest:
                rest = rest[os.write(self.fd, rest) :]

    def reserve(self, size_bytes: int) -> None:
        """As `File.reserve`; a file system that cannot reserve finds out while writing."""
        if size_bytes == 0:
            return
        try:
            os.posix_fallocate(self.fd, 0, size_bytes)
            os.ftruncate(self.fd, 0)
        except OSError as error:
            failure = failure_of(error, "reserve")
            if failure.code is Code.DISK_FULL:
                raise failure from error

    def finish(self, mtime_ns: int, exec: bool) -> None:
        """As `File.finish`."""
        with attempt("finish"):
            mode = modes.S_IMODE(os.fstat(self.fd).st_mode)
            os.fchmod(self.fd, _with_exec(mode, exec))
            os.utime(self.fd, ns=(mtime_ns, mtime_ns))

    def flush(self) -> None:
        """As `File.flush`."""
        with attempt("flush"):
            os.fsync(self.fd)


def _with_exec(mode: int, exec: bool) -> int:
    """Answers a mode with the executable bit of everybody who may read, or of nobody."""
    return mode | (mode & 0o444) >> 2 if exec else mode & ~0o111


def _fd(handle: Folder | File) -> int:
    assert isinstance(handle, _Descriptor)
    return handle.fd


class DiskFileSystem:
    """The disk below one folder (`fs.FileSystem`)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._leases: bool | None = None

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
        with attempt("identity"):
            return _stat(os.fstat(_fd(folder)))

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

    def birth_ns(self, folder: Folder, name: str) -> int | None:
        """As `FileSystem.birth_ns`."""
        with attempt("birth"):
            return linux.birth_ns(_fd(folder), name)

    def open_file(self, folder: Folder, name: str) -> File:
        """As `FileSystem.open_file`."""
        with attempt("open_file"):
            file = DiskFile(os.open(name, _OPEN_FILE, dir_fd=_fd(folder)))
        if file.stat().shape is not Shape.FILE:
            file.close()
            raise Failure(Code.NOT_A_FOLDER, name=name)
        return file

    def create(self, folder: Folder, name: str) -> File:
        """As `FileSystem.create`; the mode is what the person's umask makes of an ordinary new file."""
        with attempt("create"):
            return DiskFile(os.open(name, _CREATE, 0o666, dir_fd=_fd(folder)))

    def copy_attributes(self, source: File, target: Folder, name: str) -> None:
        """As `FileSystem.copy_attributes`.

        Each attribute by itself and as far as it goes: a file system without them, or a group that we are not in, is no
        reason not to place a file; its content is what was promised.
        """
        with attempt("copy_attributes"):
            fd = os.open(name, _OPEN_FILE, dir_fd=_fd(target))
        try:
            found = os.fstat(_fd(source))
            with contextlib.suppress(OSError):
                os.fchown(fd, -1, found.st_gid)
            with contextlib.suppress(OSError):
                os.fchmod(fd, modes.S_IMODE(found.st_mode))
            with contextlib.suppress(OSError):
                for attribute in os.listxattr(_fd(source)):
                    with contextlib.suppress(OSError):
                        os.setxattr(fd, attribute, os.getxattr(_fd(source), attribute))
        finally:
            os.close(fd)

    def set_exec(self, folder: Folder, name: str, exec: bool) -> None:
        """As `FileSystem.set_exec`."""
        with attempt("set_exec"):
            fd = os.open(name, _OPEN_FILE, dir_fd=_fd(folder))
            try:
                os.fchmod(fd, _with_exec(modes.S_IMODE(os.fstat(fd).st_mode), exec))
            finally:
                os.close(fd)

    def exchange(self, a: Folder, a_name: str, b: Folder, b_name: str) -> None:
        """As `FileSystem.exchange`."""
        with attempt("exchange"):
            linux.rename_exchange(_fd(a), a_name, _fd(b), b_name)

    def rename(self, source: Folder, name: str, target: Folder, target_name: str) -> None:
        """As `FileSystem.rename`."""
        with attempt("rename"):
            linux.rename_noreplace(_fd(source), name, _fd(target), target_name)

    def make_folder(self, folder: Folder, name: str) -> None:
        """As `FileSystem.make_folder`."""
        with attempt("make_folder"):
            os.mkdir(name, dir_fd=_fd(folder))

    def remove_folder(self, folder: Folder, name: str) -> None:
        """As `FileSystem.remove_folder`."""
        with attempt("remove_folder"):
            os.rmdir(name, dir_fd=_fd(folder))

    def unlink(self, folder: Folder, name: str) -> None:
        """As `FileSystem.unlink`."""
        with attempt("unlink"):
            os.unlink(name, dir_fd=_fd(folder))

    def lease(self, file: File) -> bool:
        """As `FileSystem.lease`."""
        try:
            fcntl.fcntl(_fd(file), fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError:
            return False
        return True

    def lease_unbroken(self, file: File) -> bool:
        """As `FileSystem.lease_unbroken`."""
        with attempt("lease"):
            return fcntl.fcntl(_fd(file), fcntl.F_GETLEASE) == fcntl.F_RDLCK

    def release(self, file: File) -> None:
        """As `FileSystem.release`."""
        with contextlib.suppress(OSError):  # There is none to give back.
            fcntl.fcntl(_fd(file), fcntl.F_SETLEASE, fcntl.F_UNLCK)

    def leases(self) -> bool:
        """As `FileSystem.leases`; tried once on a file of our own that has no name."""
        if self._leases is None:
            try:
                fd = os.open(self._root, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
            except OSError:
                return False
            try:
                reader = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
                os.close(fd)
                fd = reader
                fcntl.fcntl(reader, fcntl.F_SETLEASE, fcntl.F_RDLCK)
                self._leases = True
            except OSError:
                self._leases = False
            finally:
                os.close(fd)
        return self._leases

    def written_by_somebody(self, folder: Folder, name: str) -> bool | None:
        """As `FileSystem.written_by_somebody`."""
        if not self.leases():
            return None
        with attempt("probe"):
            fd = os.open(name, _OPEN_FILE, dir_fd=_fd(folder))
        try:
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return True
        except OSError:
            return None  # Another's file: nobody but its owner may ask.
        finally:
            os.close(fd)
        return False

    def flush_folders(self, folders: Sequence[Folder]) -> None:
        """As `FileSystem.flush_folders`: one call for the whole file system, since all are on it."""
        if folders:
            with attempt("flush"):
                linux.sync_file_system(_fd(folders[0]))

    def free_bytes(self) -> int:
        """As `FileSystem.free_bytes`."""
        with attempt("free"):
            found = os.statvfs(self._root)
            return found.f_bavail * found.f_frsize
