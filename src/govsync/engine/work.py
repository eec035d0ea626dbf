"""Carries out one job, in whatever thread it is called: over the disk's primitives and the server, nothing else.

It may block, and it may be killed at any primitive: what it leaves behind is found by looking (R16, R32). Trouble with
one item is in the result; a Failure means that the job as a whole has none.
"""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from govsync.content.chunks import SCHEME
from govsync.content.hashes import chunk_hash
from govsync.content.manifests import ChunkRef, Manifest, encode, manifest_pieces
from govsync.engine import jobs
from govsync.engine.passing import Passing
from govsync.local import mounts, place, scanner, seal, strays, trash
from govsync.local.documents import open_here
from govsync.local.ignore import Ignore, is_lock
from govsync.local.reader import FileSource, Pieces, Read, read_files
from govsync.local.recover import recover
from govsync.local.root import Root, Standing, cookie, prove, recognize
from govsync.local.staging import Staged, StagedFile, Staging
from govsync.local.steps import TRASH, At, Signature
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem, problem_of
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.remote.interface import Remote, Source
from govsync.system.fs import FileSystem

STAGED_KEPT_MS = 7 * 24 * 3_600_000

_STANDINGS = {
    Standing.OURS: None,
    Standing.MISSING: Code.FOLDER_MISSING,
    Standing.TAKEN: Code.FOLDER_TAKEN,
    Standing.REPLACED: Code.FOLDER_REPLACED,
    Standing.UNMARKED: Code.FOLDER_REPLACED,
    Standing.MOVED: Code.FOLDER_REPLACED,
}


_NO_SERVER = (Code.OFFLINE, Code.SIGNED_OUT, Code.NOT_OUR_SERVER)
_OF_ONE_FILE = (
    Code.DISK_FULL, Code.TOO_LARGE_HERE, Code.CHUNK_BAD, Code.CHUNK_LOST, Code.HASH_MISMATCH, Code.MANIFEST_BAD,
    Code.NOT_FOUND, Code.EXISTS, Code.GONE, Code.UNREADABLE,
)  # fmt: skip
"""What says something about one of the files that were asked for together."""


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What jobs work with; made once, shared by all threads."""

    fs: FileSystem
    remote: Remote
    root: Root
    ignore: Callable[[], Ignore]
    clock_ns: Callable[[], int]
    booted_ns: int = 0
    """When the machine was started: a lock file from before says nothing any more (R13)."""
    rescued: Callable[[], FileSystem]
    """Opens the visible folder Rescued, and makes it where there is none."""
    hold: Callable[[], None] = lambda: None
    """Makes sure that nobody else's agent works in the folder, and that ours can (R45)."""
    passing: Passing = msgspec.field(default_factory=Passing)
    """Counts what of each file has passed, for those who look on."""


def run(job: jobs.AnyJob, tools: Tools) -> jobs.Result:
    """Carries out a job; raises Failure when it has no result."""
    remote = tools.remote
    match job:
        case jobs.Prove():
            return _prove(tools)
        case jobs.Recognize():
            return jobs.Recognized(recognize(tools.fs, tools.root, job.known))
        case jobs.Mark():
            cookie(tools.fs, tools.root, job.name)
            return jobs.Marked()
        case jobs.Look():
            return jobs.FoldersLooked(tuple(_look(tools, folder) for folder in job.folders))
        case jobs.Recheck():
            listed = [(path, mtime_ns) for _, path, mtime_ns in job.folders]
            changed = frozenset(scanner.changed_since(tools.fs, tools.root, listed))
            return jobs.Rechecked(tuple(lid for lid, path, _ in job.folders if path in changed))
        case jobs.Clean():
            return _clean(tools, job)
        case jobs.Rescue():
            return _rescue(tools, job)
        case jobs.TakeStock():
            return jobs.StockTaken(strays.find(tools.fs, tools.root, job.trashed, job.parked, job.tag))
        case jobs.ReadStrays():
            return _read_strays(tools, job)
        case jobs.WriteMounts():
            mounts.write(tools.fs, tools.root, job.marks)
            return jobs.MountsWritten()
        case jobs.WriteSeal():
            return jobs.SealWritten(seal.write(tools.fs, tools.root, job.known, job.seal))
        case jobs.Read():
            return _read(tools, job.files, job.despite_writers)
        case jobs.Check():
            return _read(tools, job.files, despite_writers=False)
        case jobs.Change():
            return jobs.Changed(place.carry_out(tools.fs, tools.root, job.steps))
        case jobs.Recover():
            return jobs.Changed(recover(tools.fs, tools.root, job.steps))
        case jobs.Upload():
            with tools.passing.of(file.lid for file in job.files):
                return _upload(tools, job)
        case jobs.Fetch():
            with tools.passing.of(want.lid for want in job.wants if want.to_come):
                return _fetch(tools, job)
        case jobs.Commit():
            return jobs.Committed(remote.commit(job.space, job.epoch, job.operations, job.inline, job.after))
        case jobs.Pull():
            changes, contents = remote.changes(job.space, job.cursor)
            return jobs.Pulled(changes, dict(contents))
        case jobs.Snapshot():
            return jobs.SnapshotRead(remote.nodes(job.space, job.after))
        case jobs.Ask():
            return jobs.Answered(remote.known(job.space, job.question))
        case jobs.AskSpaces():
            return jobs.SpacesTold(remote.spaces(job.have))
        case jobs.AskHeads():
            return jobs.HeadsTold(remote.heads())


# Looking and reading


def _prove(tools: Tools) -> jobs.Proven:
    standing = prove(tools.fs, tools.root)
    code = _STANDINGS[standing]
    if code is not None:
        return jobs.Proven(Problem(code), standing)
    tools.hold()
    return jobs.Proven(None, standing, tools.fs.trust(), mounts.read(tools.fs), seal.read(tools.fs))


def _look(tools: Tools, wanted: jobs.LookAt) -> jobs.Looked:
    if wanted.names is not None:
        return _look_at_names(tools, wanted, wanted.names)
    seen = scanner.look(tools.fs, tools.root, wanted.path, tools.ignore(), tools.clock_ns())
    if seen.problem is not None:
        return jobs.Looked(lid=wanted.lid, complete=False, problem=seen.problem)
    folders = [each for each in seen.entries if each.skip is None and each.stat.shape == "folder"]
    born = _births(tools, wanted.path, folders)
    open_documents = open_here(tools.fs, wanted.path, seen.entries, seen.started_ns, tools.booted_ns)
    fresh = seen.folder is not None and scanner.is_fresh(seen.folder.mtime_ns, seen.started_ns)
    return jobs.Looked(
        lid=wanted.lid,
        ino=seen.folder.ino if seen.folder is not None else 0,
        mtime_ns=seen.folder.mtime_ns if seen.folder is not None else 0,
        complete=seen.complete,
        entries=tuple((each.name, each.stat, born.get(each.name), each.skip) for each in seen.entries),
        open_documents=open_documents,
        again=seen.changed or fresh,
    )


def _look_at_names(tools: Tools, wanted: jobs.LookAt, names: Sequence[str]) -> jobs.Looked:
    """Looks only at some names of a folder, so that a save costs the same however many files lie beside it."""
    seen = scanner.look_at(tools.fs, tools.root, wanted.path, tools.ignore(), names)
    if seen.problem is not None:
        return jobs.Looked(lid=wanted.lid, complete=False, problem=seen.problem)
    there = {each.name for each in seen.entries}
    born = _births(tools, wanted.path, seen.entries)
    return jobs.Looked(
        lid=wanted.lid,
        ino=seen.folder.ino if seen.folder is not None else 0,
        complete=False,
        # A lock file speaks for another name, so it asks for a look at the whole folder (R13).
        absent=tuple(name for name in names if name not in there or is_lock(name)),
        entries=tuple((each.name, each.stat, born.get(each.name), each.skip) for each in seen.entries),
    )


def _births(tools: Tools, path: tuple[str, ...], seen: Sequence[scanner.Seen]) -> dict[str, int | None]:
    """Answers when entries of a folder were created."""
    if not seen:
        return {}
    wanted = [(At(path, each.name), each.stat.ino) for each in seen]
    births = scanner.births(tools.fs, tools.root, wanted)
    return {each.name: birth_ns for each, birth_ns in zip(seen, births, strict=True)}


def _read(tools: Tools, files: Sequence[tuple[int, At]], despite_writers: bool) -> jobs.FilesRead:
    found: list[jobs.FileRead | jobs.FileUnread] = []
    ats = [at for _, at in files]
    reads = read_files(tools.fs, tools.root, ats, tools.clock_ns, despite_writers=despite_writers)
    for (lid, _), read in zip(files, reads, strict=True):
        if isinstance(read, Read):
            found.append(
                jobs.FileRead(
                    lid=lid,
                    signature=read.signature,
                    birth_ns=read.birth_ns,
                    manifest=read.manifest,
                    racy=read.racy,
                    sure=read.sure,
                    exec=read.exec,
                    small=read.small,
                )
            )
        else:
            found.append(jobs.FileUnread(lid=lid, problem=read.problem))
    return jobs.FilesRead(tuple(found))


def _read_strays(tools: Tools, job: jobs.ReadStrays) -> jobs.StraysRead:
    ats = [At((), name) for name in job.names]
    reads = read_files(tools.fs, tools.root, ats, tools.clock_ns, hidden=TRASH)
    return jobs.StraysRead(
        tuple(jobs.Stray(read.at.name, read.signature, read.hash) for read in reads if isinstance(read, Read))
    )


def _clean(tools: Tools, job: jobs.Clean) -> jobs.Cleaned:
    judged = trash.look_again(tools.fs, tools.root, job.look) if job.look else ()
    purged = trash.purge(tools.fs, tools.root, job.purge) if job.purge else ()
    if job.sweep:
        trash.purge_litter(tools.fs, tools.root, (job.now_ms - trash.LEAST_AGE_MS) * 1_000_000)
        with Staging(tools.fs, tools.root, 0) as staging:
            staging.sweep((), (job.now_ms - STAGED_KEPT_MS) * 1_000_000)
    return jobs.Cleaned((*judged, *purged))


def _rescue(tools: Tools, job: jobs.Rescue) -> jobs.Rescued:
    """Copies the files one by one; one that cannot be copied stops no other (I10)."""
    rescued = tools.rescued()
    done: list[tuple[At, str, Signature]] = []
    failed: list[tuple[At, Problem]] = []
    for file in job.files:
        try:
            name, copied = trash.rescue(
                tools.fs, tools.root, file.at, rescued, name=file.name, seen=file.seen
            )
            done.append((file.at, name, copied))
        except Failure as failure:
            failed.append((file.at, problem_of(failure)))
    return jobs.Rescued(tuple(done), tuple(failed))


# Contents


class _Bytes:
    """A content in memory, cut as it is given (a manifest that is stored as chunks)."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        chunks = tuple(ChunkRef(chunk_hash(piece), len(piece)) for piece in pieces)
        self.manifest = Manifest(SCHEME, sum(map(len, pieces)), chunks)

    def chunk(self, index: int) -> bytes:
        """As `Source.chunk`."""
        return self._pieces[index]


def _upload(tools: Tools, job: jobs.Upload) -> jobs.Uploaded:
    """Uploads all files together; one that cannot be read any more or finds no room is left out, and the others go on."""
    sources: dict[int, list[Source]] = {}
    growth = {file.lid: file.growth_bytes for file in job.files}
    for file in job.files:
        sources[file.lid] = [FileSource(tools.fs, file.at, file.manifest)]
        encoded = encode(file.manifest)
        if len(encoded) > LIMITS.manifest_inline_bytes:
            sources[file.lid].append(_Bytes(list(manifest_pieces(encoded))))
    failed: list[tuple[int, Problem]] = []
    while sources:
        owners = [lid for lid, mine in sources.items() for _ in mine]
        every = [source for mine in sources.values() for source in mine]
        tools.passing.begin(sources)
        try:
            passed = partial(_passed, tools.passing, owners, every)
            tools.remote.upload(job.space, every, sum(growth[lid] for lid in sources), passed)
        except Failure as failure:
            index = failure.facts.get("index")
            if isinstance(index, int):
                lid = owners[index]
            elif failure.code is Code.QUOTA:
                # All together do not fit: the others are tried without the one that grows most (R39).
                lid = max(sources, key=growth.__getitem__)
            else:
                raise
            failed.append((lid, problem_of(failure)))
            del sources[lid]
        else:
            break
    return jobs.Uploaded(tuple(sources), tuple(failed))


def _passed(
    passing: Passing, owners: Sequence[int], sources: Sequence[Source], number: int, more_bytes: int
) -> None:
    """Counts what the server holds of a file; what describes it is none of it."""
    if isinstance(sources[number], FileSource):
        passing.add(owners[number], more_bytes)


def _fetch(tools: Tools, job: jobs.Fetch) -> jobs.Fetched:
    """Stages what is wanted: what came with the journal at once, the rest from the server; then one flush for all."""
    staged: list[jobs.Staged] = []
    failed: list[tuple[int, Problem]] = []
    with Staging(tools.fs, tools.root, job.minimum_free_bytes) as staging:
        for want in job.wants:
            if want.to_come:
                continue
            try:
                data = want.data or b""
                done = staging.small(_name(want), data, want.hash, want.mtime_ns, want.exec, want.write)
                staged.append(_staged(want, done))
            except Failure as failure:
                failed.append((want.lid, problem_of(failure)))
        to_fetch = [want for want in job.wants if want.to_come]
        _download(tools, job, staging, to_fetch, staged, failed)
        staging.flush()
    return jobs.Fetched(tuple(staged), tuple(failed))


def _download(
    tools: Tools,
    job: jobs.Fetch,
    staging: Staging,
    wants: Sequence[jobs.Wanted],
    staged: list[jobs.Staged],
    failed: list[tuple[int, Problem]],
) -> None:
    files: list[tuple[jobs.Wanted, StagedFile]] = []
    for want in wants:
        name, pieces = _name(want), _pieces(tools, want)
        if staging.has_room(name, want.size_bytes):
            came = partial(tools.passing.reach, want.lid)
            file = staging.download(name, want.rev, want.hash, want.size_bytes, pieces, came)
            files.append((want, file))
        else:
            failed.append((want.lid, Problem(Code.DISK_FULL)))
    kept_back = _bring(tools.remote, job.space, files)
    for want, file in files:
        try:
            done = file.finish(want.mtime_ns, want.exec, want.write)
            staged.append(_staged(want, done))
        except Failure as failure:
            failed.append((want.lid, problem_of(kept_back.get(want.lid, failure))))
        finally:
            file.close()
    lost = next((each for each in kept_back.values() if each.code in _NO_SERVER), None)
    if lost is not None and not staged:
        raise lost


def _bring(
    remote: Remote, space: bytes, files: Sequence[tuple[jobs.Wanted, StagedFile]]
) -> dict[int, Failure]:
    """Downloads files together and, where one of them cannot be had, in halves, so that it keeps back no other (I10);
    answers what kept back which node."""
    files = [(want, file) for want, file in files if not file.complete]
    if not files:
        return {}
    try:
        remote.download(space, [file for _, file in files])
    except Failure as failure:
        if len(files) == 1 or failure.code not in _OF_ONE_FILE:
            return {want.lid: failure for want, _ in files}
        half = len(files) // 2
        return _bring(remote, space, files[:half]) | _bring(remote, space, files[half:])
    return {}


def _pieces(tools: Tools, want: jobs.Wanted) -> Pieces:
    """Answers what this disk holds of a revision already: the pieces of the version before it."""
    return Pieces([] if want.old is None else [FileSource(tools.fs, *want.old)])


def _name(want: jobs.Wanted) -> str:
    """Names a revision in the staging folder, always the same for it, so that a download can go on (I12)."""
    return want.rev.hex()


def _staged(want: jobs.Wanted, done: Staged) -> jobs.Staged:
    return jobs.Staged(
        lid=want.lid, rev=want.rev, hash=want.hash, name=done.name, ino=done.ino, write=want.write,
        manifest=done.manifest,
    )  # fmt: skip
