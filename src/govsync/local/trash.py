"""What this desk keeps of what it displaced, and how it lets go of it: `.govsync/trash` (R17).

An entry is *verified* when its content is a revision that the server has; only such ones are ever purged, and only if
they are still exactly what was put there: a program may have written through an old handle (F4 of R11). Everything else
leaves by becoming visible again: as a second version (`steps.BringBack`), or copied into the visible folder Rescued.
Refuses to know which entries are verified: the store remembers, the engine hands in.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from hashlib import sha256

import msgspec

from govsync.local.folders import OpenFolders, require_plain
from govsync.local.root import Root, proven
from govsync.local.steps import TRASH, At, Signature
from govsync.model.codes import Code
from govsync.model.names import second_name
from govsync.model.problems import Failure, Problem, problem_of
from govsync.system.fs import FileSystem, Folder, Shape

MOST_BYTES = 5 * 1024**3
MOST_SHARE = 10
"""The trash holds at most a tenth of the disk."""
MOST_AGE_MS = 30 * 24 * 3600 * 1000
LEAST_AGE_MS = 3600 * 1000

_PIECE_BYTES = 1024 * 1024
_PARTIAL = ".govsync-partial"


class Held(msgspec.Struct, frozen=True):
    """An entry of the trash as the store remembers it: its name there, what was put there, and when."""

    name: str
    signature: Signature
    at_ms: int
    verified: bool


class Fate(StrEnum):
    """Says what a look at an entry found, or what became of it."""

    SAME = "same"
    PURGED = "purged"
    GONE = "gone"
    """Somebody emptied the trash."""
    CHANGED = "changed"
    """It was written after it was displaced: it is a second version now, not verified any more."""
    BUSY = "busy"
    """A program has it open for writing."""
    FAILED = "failed"


class Judged(msgspec.Struct, frozen=True):
    """One entry's fate; with `changed`, `signature` is what it is now."""

    name: str
    fate: Fate
    signature: Signature | None = None
    problem: Problem | None = None


def choose(held: Iterable[Held], disk_bytes: int, now_ms: int, need_bytes: int = 0) -> tuple[Held, ...]:
    """Says which entries may go now: verified ones, oldest first, never younger than an hour.

    All older than 30 days; then as many as hold more than 5 GiB or a tenth of the disk together, and as many as make
    room for `need_bytes` where the disk is full.
    """
    entries = sorted(held, key=lambda each: (each.at_ms, each.name))
    total_bytes = sum(each.signature.size_bytes for each in entries)
    surplus_bytes = max(total_bytes - min(MOST_BYTES, disk_bytes // MOST_SHARE), need_bytes)
    chosen = []
    for each in entries:
        age_ms = now_ms - each.at_ms
        if not each.verified or age_ms < LEAST_AGE_MS:
            continue
        if age_ms > MOST_AGE_MS or surplus_bytes > 0:
            chosen.append(each)
            surplus_bytes -= each.signature.size_bytes
    return tuple(chosen)


def look_again(fs: FileSystem, expected: Root, held: Sequence[Held]) -> tuple[Judged, ...]:
    """Looks whether entries are still what was put there (after 60 s, R11); raises Failure where the root is not
    proven."""
    with OpenFolders(fs, proven(fs, expected)) as folders:
        trash = folders.hidden(TRASH)
        return tuple(_judge(fs, trash, each) for each in held)


def purge(fs: FileSystem, expected: Root, held: Sequence[Held]) -> tuple[Judged, ...]:
    """Removes verified entries for good, each after one more look; an unverified one raises ValueError.

    This is the only place where the content of a person's file is destroyed on a desk.
    """
    if not all(each.verified for each in held):
        raise ValueError("only verified entries may be purged")
    with OpenFolders(fs, proven(fs, expected)) as folders:
        trash = folders.hidden(TRASH)
        return tuple(_purge(fs, trash, each) for each in held)


def purge_litter(fs: FileSystem, expected: Root, older_than_ns: int) -> int:
    """Removes the folders of litter that went with removed folders before `older_than_ns`; answers how many.

    Only `RemoveFolder` makes folders in the trash, and it fills them with litter.
    """
    removed = 0
    with OpenFolders(fs, proven(fs, expected)) as folders:
        trash = folders.hidden(TRASH)
        for entry in fs.list(trash).entries:
            if entry.stat.shape is not Shape.FOLDER or entry.stat.ctime_ns >= older_than_ns:
                continue
            with fs.open_folder(trash, entry.name) as litter:
                for each in fs.list(litter).entries:
                    fs.unlink(litter, each.name)
            fs.remove_folder(trash, entry.name)
            removed += 1
    return removed


def rescue(
    fs: FileSystem, expected: Root, at: At, rescued: FileSystem, *, name: str, seen: Signature | None
) -> tuple[str, Signature]:
    """Copies a file into the folder Rescued; durable and compared when this returns. It is a visible one that must be as
    it was `seen`, since what a program may be in the middle of writing is no content yet; or (None) one in the trash.

    Answers its name there (`name`, with a number where that is taken) and the signature of what was copied: only a
    file that still has it may be taken away here. Raises Failure(changed) when it is another, or was written meanwhile.
    """
    require_plain(at.name)
    require_plain(name)
    with OpenFolders(fs, proven(fs, expected)) as folders, rescued.root() as target:
        source = folders.hidden(TRASH) if seen is None else folders.at(at.path)
        with fs.open_file(source, at.name) as file:
            before = file.stat()
            if seen is not None and Signature.of(before) != seen:
                raise Failure(Code.CHANGED, name=at.name)
            partial = _free_of_half_copies(rescued, target, expected)
            with rescued.create(target, partial) as copy:
                read = sha256()
                buffer = memoryview(bytearray(_PIECE_BYTES))
                offset = 0
                while length := file.read_into(offset, buffer):
                    copy.write(buffer[:length])
                    read.update(buffer[:length])
                    offset += length
                copy.finish(before.mtime_ns, bool(before.exec))
                copy.flush()
            if Signature.of(file.stat()) != Signature.of(before) or offset != before.size_bytes:
                rescued.unlink(target, partial)
                raise Failure(Code.CHANGED, name=at.name)
        if _digest(rescued, target, partial) != read.digest():
            rescued.unlink(target, partial)
            raise Failure(Code.UNREADABLE, what="copy")
        given = _name_for_good(rescued, target, partial, name)
        rescued.flush_folders([target])
    return given, Signature.of(before)


def _judge(fs: FileSystem, trash: Folder, held: Held) -> Judged:
    """Looks at an entry: first for a writer, then at the file, so that what a writer left just now is seen."""
    try:
        if fs.stat(trash, held.name) is not None and fs.written_by_somebody(trash, held.name):
            return Judged(held.name, Fate.BUSY)
        stat = fs.stat(trash, held.name)
    except Failure as failure:
        return Judged(held.name, Fate.FAILED, problem=problem_of(failure))
    if stat is None:
        return Judged(held.name, Fate.GONE)
    signature = Signature.of(stat)
    was = held.signature if fs.trust().identity else msgspec.structs.replace(held.signature, ino=stat.ino)
    return Judged(held.name, Fate.SAME if signature == was else Fate.CHANGED, signature)


def _purge(fs: FileSystem, trash: Folder, held: Held) -> Judged:
    judged = _judge(fs, trash, held)
    if judged.fate is not Fate.SAME:
        return judged
    try:
        fs.unlink(trash, held.name)
    except Failure as failure:
        return Judged(held.name, Fate.FAILED, problem=problem_of(failure))
    return Judged(held.name, Fate.PURGED)


def _free_of_half_copies(rescued: FileSystem, target: Folder, root: Root) -> str:
    """Answers the name that copies of this folder's files have until they are whole, free of what a copying left that was
    ended in the middle: what it copied is still where it was. Other folders may copy to the same place at this moment."""
    partial = f"{_PARTIAL}.{root.id.hex()}"
    if rescued.stat(target, partial) is not None:
        rescued.unlink(target, partial)
    return partial


def _name_for_good(rescued: FileSystem, target: Folder, partial: str, wanted: str) -> str:
    name, turn = wanted, 1
    while True:
        try:
            rescued.rename(target, partial, target, name)
        except Failure as failure:
            if failure.code is not Code.EXISTS:
                raise
            turn += 1
            name = second_name(wanted, turn)
        else:
            return name


def _digest(fs: FileSystem, folder: Folder, name: str) -> bytes:
    digest = sha256()
    buffer = memoryview(bytearray(_PIECE_BYTES))
    offset = 0
    with fs.open_file(folder, name) as file:
        while length := file.read_into(offset, buffer):
            digest.update(buffer[:length])
            offset += length
    return digest.digest()
