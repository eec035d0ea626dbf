"""Files that look as if nobody had saved them: their bytes are others, and their modification time is the old one (R47).

After a power cut, or on a bad disk, a file may be shorter, empty or all zeros, with exactly the modification time that
was recorded when its content was agreed on with the server. That is not an edit, and is never sent as one. The
suspicion is stored with the look that raises it, since the file is read only later.
"""

from collections.abc import Sequence

from govsync.content.manifests import is_zeros
from govsync.store.contents import Held
from govsync.store.database import Store, pieces

QUIET_MS = 60_000
"""How old a modification time must be to say that nobody saved: a disk may count it in steps of seconds."""


def suspect(store: Store, lid: int, mtime_ns: int, now_ms: int) -> None:
    """Notes, before a look at a file is recorded, that its content may have changed without a save."""
    store.run("DELETE FROM suspect WHERE lid = ? AND mtime_ns != ?", (lid, mtime_ns))
    if _fresh(mtime_ns, now_ms):
        return
    store.run(
        "INSERT OR REPLACE INTO suspect SELECT lid, size, mtime_ns FROM node WHERE lid = ? AND mtime_ns = ? AND racy = 0"
        " AND l_hash IS NOT NULL AND l_hash IS b_hash",
        (lid, mtime_ns),
    )


def _fresh(mtime_ns: int, now_ms: int) -> bool:
    return mtime_ns > (now_ms - QUIET_MS) * 1_000_000


def agreed(store: Store, lids: Sequence[int]) -> set[int]:
    """Answers the files of which some content was agreed on with the server: only they can be damaged."""
    return {
        lid
        for marks, piece in pieces(lids)
        for (lid,) in store.all(
            f"SELECT lid FROM node WHERE lid IN ({marks}) AND b_hash IS NOT NULL ORDER BY lid", piece
        )
    }


def found(store: Store, held: Held, now_ms: int) -> bool:
    """Says, before what was read of a file is recorded, whether it is damage."""
    lid, seen = held.lid, held.seen
    suspect(store, lid, seen.mtime_ns, now_ms)
    row = store.one(
        "SELECT s.size FROM suspect s JOIN node n ON n.lid = s.lid WHERE s.lid = ? AND n.b_hash IS NOT ?",
        (lid, held.manifest.content_hash),
    )
    store.run("DELETE FROM suspect WHERE lid = ?", (lid,))
    return row is not None and (seen.size_bytes < row[0] or is_zeros(held.manifest))
