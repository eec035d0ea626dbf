"""Which folders are the roots of mounted spaces, written down beside the files: `.govsync/mounts` (R25).

A desk that has lost its own database would take a team's folder for a private one of that name, move it out of the way
and send everything in it once more. So each mount is known by the identity of its folder, and where a disk has no
identities by its path.
"""

from contextlib import suppress

import msgspec

from govsync.local.folders import read_whole, write_whole
from govsync.local.root import Root, proven
from govsync.local.steps import STATE
from govsync.model.codes import Code
from govsync.model.documents import from_json
from govsync.model.ids import Hex
from govsync.model.nodes import MountMark
from govsync.model.problems import MALFORMED, Failure
from govsync.protocol.numbers import Number
from govsync.system.fs import FileSystem

MOUNTS = "mounts"
_MOST_BYTES = 4 * 1024 * 1024
"""Some ten thousand mounts."""


class _Written(msgspec.Struct, frozen=True):
    space: Hex
    path: tuple[str, ...]
    ino: Number
    birth_ns: Number | None = None


def read(fs: FileSystem) -> tuple[MountMark, ...]:
    """Answers what is written down; what cannot be understood (torn, a stranger's) says as much as nothing."""
    try:
        with fs.root() as root, fs.open_folder(root, STATE) as state:
            data = read_whole(fs, state, MOUNTS, _MOST_BYTES)
    except Failure as failure:
        if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY):
            return ()
        raise
    with suppress(*MALFORMED):
        rows = from_json(data or b"", list[_Written])
        return tuple(MountMark(bytes.fromhex(row.space), row.path, row.ino, row.birth_ns) for row in rows)
    return ()


def write(fs: FileSystem, root: Root, marks: tuple[MountMark, ...]) -> None:
    """Writes all marks down, durably; raises Failure unless the folder is proven ours."""
    rows = [_Written(mark.space.hex(), mark.path, mark.ino, mark.birth_ns) for mark in marks]
    with proven(fs, root) as folder, fs.open_folder(folder, STATE) as state:
        write_whole(fs, state, MOUNTS, msgspec.json.encode(rows))
        fs.flush_folders([state])
