"""Reading files: only when nobody writes, and the hash belongs to exactly what was read (R4, R5).

A read begins by asking whether a program has the file open for writing, looks before and after, and counts only when
both looks agree. What was read is flushed before anybody is told, so that a power cut cannot undo what the server has
been told of (docs/decisions/0009). What is read a second time is verified chunk by chunk by whoever takes it. Neighbours:
`scanner` finds what to read, `content` cuts and hashes. Refuses to know nodes and what the hashes are for.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate

import msgspec

from govsync.content.chunks import cut
from govsync.content.manifests import Manifest, manifest_of
from govsync.local.folders import OpenFolders, opened
from govsync.local.root import Root, proven
from govsync.local.scanner import TICK_NS
from govsync.local.steps import At, Signature
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem, problem_of
from govsync.system.fs import File, FileSystem, Folder, Stat

SMALL_BYTES = 64 * 1024
"""Contents up to this size travel inside the commit, so their bytes are kept from the first reading."""

QUIET_NS = 2_000_000_000
"""How long a file must not have changed where nobody can say whether it is being written (weak mode)."""

UNSURE_NS = 60_000_000_000
"""How long a change may go on unseen where nobody can say whether the file is being written."""


class Read(msgspec.Struct, frozen=True):
    """A file as it was read: `hash` is the content's hash and belongs to `signature`.

    `racy`: its last change is so fresh that a later one might carry the same times; any event on it, and a restart,
    read it again (R4). `sure` False: it could not be known that nobody writes, and stores through a mapping may move no
    time (F5), so there any change within the last minute is fresh, and the file is hashed again a minute later (R5).
    """

    at: At
    signature: Signature
    exec: bool | None
    links: int
    birth_ns: int | None
    manifest: Manifest
    hash: bytes
    small: bytes | None
    racy: bool
    sure: bool


class Unread(msgspec.Struct, frozen=True):
    """A file that could not be read: `busy` (somebody writes), `changed` (during the reading), `gone`, or what the
    operating system said."""

    at: At
    problem: Problem


def read_files(
    fs: FileSystem,
    expected: Root,
    ats: Sequence[At],
    clock_ns: Callable[[], int],
    *,
    despite_writers: bool = False,
    hidden: str | None = None,
) -> tuple[Read | Unread, ...]:
    """Reads files one after the other, in the synced folder or in one of our `hidden` ones; one that cannot be read stops
    no other (I10).

    `clock_ns` is the desk's clock: it stamps the files of a local disk, so it tells how fresh they are, and reading
    need not write a file to learn the disk's time; where clocks differ, on a network disk, nothing is `sure`. With
    `despite_writers` a file that is kept open for hours is tried all the same: the reading counts if nobody wrote during
    it (R5). On return all that was read is on the disk for good, as it was read or as it was saved since. Raises Failure
    where the root is not proven, or where the flush failed: then nothing that was read counts.
    """
    found: list[Read | Unread] = []
    with OpenFolders(fs, proven(fs, expected)) as folders:
        for at in ats:
            try:
                folder = folders.at(at.path) if hidden is None else folders.hidden(hidden)
                found.append(_read(fs, folder, at, clock_ns(), despite_writers))
                folders.touch(folder)
            except Failure as failure:
                found.append(Unread(at, problem_of(failure)))
            folders.make_room()
        folders.flush()
    return tuple(found)


class FileSource:
    """A file that can be read again for sending, chunk by chunk (`remote.interface.Source`).

    Holds nothing open between two chunks, so any number may wait, and may be read from several threads.
    """

    def __init__(self, fs: FileSystem, at: At, manifest: Manifest) -> None:
        self._fs = fs
        self._at = at
        self._manifest = manifest
        self._offsets = (0, *accumulate(chunk.size_bytes for chunk in manifest.chunks))

    @property
    def manifest(self) -> Manifest:
        """Says what the file was made of when it was read."""
        return self._manifest

    def chunk(self, index: int) -> bytes | memoryview:
        """Reads one chunk as it is now; raises Failure(changed) when the file does not reach so far any more."""
        target = memoryview(bytearray(self._manifest.chunks[index].size_bytes))
        try:
            with opened(self._fs, self._at.path) as folder, self._fs.open_file(folder, self._at.name) as file:
                count = file.read_into(self._offsets[index], target)
        except Failure as failure:
            if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY):
                raise Failure(Code.CHANGED, name=self._at.name) from failure
            raise
        if count != len(target):
            raise Failure(Code.CHANGED, name=self._at.name)
        return target.toreadonly()


class Pieces:
    """Chunks that files on this desk hold already, so that they need not be fetched (`staging.Have`)."""

    def __init__(self, sources: Sequence[FileSource]) -> None:
        self._where = {
            chunk.hash: (source, index)
            for source in sources
            for index, chunk in enumerate(source.manifest.chunks)
        }

    def __call__(self, wanted_hash: bytes) -> bytes | memoryview | None:
        """Answers what stands where a chunk was, still to be verified, or None where the file cannot be read."""
        where = self._where.get(wanted_hash)
        if where is None:
            return None
        source, index = where
        try:
            return source.chunk(index)
        except Failure:
            self._where.pop(
                wanted_hash, None
            )  # the file has changed or cannot be read: the server has the chunk
            return None


def _read(fs: FileSystem, folder: Folder, at: At, started_ns: int, despite_writers: bool) -> Read:
    with fs.open_file(folder, at.name) as file:
        writer = _somebody_writes(fs, file, folder, at.name)
        before = file.opened
        if not despite_writers and (writer or (writer is None and _fresh(before, started_ns, QUIET_NS))):
            raise Failure(Code.BUSY, name=at.name)
        manifest, small = _contents(file, before.size_bytes)
        signature = Signature.of(before)
        if Signature.of(file.stat()) != signature or manifest.size_bytes != before.size_bytes:
            raise Failure(Code.CHANGED, name=at.name)
        return Read(
            at=at,
            signature=signature,
            exec=before.exec,
            links=before.links,
            birth_ns=fs.birth_ns(folder, at.name, before.ino),
            manifest=manifest,
            hash=manifest.content_hash,
            small=small,
            racy=_fresh(before, started_ns, UNSURE_NS if writer is None else TICK_NS),
            sure=writer is False,
        )


def _somebody_writes(fs: FileSystem, file: File, folder: Folder, name: str) -> bool | None:
    """Says whether a program has the open file open for writing, or may write it through a mapping (F2); None where
    that cannot be known.

    A lease that can be had is given back at once: held during a long reading it would keep a person's program waiting.
    """
    if fs.leases() and fs.lease(file):
        fs.release(file)
        return False
    return fs.written_by_somebody(folder, name)


def _contents(file: File, size_bytes: int) -> tuple[Manifest, bytes | None]:
    """Reads as much as the file had when reading began, however it may grow meanwhile: then the look after tells."""
    if size_bytes <= SMALL_BYTES:
        target = bytearray(size_bytes)
        small = bytes(memoryview(target)[: file.read_into(0, memoryview(target))])
        return manifest_of((small,) if small else ()), small

    def read_at(offset: int, target: memoryview) -> int:
        return file.read_into(offset, target[: max(size_bytes - offset, 0)])

    return manifest_of(piece for _, piece in cut(read_at, size_bytes)), None


def _fresh(stat: Stat, started_ns: int, within_ns: int) -> bool:
    """Says whether a file changed within a span before the reading; a time in the future is not fresh, since no change
    of today can carry it too."""
    return abs(started_ns - stat.mtime_ns) < within_ns or abs(started_ns - stat.ctime_ns) < within_ns
