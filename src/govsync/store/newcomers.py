"""Which spaces come to this desk for the first time: each is met once, and never again, whatever becomes of it.

A space comes with its mount, which may be told before the space itself is. One of which the disk shows anything, or whose folder
is marked beside the files (`mounts`), was here before this memory began.
"""

from govsync.store import meta
from govsync.store.database import Store

_MET = "spaces_met"
_ID_BYTES = 16


def begin(store: Store) -> None:
    """Takes what an older version of GovSync knows of already for met."""
    if meta.get(store, _MET) is None:
        meta.put(store, _MET, b"".join(dict.fromkeys(space for space, _ in _mounts(store))))


def unmet(store: Store) -> list[tuple[bytes, int]]:
    """Answers the spaces that were not met yet, with each of their mounts."""
    noted = meta.get(store, _MET) or b""
    met = {noted[start : start + _ID_BYTES] for start in range(0, len(noted), _ID_BYTES)}
    return [(space, mount) for space, mount in _mounts(store) if space not in met]


def meet(store: Store) -> list[int]:
    """Meets those; answers the mounts of the ones that are new to this desk."""
    found = unmet(store)
    meta.put(
        store, _MET, b"".join((meta.get(store, _MET) or b"", *dict.fromkeys(space for space, _ in found)))
    )
    return [mount for space, mount in found if not _was_here(store, space)]


def _mounts(store: Store) -> list[tuple[bytes, int]]:
    """Answers all mounts; they have an index of their own, since this is asked each time that anything happened."""
    return [
        (space, mount)
        for space, mount in store.all("SELECT target_space, lid FROM node WHERE target_space IS NOT NULL")
    ]


def _was_here(store: Store, space: bytes) -> bool:
    query = (
        "SELECT 1 FROM node WHERE target_space = ?1 AND coalesce(presence, 'not_yet') != 'not_yet'"
        " UNION ALL SELECT 1 FROM mark WHERE space = ?1 AND ino > 0"
    )
    return store.value(query, (space,)) is not None
