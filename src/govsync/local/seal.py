"""Whether memory and folder are of one age: a number that is written beside the files and remembered (R29).

Inode and marker say which folder it is. They do not say how old it is: a volume may be put back as it was last week, with
its inodes, or the home alone. So a random number is written to `.govsync/seal`, again and again, and the memory knows the
last one. The file's birth is a part of it, which no copy has; where a disk tells of no birth, its last change.
"""

from govsync.local.folders import read_whole, write_whole
from govsync.local.root import Root, proven
from govsync.local.steps import STATE
from govsync.model.codes import Code
from govsync.model.nodes import Seal
from govsync.model.problems import Failure
from govsync.system.fs import FileSystem, Folder

SEAL = "seal"
NUMBER_BYTES = 16


def read(fs: FileSystem) -> Seal | None:
    """Answers what is written beside the files, or None where nothing is."""
    try:
        with fs.root() as root, fs.open_folder(root, STATE) as state:
            return _read(fs, state)
    except Failure as failure:
        if failure.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY):
            return None
        raise


def write(fs: FileSystem, root: Root, known: Seal | None, number: bytes) -> Seal:
    """Writes a new number, durably, and answers it; raises Failure unless the folder is proven ours and holds what is
    `known`, the new one already, or nothing."""
    with proven(fs, root) as folder, fs.open_folder(folder, STATE) as state:
        found = _read(fs, state)
        if found is not None and known is not None and found != known and found.number != number:
            raise Failure(Code.FOLDER_REPLACED)
        write_whole(fs, state, SEAL, number)
        fs.flush_folders([state])
        written = _read(fs, state)
    if written is None:
        raise Failure(Code.GONE, name=SEAL)
    return written


def _read(fs: FileSystem, state: Folder) -> Seal | None:
    number = read_whole(fs, state, SEAL, NUMBER_BYTES)
    stat = fs.stat(state, SEAL)
    if number is None or stat is None:
        return None
    if not fs.trust().identity:
        return Seal(number, 0)
    born_ns = fs.birth_ns(state, SEAL, stat.ino)
    return Seal(number, stat.ctime_ns if born_ns is None else born_ns)
