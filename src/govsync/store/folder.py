"""Of which folder the memory is (R29, I6).

What a desk remembers of its disk says something about one folder alone. Held against another one, everything that is not
in that one would seem deleted. So for another folder the memory begins anew: what lies there and what the server has are
joined, and what is missing comes. Of our own folder that was put back, copied or moved, what was agreed with the server is
kept, but only as evidence of what a file there may have been made from (docs/decisions/0020).
"""

from govsync.store import dirty, evidence, gaps, local_tree, meta, spaces
from govsync.store.database import Store

ROOT_ID_BYTES = 16
_KEPT = ("meta", "activity", "left_out")
_OF_THE_SERVER = ("space", "node", "past", "lost", "dirty", "evidence", "kept", "protection")
"""What is kept besides for our own folder: what the server told, what was agreed with it, and what follows from rights."""


def begin(store: Store, folder: bytes, put_back: bool = False) -> bool:
    """Makes the memory that of a folder, named by the id in its marker and its inode; says whether it was another's, or of
    another time, because one of the two was `put_back`."""
    known = meta.get(store, "folder")
    if known == folder and not put_back:
        return False
    if known is not None and known[:ROOT_ID_BYTES] == folder[:ROOT_ID_BYTES]:
        doubt(store)
    elif known is not None:
        forget(store)
    meta.put(store, "folder", folder)
    meta.set_seal(store, None)
    return known is not None


def forget(store: Store) -> None:
    """Forgets what is known of disk and server alike, but not what has happened, nor what a person has asked for."""
    _empty(store, _KEPT)


def doubt(store: Store) -> None:
    """Believes nothing any more of what is remembered of the disk, and takes what was agreed with the server for evidence.

    Each name is looked at as if it had been hidden: what lies there is the node that lay there, of whatever content, and
    what does not is asked back, for nobody knows when it went (R26). Only that was on the disk when it was last looked at;
    anything else, what was about to be deleted as well, is asked back at once. No step or operation that was under way has
    an outcome here. What the server told may be as old as the memory is, so it is read anew before anything is planned.
    """
    rows = store.all("SELECT lid FROM node WHERE presence IN ('gap', 'missing', 'parked') ORDER BY lid")
    lost = {
        inside: None for (lid,) in rows for inside in gaps.with_mounted(store, local_tree.below(store, lid))
    }
    gaps.let_go(store, list(lost))
    # What is left out as far as the memory goes may be wanted by now, and lie there.
    store.run("UPDATE node SET presence = 'obscured' WHERE presence IN ('here', 'excluded') AND l_parent > 0")
    store.run(
        "UPDATE node SET ino = NULL, birth_ns = NULL, size = NULL, mtime_ns = NULL, ctime_ns = NULL, racy = 0,"
        " l_hash = NULL, since_ms = NULL, waits_for = NULL, after_lid = NULL"
    )
    _empty(store, (*_KEPT, *_OF_THE_SERVER))
    spaces.sync_mounts(store)
    meta.unjoin(store)
    evidence.begin(store)
    dirty.begin(store)


def _empty(store: Store, kept: tuple[str, ...]) -> None:
    tables = store.all(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    for (table,) in tables:
        if table not in kept:
            store.run(f"DELETE FROM {table}")
