"""Whether the synced folder is still the one that was chosen, and the hidden folder in which GovSync keeps its things.

A folder is known by two facts together: the inode of what lies at its path and the marker `.govsync/root` (R10). Each
alone can deceive: a file manager copies the marker, a new folder gets an old inode. Nobody tells when a root is
renamed, unmounted or replaced, so it is proven before each batch. What to do about a doubt is the engine's decision.
"""

from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum

import msgspec

from govsync.local.folders import OpenFolders, read_whole, write_whole
from govsync.local.steps import PARKING, STAGING, STATE, TRASH, At
from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.ids import Hex
from govsync.model.problems import MALFORMED, Failure
from govsync.system.fs import FileSystem, Folder, Shape

MARKER = "root"
_MARKER_MOST_BYTES = 4096
COOKIE_PREFIX = "cookie."


class Root(msgspec.Struct, frozen=True):
    """What is recorded of a chosen folder: its random id, the device that owns it, and its inode (0 on a disk where
    numbers do not last: there the marker alone tells)."""

    id: bytes
    device: bytes
    ino: int


class Standing(StrEnum):
    """Says what lies at the synced folder's path now (R29)."""

    OURS = "ours"
    MISSING = "missing"
    """There is no folder."""
    UNMARKED = "unmarked"
    """Our inode without its marker: somebody tidied up, or it is a new folder with an old inode."""
    REPLACED = "replaced"
    """Another folder, without marker or with another folder's."""
    MOVED = "moved"
    """Our marker under another inode: moved, restored or still being copied; only a union may be trusted."""
    TAKEN = "taken"
    """Our folder, but the marker names another device as its owner (R45, R51)."""


_CODES = {
    Standing.MISSING: Code.FOLDER_MISSING,
    Standing.UNMARKED: Code.FOLDER_REPLACED,
    Standing.REPLACED: Code.FOLDER_REPLACED,
    Standing.MOVED: Code.FOLDER_REPLACED,
    Standing.TAKEN: Code.FOLDER_TAKEN,
}


class _Marker(msgspec.Struct, frozen=True):
    format: int
    root: Hex
    device: Hex


def prove(fs: FileSystem, expected: Root) -> Standing:
    """Says whether the path still leads to the folder that was chosen; raises Failure when it cannot be looked at."""
    try:
        root = fs.root()
    except Failure as failure:
        if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY):
            return Standing.MISSING
        raise
    with root:
        return _standing(fs, root, expected)


def proven(fs: FileSystem, expected: Root) -> Folder:
    """Opens the root; raises Failure(folder_missing, folder_replaced or folder_taken) unless it is proven ours."""
    try:
        root = fs.root()
    except Failure as failure:
        if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY):
            raise Failure(Code.FOLDER_MISSING) from failure
        raise
    try:
        standing = _standing(fs, root, expected)
        if standing is not Standing.OURS:
            raise Failure(_CODES[standing], standing=standing)
    except BaseException:
        root.close()
        raise
    return root


def found(fs: FileSystem) -> tuple[bytes, bytes] | None:
    """Answers the root id and the device that the marker at the path names, or None without a readable marker."""
    with fs.root() as root:
        marker = _read_marker(fs, root)
    return None if marker is None else (bytes.fromhex(marker.root), bytes.fromhex(marker.device))


def adopt(fs: FileSystem, root_id: bytes, device: bytes) -> Root:
    """Makes the folder at the path ours: hidden folders, then the marker, durable on return.

    Harmless where it is done already; an older marker is replaced. Whether the folder may be taken is asked before
    (`found`, R45).
    """
    with fs.root() as root:
        _make(fs, root, STATE)
        with fs.open_folder(root, STATE) as state:
            for name in (STAGING, TRASH, PARKING):
                _make(fs, state, name)
            # Cut off in between there is no marker: the folder is chosen anew then, and joined as it is.
            write_whole(fs, state, MARKER, msgspec.json.encode(_Marker(1, root_id.hex(), device.hex())))
            fs.flush_folders([root, state])
        return Root(root_id, device, fs.identity(root).ino if fs.trust().identity else 0)


class Landmark(msgspec.Struct, frozen=True):
    """What is remembered of an entry, by which a folder is known again that has lost its marker; folders have no size."""

    at: At
    ino: int
    size_bytes: int | None
    mtime_ns: int


def recognize(fs: FileSystem, expected: Root, known: Sequence[Landmark]) -> bool:
    """Gives our folder its marker again, where somebody took that away and at least 90 % of what is `known` lies in it; says
    whether it did (R29)."""
    with fs.root() as root:
        if _standing(fs, root, expected) is not Standing.UNMARKED:
            return False
    with OpenFolders(fs, fs.root()) as folders:
        there = sum(_lies_there(fs, folders, each) for each in known)
    if there * 10 < len(known) * 9:
        return False
    adopt(fs, expected.id, expected.device)
    return True


def _lies_there(fs: FileSystem, folders: OpenFolders, known: Landmark) -> bool:
    folders.make_room()
    try:
        stat = fs.stat(folders.at(known.at.path), known.at.name)
    except Failure as failure:
        if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY, Code.OBSCURED):
            return False
        raise
    shape = (
        Shape.FOLDER if known.size_bytes is None else Shape.FILE
    )  # A number may be anything's by now (R1).
    if stat is None or stat.shape is not shape or (stat.ino != known.ino and fs.trust().identity):
        return False
    return known.size_bytes is None or (stat.size_bytes, stat.mtime_ns) == (known.size_bytes, known.mtime_ns)


def cookie(fs: FileSystem, expected: Root, name: str) -> None:
    """Makes an empty file that the watcher has to report as `name`: what it reported before is older (R43).

    It is taken away at once: that it was made has been said by then. Raises Failure where the root is not proven.
    """
    with proven(fs, expected) as root, fs.open_folder(root, STATE) as state:
        fs.create(state, COOKIE_PREFIX + name).close()
        fs.unlink(state, COOKIE_PREFIX + name)


def _standing(fs: FileSystem, root: Folder, expected: Root) -> Standing:
    same = expected.ino in (0, fs.identity(root).ino)
    marker = _read_marker(fs, root)
    if marker is None:
        return Standing.UNMARKED if same else Standing.REPLACED
    if marker.root != expected.id.hex():
        return Standing.REPLACED
    if marker.device != expected.device.hex():
        return Standing.TAKEN
    return Standing.OURS if same else Standing.MOVED


def _read_marker(fs: FileSystem, root: Folder) -> _Marker | None:
    try:
        with fs.open_folder(root, STATE) as state:
            data = read_whole(fs, state, MARKER, _MARKER_MOST_BYTES)
    except Failure as failure:
        if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY):
            return None
        raise
    if data is None:
        return None
    # A marker that cannot be read (torn, written by a stranger) says as much as none.
    with suppress(*MALFORMED):
        return from_json(data, _Marker)
    return None


def _make(fs: FileSystem, folder: Folder, name: str) -> None:
    try:
        fs.make_folder(folder, name, private=True)
    except Failure as failure:
        if failure.code is not Code.EXISTS:
            raise
