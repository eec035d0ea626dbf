"""Leaving a desk without one's files: what is safely on the server goes from the disk, all else stays and is named (I1).

A file goes only if the server, asked now, shows this very content at this very place, holds every piece of it, and nobody
has the file open for writing. It goes the way of every removal: into the hidden trash under a lease, looked at, and purged;
whatever was written meanwhile gets its name again (R12, R17).

Before the first file goes, the folder becomes another one (a new id in its marker): what the desk remembers of it counts for
nothing from then on. So a process that is killed anywhere in between leaves no file that looks deleted: whoever starts the
desk again, or signs in again, gets everything back from the server (docs/decisions/0014, 0033).
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from govsync.agent import home
from govsync.agent.clock import SystemIds
from govsync.agent.home import Identity
from govsync.local import root as roots
from govsync.local import trash
from govsync.local.folders import OpenFolders
from govsync.local.ignore import is_litter
from govsync.local.place import carry_out
from govsync.local.reader import Read, read_files
from govsync.local.root import Root
from govsync.local.steps import (
    PARKING,
    STAGING,
    STATE,
    TRASH,
    At,
    BringBack,
    Remove,
    RemoveFolder,
    Result,
)
from govsync.local.trash import Fate, Held
from govsync.model import names
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.changes import Known, NodeState
from govsync.protocol.commits import Missing
from govsync.protocol.session import Role, SpaceInfo, SpaceKind, SpaceState
from govsync.remote.http import HttpCalls
from govsync.remote.interface import every_node
from govsync.system import naming
from govsync.system.disk import DiskFileSystem
from govsync.system.fs import Entry, FileSystem, Shape
from govsync.system.places import Places

AT_ONCE = 100
MOST_PATHS = 100

_log = logging.getLogger(__name__)

T = TypeVar("T")
Where = tuple[str, ...]
"""A path on the disk, below the synced folder."""


class Copy(msgspec.Struct, frozen=True):
    """What the server has at a path: in which space, and of a file which content."""

    space: bytes
    hash: bytes | None = None


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """How many files went, how many stayed, and the first hundred of those."""

    count: int
    left: int
    left_paths: tuple[str, ...]


def remove_files(places: Places, identity: Identity, calls: HttpCalls) -> Removed:
    """Removes from the synced folder what is safely on the server; the caller sees to it that no agent runs.

    Raises Failure, before anything is changed, where the server cannot be asked, or where the folder is not ours.
    """
    folder = Path(identity.folder)
    disk = DiskFileSystem(folder)
    _require_ours(disk, identity)
    server = Server(calls)
    there = server.shown()
    lock = home.lock_folder(folder)
    try:
        return _Removing(disk, _forgotten(places, identity, disk), server, there).run()
    finally:
        lock.release()


def _require_ours(disk: FileSystem, identity: Identity) -> None:
    try:
        marker = roots.found(disk)
    except Failure as failure:
        raise Failure(Code.FOLDER_MISSING) from failure
    if marker is None or marker[1] != bytes.fromhex(identity.device):
        raise Failure(Code.FOLDER_REPLACED)


def _forgotten(places: Places, identity: Identity, disk: FileSystem) -> Root:
    """Makes the folder another one, durably, for which nothing is remembered. Which id it gets is known before it has it: cut
    off in between, the folder would be taken for a strange one."""
    new = SystemIds().new()
    home.save(places, msgspec.structs.replace(identity, next_root=new.hex()))
    root = roots.adopt(disk, new, bytes.fromhex(identity.device))
    home.save(places, msgspec.structs.replace(identity, root=root.id.hex(), root_ino=root.ino, next_root=""))
    return root


class Server:
    """What the server has of all that this person reaches, as it says now."""

    def __init__(self, calls: HttpCalls) -> None:
        self._calls = calls
        self._spaces: dict[bytes, SpaceInfo] = {}

    def shown(self) -> dict[Where, Copy]:
        """Answers what a desk shows, by its path there."""
        self._spaces = {
            each.id: each
            for each in self._calls.spaces(()).spaces
            if each.state is SpaceState.MEMBER and each.role is not Role.UPLOADER
        }
        inside: dict[bytes, list[tuple[bytes, NodeState]]] = {}
        for space in self._spaces:
            for state in every_node(self._calls, space):
                inside.setdefault(state.parent or b"", []).append((space, state))
        found: dict[Where, Copy] = {}
        own = [each.root for each in self._spaces.values() if each.kind is SpaceKind.PERSONAL]
        folders: list[tuple[Where, bytes]] = [((), root) for root in own]
        seen: set[bytes] = set()
        while folders:
            path, parent = folders.pop()
            if parent in seen:
                continue
            seen.add(parent)
            for space, state in inside.get(parent, ()):
                at = (*path, naming.disk_name(state.name, state.node))
                found[at] = Copy(space, state.hash if state.kind is Kind.FILE else None)
                if state.kind is not Kind.FILE:
                    folders.append((at, state.node if state.kind is Kind.FOLDER else state.root or b""))
        return found

    def holds(self, space: bytes, reads: Sequence[Read]) -> list[Read]:
        """Answers those whose every piece the server holds; of a space that one may only read it is not asked: there the
        content is others'."""
        if self._spaces[space].role is Role.VIEWER:
            return list(reads)
        hashes = dict.fromkeys(chunk.hash for read in reads for chunk in read.manifest.chunks)
        missing: set[bytes] = set()
        for some in _some(hashes, 4_096):
            answer = self._calls.missing(space, Missing(hashes=tuple(some)))
            missing |= {digest for digest, lacks in zip(some, answer.missing, strict=True) if lacks}
        return [read for read in reads if missing.isdisjoint(chunk.hash for chunk in read.manifest.chunks)]

    def has_had(self, contents: Sequence[tuple[str, bytes]]) -> list[bool]:
        """Says of each content whether some file of its name has had it, and can have it again."""
        found = [False] * len(contents)
        for space in self._spaces:
            answer = self._calls.known(space, Known(contents=tuple(contents)))
            found = [one or other for one, other in zip(found, answer.contents, strict=True)]
        return found


class _Removing:
    """One removal under way."""

    def __init__(self, disk: FileSystem, root: Root, server: Server, there: Mapping[Where, Copy]) -> None:
        self._disk, self._root, self._server, self._there = disk, root, server, there
        self._left: list[str] = []
        self._count = 0
        self._ids = SystemIds()

    def run(self) -> Removed:
        files, folders = self._look()
        for some in _some(files, AT_ONCE):
            self._remove(some)
        for path, ino in reversed(folders):  # What is in a folder goes before it.
            step = RemoveFolder(intent=0, lid=0, at=_at(path), ino=ino, trash=self._ids.new().hex())
            carry_out(self._disk, self._root, [step])
        self._clear_hidden()
        left = tuple(self._left)
        return Removed(count=self._count, left=len(left), left_paths=left[:MOST_PATHS])

    def _look(self) -> tuple[list[Where], list[tuple[Where, int]]]:
        """Answers the files that the server shows, too, and the folders, each before what is in it; notes all else."""
        files: list[Where] = []
        folders: list[tuple[Where, int]] = []
        above: list[Where] = [()]
        with OpenFolders(self._disk, roots.proven(self._disk, self._root)) as opened:
            while above:
                path = above.pop()
                for entry in self._listed(opened, path):
                    here = (*path, entry.name)
                    copy = self._there.get(tuple(map(names.nfc, here)))
                    if entry.stat.shape is Shape.FOLDER:
                        above.append(here)
                        if copy is not None and copy.hash is None:
                            folders.append((here, entry.stat.ino))
                    elif entry.stat.shape is Shape.FILE and copy is not None and copy.hash is not None:
                        files.append(here)
                    elif not is_litter(entry.name, entry.stat.size_bytes):
                        self._left.append("/".join(here))
                opened.make_room()
        return files, folders

    def _listed(self, opened: OpenFolders, path: Where) -> Iterable[Entry]:
        try:
            listing = self._disk.list(opened.at(path))
        except Failure as failure:  # What cannot be looked into stays, and keeps back nothing else (I10).
            _log.info("a folder stays: %s", failure.code)
            self._left.append("/".join(path))
            return ()
        if not listing.complete:
            self._left.append("/".join(path))
        return [entry for entry in listing.entries if path or entry.name != STATE]

    def _remove(self, paths: Sequence[Where]) -> None:
        good: dict[bytes, list[Read]] = {}
        reads = read_files(self._disk, self._root, [_at(path) for path in paths], time.time_ns)
        for path, read in zip(paths, reads, strict=True):
            copy = self._there[tuple(map(names.nfc, path))]
            if isinstance(read, Read) and read.hash == copy.hash:
                good.setdefault(copy.space, []).append(read)
        gone = self._take_out([read for space, some in good.items() for read in self._held(space, some)])
        self._count += len(gone)
        self._left += ["/".join(path) for path in paths if _at(path) not in gone]

    def _held(self, space: bytes, reads: Sequence[Read]) -> list[Read]:
        """Answers those that the server holds; where it can be asked no more, none, and all of them stay."""
        try:
            return self._server.holds(space, reads)
        except Failure as failure:
            _log.warning("files stay, since the server cannot be asked: %s", failure.code)
            return []

    def _take_out(self, reads: Sequence[Read]) -> set[At]:
        """Takes files out of their places and away, and answers which are gone; one that was written meanwhile comes back."""
        steps = [
            Remove(
                intent=number, lid=0, at=read.at, expected=read.signature,
                trash=names.kept_name(self._ids.new().hex(), read.at.name),
            )
            for number, read in enumerate(reads)
        ]  # fmt: skip
        outcomes = carry_out(self._disk, self._root, steps)
        out = {
            step.trash: (step, outcome.displaced)
            for step, outcome in zip(steps, outcomes, strict=True)
            if outcome.result is Result.DONE and outcome.displaced is not None
        }
        held = [Held(name, signature, 0, verified=True) for name, (_, signature) in out.items()]
        gone: set[At] = set()
        back: list[BringBack] = []
        for judged in trash.purge(self._disk, self._root, held):
            step, signature = out[judged.name]
            if judged.fate in (Fate.PURGED, Fate.GONE):
                gone.add(step.at)
            else:
                back.append(BringBack(intent=0, lid=0, at=step.at, trash=step.trash, ino=signature.ino))
        carry_out(self._disk, self._root, back)
        return gone

    def _clear_hidden(self) -> None:
        """Lets go of what this desk had put aside: earlier versions that the server has, and downloads that were cut off.
        What it does not have stays in the hidden folder, and is named."""
        for some in _some(self._hidden(TRASH), AT_ONCE):
            reads = read_files(
                self._disk, self._root, [At((), name) for name in some], time.time_ns, hidden=TRASH
            )
            read = [each for each in reads if isinstance(each, Read)]
            known = self._known(read)
            held = [
                Held(each.at.name, each.signature, 0, verified=True)
                for each, has in zip(read, known, strict=True)
                if has
            ]
            gone = {
                each.name for each in trash.purge(self._disk, self._root, held) if each.fate is Fate.PURGED
            }
            self._left += [f"{STATE}/{TRASH}/{name}" for name in some if name not in gone]
        trash.purge_litter(self._disk, self._root, time.time_ns())
        self._left += [f"{STATE}/{PARKING}/{name}" for name in self._hidden(PARKING)]
        with OpenFolders(self._disk, roots.proven(self._disk, self._root)) as opened:
            for name in self._hidden(STAGING):
                self._disk.unlink(opened.hidden(STAGING), name)

    def _known(self, reads: Sequence[Read]) -> list[bool]:
        try:
            return self._server.has_had(
                [(names.nfc(names.name_kept(each.at.name)), each.hash) for each in reads]
            )
        except Failure as failure:
            _log.warning("versions stay, since the server cannot be asked: %s", failure.code)
            return [False] * len(reads)

    def _hidden(self, which: str) -> list[str]:
        with OpenFolders(self._disk, roots.proven(self._disk, self._root)) as opened:
            entries = self._disk.list(opened.hidden(which)).entries
            return [entry.name for entry in entries if entry.stat.shape is Shape.FILE]


def _at(path: Where) -> At:
    return At(path[:-1], path[-1])


def _some(values: Iterable[T], count: int) -> Iterator[list[T]]:
    """Yields values in order, so many at a time."""
    every = list(values)
    return (every[start : start + count] for start in range(0, len(every), count))
