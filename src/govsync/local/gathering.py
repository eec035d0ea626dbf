"""Gathers what lies in one folder into another, by moving or by copying it, so that no byte is lost wherever it is cut off.

Moved is by a rename that replaces nothing, whole folders at once where nothing lies in the way. On another disk it is copied
beside, flushed and given its name; only when the copy, read anew, is equal, and all of it is on the disk, the original goes:
under a lease, by a name of its own, and after a last look, as every removal does (R11, R12). What was equal already is one
file in the end. Whatever is open, a link, a mount or unreadable stays where it is and is told.

It may be called again at any time, and does what is left to do. Neighbour: `meeting` says which name a thing gets. Refuses to
know which folders these are, and why.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import msgspec

from govsync.local.ignore import is_lock
from govsync.local.meeting import PASSING, choices, going, index, open_here, own_name, why_it_stays
from govsync.local.steps import Signature
from govsync.model.codes import Code
from govsync.model.names import key
from govsync.model.problems import Failure
from govsync.system.fs import Entry, File, FileSystem, Folder, Listing, Shape

_PIECE_BYTES = 1 << 20
_FOR_A_WHILE = (Code.BUSY, Code.CHANGED, Code.EXISTS, Code.DISK_FULL)
MOST_LEFT = 100
"""So many of what stays are named."""

Names = tuple[str, ...]


class Stopped(Exception):
    """Says that it was asked to end; everything lies where it was or where it is to lie."""


class How(msgspec.Struct, frozen=True, kw_only=True):
    """In which way things are gathered. `barred` are paths in the synced folder, in names as they are compared, that are other
    spaces': nothing comes there, nothing is copied from there. `oldest_ns`: what an older lock file says counts no more."""

    copy: bool
    device: str
    when: str
    oldest_ns: int
    barred: frozenset[Names] = frozenset()
    stopped: Callable[[], bool] = lambda: False


class Left(msgspec.Struct, frozen=True):
    """What stays where it is, and why."""

    path: str
    code: Code


class Gathered(msgspec.Struct, frozen=True):
    """What became of it: how many files are at the other place by now, how many things stay, the first of those, and the first
    that stays for a while only: until a program closes it, or until there is room."""

    files: int = 0
    left: int = 0
    left_first: tuple[Left, ...] = ()
    waits: Left | None = None


class _Pair(NamedTuple):
    """A folder, where its content goes, and how either is called below the two that were given."""

    source: Folder
    target: Folder
    path: Names
    target_path: Names


def gather(
    source: FileSystem, from_: Folder, target: FileSystem, to: Folder, path: Names, how: How
) -> Gathered:
    """Gathers from one open folder into another, and flushes; `path` is where the synced one of both lies in the synced folder.
    Raises Stopped, and Failure where the disk as a whole refuses."""
    work = _Gathering(source, target, how, source.identity(from_).dev == target.identity(to).dev)
    pair = _Pair(from_, to, path if how.copy else (), () if how.copy else path)
    try:
        work.folder(pair)
    finally:
        target.flush_folders([to])
    return Gathered(work.files, work.count_left, tuple(work.left), work.waits)


def weigh(fs: FileSystem, folder: Folder) -> int:
    """Answers how many bytes the files in and below an open folder hold, as far as it can be looked into."""
    total = 0
    for entry in fs.list(folder).entries:
        if entry.stat.shape is Shape.FILE:
            total += entry.stat.size_bytes
        elif entry.stat.shape is Shape.FOLDER:
            with (
                suppress(Failure),
                fs.open_folder(folder, entry.name) as below,
            ):  # It will be told where it stays.
                total += weigh(fs, below)
    return total


class _Gathering:
    """One gathering."""

    def __init__(self, source: FileSystem, target: FileSystem, how: How, one_disk: bool) -> None:
        self._from, self._to, self._how = source, target, how
        self._renames = one_disk and not how.copy
        self.files, self.count_left = 0, 0
        self.left: list[Left] = []
        self.waits: Left | None = None

    def folder(self, pair: _Pair) -> None:
        """Gathers the content of a folder."""
        listing = self._from.list(pair.source)
        if not listing.complete:
            self._leave(pair.path, Code.UNREADABLE)
        there = self._there(pair.target)
        open_ = self._open(pair.source, listing)
        twins: list[tuple[str, str]] = []
        for entry in sorted(listing.entries, key=lambda each: each.name):
            self._go_on()
            path = (*pair.path, entry.name)
            if (
                entry.name == PASSING
            ):  # Of a gathering the other way that was cut off; what it is a copy of is there.
                if not self._how.copy and entry.stat.shape is Shape.FILE:
                    self._from.unlink(pair.source, PASSING)
                continue
            why = why_it_stays(entry, listing.folder.dev, len(path))
            if why is None and entry.name in open_:
                why = Code.BUSY
            if why is not None:
                self._leave(path, why)
                continue
            with self._left_where_it_is(path):
                if entry.stat.shape is Shape.FOLDER:
                    self._below(pair, entry, there)
                else:
                    self._file(pair, entry, there, twins)
        if twins and not self._how.copy:
            self._to.flush_folders([pair.target])
            for name, twin in twins:
                self._go_on()
                with self._left_where_it_is((*pair.path, name)):
                    self._remove(pair.source, name, pair.target, twin)

    def _there(self, target: Folder) -> dict[str, Entry]:
        """Lists a target, without a copy that was cut off."""
        entries = self._to.list(target).entries
        if any(each.name == PASSING and each.stat.shape is Shape.FILE for each in entries):
            self._to.unlink(target, PASSING)
        return index([each for each in entries if each.name != PASSING])

    def _open(self, folder: Folder, listing: Listing) -> frozenset[str]:
        locks = [
            each.name for each in listing.entries if is_lock(each.name) and each.stat.shape is Shape.FILE
        ]
        held = [name for name in locks if self._written(folder, name)]
        return open_here(listing.entries, held, self._how.oldest_ns)

    def _written(self, folder: Folder, name: str) -> bool:
        try:
            return self._from.written_by_somebody(folder, name) is True
        except Failure as failure:
            return failure.code is not Code.GONE  # It cannot be asked: it may be.

    # ---- folders ----

    def _below(self, pair: _Pair, entry: Entry, there: dict[str, Entry]) -> None:
        how = self._how
        source_path = (*pair.path, entry.name)
        if how.copy and _keys(source_path) in how.barred:
            return  # It is a space of its own, and stays one.
        above = _keys(pair.target_path)
        barred = {each[-1] for each in how.barred if not how.copy and each[:-1] == above}
        choice = next(choices(entry.name, Shape.FOLDER, there, barred, how.device, how.when))
        with self._from.open_folder(pair.source, entry.name) as source:
            if not choice.taken:
                if self._renames and self._is_plain(source, source_path):
                    count = self._count(source)
                    if self._renamed(pair, entry.name, choice.name):
                        there[key(choice.name)] = msgspec.structs.replace(entry, name=choice.name)
                        self.files += count
                        return
                # As open as nobody's folder could be too open: whom the person lets in is theirs to say again.
                self._to.make_folder(pair.target, choice.name, private=True)
                there[key(choice.name)] = msgspec.structs.replace(entry, name=choice.name)
            with self._to.open_folder(pair.target, choice.name) as target:
                self.folder(_Pair(source, target, source_path, (*pair.target_path, choice.name)))
        if not how.copy:
            self._remove_empty(pair.source, entry.name)

    def _remove_empty(self, folder: Folder, name: str) -> None:
        try:
            self._from.remove_folder(folder, name)
        except Failure as failure:
            if failure.code is not Code.EXISTS:  # What is left in it was told.
                raise

    def _is_plain(self, folder: Folder, path: Names) -> bool:
        """Says whether all of a folder may go at once."""
        listing = self._from.list(folder)
        if not listing.complete or self._open(folder, listing):
            return False
        for entry in listing.entries:
            self._go_on()
            below = (*path, entry.name)
            if own_name(entry.name) != entry.name or why_it_stays(entry, listing.folder.dev, len(below)):
                return False
            if entry.stat.shape is Shape.FILE:
                if self._written(folder, entry.name):
                    return False
                continue
            with self._from.open_folder(folder, entry.name) as child:
                if not self._is_plain(child, below):
                    return False
        return True

    def _count(self, folder: Folder) -> int:
        count = 0
        for entry in self._from.list(folder).entries:
            if entry.stat.shape is Shape.FOLDER:
                with self._from.open_folder(folder, entry.name) as child:
                    count += self._count(child)
            else:
                count += 1
        return count

    # ---- files ----

    def _file(self, pair: _Pair, entry: Entry, there: dict[str, Entry], twins: list[tuple[str, str]]) -> None:
        """Brings a file, or finds its equal; both is noted in `twins`, unless it was moved."""
        if self._from.written_by_somebody(pair.source, entry.name) is True:
            raise Failure(Code.BUSY)
        how = self._how
        for choice in choices(own_name(entry.name), Shape.FILE, there, (), how.device, how.when):
            if choice.taken and not self._equal(pair.source, entry.name, pair.target, choice.name):
                continue
            moved = not choice.taken and self._renames and self._renamed(pair, entry.name, choice.name)
            if not moved and not choice.taken:
                self._copy(pair, entry.name, choice.name)
            if not moved:
                twins.append((entry.name, choice.name))
            there.setdefault(key(choice.name), msgspec.structs.replace(entry, name=choice.name))
            self.files += 1
            return

    def _renamed(self, pair: _Pair, name: str, as_: str) -> bool:
        """Renames; answers False, from then on, where the system keeps the two places apart as if they were two disks."""
        try:
            self._to.rename(pair.source, name, pair.target, as_)
        except Failure as failure:
            if failure.facts.get("errno") != "EXDEV":
                raise
            self._renames = False
            return False
        return True

    def _copy(self, pair: _Pair, name: str, as_: str) -> None:
        """Copies a file whole and flushed, or not at all."""
        with self._from.open_file(pair.source, name) as file, self._leased(file) as leased:
            before = Signature.of(file.stat())
            try:
                with self._to.create(pair.target, PASSING) as copy:
                    copy.reserve(before.size_bytes)
                    for piece in self._pieces(file):
                        copy.write(piece)
                    copy.finish(before.mtime_ns, bool(file.opened.exec))
                    copy.flush()
                self._to.copy_attributes(file, pair.target, PASSING)
                if Signature.of(file.stat()) != before or (leased and not self._from.lease_unbroken(file)):
                    raise Failure(Code.CHANGED)
                self._to.rename(pair.target, PASSING, pair.target, as_)
            except (Failure, Stopped):
                if self._to.stat(pair.target, PASSING) is not None:
                    self._to.unlink(pair.target, PASSING)
                raise

    def _remove(self, source: Folder, name: str, target: Folder, twin: str) -> None:
        """Removes a file whose equal is on the other disk, or in the other folder, past a power cut."""
        fs, aside = self._from, going(own_name(name))
        with fs.open_file(source, name) as file, self._leased(file) as leased:
            before = Signature.of(file.stat())
            if not self._equal(source, name, target, twin):
                raise Failure(Code.CHANGED)
            if name != aside:
                fs.rename(source, name, source, aside)
            out = fs.stat(source, aside)
            same = out is not None and Signature.of(out).like(before)
            if (
                same
                and Signature.of(file.stat()).like(before)
                and not (leased and not fs.lease_unbroken(file))
            ):
                fs.unlink(source, aside)
                return
        if out is not None:
            fs.rename(source, aside, source, own_name(name))
        raise Failure(Code.CHANGED)

    @contextmanager
    def _leased(self, file: File) -> Iterator[bool]:
        """Holds a lease where the disk has any; raises Failure(busy) where somebody writes."""
        leased = self._from.lease(file)
        try:
            if not leased and self._from.leases():
                raise Failure(Code.BUSY)
            yield leased
        finally:
            self._from.release(file)

    def _equal(self, source: Folder, name: str, target: Folder, twin: str) -> bool:
        with self._from.open_file(source, name) as one, self._to.open_file(target, twin) as other:
            if one.opened.size_bytes != other.opened.size_bytes:
                return False
            return all(a == b for a, b in zip(self._pieces(one), self._pieces(other), strict=True))

    def _pieces(self, file: File) -> Iterator[bytes]:
        """Yields what a file holds, and once nothing at its end."""
        offset, room = 0, bytearray(_PIECE_BYTES)
        while True:
            self._go_on()
            count = file.read_into(offset, memoryview(room))
            yield bytes(room[:count])
            if count < len(room):
                return
            offset += count

    # ---- both ----

    @contextmanager
    def _left_where_it_is(self, path: Names) -> Iterator[None]:
        """Has one thing that cannot go stop no other (I10)."""
        try:
            yield
        except Failure as failure:
            if failure.code is not Code.GONE:  # Somebody took it away: it is theirs.
                self._leave(path, failure.code)

    def _leave(self, path: Names, code: Code) -> None:
        left = Left("/".join(path), code)
        self.count_left += 1
        if len(self.left) < MOST_LEFT:
            self.left.append(left)
        if self.waits is None and code in _FOR_A_WHILE:
            self.waits = left

    def _go_on(self) -> None:
        if self._how.stopped():
            raise Stopped


def _keys(path: Names) -> Names:
    return tuple(map(key, path))
