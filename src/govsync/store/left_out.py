"""What the person has chosen not to have on this desk (R26, docs/decisions/0034).

Remembered is the choice alone, by node id, so that it outlives a deletion that is undone. What follows from it for a node
follows from where the server has the node, and is asked anew by each plan: nothing has to be carried along when something
is moved into what is left out, or out of it. Whoever changes the choice, or moves a folder, makes dirty what is below.
"""

from collections.abc import Sequence

import msgspec

from govsync.model import names
from govsync.store import dirty, spaces
from govsync.store.database import Store

_INNER = "coalesce((SELECT root_lid FROM space WHERE mount_lid = ?1), ?1)"
"""Where the content of a folder hangs: for a mount, in the root of the space mounted there."""


class LeftOut:
    """Answers about many nodes; the trees must not change meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chosen: set[int] = {
            lid
            for (lid,) in store.all(
                "SELECT n.lid FROM left_out o JOIN node n ON n.node_id = o.node_id"
                # A space is shown by one of its mounts: the others are not wanted either (R25).
                " UNION SELECT n.lid FROM node n JOIN space s ON s.id = n.target_space"
                " WHERE n.target_space IS NOT NULL AND s.mount_lid IS NOT NULL AND s.mount_lid != n.lid"
            )
        }
        self._mounts: dict[int, int] = {}
        if self._chosen:
            self._mounts.update(
                store.all("SELECT root_lid, mount_lid FROM space WHERE mount_lid IS NOT NULL")
            )
        self._known: dict[int, bool] = dict.fromkeys(self._chosen, True)

    def __contains__(self, lid: int) -> bool:
        if not self._chosen:
            return False
        path: dict[int, None] = {}
        above: int | None = lid
        while above is not None and above not in self._known and above not in path:
            path[above] = None
            above = self._above(above)
        found = above is not None and self._known.get(above, False)
        self._known.update(dict.fromkeys(path, found))
        return found and self._is_alive(lid)

    def _above(self, lid: int) -> int | None:
        """Answers in which folder the server has a node, for a space's root its mount; None where there is none."""
        parent: int | None = self._store.value(
            "SELECT r_parent FROM node WHERE lid = ? AND r_dead = 0", (lid,)
        )
        return parent or self._mounts.get(lid)

    def _is_alive(self, lid: int) -> bool:
        return self._store.value("SELECT 1 FROM node WHERE lid = ? AND r_dead = 0", (lid,)) is not None


def any_chosen(store: Store) -> bool:
    """Says whether anything was chosen."""
    return store.value("SELECT 1 FROM left_out LIMIT 1") is not None


def is_chosen(store: Store, lid: int) -> bool:
    """Says whether just this node was chosen."""
    query = "SELECT 1 FROM left_out o JOIN node n ON n.node_id = o.node_id WHERE n.lid = ?"
    return store.value(query, (lid,)) is not None


def below(store: Store, lid: int) -> list[int]:
    """Lists what the server has below a node, in the spaces that hang there as well, the deepest first; it is the last."""
    rows = store.all(
        "WITH RECURSIVE tree(lid, depth) AS (SELECT ?, 0"
        " UNION SELECT n.lid, depth + 1 FROM tree t JOIN node n ON n.r_parent = t.lid AND n.r_dead = 0 WHERE depth < 400"
        " UNION SELECT s.root_lid, depth + 1 FROM tree t JOIN space s ON s.mount_lid = t.lid WHERE depth < 400)"
        " SELECT lid FROM tree ORDER BY depth DESC, lid",
        (lid,),
    )
    return [found for (found,) in rows]


def choose(store: Store, lid: int) -> list[int]:
    """Leaves out a node with all below it; answers what that is about."""
    about = _choose_anew(store, lid)
    store.run("INSERT OR IGNORE INTO left_out SELECT node_id FROM node WHERE lid = ?", (lid,))
    return about


def take_in(store: Store, lid: int) -> list[int]:
    """Takes in a node with all below it. Of a folder that was left out as a whole, what lies beside the way down to the node
    is left out in its place. Answers what that is about."""
    about = _choose_anew(store, lid)
    beside: list[int] = []
    way = [lid]
    while (above := _folder(store, way[-1])) is not None:
        way.append(above)
        if is_chosen(store, above):
            about += _choose_anew(store, above, but_below=False)
            for folder in way[1:]:
                beside += [child for child in _children(store, folder) if child not in way]
    store.many(
        "INSERT OR IGNORE INTO left_out SELECT node_id FROM node WHERE lid = ?", ((each,) for each in beside)
    )
    return about


def _choose_anew(store: Store, lid: int, but_below: bool = True) -> list[int]:
    """Forgets what was chosen of a node, and below it, and makes all of that dirty; answers it."""
    about = below(store, lid)
    forgotten = about if but_below else [lid]
    store.many(
        "DELETE FROM left_out WHERE node_id = (SELECT node_id FROM node WHERE lid = ?)",
        ((each,) for each in forgotten),
    )
    dirty.add(store, about)
    return about


def _folder(store: Store, lid: int) -> int | None:
    """Answers the folder in which a person finds a node: what lies at the top of a space lies in its mount."""
    parent: int | None = store.value("SELECT r_parent FROM node WHERE lid = ? AND r_dead = 0", (lid,))
    if parent is None:
        return None
    mount: int | None = store.value("SELECT mount_lid FROM space WHERE root_lid = ?", (parent,))
    return mount or parent or None


def _children(store: Store, folder: int) -> list[int]:
    rows = store.all(f"SELECT lid FROM node WHERE r_parent = {_INNER} AND r_dead = 0 ORDER BY lid", (folder,))
    return [lid for (lid,) in rows]


def find(store: Store, path: Sequence[str]) -> int | None:
    """Answers what the server has at a path, whether it is on this desk or not."""
    lid = spaces.personal_root(store)
    for name in path:
        if lid is None:
            return None
        lid = store.value(
            f"SELECT lid FROM node WHERE r_parent = {_INNER} AND r_key = ?2 AND r_dead = 0 ORDER BY lid LIMIT 1",
            (lid, names.key(names.nfc(name))),
        )
    return lid


def moved(store: Store, lid: int) -> None:
    """A folder hangs elsewhere on the server: what is below it may be left out now, or not any more."""
    if any_chosen(store):
        dirty.add(store, below(store, lid))


def pass_on(store: Store, old: int, new: int) -> None:
    """What was left out is another node from now on."""
    if is_chosen(store, old):
        store.run("INSERT OR IGNORE INTO left_out SELECT node_id FROM node WHERE lid = ?", (new,))
        store.run("DELETE FROM left_out WHERE node_id = (SELECT node_id FROM node WHERE lid = ?)", (old,))


def is_gone(store: Store, lid: int) -> None:
    """Notes that what is left out is not on the disk; desk and server agree on nothing about it."""
    store.run(
        "UPDATE node SET l_parent = r_parent, l_name = r_name, l_key = r_key, disk_name = r_name, presence = 'excluded',"
        " ino = NULL, birth_ns = NULL, size = NULL, mtime_ns = NULL, ctime_ns = NULL, racy = 0, l_hash = NULL, l_exec = 0,"
        " since_ms = NULL, waits_for = NULL, after_lid = NULL, b_parent = NULL, b_name = NULL, b_place = NULL, b_rev = NULL,"
        " b_hash = NULL, b_exec = NULL WHERE lid = ?",
        (lid,),
    )
    # A folder marked as the root of this space is a person's own again.
    for (space,) in store.all("SELECT id FROM space WHERE mount_lid = ?", (lid,)):
        spaces.unmark(store, space)
    for table in ("manifest", "protection", "evidence", "problem"):
        store.run(f"DELETE FROM {table} WHERE lid = ?", (lid,))


def is_wanted(store: Store, lid: int) -> None:
    """Notes that what was left out shall come, as if it had never been here."""
    store.run(
        "UPDATE node SET l_parent = NULL, l_name = NULL, l_key = NULL, disk_name = NULL, presence = NULL"
        " WHERE lid = ? AND presence = 'excluded'",
        (lid,),
    )


class FolderRow(msgspec.Struct, frozen=True):
    """A folder that the server has: how many bytes the files in it hold, and whether there are folders in it. `here` is None
    where some of it is left out."""

    name: str
    size_bytes: int
    folders: bool
    here: bool | None


def folders(store: Store, folder: int) -> list[FolderRow]:
    """Lists the folders that the server has in a folder, by name."""
    out, partly, sizes = LeftOut(store), _partly(store), _Sizes(store)
    rows = store.all(
        "SELECT n.lid, n.r_name, EXISTS (SELECT 1 FROM node c WHERE c.kind != 'file' AND c.r_dead = 0"
        " AND c.r_parent IN (n.lid, (SELECT root_lid FROM space WHERE mount_lid = n.lid)))"
        f" FROM node n WHERE n.r_parent = {_INNER} AND n.r_dead = 0 AND n.kind != 'file' ORDER BY n.r_key, n.lid",
        (folder,),
    )
    return [
        FolderRow(name, sizes.below(lid), bool(below), None if lid in partly and lid not in out else lid not in out)
        for lid, name, below in rows
    ]  # fmt: skip


class _Sizes:
    """What the files below folders hold. All nodes are gone through in the order in which they lie in the store: to follow the
    tree, one by one, takes some eight times as long."""

    def __init__(self, store: Store) -> None:
        self._own: dict[int, int] = dict(
            store.all(
                "SELECT r_parent, sum(r_size) FROM node WHERE kind = 'file' AND r_dead = 0 GROUP BY r_parent"
            )
        )
        self._inside: dict[int, list[int]] = {}
        for lid, parent in store.all(
            "SELECT lid, r_parent FROM node WHERE kind != 'file' AND r_dead = 0 AND r_parent > 0"
            " UNION ALL SELECT root_lid, mount_lid FROM space WHERE mount_lid IS NOT NULL"
        ):
            self._inside.setdefault(parent, []).append(lid)

    def below(self, folder: int) -> int:
        """Answers how many bytes the files hold that the server has below a folder."""
        size, seen, pending = 0, {folder}, [folder]
        while pending:
            lid = pending.pop()
            size += self._own.get(lid, 0)
            new = [each for each in self._inside.get(lid, ()) if each not in seen]
            seen.update(new)
            pending.extend(new)
        return size


def _partly(store: Store) -> set[int]:
    """Answers the folders in which something was chosen."""
    found: set[int] = set()
    for (lid,) in store.all("SELECT n.lid FROM left_out o JOIN node n ON n.node_id = o.node_id"):
        above = _folder(store, lid)
        while above is not None and above not in found:
            found.add(above)
            above = _folder(store, above)
    return found


def is_about(store: Store, lid: int) -> bool:
    """Says whether anything was chosen of a node, of what is below it, or of a folder above it."""
    return lid in LeftOut(store) or lid in _partly(store)


def without(store: Store, space: bytes) -> set[bytes]:
    """Answers the ids of what is left out of a space."""
    return {
        node
        for (node,) in store.all(
            "SELECT node_id FROM node WHERE space = ? AND presence = 'excluded'", (space,)
        )
    }


def shown(store: Store, lids: Sequence[int]) -> set[int]:
    """Answers those of these nodes that are left out, by themselves or with a folder above them."""
    out = LeftOut(store)
    return {lid for lid in lids if lid in out}
