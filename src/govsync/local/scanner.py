"""Looking at folders: one after a hint, or all of them, without being deceived by what moves meanwhile (R6, R9).

A scan is not an instant: what moves from a folder not yet listed into one already listed is seen in neither. So after
the tree has been listed every folder is asked whether it changed since, and listed again if so, until none has.
Neighbours: `ignore` says what is left out, `reader` reads the files. Refuses to know nodes: an entry left out by a
pattern is reported with the reason, since a pattern does not speak about names that have a node (R27).
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from govsync.local.folders import OpenFolders, read_whole
from govsync.local.ignore import MOST_IGNORE_FILE_BYTES, Ignore, Skip
from govsync.local.root import Root, proven
from govsync.local.steps import STATE, At
from govsync.model.codes import Code
from govsync.model.names import IGNORE_FILE, RESERVED_PREFIX, key
from govsync.model.problems import Failure, Problem, problem_of
from govsync.system.fs import Entry, FileSystem, Folder, Shape, Stat

MOST_DEPTH = 100
TICK_NS = 50_000_000
"""Two changes closer than this may carry one time (F6 of R4); FAT would need 2 s."""

SKEW_NS = 60_000_000_000
"""How far a disk's clock may run ahead of the desk's, on another machine, for its times to mean anything."""

_MOST_ROUNDS = 8

_Path = tuple[str, ...]


def is_fresh(mtime_ns: int, started_ns: int) -> bool:
    """Says whether a folder changed so shortly before it was listed that a later change may carry the same time (R6).

    A time far in the future is not fresh: an archive brought it, or a clock that was wrong, and every change of today
    carries another. To wait for it would be to look at the folder for ever.
    """
    return started_ns - TICK_NS <= mtime_ns <= started_ns + SKEW_NS


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One entry of a folder; `skip` says why it is not synced. Skipped folders are not descended into."""

    name: str
    stat: Stat
    skip: Skip | None = None


class Looked(msgspec.Struct, frozen=True):
    """What one look at a folder showed.

    Only a `complete` look says that a name is gone: reading ended without error and the folder was the same, unchanged,
    before and after (I6). `changed` asks for another look. With a `problem` nothing was seen.
    """

    path: tuple[str, ...]
    started_ns: int
    folder: Stat | None = None
    entries: tuple[Seen, ...] = ()
    complete: bool = False
    changed: bool = False
    problem: Problem | None = None
    refused: tuple[str, ...] = ()
    """Lines of this folder's `.govsyncignore` that cannot be used."""


class Ended(msgspec.Struct, frozen=True):
    """The end of a scan: `unsettled` folders changed so late that they must be looked at again, 50 ms from now or
    later; until then what the scan has not seen is not missing."""

    unsettled: tuple[tuple[str, ...], ...]


def look(fs: FileSystem, expected: Root, path: tuple[str, ...], setting: Ignore, now_ns: int) -> Looked:
    """Looks at one folder; raises Failure where the root is not proven."""
    with OpenFolders(fs, proven(fs, expected)) as folders:
        return _Scan(fs, setting, lambda: now_ns).look(folders, path)[0]


def look_at(
    fs: FileSystem, expected: Root, path: tuple[str, ...], setting: Ignore, names: Sequence[str]
) -> Looked:
    """Looks only at some names of a folder; never `complete`. Raises Failure where the root is not proven."""
    with OpenFolders(fs, proven(fs, expected)) as folders:
        return _Scan(fs, setting, lambda: 0).look_at(folders, path, names)


def scan(
    fs: FileSystem,
    expected: Root,
    setting: Ignore,
    clock_ns: Callable[[], int],
    start: tuple[str, ...] = (),
) -> Iterator[Looked | Ended]:
    """Looks at the folder at `start` and all below it, a folder before what is in it, and ends with an `Ended`.

    A folder may come several times; the last look counts. Remembers some 300 bytes a folder and nothing of files.
    Raises Failure where the root is not, or no longer, proven.
    """
    scanning = _Scan(fs, setting, clock_ns)
    with OpenFolders(fs, proven(fs, expected)) as folders:
        yield from scanning.walk(folders, start)
    again, fresh = scanning.check_all(expected)
    for _ in range(_MOST_ROUNDS):
        if not again:
            break
        with OpenFolders(fs, proven(fs, expected)) as folders:
            for path in again:
                yield from scanning.walk(folders, path)
        again, fresh = scanning.check_all(expected)
    yield Ended((*again, *fresh))


def changed_since(
    fs: FileSystem, expected: Root, listed: Sequence[tuple[tuple[str, ...], int]]
) -> tuple[tuple[str, ...], ...]:
    """Answers which folders, given with the modification time of their last listing, have changed since, or are gone.

    Where none has, what was in none of the listings is not there: an entry that moved meanwhile, from a folder that was
    listed later to one listed before, has changed one of the two (R6; the proof stands at `_Scan`).
    """
    with OpenFolders(fs, proven(fs, expected)) as folders:
        changed = []
        for path, mtime_ns in listed:
            try:
                same = fs.identity(folders.at(path)).mtime_ns == mtime_ns
            except Failure:
                same = False  # Its parent, looked at again, says what became of it.
            if not same:
                changed.append(path)
            folders.make_room()
        return tuple(changed)


def births(fs: FileSystem, expected: Root, seen: Sequence[tuple[At, int]]) -> tuple[int | None, ...]:
    """Answers when each entry, seen with this number, was created; None where that is not known or the entry is gone.

    A scan does not ask: only what may have moved needs it (R1, R4)."""
    with OpenFolders(fs, proven(fs, expected)) as folders:
        found = []
        for at, ino in seen:
            try:
                found.append(fs.birth_ns(folders.at(at.path), at.name, ino))
            except Failure:
                found.append(None)  # without a birth time nothing is taken for a move: the careful answer
            folders.make_room()
        return tuple(found)


class _Scan:
    """What one scan remembers: when each folder's last listing began, and the folder's time then.

    Why what it has not seen is not there when `check_all` finds nothing: let M be an entry that was in the tree all the
    time, and F the folder that holds it when F is asked in that last check. F has not changed since its last listing,
    so M was in that listing. If M moves during the check, from a folder that is asked later to one asked before, the
    former is found changed, and this was not the last check.
    """

    def __init__(self, fs: FileSystem, setting: Ignore, clock_ns: Callable[[], int]) -> None:
        self._fs = fs
        self._setting = setting
        self._clock_ns = clock_ns
        self._listed: dict[tuple[str, ...], tuple[int, int]] = {}

    def walk(self, folders: OpenFolders, start: tuple[str, ...]) -> Iterator[Looked]:
        """Looks at a folder, and at those below it that were not looked at before."""
        pending: list[tuple[tuple[str, ...], Ignore | None]] = [(start, None)]
        while pending:
            path, above = pending.pop()
            looked, ignore = self.look(folders, path, above)
            if looked.folder is not None:
                self._listed[path] = looked.started_ns, looked.folder.mtime_ns
            for seen in reversed(looked.entries):
                below = (*path, seen.name)
                if seen.stat.shape is Shape.FOLDER and seen.skip is None and below not in self._listed:
                    pending.append((below, ignore))
            yield looked
            folders.make_room()

    def look(
        self, folders: OpenFolders, path: tuple[str, ...], above: Ignore | None = None
    ) -> tuple[Looked, Ignore]:
        """Looks at one folder; `above` are the patterns that hold in its parent, found out where they are not handed."""
        started_ns = self._clock_ns()
        ignore = self._setting
        try:
            ignore = self._rules(folders, path) if above is None else above
            folder = folders.at(path)
            listing = self._fs.list(folder)
            own = self._within(ignore, folder, len(path))
            entries = tuple(
                Seen(entry.name, entry.stat, self._skip(folder, entry, path, own, folders.dev))
                for entry in listing.entries
                if path or entry.name != STATE
            )
        except Failure as failure:
            return Looked(path, started_ns, problem=problem_of(failure)), ignore
        looked = Looked(
            path=path,
            started_ns=started_ns,
            folder=listing.folder,
            entries=entries,
            complete=listing.complete and not listing.changed,
            changed=listing.changed,
            refused=own.refused[len(ignore.refused) :],
        )
        return looked, own

    def look_at(self, folders: OpenFolders, path: tuple[str, ...], names: Sequence[str]) -> Looked:
        """Looks at some names of one folder."""
        try:
            folder = folders.at(path)
            own = self._within(self._rules(folders, path), folder, len(path))
            found = []
            for name in names:
                stat = self._fs.stat(folder, name)
                if stat is not None and (path or name != STATE):
                    found.append(
                        Seen(name, stat, self._skip(folder, Entry(name, stat), path, own, folders.dev))
                    )
            return Looked(path, 0, self._fs.identity(folder), tuple(found))
        except Failure as failure:
            return Looked(path, 0, problem=problem_of(failure))

    def check_all(self, expected: Root) -> tuple[tuple[_Path, ...], tuple[_Path, ...]]:
        """Answers which folders changed since their listing, and which of the others changed so shortly before it that
        a later change might carry the same time."""
        again, fresh = [], []
        with OpenFolders(self._fs, proven(self._fs, expected)) as folders:
            for path, (started_ns, mtime_ns) in list(self._listed.items()):
                try:
                    now = self._fs.identity(folders.at(path))
                except Failure:
                    # It is gone or hidden now: its parent changed, or its own next look says what is wrong.
                    del self._listed[path]
                    continue
                if now.mtime_ns != mtime_ns:
                    again.append(path)
                elif is_fresh(mtime_ns, started_ns):
                    fresh.append(path)
                folders.make_room()
        return tuple(again), tuple(fresh)

    def _rules(self, folders: OpenFolders, path: tuple[str, ...]) -> Ignore:
        ignore = self._setting
        for depth in range(len(path)):
            ignore = self._within(ignore, folders.at(path[:depth]), depth)
        return ignore

    def _within(self, ignore: Ignore, folder: Folder, depth: int) -> Ignore:
        stat = self._fs.stat(folder, IGNORE_FILE)
        if stat is None or stat.shape is not Shape.FILE:
            return ignore
        data = read_whole(self._fs, folder, IGNORE_FILE, MOST_IGNORE_FILE_BYTES)
        return ignore if data is None else ignore.within(depth, data)

    def _skip(
        self, folder: Folder, entry: Entry, path: tuple[str, ...], ignore: Ignore, dev: int
    ) -> Skip | None:
        name, shape = entry.name, entry.stat.shape
        if not name.isascii() and not _is_text(name):
            return Skip.NOT_TEXT
        if name[0] == "." and key(name).startswith(RESERVED_PREFIX) and name != IGNORE_FILE:
            return Skip.RESERVED
        if shape is Shape.LINK:
            return Skip.LINK
        if shape is Shape.OTHER:
            return Skip.SPECIAL
        if entry.stat.dev != dev:
            return Skip.MOUNT
        is_folder = shape is Shape.FOLDER
        reason = ignore.matches(path, name, is_folder)
        if reason is not None or not is_folder:
            return reason
        if len(path) + 1 > MOST_DEPTH:
            return Skip.TOO_DEEP
        return Skip.FOREIGN if self._is_foreign(folder, name) else None

    def _is_foreign(self, parent: Folder, name: str) -> bool:
        """Says whether a folder is the synced folder of another home (R9, R45)."""
        try:
            with self._fs.open_folder(parent, name) as folder:
                return self._fs.stat(folder, STATE) is not None
        except Failure as failure:
            if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY, Code.NO_ACCESS):
                return False  # its own look says what is wrong with it
            raise


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
