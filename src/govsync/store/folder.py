"""Of which folder the memory is (R29, I6).

What a desk remembers of its disk says something about one folder alone. Held against another one, everything that is not
in that one would seem deleted. So for another folder the memory begins anew: what lies there and what the server has are
joined, and what is missing comes.
"""

from govsync.store import meta
from govsync.store.database import Store

_KEPT = ("meta", "activity")


def begin(store: Store, folder: bytes) -> bool:
    """Makes the memory that of a folder; says whether it was another's, and is forgotten."""
    known = meta.get(store, "folder")
    if known == folder:
        return False
    if known is not None:
        forget(store)
    meta.put(store, "folder", folder)
    return known is not None


def forget(store: Store) -> None:
    """Forgets what is known of disk and server alike, but not what has happened, nor what a person has asked for."""
    tables = store.all(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    for (table,) in tables:
        if table not in _KEPT:
            store.run(f"DELETE FROM {table}")
