"""Looks at the disk: which folders must be listed, and when a vanished name means a deletion.

A hint or a scan makes a folder due; its listing is compared with what the store remembers (`store.observe`); files whose
signature is new are left to `reading`; names that lost their file wait in a gap until the folder has been quiet, is
listed again, and nothing else explains the loss (R3). A scan is the same from the root down. Nothing here decides what follows.
"""

from collections.abc import Iterable, Sequence

import msgspec

from govsync.engine.desk import Desk
from govsync.engine.jobs import (
    AnyJob,
    Change,
    FoldersLooked,
    Look,
    LookAt,
    Looked,
    Recheck,
    Rechecked,
    Recover,
)
from govsync.engine.reading import BUSY_MS, Reading
from govsync.local.quiet import folder_gaps, space_gaps
from govsync.model.codes import Code
from govsync.model.merged_tree import kind_of
from govsync.model.names import IGNORE_FILE
from govsync.model.nodes import Kind
from govsync.store import (
    gaps,
    local_tree,
    observe,
    paths,
    problems,
    spaces,
)
from govsync.system.fs import Trust

LOOK_FOLDERS = 50
"""How many folders one look takes on: what it found is taken in at one go, and nothing is sent or placed meanwhile."""
MOST_APPEARED = 10_000
"""So many folders that are not known yet are remembered between two looks; where there are more, everything is looked at."""
SCAN_EVERY_MS = 25 * 60_000
SCAN_EVERY_UNWATCHED_MS = 60_000
SCAN_EVERY_MOST_MS = 24 * 3_600_000
"""However long a scan takes, the next one begins within a day (R44)."""
LEAVE_MS = 2_000
"""How long deletions may leave after they were free to, whatever vanishes meanwhile: a proof of the folder is made first."""
_ALL = b""
"""Deletions wait for the whole folder to be quiet, not for one space: a move between spaces is a loss in one of them."""


class _Due(msgspec.Struct):
    """A folder that must be looked at: at some names or as a whole (None), and whether its folders follow."""

    names: set[str] | None = None
    deep: bool = False


class Observing:
    """Owns what is being looked at."""

    def __init__(self, desk: Desk, reading: Reading) -> None:
        self._desk, self._reading = desk, reading
        self._looks: dict[int, _Due] = {}
        self._looks_not_before_ms = 0
        self._appeared: dict[tuple[str, ...], bool] = {}
        """Folders that were not known when something in them was told of, and whether their folders follow. This desk may have
        been making them: then the look at what holds them finds nothing new, so they are looked at themselves."""
        self._again: dict[int, int] = {}
        self._gaps = folder_gaps()
        self._losses = space_gaps()
        self._closing: dict[int, int] = {}
        """Folders whose gap has ended and which are being listed once more, with the time at which it began."""
        self._may_leave_until_ms = 0
        self._scan_began_ms: int | None = None
        self._scan_ended_ms: int | None = None
        self._scan_took_ms = 0
        self._scan_wanted = True
        self._scan_number = 0
        self.scanned = 0
        """The number of the last look at everything that has ended, taken when it began (R43)."""
        self._listed: dict[int, tuple[tuple[str, ...], int]] = {}
        """The folders that the look at everything has listed, with their modification time then (R6)."""
        self.watching = False
        self.trust = Trust()
        """How far the disk can be trusted: hints are followed on any, and relied on only where others cannot write."""

    # What makes things due

    def hint(self, path: tuple[str, ...], name: str | None) -> None:
        """Makes a place due; where the folder is not known yet, the nearest one above it that is, and it itself once it is."""
        lid = self._folder_at(path)
        if lid is None:
            self._appear(path, deep=name == IGNORE_FILE)
        while lid is None and path:
            path, name = path[:-1], None
            lid = self._folder_at(path)
        if lid is not None and name == IGNORE_FILE:
            self.look(lid, deep=True)  # Other patterns hold now for everything below (R27).
        elif lid is not None:
            self.look(lid, name)

    def _appear(self, path: tuple[str, ...], deep: bool) -> None:
        if path in self._appeared or len(self._appeared) < MOST_APPEARED:
            self._appeared[path] = self._appeared.get(path, False) or deep
        else:
            self.scan()

    def _folder_at(self, path: tuple[str, ...]) -> int | None:
        """Answers the folder that is remembered at a path; a folder may stand now where a file is remembered."""
        lid = paths.find(self._desk.store, path)
        node = None if lid is None else local_tree.find_node(self._desk.store, lid)
        return None if node is None or kind_of(node) is Kind.FILE else lid

    def look(self, lid: int, name: str | None = None, deep: bool = False) -> None:
        """Makes a folder due, as a whole or at one name."""
        due = self._looks.get(lid)
        if due is None:
            self._looks[lid] = _Due(None if name is None else {name}, deep)
            return
        if name is None or due.names is None:
            due.names = None
        else:
            due.names.add(name)
        due.deep |= deep

    def look_at(self, folders: Iterable[int]) -> None:
        """Makes these folders due, each as a whole."""
        for folder in folders:
            self.look(folder)

    def look_again(self, lid: int, after_ms: int) -> None:
        """Makes a folder due after a while."""
        self._again[lid] = self._desk.now.steady_ms + after_ms

    def scan(self) -> None:
        """Asks for a look at everything."""
        self._scan_wanted = True

    # What to do

    def looks(self, started: Sequence[AnyJob]) -> list[AnyJob]:
        """Says which folders to look at now."""
        if self._desk.now.steady_ms < self._looks_not_before_ms:
            return []
        if self._looks and self._desk.alone(Look, Change, Recover, started=started):
            return [self._look_job()]
        if self._scan_is_through and self._desk.alone(Look, Recheck, Change, Recover, started=started):
            listed = tuple((lid, path, mtime_ns) for lid, (path, mtime_ns) in self._listed.items())
            return [Recheck(number=self._desk.number(), folders=listed)]
        return []

    def tick(self) -> None:
        """Makes due what only waited for its time."""
        now = self._desk.now.steady_ms
        for lid in [lid for lid, at in self._again.items() if at <= now]:
            del self._again[lid]
            self.look(lid, deep=self.scanning)
        self._reading.tick()
        for folder, began_ms in self._gaps.take_ended(now).items():
            self._closing[folder] = began_ms
            self.look(folder)
        if self._losses.take_ended(now):
            self._may_leave_until_ms = now + LEAVE_MS
            self._desk.facts_changed()  # Deletions that waited may leave now.
        root = spaces.personal_root(self._desk.store)
        if root is not None and not self.scanning and (self._scan_wanted or self._scan_overdue(now)):
            self._scan_wanted = False
            self._scan_began_ms, self._scan_number = now, self._desk.number()
            self._listed.clear()
            self.look(root, deep=True)

    def _scan_overdue(self, now: int) -> bool:
        if self._scan_ended_ms is None:
            return False
        least, factor = (SCAN_EVERY_MS, 2_000) if self.hinted else (SCAN_EVERY_UNWATCHED_MS, 50)
        return now - self._scan_ended_ms >= min(max(least, factor * self._scan_took_ms), SCAN_EVERY_MOST_MS)

    def _look_job(self) -> Look:
        # Nothing is being made at this moment, and what was is recorded. A folder that is not known now is somebody's, and new
        # to the look at what holds it.
        for appeared, deep in self._appeared.items():
            folder = self._folder_at(appeared)
            if folder is not None:
                self.look(folder, deep=deep)
        self._appeared.clear()
        folders: list[LookAt] = []
        for lid in list(self._looks):
            if len(folders) >= LOOK_FOLDERS:
                break
            due = self._looks.pop(lid)
            path = paths.disk_path(self._desk.store, lid)
            if path is None:
                self._closing.pop(lid, None)
                continue
            names = None if due.names is None else tuple(sorted(due.names))
            folders.append(LookAt(lid, path, names, due.deep))
        return Look(number=self._desk.number(), folders=tuple(folders))

    # What was seen

    def looked(self, job: Look, result: FoldersLooked) -> None:
        """Compares listings with what was remembered, in one transaction."""
        deep = {folder.lid: folder.deep for folder in job.folders}
        paths_of = {folder.lid: folder.path for folder in job.folders}
        with self._desk.store.transaction():
            for folder in result.folders:
                listed = self._folder(folder, deep.get(folder.lid, False))
                if listed and self.scanning:
                    self._listed[folder.lid] = (paths_of[folder.lid], folder.mtime_ns)

    @property
    def _scan_is_through(self) -> bool:
        return self.scanning and not self._looks and not self._again

    def rechecked(self, result: Rechecked) -> None:
        """Ends the look at everything, unless something changed behind it: then that is looked at again (R6)."""
        for lid in result.changed:
            self._listed.pop(lid, None)
            self._elsewhere(lid)
            self.look(lid, deep=True)
        if self._scan_is_through:
            self._end_scan()

    def _folder(self, folder: Looked, deep: bool) -> bool:
        """Takes in one look; says whether all that is in the folder is known now."""
        store, now = self._desk.store, self._desk.now
        if local_tree.find_node(store, folder.lid) is None:
            self._closing.pop(folder.lid, None)
            return False  # It was forgotten, or became one with another, while it was looked at.
        if folder.problem is not None:
            self._unlisted(folder)
            return False
        problems.clear(store, [folder.lid, paths.inner(store, folder.lid)], problems.UNLISTED)
        known = local_tree.disk(store, folder.lid)
        if known is not None and known.ino != folder.ino and self.trust.identity:
            self._elsewhere(folder.lid)
            return False
        if folder.absent:
            self.look(folder.lid)
        if folder.again:
            self._again[folder.lid] = now.steady_ms + 100
        seen = observe.observe(
            store, self._desk.ids, folder.lid, folder.entries, folder.complete, now.wall_ms,
            identity=self.trust.identity,
        )  # fmt: skip
        for lid in seen.to_read:
            self._reading.read(lid)
        for child in seen.folders if deep else seen.new_folders:
            self.look(child, deep=True)
        for place, name in seen.look_at:
            self.look(place, name)
        if folder.complete:
            self._gap(folder.lid, seen.vanished, seen.gap)
            problems.set_skipped(store, folder.lid, seen.skipped)
            problems.set_names(store, folder.lid, seen.illegal, now.wall_ms)
            self._desk.open_documents[paths.inner(store, folder.lid)] = frozenset(folder.open_documents)
        else:
            looked_at = [observe.shown(name) for name, *_ in folder.entries]
            problems.set_skipped(store, folder.lid, seen.skipped, looked_at)
        if seen.changed:
            self._desk.facts_changed()  # A move frees a name, a return ends a deletion: anything may follow.
        return folder.complete

    def _gap(self, folder: int, vanished: bool, still: bool) -> None:
        """Follows a folder's gap; closes it when the folder was quiet and has now been listed once more (R3).

        Not during a scan: a node that is missing here may lie in a folder that the scan has not come to (R6).
        """
        now = self._desk.now.steady_ms
        began_ms = self._closing.pop(folder, None)
        if began_ms is not None and vanished and not self._gaps.over(began_ms, now):
            self._gaps.vanished(folder, now, began_ms)
        elif began_ms is not None:
            if self.scanning or not gaps.close(self._desk.store, folder, self._desk.now.wall_ms):
                self._gaps.vanished(folder, now)
            self._reading.read_unread()  # What was moved in the gap took over a file that may not be read yet.
            self._desk.facts_changed()
        elif vanished or (still and not self._gaps.is_open(folder)):  # Or it was open when the process ended.
            self._gaps.vanished(folder, now)
            vanished = True
        if vanished:
            self._losses.vanished(_ALL, now)

    def _elsewhere(self, lid: int) -> None:
        """The path no longer led to this folder when the look was carried out: what holds it is due again, and it, too, unless
        it or that is known to have vanished: what a look finds of it then is found with what holds it. Its gap, if one was to
        be closed, is opened anew when it is listed."""
        self._closing.pop(lid, None)
        parent = paths.folder_of(self._desk.store, lid)
        if parent is not None:
            self.look(parent)
        if all(self._is_here(each) for each in (lid, parent) if each is not None):
            self._again[lid] = self._desk.now.steady_ms + 200

    def _is_here(self, lid: int) -> bool:
        node = local_tree.find_node(self._desk.store, lid)
        return node is not None and node.local is not None and node.local.here

    def _unlisted(self, folder: Looked) -> None:
        """A folder that cannot be listed says nothing about what is in it (R29, I6)."""
        assert folder.problem is not None
        if folder.problem.code in (Code.GONE, Code.NOT_A_FOLDER):
            self._elsewhere(folder.lid)
            return
        self._closing.pop(folder.lid, None)
        with self._desk.store.transaction():
            if folder.problem.code is Code.LINK_IN_THE_WAY:
                local_tree.obscure(self._desk.store, folder.lid)
            # A mounted space is looked at by its mount and by its root: whichever is listed next ends the problem.
            inner = paths.inner(self._desk.store, folder.lid)
            problems.raise_for(self._desk.store, inner, folder.problem, self._desk.now.wall_ms)
        self._again[folder.lid] = self._desk.now.steady_ms + 30_000

    def failed(self, job: Look | Recheck) -> None:
        """Learns that a look ended without a result: everything in it is due again."""
        self._looks_not_before_ms = self._desk.now.steady_ms + BUSY_MS
        if isinstance(job, Look):
            for folder in job.folders:
                self.look(folder.lid, deep=folder.deep)

    # What it amounts to

    @property
    def scanning(self) -> bool:
        """Says whether a look at everything is under way."""
        return self._scan_began_ms is not None

    @property
    def idle(self) -> bool:
        """Says whether nothing on the disk is left to be looked at, read, or decided."""
        return not (
            self.scanning or self._scan_wanted or self._looks or self._again
            or self._closing or self._gaps.next_ms() is not None
            or not self._reading.idle
            or not self._desk.alone(Look, Recheck)
        )  # fmt: skip

    @property
    def hinted(self) -> bool:
        """Says whether every change is told of by a hint (R41, R45)."""
        return self.watching and self.trust.watched

    @property
    def ever_scanned(self) -> bool:
        """Says whether the folder was looked at as a whole in this life of the engine."""
        return self._scan_ended_ms is not None

    def quiet(self) -> bool:
        """Says whether deletions may leave the desk: nothing vanished anywhere for a while, or for the longest (R3)."""
        return self._desk.now.steady_ms <= self._may_leave_until_ms or not self._losses.is_open(_ALL)

    def wakes(self) -> list[int | None]:
        """Answers when something becomes due by itself, in steady milliseconds."""
        rest = None if self._scan_ended_ms is None else self._desk.now.steady_ms + SCAN_EVERY_UNWATCHED_MS
        return [
            *self._again.values(), *self._reading.wakes(), self._looks_not_before_ms, self._gaps.next_ms(),
            self._losses.next_ms(), rest,
        ]  # fmt: skip

    def _end_scan(self) -> None:
        now = self._desk.now.steady_ms
        assert self._scan_began_ms is not None
        self._scan_took_ms = now - self._scan_began_ms
        self._scan_began_ms, self._scan_ended_ms = None, now
        self.scanned = self._scan_number
        self._reading.read_unread()
        self._desk.facts_changed()
