"""What the engine asks others to do: work on the disk and with the server, as values.

A job is carried out by `work.run`, which may block, in a worker thread (or, in the simulation, in a greenlet that can
be killed at every primitive). It owns nothing and changes no tree: it comes back as a result, or as a failure, and the
engine decides. `number` is unique in one life of the engine.
"""

from typing import Literal

import msgspec

from govsync.content.manifests import Manifest
from govsync.local.root import Landmark, Standing
from govsync.local.steps import AnyStep, At, Signature, StepOutcome
from govsync.local.trash import Held, Judged
from govsync.model.nodes import MountMark, Seal
from govsync.model.operations import AnyOperation
from govsync.model.problems import Problem
from govsync.protocol.changes import Changes, Cursor, Known, KnownAnswer, Nodes
from govsync.protocol.commits import CommitAnswer
from govsync.protocol.session import Heads, Spaces
from govsync.system.fs import Stat, Trust

Pool = Literal["disk", "network"]


class Job(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What every job has."""

    number: int


# On the disk


class Prove(Job, frozen=True):
    """Makes sure that the folder is still ours (R10, R29)."""


class Recognize(Job, frozen=True):
    """Gives the folder its marker again, if it is by and large what is known (R29)."""

    known: tuple[Landmark, ...]


class Recognized(msgspec.Struct, frozen=True, tag=True):
    """Answers `Recognize`."""

    done: bool


class Mark(Job, frozen=True):
    """Makes and removes a file that the watcher has to tell of (R43)."""

    name: str


class Marked(msgspec.Struct, frozen=True, tag=True):
    """Answers `Mark`."""


class LookAt(msgspec.Struct, frozen=True):
    """A folder to look at, by lid and disk path: as a whole, or only at these names; `deep`: its folders follow."""

    lid: int
    path: tuple[str, ...]
    names: tuple[str, ...] | None = None
    deep: bool = False


class Look(Job, frozen=True):
    """Looks at folders."""

    folders: tuple[LookAt, ...]


class Recheck(Job, frozen=True):
    """Asks, at the end of a look at everything, which folders have changed since they were listed (R6): each by lid, path
    and the modification time that it had."""

    folders: tuple[tuple[int, tuple[str, ...], int], ...]


class Rechecked(msgspec.Struct, frozen=True, tag=True):
    """Answers `Recheck`: the folders that have changed, by lid."""

    changed: tuple[int, ...]


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What one folder showed; not `complete`: nothing may be concluded from what is absent (R29, I6).

    `absent` are those of the names asked for at which nothing was: the folder must be listed to know what that means.
    """

    lid: int
    complete: bool
    ino: int = 0
    """The inode of the folder that was really looked at: the path may lead to another one by now."""
    mtime_ns: int = 0
    absent: tuple[str, ...] = ()
    entries: tuple[tuple[str, Stat, int | None, str | None], ...] = ()
    """Name, look, birth time where it was asked for (R1), and why it would be left alone if it had no node (R27)."""
    open_documents: tuple[str, ...] = ()
    """Names of documents beside which a lock file lies: somebody has them open here (R13)."""
    again: bool = False
    """The folder changed while, or just before, it was listed: an entry may have slipped past (R6)."""
    problem: Problem | None = None


class Read(Job, frozen=True):
    """Reads files to their end and hashes them; `despite_writers`: also those that a program keeps open for hours, if
    nobody writes meanwhile (R5)."""

    files: tuple[tuple[int, At], ...]
    despite_writers: bool = False


class Check(Job, frozen=True):
    """Reads files again that seem unchanged (R44)."""

    files: tuple[tuple[int, At], ...]


class FileRead(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was read: its signature before and after was this one (R4). `small` is its only chunk, when small."""

    lid: int
    signature: Signature
    birth_ns: int | None
    manifest: Manifest
    racy: bool
    sure: bool
    exec: bool | None
    small: bytes | None = None


class FileUnread(msgspec.Struct, frozen=True, kw_only=True):
    """A file that could not be read now: a program is writing it (`busy`), it changed meanwhile (`changed`), it is
    gone, or the disk refuses."""

    lid: int
    problem: Problem


class FilesRead(msgspec.Struct, frozen=True, tag=True):
    """Answers `Read` and `Check`."""

    files: tuple[FileRead | FileUnread, ...]


class Change(Job, frozen=True):
    """Carries out steps on the disk, in order (their intents are durable)."""

    steps: tuple[AnyStep, ...]


class Recover(Job, frozen=True):
    """Finds out, after a crash, what became of steps (R16)."""

    steps: tuple[AnyStep, ...]


class Changed(msgspec.Struct, frozen=True, tag=True):
    """Answers `Change` and `Recover`."""

    outcomes: tuple[StepOutcome, ...]


class Clean(Job, frozen=True):
    """Looks again at what was displaced a minute ago, purges what may go, and with `sweep` removes what was left half-done
    long ago."""

    look: tuple[Held, ...]
    purge: tuple[Held, ...]
    sweep: bool
    now_ms: int


class Cleaned(msgspec.Struct, frozen=True, tag=True):
    """Answers `Clean`: what became of each entry."""

    judged: tuple[Judged, ...]


class ToRescue(msgspec.Struct, frozen=True, kw_only=True):
    """A file to copy into Rescued under `name`, or the nearest free one: at its place, where it must still be as it was
    `seen`, or in the trash (None), as it is."""

    lid: int
    at: At
    name: str
    seen: Signature | None

    @property
    def trashed(self) -> bool:
        """Says whether it lies in the trash."""
        return self.seen is None


class Rescue(Job, frozen=True):
    """Copies files into the folder Rescued."""

    files: tuple[ToRescue, ...]


class Rescued(msgspec.Struct, frozen=True, tag=True):
    """Answers `Rescue`: where each lies now and the signature with which it was copied, and what kept others back."""

    done: tuple[tuple[At, str, Signature], ...]
    failed: tuple[tuple[At, Problem], ...]


class TakeStock(Job, frozen=True):
    """Looks for what lies in our hidden folders beside what is remembered (R17, R40); what is found parked goes to the
    trash under names that begin with `tag`."""

    trashed: frozenset[str]
    parked: frozenset[str]
    tag: str


class StockTaken(msgspec.Struct, frozen=True, tag=True):
    """Answers `TakeStock`: files in the trash of which nothing is remembered, by name."""

    strays: tuple[str, ...]


class ReadStrays(Job, frozen=True):
    """Reads files in the trash of which nothing is remembered."""

    names: tuple[str, ...]


class Stray(msgspec.Struct, frozen=True):
    """A file in the trash of which nothing was remembered, as it was read."""

    name: str
    signature: Signature
    hash: bytes


class StraysRead(msgspec.Struct, frozen=True, tag=True):
    """Answers `ReadStrays`, without those that cannot be read now."""

    strays: tuple[Stray, ...]


class WriteMounts(Job, frozen=True):
    """Writes down beside the files which folders are mounts (R25)."""

    marks: tuple[MountMark, ...]


class MountsWritten(msgspec.Struct, frozen=True, tag=True):
    """Answers `WriteMounts`."""


class WriteSeal(Job, frozen=True):
    """Writes down beside the files a number that is remembered, in place of the one that is `known` (R29)."""

    known: Seal | None
    seal: bytes


class SealWritten(msgspec.Struct, frozen=True, tag=True):
    """Answers `WriteSeal`."""

    seal: Seal


# With the server


class ToUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A file to upload: what it was made of when it was read, and how much longer that is than what the server has of the
    node (R39)."""

    lid: int
    at: At
    manifest: Manifest
    growth_bytes: int


class Upload(Job, frozen=True):
    """Makes the chunks of files durable on the server."""

    space: bytes
    files: tuple[ToUpload, ...]


class Uploaded(msgspec.Struct, frozen=True, tag=True):
    """Answers `Upload`: which files' chunks are there, and what kept others back."""

    done: tuple[int, ...]
    failed: tuple[tuple[int, Problem], ...]


class Commit(Job, frozen=True):
    """Asks a space for operations; `inline` are small chunks that travel with them."""

    space: bytes
    epoch: bytes
    operations: tuple[AnyOperation, ...]
    inline: tuple[bytes, ...]
    after: Cursor | None = None


class Pull(Job, frozen=True):
    """Reads a page of a space's journal.

    `told`: what answers to commits had told of when it was asked; a page may have been read before any later answer, and
    says nothing about that.
    """

    space: bytes
    cursor: Cursor | None
    told: Cursor | None


class Pulled(msgspec.Struct, frozen=True, tag=True):
    """Answers `Pull`; `contents` are small contents by revision."""

    changes: Changes
    contents: dict[bytes, bytes]


class Snapshot(Job, frozen=True):
    """Reads a page of a space's snapshot (R33, R34)."""

    space: bytes
    after: bytes | None


class Ask(Job, frozen=True):
    """Asks which operations or contents a space has ever known (R34, R40)."""

    space: bytes
    question: Known


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A revision to fetch: for which node, and what it must turn out to be. `data` where it is already at hand."""

    lid: int
    rev: bytes
    hash: bytes
    size_bytes: int
    mtime_ns: int
    exec: bool
    write: bool = True
    """Whether anybody may write the file (R38)."""
    data: bytes | None = None
    old: tuple[At, Manifest] | None = None
    """A file on this disk that may hold pieces of it, and what it is made of."""

    @property
    def to_come(self) -> bool:
        """Says whether the server has to be asked for it."""
        return self.data is None and self.size_bytes > 0


class Fetch(Job, frozen=True):
    """Brings revisions into the staging folder, verified."""

    space: bytes
    wants: tuple[Wanted, ...]
    minimum_free_bytes: int = 0


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """A verified revision in the staging folder, under which name and inode; `manifest` where it has several chunks, so
    that the next version need not be fetched whole."""

    lid: int
    rev: bytes
    hash: bytes
    name: str
    ino: int
    write: bool = True
    manifest: Manifest | None = None


class Fetched(msgspec.Struct, frozen=True, tag=True):
    """Answers `Fetch`: what is staged, and what kept others back."""

    staged: tuple[Staged, ...]
    failed: tuple[tuple[int, Problem], ...]


class AskSpaces(Job, frozen=True):
    """Asks which spaces there are for this person, naming those that the desk holds (R38)."""

    have: tuple[bytes, ...]


class AskHeads(Job, frozen=True):
    """Asks for the heads of all spaces."""


class FoldersLooked(msgspec.Struct, frozen=True, tag=True):
    """Answers `Look`."""

    folders: tuple[Looked, ...]


class Proven(msgspec.Struct, frozen=True, tag=True):
    """Answers `Prove`: None, or why the folder is not (surely) ours: gone, folder_missing, folder_replaced; and how far the
    disk that it lies on can be trusted, which of its folders are written down as mounts, and by which number memory and
    folder belong together."""

    problem: Problem | None
    standing: Standing = Standing.OURS
    trust: Trust = Trust()
    mounts: tuple[MountMark, ...] = ()
    seal: Seal | None = None


class Committed(msgspec.Struct, frozen=True, tag=True):
    """Answers `Commit`."""

    answer: CommitAnswer


class SnapshotRead(msgspec.Struct, frozen=True, tag=True):
    """Answers `Snapshot`."""

    page: Nodes


class Answered(msgspec.Struct, frozen=True, tag=True):
    """Answers `Ask`."""

    answer: KnownAnswer


class SpacesTold(msgspec.Struct, frozen=True, tag=True):
    """Answers `AskSpaces`."""

    spaces: Spaces


class HeadsTold(msgspec.Struct, frozen=True, tag=True):
    """Answers `AskHeads`."""

    heads: Heads


Result = (
    Proven
    | Recognized
    | Marked
    | FoldersLooked
    | Rechecked
    | Cleaned
    | Rescued
    | StockTaken
    | StraysRead
    | MountsWritten
    | SealWritten
    | FilesRead
    | Changed
    | Uploaded
    | Committed
    | Pulled
    | SnapshotRead
    | Answered
    | Fetched
    | SpacesTold
    | HeadsTold
)

AnyJob = (
    Prove
    | Recognize
    | Mark
    | Look
    | Recheck
    | Clean
    | Rescue
    | TakeStock
    | ReadStrays
    | WriteMounts
    | WriteSeal
    | Read
    | Check
    | Change
    | Recover
    | Upload
    | Commit
    | Pull
    | Snapshot
    | Ask
    | Fetch
    | AskSpaces
    | AskHeads
)

ON_DISK = (
    Prove, Recognize, Mark, Look, Recheck, Clean, Rescue, TakeStock, ReadStrays, WriteMounts, Read, Check, Change, Recover,
)  # fmt: skip
