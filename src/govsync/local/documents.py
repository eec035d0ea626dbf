"""Which documents of a folder are open in a program here, as the lock files beside them say (R13).

A program that crashed leaves its lock file behind: one that nobody holds open, and that is older than the machine's
start or half a day, says nothing any more. Neighbours: `ignore` knows the names of lock files and what they stand for,
`scanner` lists folders. Refuses to know what follows.
"""

from collections.abc import Sequence

from govsync.local.folders import opened
from govsync.local.ignore import documents_open, is_lock
from govsync.local.scanner import Seen
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.fs import FileSystem

LOCK_LASTS_NS = 12 * 3600 * 1_000_000_000


def open_here(
    fs: FileSystem, path: tuple[str, ...], entries: Sequence[Seen], now_ns: int, booted_ns: int
) -> tuple[str, ...]:
    """Answers the names of the documents among a folder's entries that are open here, in order."""
    locks = [each for each in entries if is_lock(each.name)]
    if not locks:
        return ()
    oldest_ns = max(booted_ns, now_ns - LOCK_LASTS_NS)
    old = [each.name for each in locks if each.stat.mtime_ns < oldest_ns]
    stale = {name for name in old if not _held(fs, path, name)}
    return tuple(sorted(documents_open(each.name for each in entries if each.name not in stale)))


def _held(fs: FileSystem, path: tuple[str, ...], name: str) -> bool:
    """Says whether a program has the lock file open for writing, or may have: another's cannot be asked about."""
    try:
        with opened(fs, path) as folder:
            return fs.written_by_somebody(folder, name) is True
    except Failure as failure:
        return failure.code is not Code.GONE
