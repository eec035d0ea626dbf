"""Which folders of the disk are roots of mounted spaces, as it is written down beside the files (R25).

A mark outlives the database: it is read at each start, before the first look. What this desk has mounted itself replaces
it; a mark of a space that is not mounted here (yet, or any more) is kept, and its folder is nobody's private one.
"""

from collections.abc import Sequence

from govsync.model.nodes import Kind, MountMark, Presence
from govsync.store import paths
from govsync.store.database import Store


def take(store: Store, found: Sequence[MountMark]) -> None:
    """Takes in what is written down, for spaces of which nothing is known better."""
    rows = [(mark.space, "/".join(mark.path), mark.ino, mark.birth_ns) for mark in found]
    store.many("INSERT OR IGNORE INTO mark (space, path, ino, birth_ns) VALUES (?, ?, ?, ?)", rows)


def refreshed(store: Store) -> tuple[MountMark, ...]:
    """Brings the marks up to what is mounted now, and answers all of them."""
    for space, lid, ino, birth_ns in store.all(
        "SELECT s.id, n.lid, n.ino, n.birth_ns FROM space s JOIN node n ON n.lid = s.mount_lid"
        " WHERE n.presence = ? AND n.ino > 0 ORDER BY s.id",
        (Presence.HERE,),
    ):
        path = paths.disk_path(store, lid)
        if path is not None:
            store.run(
                "INSERT INTO mark (space, path, ino, birth_ns) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE"
                " SET path = ?2, ino = ?3, birth_ns = ?4 WHERE (path, ino, birth_ns) IS NOT (?2, ?3, ?4)",
                (space, "/".join(path), ino, birth_ns),
            )
    return tuple(
        MountMark(space, tuple(path.split("/")), ino, birth_ns)
        for space, path, ino, birth_ns in store.all(
            "SELECT space, path, ino, birth_ns FROM mark ORDER BY space"
        )
    )


def by_identity(store: Store, ino: int, birth_ns: int) -> bytes | None:
    """Answers of which space a folder is marked as the root."""
    found: bytes | None = store.value(
        "SELECT space FROM mark WHERE ino = ? AND birth_ns = ?", (ino, birth_ns)
    )
    return found


def by_path(store: Store, path: Sequence[str]) -> bytes | None:
    """Answers the same by the folder's path, for disks on which nothing has an identity (R45)."""
    found: bytes | None = store.value("SELECT space FROM mark WHERE path = ?", ("/".join(path),))
    return found


def mount_in(store: Store, parent_space: bytes, target: bytes) -> int | None:
    """Answers the node at which a space hangs in another, where it is not on the disk yet."""
    found: int | None = store.value(
        "SELECT lid FROM node WHERE target_space = ? AND space = ? AND kind = ? AND r_dead = 0"
        " AND coalesce(presence, 'not_yet') = 'not_yet'",
        (target, parent_space, Kind.MOUNT),
    )
    return found
