"""The primitives by which GovSync reads and changes a disk: small, relative to open folders, none follows a link.

Everything that `local` does to a person's files is written over this protocol, so that the simulation can let a person
act before each primitive, make any of them fail, and cut the power after it. Rules that the protocol keeps:

- no call takes a path: a folder is opened component by component from the root (R10, I7);
- no call replaces a file: a name is given with `rename` (refuses an existing target) or `exchange` (R11);
- times and sizes come from `fstat` on what was opened, or `lstat`-like looks at a name.

Errors are `Failure`s with the codes GONE, EXISTS, NOT_A_FOLDER (also: not a file), LINK_IN_THE_WAY, NO_ACCESS, READ_ONLY,
DISK_FULL, TOO_LARGE_HERE, BUSY, NAME_TOO_LONG, UNREADABLE (any other error of the operating system; facts: `errno`, `what`).
GONE means that nothing is there, never that it could not be looked at.
"""

from collections.abc import Sequence
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

import msgspec


class Shape(StrEnum):
    """Says what lies at a name."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


class Stat(msgspec.Struct, frozen=True, gc=False):
    """What a look at an entry shows; times are nanoseconds since the Unix epoch by the file system's clock."""

    shape: Shape
    dev: int
    ino: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    exec: bool | None = False
    """None: its disk keeps no such bit."""
    links: int = 1
    write: bool = True
    """Whether its owner may write it."""
    shut: bool = False
    """Whether that is so because GovSync took the right from everybody: the file itself carries the mark."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry of a listed folder; `name` is as found (undecodable bytes as surrogates, PEP 383)."""

    name: str
    stat: Stat


class Listing(msgspec.Struct, frozen=True):
    """A folder's entries as one pass over it found them.

    `complete` says that reading ended without error and that every entry could be looked at; `folder` is the folder's
    own stat before the pass and `changed` whether its identity or modification time differed after it (R6).
    """

    folder: Stat
    entries: tuple[Entry, ...]
    complete: bool
    changed: bool


class Trust(msgspec.Struct, frozen=True):
    """Says what may be concluded from what a disk shows (R1, R45)."""

    watched: bool = True
    """Only this machine changes the disk, so the kernel sees every change and every writer."""
    identity: bool = True
    """A file's number means the same tomorrow. Where it does not, who was moved is told by name and content alone."""


class Folder(Protocol):
    """An open folder. Closing is idempotent; a use after it raises Failure(gone)."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class File(Protocol):
    """An open regular file, either for reading or, when made by `create`, for writing."""

    @property
    def opened(self) -> Stat:
        """Answers what it was when it was opened for reading."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def stat(self) -> Stat:
        """Looks at the open file itself (fstat)."""

    def read_into(self, offset: int, target: memoryview) -> int:
        """Reads at `offset` until `target` is full or the file ends; answers the number of bytes read."""

    def write(self, data: bytes | memoryview) -> None:
        """Appends all of `data`; raises Failure(disk_full) when it does not fit."""

    def reserve(self, size_bytes: int) -> None:
        """Reserves room where the file system can; raises Failure(disk_full) when there is none."""

    def finish(self, mtime_ns: int, exec: bool, write: bool = True) -> int:
        """Sets modification time and executable bit of a written file, and shuts it where nobody is to write it; answers
        its inode."""

    def flush(self) -> None:
        """Returns when the file's data are on the disk (fsync)."""


class FileSystem(Protocol):
    """The disk of one synced folder; `Folder` and `File` values come from the same object that takes them."""

    def root(self) -> Folder:
        """Opens the synced folder itself by its path; raises Failure(gone) when there is none."""

    def open_folder(self, parent: Folder, name: str) -> Folder:
        """Opens a folder in `parent`, never through a link."""

    def identity(self, folder: Folder) -> Stat:
        """Looks at an open folder itself."""

    def list(self, folder: Folder) -> Listing:
        """Lists a folder with one look at each entry; an error midway ends it with `complete` False."""

    def stat(self, folder: Folder, name: str) -> Stat | None:
        """Looks at a name without following it; None when nothing is there, or only what is spelled in other letters, capital
        or small. Composing (é as one letter or two) may make no difference: it makes none in the tree (R8)."""

    def birth_ns(self, folder: Folder, name: str, ino: int) -> int | None:
        """Answers when the entry was created, which was seen with this number; None where the file system does not tell, and
        where the name is another's by now: number and time together are what a thing is known by (R1)."""

    def open_file(self, folder: Folder, name: str) -> File:
        """Opens a regular file for reading; anything else there raises Failure(link_in_the_way or wrong shape)."""

    def create(self, folder: Folder, name: str) -> File:
        """Makes a new, empty file for writing, as open as the person's new files are; raises Failure(exists)."""

    def copy_attributes(self, source: File, target: Folder, name: str) -> None:
        """Gives the file `name` in `target` the mode, owner's group, ACL and extended attributes of `source`, as far
        as the file system and our rights allow (R9)."""

    def set_exec(self, folder: Folder, name: str, exec: bool) -> None:
        """Sets or clears the executable bits of a file."""

    def set_write(self, folder: Folder, name: str, write: bool) -> None:
        """Gives a file the rights to write that the person's new files have, or shuts it: takes them from everybody, and
        marks it as shut, as far as the file system keeps such a mark."""

    def exchange(self, a: Folder, a_name: str, b: Folder, b_name: str) -> bool:
        """Swaps two names atomically; answers False, and has done nothing, where the file system cannot (R15). Raises
        Failure(gone) when either is missing."""

    def rename(self, source: Folder, name: str, target: Folder, target_name: str) -> None:
        """Renames atomically; raises Failure(exists) when the target name is taken, whatever takes it. Where case makes no second
        name on a disk it is taken in each spelling, but not by what is renamed, in its own folder."""

    def make_folder(self, folder: Folder, name: str, private: bool = False) -> None:
        """Makes an empty folder, where `private` for its owner alone; raises Failure(exists)."""

    def remove_folder(self, folder: Folder, name: str) -> None:
        """Removes an empty folder; raises Failure(exists) when it is not empty."""

    def unlink(self, folder: Folder, name: str) -> None:
        """Removes a file's name; only for what lies in our own hidden folder."""

    def lease(self, file: File) -> bool:
        """Takes a read lease; False when somebody writes, or may write through a mapping, or none can be had (F2)."""

    def lease_unbroken(self, file: File) -> bool:
        """Says whether the lease taken is still whole: nobody has asked to open the file for writing since."""

    def release(self, file: File) -> None:
        """Gives a lease back; harmless without one."""

    def leases(self) -> bool:
        """Says whether leases work on this file system (else weak mode, R11)."""

    def trust(self) -> Trust:
        """Says how far the disk can be trusted, by the kind of its file system; raises Failure(gone) without a root."""

    def written_by_somebody(self, folder: Folder, name: str) -> bool | None:
        """Says whether a program has the file open for writing; None where that cannot be known (R5)."""

    def flush_folders(self, folders: Sequence[Folder]) -> None:
        """Returns when the entries of these folders, and all data written so far, are on the disk (R16)."""

    def free_bytes(self) -> int:
        """Answers how much a program without privileges may still write."""
