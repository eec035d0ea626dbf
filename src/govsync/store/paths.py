"""Where nodes lie: their path on the disk, their path for people, and what lies at a path.

A space's root has no path of its own: the personal space's root is the synced folder itself, any other's lies where its
mount does (R25).
"""

from collections.abc import Sequence

from govsync.model import names
from govsync.model.nodes import NOWHERE
from govsync.store.database import Store, pieces

_DEEPEST = 250
_NOWHERE_ON_DISK = ("not_yet", "parked", "excluded")


def above(store: Store, lid: int) -> tuple[int, str] | None:
    """Answers the folder that holds a node on the disk, and the node's disk name; None for the synced folder itself.

    A parked node is answered with no folder and its name in the parking folder (R14)."""
    row = store.one("SELECT l_parent, disk_name, presence FROM node WHERE lid = ?", (lid,))
    if row is None or row[0] is None:
        return None
    if row[2] == "parked":
        return NOWHERE, parking_name(lid, row[1])
    if row[0] != NOWHERE or row[1]:
        return row[0], row[1]
    mount = store.value("SELECT mount_lid FROM space WHERE root_lid = ?", (lid,))
    return above(store, mount) if mount is not None else None


def parking_name(lid: int, disk_name: str) -> str:
    """Names in the parking folder a node that had this name on the disk."""
    return names.kept_name(str(lid), disk_name)


def parked(store: Store) -> list[str]:
    """Lists the names of what we have parked."""
    rows = store.all("SELECT lid, disk_name FROM node WHERE presence = 'parked' ORDER BY lid")
    return [parking_name(lid, name) for lid, name in rows]


def disk_path(store: Store, lid: int) -> tuple[str, ...] | None:
    """Answers the disk names down to a node; None where it, or a folder above it, has no place on the disk."""
    found: list[str] = []
    for _ in range(_DEEPEST):
        row = store.one("SELECT l_parent, disk_name, presence FROM node WHERE lid = ?", (lid,))
        if row is None or row[0] is None or row[2] in _NOWHERE_ON_DISK:
            return None
        parent, name, _presence = row
        if parent == NOWHERE:
            mount = store.value("SELECT mount_lid FROM space WHERE root_lid = ?", (lid,))
            if mount is None:
                personal = store.value("SELECT 1 FROM space WHERE root_lid = ? AND kind = 'personal'", (lid,))
                return tuple(reversed(found)) if personal is not None else None
            lid = mount
            continue
        found.append(name)
        lid = parent
    return None


def disk_paths(store: Store, lids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Answers the disk paths of many nodes, each folder looked up once; without those that have no place on the disk."""
    folders: dict[int, tuple[str, ...] | None] = {}
    found: dict[int, tuple[str, ...]] = {}
    for marks, piece in pieces(lids):
        query = f"SELECT lid, l_parent, disk_name, presence FROM node WHERE lid IN ({marks})"
        for lid, parent, name, presence in store.all(query, piece):
            if parent is None or presence in _NOWHERE_ON_DISK:
                continue
            if parent == NOWHERE:
                path = disk_path(store, lid)
            else:
                if parent not in folders:
                    folders[parent] = disk_path(store, parent)
                above = folders[parent]
                path = None if above is None else (*above, name)
            if path is not None:
                found[lid] = path
    return found


def sample(store: Store, count: int) -> list[tuple[tuple[str, ...], int, int | None, int]]:
    """Picks nodes that lie on the disk, from all over: their paths, inodes, sizes (None: a folder) and times."""
    rows = store.all(
        "SELECT lid, ino, CASE kind WHEN 'file' THEN size END, mtime_ns FROM node WHERE presence = 'here' AND l_parent > 0"
        " ORDER BY (lid * 2654435761) % 4294967296 LIMIT ?",
        (count,),
    )
    at = disk_paths(store, [lid for lid, *_ in rows])
    return [(at[lid], ino, size, mtime_ns) for lid, ino, size, mtime_ns in rows if lid in at]


def find(store: Store, path: tuple[str, ...]) -> int | None:
    """Answers the folder or file that is remembered at a disk path; either Unicode form of a name is found."""
    lid: int | None = store.value("SELECT root_lid FROM space WHERE kind = 'personal' ORDER BY id LIMIT 1")
    for name in path:
        if lid is None:
            return None
        lid = _child(store, lid, name)
    return lid


def _child(store: Store, parent: int, name: str) -> int | None:
    parent = inner(store, parent)
    try:
        key = names.key(names.nfc(name))
        key.encode()
    except UnicodeEncodeError:
        return None  # A name that is not text has no node (R8).
    rows = store.all(
        "SELECT lid, disk_name, l_name FROM node WHERE l_parent = ? AND l_key = ? AND presence IN"
        " ('here', 'gap', 'missing', 'local_only', 'obscured') ORDER BY presence != 'here', lid",
        (parent, key),
    )
    exact = [row[0] for row in rows if row[1] == name]
    similar = [row[0] for row in rows if row[2] == names.nfc(name)]
    return next(iter(exact or similar), None) or _by_disk_name(store, parent, name)


def _by_disk_name(store: Store, parent: int, name: str) -> int | None:
    """Finds a node whose disk name is a shortened form of its name (R8)."""
    if "~" not in name:
        return None
    found: int | None = store.value(
        "SELECT lid FROM node WHERE l_parent = ? AND disk_name = ? ORDER BY lid LIMIT 1", (parent, name)
    )
    return found


def inner(store: Store, lid: int) -> int:
    """Answers in which node the content of a folder hangs: for a mount, the root of the space mounted there."""
    root: int | None = store.value("SELECT root_lid FROM space WHERE mount_lid = ?", (lid,))
    return root if root is not None else lid


def folder_of(store: Store, lid: int) -> int | None:
    """Answers the folder in which a node lies on the disk."""
    found = above(store, lid)
    return found[0] if found is not None and found[0] != NOWHERE else None


def shown(store: Store, lid: int, folders: dict[int, str] | None = None) -> str:
    """Answers a node's path for people, by whichever tree has it, without a leading slash; `folders` remembers the paths
    of folders from one question to the next."""
    return _shown(store, lid, {} if folders is None else folders, _DEEPEST)


def shown_in(store: Store, folder: int, name: str, folders: dict[int, str]) -> str:
    """Answers the path for people of what has this name in a folder; `folders` as for `shown`."""
    return _below(store, folder, name, folders, _DEEPEST)


def _shown(store: Store, lid: int, folders: dict[int, str], deepest: int) -> str:
    row = store.one(
        "SELECT coalesce(l_parent, r_parent, b_parent), coalesce(l_name, r_name, b_name) FROM node WHERE lid = ?",
        (lid,),
    )
    if row is None or row[0] is None or deepest == 0:
        return ""
    parent, name = row
    if parent == NOWHERE:
        mount = store.value("SELECT mount_lid FROM space WHERE root_lid = ?", (lid,))
        return "" if mount is None else _shown(store, mount, folders, deepest - 1)
    return _below(store, parent, name, folders, deepest)


def _below(store: Store, folder: int, name: str, folders: dict[int, str], deepest: int) -> str:
    above = folders.get(folder)
    if above is None:
        above = folders[folder] = _shown(store, folder, folders, deepest - 1)
    return f"{above}/{name}" if above else name
