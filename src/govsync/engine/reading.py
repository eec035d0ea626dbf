"""Reads files: which, when, and what is made of it (R4, R5).

A file is due when its signature is new, or what it holds has to be known; one that a program keeps open is asked about
again and again, and tried all the same after a while. Beside `observing`, which finds out what is there.
"""

from itertools import islice

from govsync.content.manifests import is_zeros
from govsync.engine.desk import Desk
from govsync.engine.jobs import AnyJob, Commit, FileRead, FilesRead, FileUnread, Read
from govsync.local.steps import At
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.store import activity, contents, damage, dirty, local_tree, paths, problems, rescues

READ_FILES = 500
READ_BYTES = 16 * 1024 * 1024
READS_AT_ONCE = 2
BUSY_MS = 2_000
RACY_MS = 3_000
UNSURE_MS = 60_000
TRY_EVERY_MS = 15 * 60_000
STILL_MS = 2_000
"""How long a document that its program keeps open must not have been written before it is read (docs/decisions/0015)."""
NEVER_QUIET_MS = 24 * 3_600_000
_NOT_WHAT_IT_WAS = (Code.GONE, Code.CHANGED, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY)


class Reading:
    """Owns what is being read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reads: dict[int, None] = {}
        self._reads_later: dict[int, int] = {}
        self._busy_since: dict[int, int] = {}
        self._try_at: dict[int, int] = {}
        """When files that a program keeps open are read all the same."""

    def read(self, lid: int, after_ms: int = 0) -> None:
        """Makes a file due to be read, at once or later."""
        self._reads.pop(lid, None)
        self._reads_later.pop(lid, None)
        if after_ms:
            self._reads_later[lid] = self._desk.now.steady_ms + after_ms
        else:
            self._reads[lid] = None

    def read_once(self, lid: int) -> None:
        """Makes a file due to be read, unless it is already."""
        if lid not in self._reads and lid not in self._reads_later and not self._desk.occupied(lid):
            self.read(lid)

    def read_unread(self) -> None:
        """Makes due whatever is not known to hold anything yet."""
        for lid in contents.unread(self._desk.store):
            self.read_once(lid)

    def tick(self) -> None:
        """Makes due what only waited for its time."""
        now = self._desk.now.steady_ms
        for lid in [lid for lid, at in self._reads_later.items() if at <= now]:
            self.read(lid)

    def reads(self) -> list[AnyJob]:
        """Says which files to read now."""
        jobs: list[AnyJob] = []
        for _ in range(self._desk.running(Read), READS_AT_ONCE):
            tried = self._file_to_try()
            files = tried or self._files_to_read()
            if not files:
                break
            jobs.append(Read(number=self._desk.number(), files=tuple(files), despite_writers=bool(tried)))
        return jobs

    def _file_to_try(self) -> list[tuple[int, At]]:
        """Answers a file that has been kept open for so long that it is read all the same, if nobody writes then (R5)."""
        now = self._desk.now.steady_ms
        for lid in [lid for lid, at in self._try_at.items() if at <= now and not self._desk.occupied(lid)]:
            path = paths.disk_path(self._desk.store, lid)
            if path is None:
                del self._try_at[lid]
            elif restless_ms := self._restless_ms(lid):
                self._try_at[lid] = now + restless_ms
            else:
                self._try_at[lid] = now + TRY_EVERY_MS
                self._reads.pop(lid, None)
                self._reads_later.pop(lid, None)
                return [(lid, At(path[:-1], path[-1]))]
        return []

    def _restless_ms(self, lid: int) -> int:
        """Answers how long an open document must still be left alone: its program may be in the middle of saving it."""
        seen = local_tree.disk(self._desk.store, lid)
        age_ms = 0 if seen is None else self._desk.now.wall_ms - seen.mtime_ns // 1_000_000
        return STILL_MS - age_ms if 0 <= age_ms < STILL_MS and self._desk.is_open_document(lid) else 0

    def _files_to_read(self) -> list[tuple[int, At]]:
        if self._desk.fresh.full and self._desk.running(Commit):
            return []  # Only what is being sent makes room: what is adopted, held or kept back must not stop the reading.
        lids = list(islice((lid for lid in self._reads if not self._desk.occupied(lid)), READ_FILES))
        on_disk, at = local_tree.disks(self._desk.store, lids), paths.disk_paths(self._desk.store, lids)
        files: list[tuple[int, At]] = []
        size = 0
        for lid in lids:
            if lid in on_disk and lid in at:
                if files and size + on_disk[lid].size_bytes > READ_BYTES:
                    break
                files.append((lid, At(at[lid][:-1], at[lid][-1])))
                size += on_disk[lid].size_bytes
            del self._reads[lid]
        return files

    def files_read(self, job: Read, result: FilesRead) -> list[int]:
        """Takes in what files hold; the content belongs to the signature with which it was read (R4).

        Answers the folders of files that are not what they were: they must be looked at."""
        store, now_ms = self._desk.store, self._desk.now.wall_ms
        with store.transaction():
            read = [file for file in result.files if isinstance(file, FileRead)]
            held = [contents.Held(file.lid, _seen(file), file.manifest, file.exec) for file in read]
            agreed = damage.agreed(store, [each.lid for each in held])
            damaged = {each.lid for each in held if each.lid in agreed and damage.found(store, each, now_ms)}
            known = contents.record(store, held)
            problems.clear(store, known)
            for file in read:
                self._content(file, file.lid in known, file.lid in damaged)
            folders: list[int | None] = []
            for unread in (file for file in result.files if isinstance(file, FileUnread)):
                if unread.problem.code in _NOT_WHAT_IT_WAS:
                    # What it held is not there any more: whoever needs it waits until its folder was looked at.
                    local_tree.forget_content(store, unread.lid)
                    folders.append(paths.folder_of(store, unread.lid))
                else:
                    self._unread(unread.lid, unread.problem)
        self._desk.wake(lid for lid, _ in job.files)
        return [folder for folder in folders if folder is not None]

    def _content(self, file: FileRead, known: bool, damaged: bool) -> None:
        """Goes on with what a file holds; where another file has its name by now, with reading that."""
        self._busy_since.pop(file.lid, None)
        self._try_at.pop(file.lid, None)
        if not known:
            self.read(file.lid, after_ms=50)
            return
        if damaged:
            self._damaged(file)
        if file.small is not None:
            self._desk.fresh.keep(file.lid, file.manifest, file.small)
        if file.racy:
            # Written so shortly before that a second save could look the same: one more look clears it (R4, R5).
            self.read(file.lid, after_ms=RACY_MS if file.sure else UNSURE_MS)

    def _damaged(self, file: FileRead) -> None:
        """Has the agreed content fetched again; what is left of it goes to Rescued, unless it says nothing (R47)."""
        store = self._desk.store
        activity.here(store, file.lid, "damaged", self._desk.now.wall_ms)
        if is_zeros(file.manifest):
            rescues.done(store, file.lid)
        else:
            rescues.add(store, [file.lid])

    def _unread(self, lid: int, problem: Problem) -> None:
        now = self._desk.now
        node = local_tree.find_node(self._desk.store, lid)
        if node is None:
            self.read_unread()  # It became one with another while it was read, or is forgotten.
            return
        if problem.code is Code.BUSY:
            since = self._busy_since.setdefault(lid, now.steady_ms)
            patience_ms = STILL_MS if self._desk.is_open_document(lid) else TRY_EVERY_MS
            try_at = now.steady_ms + patience_ms
            self._try_at[lid] = min(try_at, self._try_at.get(lid, try_at))
            if now.steady_ms - since > NEVER_QUIET_MS:
                problems.raise_for(self._desk.store, lid, Problem(Code.NEVER_QUIET), now.wall_ms)
            elif node.local is not None and node.local.hash is None:
                # One that is read only to make sure of what is known keeps nothing back.
                refusal = self._refusal(lid)
                problems.raise_for(
                    self._desk.store, lid, refusal or problem, now.wall_ms, waiting=refusal is None
                )
            self.read(lid, after_ms=BUSY_MS)
            return
        problems.raise_for(self._desk.store, lid, problem, now.wall_ms)
        attempts = dirty.count_attempt(self._desk.store, lid)
        self.read(lid, after_ms=min(BUSY_MS * 2**attempts, 5 * 60_000))

    def _refusal(self, lid: int) -> Problem | None:
        """Says why a file would not be sent whatever it holds: its person need not wait for a program to hear of it."""
        seen = local_tree.disk(self._desk.store, lid)
        return None if seen is None else self._desk.rules.refusal(seen.name, seen.size_bytes)

    def failed(self, job: Read) -> None:
        """Learns that a read ended without a result: everything in it is due again."""
        for lid, _ in job.files:
            self.read(lid, after_ms=BUSY_MS)

    @property
    def idle(self) -> bool:
        """Says whether nothing is due to be read, or being read."""
        return not self._reads and self._desk.alone(Read)

    def wakes(self) -> list[int]:
        """Answers when something becomes due by itself, in steady milliseconds."""
        return list(self._reads_later.values())


def _seen(file: FileRead) -> local_tree.Disk:
    """Says what the disk showed of a file while it was read; its name is not known to who reads."""
    signature = file.signature
    return local_tree.Disk(
        "",
        signature.ino,
        signature.size_bytes,
        signature.mtime_ns,
        signature.ctime_ns,
        file.birth_ns,
        file.racy,
    )
