"""At which mount a space lies on this disk, and what is written down beside the files of the folders that are mounts (R25).

A person may reach a space by two mounts; one of them is in use: that in a team's or a shared space before that in the own
one. A mark outlives the database: it is read at each start, before the first look. What this desk has mounted itself
replaces it; a mark of a space that is not mounted here (yet, or any more) is kept, and its folder is nobody's private one.
"""

from collections.abc import Sequence

from govsync.model.nodes import Kind, MountMark, Presence
from govsync.protocol.session import SpaceKind, SpaceState
from govsync.store import dirty, gaps, kept, left_out, local_tree, paths, spaces
from govsync.store.database import Store

_LOCAL = f"{local_tree.SHOWN}, since_ms"


def choose(store: Store, space: bytes) -> None:
    """Decides by which of its mounts a space is shown. Where that is another than before, what the disk shows is the new
    one's, agreed on where it lies now: so it is moved to its place, and nothing in it is deleted."""
    row = spaces.get(store, space)
    if row is None:
        return
    chosen: int | None = store.value(
        "SELECT n.lid FROM node n JOIN space s ON s.id = n.space WHERE n.target_space = ?1 AND n.r_parent IS NOT NULL"
        " AND n.r_dead = 0 AND s.state = ?2 ORDER BY s.kind = ?3, n.lid != ?4, n.lid LIMIT 1",
        (space, SpaceState.MEMBER, SpaceKind.PERSONAL, row.mount_lid or 0),
    )
    if chosen is not None:
        if row.mount_lid not in (None, chosen):
            _hand_over(store, row.mount_lid, chosen)
            left_out.pass_on(store, row.mount_lid, chosen)
        spaces.set_mount(store, space, chosen)
        if row.mount_lid != chosen:
            left_out.moved(store, chosen)
    elif row.mount_lid is not None:
        spaces.sync_mount(store, row.mount_lid)
    _settle_others(store, space)


def choose_all(store: Store) -> None:
    """Does so for all spaces that have several mounts: whoever may read another list of spaces may have lost one of them."""
    for (space,) in store.all(
        "SELECT target_space FROM node WHERE target_space IS NOT NULL GROUP BY target_space HAVING count(*) > 1"
    ):
        choose(store, space)


def bury_left(store: Store) -> None:
    """Takes for deleted each mount of which neither the server nor this desk has a space any more: it goes like any other
    whose space has ended, or stays as a folder where something was put into it. Only a restored server does not know it."""
    left = store.all(
        "SELECT lid FROM node WHERE kind = ? AND r_parent IS NULL AND l_parent IS NOT NULL"
        " AND target_space NOT IN (SELECT id FROM space) ORDER BY lid",
        (Kind.MOUNT,),
    )
    store.many(
        "UPDATE node SET r_dead = 1, r_parent = l_parent, r_name = l_name, r_key = l_key, r_place = x'', r_seq = 0, r_size = 0,"
        " r_exec = 0, b_parent = l_parent, b_name = l_name, b_place = x'', b_exec = 0 WHERE lid = ?",
        left,
    )
    dirty.add(store, (lid for (lid,) in left))


def _hand_over(store: Store, old: int, new: int) -> None:
    """What the disk shows of one mount is another's from now on; a step that is under way is about that one."""
    if store.value(
        "SELECT 1 FROM node WHERE lid = ? AND l_parent IS NOT NULL AND presence != ?",
        (old, Presence.EXCLUDED),
    ):
        store.run(
            f"UPDATE node SET ({_LOCAL}) = (SELECT {_LOCAL} FROM node WHERE lid = ?1) WHERE lid = ?2",
            (old, new),
        )
        store.run(
            "UPDATE node SET b_parent = l_parent, b_name = l_name, b_place = r_place, b_exec = 0 WHERE lid = ?",
            (new,),
        )
        kept.known_again(store, new)
        store.run("UPDATE intent SET lid = ? WHERE lid = ?", (new, old))
        # What was put into the folder while nothing hung there lies in the space now, and is found there.
        gaps.let_go(store, gaps.with_mounted(store, local_tree.below(store, old)[1:]))
    else:
        store.run(
            "UPDATE node SET presence = 'not_yet' WHERE lid = ? AND presence = ?", (new, Presence.EXCLUDED)
        )
    dirty.add(store, [old, new])


def _settle_others(store: Store, space: bytes) -> None:
    """Settles the mounts of a space that are not in use as left out on purpose (R26)."""
    rows = store.all(
        "SELECT n.lid FROM node n JOIN space s ON s.id = n.target_space WHERE n.target_space = ? AND n.lid != s.mount_lid"
        " AND n.r_parent IS NOT NULL AND n.presence IS NOT ? ORDER BY n.lid",
        (space, Presence.EXCLUDED),
    )
    store.many(
        "UPDATE node SET l_parent = r_parent, l_name = r_name, l_key = r_key, disk_name = r_name, presence = 'excluded',"
        " ino = NULL, birth_ns = NULL, since_ms = NULL, b_parent = NULL, b_name = NULL, b_place = NULL, b_exec = NULL"
        " WHERE lid = ?",
        rows,
    )
    dirty.add(store, (lid for (lid,) in rows))


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
            "SELECT space, path, ino, birth_ns FROM mark WHERE ino > 0 ORDER BY space"
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
