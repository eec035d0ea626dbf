"""The local and the baseline facts of nodes, and how they change when this desk has done something.

`observe` changes local facts by what the disk shows; here are the changes that follow from our own steps. A baseline is
set fact by fact: what was agreed about a place says nothing about a content (docs/decisions/0006).
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from govsync.model import names
from govsync.model.codes import BY_RULE, REFUSALS
from govsync.model.nodes import Baseline, Kind, Local, Node, Place, Presence
from govsync.store import dirty, evidence, holds, trees
from govsync.store.database import Store, pieces

_REFUSED = "('" + "', '".join((*REFUSALS, *BY_RULE)) + "')"
_LOCAL = (
    "l_parent = ?, l_name = ?, l_key = ?, presence = ?, l_hash = ?, l_exec = ?, since_ms = NULL, disk_name = ?,"
    # What another file's birth was says nothing about this one's.
    " birth_ns = coalesce(?, CASE WHEN ino = ? THEN birth_ns END), ino = ?, size = ?, mtime_ns = ?, ctime_ns = ?, racy = ?"
)
_BASE = "b_parent = ?, b_name = ?, b_place = ?, b_rev = ?, b_hash = ?, b_exec = ?"


class Disk(msgspec.Struct, frozen=True):
    """What the disk showed of a node when it was last looked at: name, inode, size and times (R4), birth time (R1)."""

    name: str
    ino: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    birth_ns: int | None = None
    racy: bool = False


SHOWN = "l_parent, l_name, l_key, disk_name, presence, ino, birth_ns, size, mtime_ns, ctime_ns, racy, l_exec"
"""The columns of what the disk shows of a node, whatever it holds: one node may take them over from another."""


def node(store: Store, lid: int) -> Node:
    """Answers a node; raises KeyError."""
    found = trees.read(store, lid)
    if found is None:
        raise KeyError(lid)
    return found


def find_node(store: Store, lid: int) -> Node | None:
    """Answers a node, or None."""
    return trees.read(store, lid)


def nodes(store: Store, lids: Sequence[int]) -> dict[int, Node]:
    """Answers the known ones of these nodes, in their order."""
    return trees.read_many(store, lids)


def known(store: Store, lids: Sequence[int]) -> set[int]:
    """Answers those of these nodes that there are."""
    return {
        lid
        for marks, piece in pieces(lids)
        for (lid,) in store.all(f"SELECT lid FROM node WHERE lid IN ({marks})", piece)
    }


def by_id(store: Store, node_id: bytes) -> int | None:
    """Answers the lid of a node id, or None."""
    found: int | None = store.value("SELECT lid FROM node WHERE node_id = ?", (node_id,))
    return found


def by_ids(store: Store, node_ids: Collection[bytes]) -> dict[bytes, int]:
    """Answers the lids of those node ids that are known."""
    return {
        node_id: lid
        for marks, piece in pieces(list(node_ids))
        for node_id, lid in store.all(f"SELECT node_id, lid FROM node WHERE node_id IN ({marks})", piece)
    }


def disk(store: Store, lid: int) -> Disk | None:
    """Answers what the disk showed of a node, or None where it has never shown it."""
    return disks(store, [lid]).get(lid)


def disks(store: Store, lids: Sequence[int]) -> dict[int, Disk]:
    """Answers what the disk showed of nodes, without those that it has never shown."""
    found: dict[int, Disk] = {}
    for marks, piece in pieces(lids):
        query = (
            "SELECT lid, disk_name, ino, size, mtime_ns, ctime_ns, birth_ns, racy FROM node"
            f" WHERE lid IN ({marks}) AND ino IS NOT NULL"
        )
        for lid, name, ino, size_bytes, mtime_ns, ctime_ns, birth_ns, racy in store.all(query, piece):
            found[lid] = Disk(name, ino, size_bytes, mtime_ns, ctime_ns, birth_ns, bool(racy))
    return found


def not_obscured(store: Store, lids: Sequence[int]) -> list[int]:
    """Answers those of these nodes of which it is known whether they are on the disk."""
    return [
        lid
        for marks, piece in pieces(lids)
        for (lid,) in store.all(
            f"SELECT lid FROM node WHERE lid IN ({marks}) AND presence IS NOT 'obscured' ORDER BY lid", piece
        )
    ]


def only_here(store: Store, lids: Sequence[int]) -> dict[int, bytes]:
    """Answers those of these nodes that the server was never told of, with their spaces."""
    return {
        lid: space
        for marks, piece in pieces(lids)
        for lid, space in store.all(
            f"SELECT lid, space FROM node WHERE lid IN ({marks}) AND r_parent IS NULL AND presence = 'here'",
            piece,
        )
    }


def untold(store: Store, lids: Sequence[int]) -> dict[int, bytes]:
    """Answers those of these nodes of which no server has ever told, with their ids."""
    return {
        lid: node_id
        for marks, piece in pieces(lids)
        for lid, node_id in store.all(
            f"SELECT lid, node_id FROM node n WHERE lid IN ({marks}) AND r_seq IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM lost l WHERE l.lid = n.lid)",
            piece,
        )
    }


class Revision(msgspec.Struct, frozen=True):
    """The revision of a file that the server shows."""

    space: bytes
    rev: bytes
    hash: bytes
    size_bytes: int
    mtime_ns: int
    exec: bool


def revisions(store: Store, lids: Sequence[int]) -> dict[int, Revision]:
    """Answers the revisions of these nodes, without those that have none."""
    return {
        lid: Revision(space, rev, hash, size_bytes, mtime_ns or 0, bool(exec))
        for marks, piece in pieces(lids)
        for lid, space, rev, hash, size_bytes, mtime_ns, exec in store.all(
            "SELECT lid, space, r_rev, r_hash, r_size, r_mtime_ns, r_exec FROM node"
            f" WHERE lid IN ({marks}) AND r_parent IS NOT NULL AND r_rev IS NOT NULL AND r_hash IS NOT NULL",
            piece,
        )
    }


def moved_here(store: Store, lids: Sequence[int]) -> set[int]:
    """Answers those of these nodes that were moved here from another space (R24)."""
    return {
        lid
        for marks, piece in pieces(lids)
        for (lid,) in store.all(f"SELECT DISTINCT after_lid FROM node WHERE after_lid IN ({marks})", piece)
    }


def sources(store: Store, lids: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
    """Answers of files that were moved here from another space where the server has exactly their content, as it has told: the
    space, and the revision in it."""
    return {
        lid: (space, rev)
        for marks, piece in pieces(lids)
        for lid, space, rev in store.all(
            "SELECT m.lid, n.space, n.r_rev FROM node m JOIN node n ON n.after_lid = m.lid"
            f" WHERE m.lid IN ({marks}) AND n.after_lid IS NOT NULL AND m.r_parent IS NULL AND n.space != m.space"
            " AND n.r_dead = 0 AND n.r_rev IS NOT NULL AND n.r_seq > 0 AND n.r_hash = m.l_hash ORDER BY n.lid DESC",
            piece,
        )
    }


def insert(store: Store, node_id: bytes, space: bytes, kind: Kind, conflict_of: bytes | None = None) -> int:
    """Makes a node without facts; answers its lid."""
    return store.run(
        "INSERT INTO node (node_id, space, kind, conflict_of) VALUES (?, ?, ?, ?)",
        (node_id, space, kind, conflict_of),
    )


class NewNode(msgspec.Struct, frozen=True):
    """A node as the disk shows it for the first time; it may wait for the gap of another one (R3)."""

    node_id: bytes
    space: bytes
    local: Local
    seen: Disk
    waits_for: int | None = None


def insert_seen(store: Store, new: Sequence[NewNode]) -> range:
    """Makes nodes of what the disk shows, inside a transaction; answers their lids, in order."""
    first = store.next_id("node")
    store.insert(
        "node (lid, node_id, space, kind, l_parent, l_name, l_key, presence, l_hash, l_exec, disk_name, ino, size, mtime_ns,"
        " ctime_ns, birth_ns, racy, waits_for)",
        [_seen_first(lid, each) for lid, each in enumerate(new, first)],
    )
    return range(first, first + len(new))


def _seen_first(lid: int, new: NewNode) -> tuple[object, ...]:
    local, seen = new.local, new.seen
    name = local.place.name
    return (
        lid, new.node_id, new.space, local.kind, local.place.parent, name, names.key(name), local.presence, local.hash,
        local.exec, seen.name, seen.ino, seen.size_bytes, seen.mtime_ns, seen.ctime_ns, seen.birth_ns, seen.racy,
        new.waits_for,
    )  # fmt: skip


def set_local(store: Store, lid: int, local: Local, seen: Disk) -> None:
    """Sets what is on the disk at a node's place."""
    store.run(f"UPDATE node SET {_LOCAL} WHERE lid = ?", (*_local_facts(local, seen), lid))


class Placed(msgspec.Struct, frozen=True):
    """What was put on the disk as the server told it, and is agreed on."""

    lid: int
    local: Local
    seen: Disk
    base: Baseline


def set_placed(store: Store, placed: Iterable[Placed]) -> None:
    """Sets what was put on the disk, and that this is agreed on."""
    store.many(
        f"UPDATE node SET {_LOCAL}, {_BASE} WHERE lid = ?",
        [(*_local_facts(each.local, each.seen), *_base_facts(each.base), each.lid) for each in placed],
    )


def _local_facts(local: Local, seen: Disk) -> tuple[object, ...]:
    return (
        local.place.parent, local.place.name, names.key(local.place.name), local.presence, local.hash, local.exec,
        seen.name, seen.birth_ns, seen.ino, seen.ino, seen.size_bytes, seen.mtime_ns, seen.ctime_ns, seen.racy,
    )  # fmt: skip


def forget_content(store: Store, lid: int) -> None:
    """Notes that a file holds something else by now than what was read."""
    store.run("UPDATE node SET l_hash = NULL WHERE lid = ?", (lid,))


def set_presence(store: Store, lid: int, presence: Presence) -> None:
    """Sets only whether, and in which sense, a node is on the disk."""
    store.run("UPDATE node SET presence = ?, since_ms = NULL WHERE lid = ?", (presence, lid))


def ask_back(store: Store, lids: Sequence[int]) -> None:
    """Lets nodes that are not on the disk come back from the server, whatever this desk believed before (R25, R28)."""
    store.many(
        "UPDATE node SET presence = 'not_yet', b_parent = NULL, b_name = NULL, b_place = NULL, b_rev = NULL, b_hash = NULL,"
        " b_exec = NULL WHERE lid = ?",
        ((lid,) for lid in lids),
    )
    evidence.drop(store, lids)


def set_baseline(store: Store, lid: int, base: Baseline | None) -> None:
    """Sets all facts of a baseline, or forgets it."""
    store.run(f"UPDATE node SET {_BASE} WHERE lid = ?", (*_base_facts(base), lid))


def _base_facts(base: Baseline | None) -> tuple[object, ...]:
    if base is None:
        return (None,) * 6
    return base.place.parent, base.place.name, base.place_key, base.rev, base.hash, base.exec


def agree_place(store: Store, lid: int, place: Place, place_key: bytes) -> None:
    """Sets the agreed place."""
    store.run(
        "UPDATE node SET b_parent = ?, b_name = ?, b_place = ?, b_exec = coalesce(b_exec, 0) WHERE lid = ?",
        (place.parent, place.name, place_key, lid),
    )


def agree_content(store: Store, lid: int, rev: bytes | None, content_hash: bytes | None, exec: bool) -> None:
    """Sets the agreed content, with the executable bit that came with it, where a place is agreed on."""
    store.run(
        "UPDATE node SET b_rev = ?, b_hash = ?, b_exec = ? WHERE lid = ? AND b_parent IS NOT NULL",
        (rev, content_hash, exec, lid),
    )


def agree_exec(store: Store, lid: int, exec: bool) -> None:
    """Sets the agreed executable bit, where a place is agreed on."""
    store.run("UPDATE node SET b_exec = ? WHERE lid = ? AND b_parent IS NOT NULL", (exec, lid))


def unmount(store: Store, lid: int, node_id: bytes) -> None:
    """Makes a mount a folder that only this desk has, under a new id: nothing hangs there any more (R25). It is of the space in
    which it lies, and so is what was put into it: a person may have moved it there."""
    inside: bytes = store.value(
        "SELECT p.space FROM node n JOIN node p ON p.lid = n.l_parent WHERE n.lid = ?", (lid,)
    )
    store.many(
        "UPDATE node SET space = ? WHERE lid = ? AND (lid = ? OR r_parent IS NULL)",
        ((inside, found, lid) for found in below(store, lid)),
    )
    store.run(
        "UPDATE node SET node_id = ?, kind = 'folder', target_space = NULL, r_parent = NULL, r_name = NULL, r_key = NULL,"
        " r_place = NULL, r_seq = NULL, r_size = NULL, r_exec = NULL, r_dead = NULL, b_parent = NULL, b_name = NULL,"
        " b_place = NULL, b_exec = NULL WHERE lid = ?",
        (node_id, lid),
    )
    store.run("UPDATE space SET mount_lid = NULL WHERE mount_lid = ?", (lid,))
    dirty.add(store, [lid])


def obscure(store: Store, lid: int) -> list[int]:
    """Freezes what lies below a folder that cannot be looked into (R29); answers the nodes concerned."""
    lids = [found for found in below(store, lid) if found != lid]
    store.many(
        "UPDATE node SET presence = 'obscured' WHERE lid = ? AND presence IN ('here', 'gap')",
        ((found,) for found in lids),
    )
    return lids


def known_files(store: Store, after: int, limit: int) -> list[tuple[int, int]]:
    """Lists files on the disk whose content is known, with their size, in the order of their lids."""
    return store.all(
        "SELECT lid, size FROM node WHERE lid > ? AND kind = 'file' AND presence = 'here' AND l_hash IS NOT NULL"
        " ORDER BY lid LIMIT ?",
        (after, limit),
    )


def below(store: Store, lid: int) -> list[int]:
    """Lists a node and everything below it in the local tree, parents first."""
    rows = store.all(
        "WITH RECURSIVE tree(lid, depth) AS (SELECT ?, 0 UNION ALL"
        " SELECT n.lid, depth + 1 FROM node n JOIN tree t ON n.l_parent = t.lid WHERE depth < 200)"
        " SELECT lid FROM tree ORDER BY depth, lid",
        (lid,),
    )
    return [found for (found,) in rows]


def settle(store: Store, lids: Collection[int]) -> None:
    """Takes nodes with nothing left to decide off the list of dirty ones; what waited for one of them, because it was
    moved there from another space, may be deleted where it came from: desk and server agree on it here now, unless it is to
    stay on this desk alone (R24). No step of theirs waits any more, or is refused."""
    dirty.drop(store, lids)
    for marks, piece in pieces(list(lids)):
        store.run(
            f"DELETE FROM problem WHERE lid IN ({marks}) AND name = '' AND (waiting = 1 OR code IN {_REFUSED})",
            piece,
        )
        waiting = store.all(
            f"SELECT w.lid FROM node w JOIN node n ON n.lid = w.after_lid WHERE w.after_lid IN ({marks})"
            " AND n.presence != 'local_only' ORDER BY w.lid",
            piece,
        )
        if waiting:
            store.many("UPDATE node SET after_lid = NULL WHERE lid = ?", waiting)
            holds.let_moved_go(store, [found for (found,) in waiting])
            dirty.add(store, [found for (found,) in waiting])


def forget_unless_named(store: Store, lid: int) -> None:
    """Forgets a node; one that is still named as the place of another stays as a row without facts."""
    named = store.value(
        "SELECT 1 FROM node WHERE l_parent = ?1 UNION ALL SELECT 1 FROM node WHERE r_parent = ?1 AND r_dead = 0"
        " UNION ALL SELECT 1 FROM node WHERE b_parent = ?1 LIMIT 1",
        (lid,),
    )
    if named is None:
        forget(store, lid)
        return
    _release(store, lid)
    ask_back(store, [lid])
    store.run(
        "UPDATE node SET presence = NULL, l_parent = NULL, l_name = NULL, l_key = NULL WHERE lid = ?", (lid,)
    )
    dirty.drop(store, [lid])  # It is gone still, and would be planned for again and again.


def forget(store: Store, lid: int) -> None:
    """Forgets a node that is gone from disk and server; whatever waited for it waits no longer (R3, R24)."""
    _release(store, lid)
    for table in (
        "node", "manifest", "dirty", "hold_item", "rescue", "suspect", "past", "lost", "evidence", "kept", "protection",
    ):  # fmt: skip
        store.run(f"DELETE FROM {table} WHERE lid = ?", (lid,))
    store.run("DELETE FROM skipped WHERE folder = ?", (lid,))


def _release(store: Store, lid: int) -> None:
    """Lets what waited for a node go on; about the node itself there is nothing left that a person could do."""
    store.run("DELETE FROM problem WHERE lid = ?", (lid,))
    store.run("UPDATE node SET after_lid = NULL WHERE after_lid = ?", (lid,))
    waiting = store.all("SELECT lid FROM node WHERE waits_for = ? ORDER BY lid", (lid,))
    if waiting:
        store.run("UPDATE node SET waits_for = NULL WHERE waits_for = ?", (lid,))
        dirty.add(store, [found for (found,) in waiting])
