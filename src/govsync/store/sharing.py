"""A folder that has become the root of a space of its own, with all that this desk holds of it (docs/decisions/0024).

The mount that hangs where it was tells so: it names the folder as its `root`. On the disk nothing changes. What the disk
shows of the folder itself is the mount's from then on, the folder is the root, and what the server has below it, or only
this desk has in it, is the new space's. What a person has moved over the border meanwhile, and was not told yet, lies in
one space on the server and in the other here: it is remembered where it was agreed to lie, so that the next look takes it
for moved from one space to the other (R24).

After a restore the server may know of the folder, and not that it was shared: then all of this is undone, or, where the
space hangs elsewhere on this desk, folder and root go on as two.
"""

from collections.abc import Container, Iterable, Mapping, MutableMapping, Sequence

import msgspec

from govsync.model import names
from govsync.model.nodes import Kind, Presence
from govsync.protocol.changes import CHAIN_START, Cursor, NodeState
from govsync.protocol.session import Role, SpaceInfo, SpaceKind, SpaceState
from govsync.store import dirty, gaps, holds, left_out, local_tree, ops, problems, spaces, uploads
from govsync.store.database import Store
from govsync.system import naming


class _Near(msgspec.Struct, frozen=True, gc=False):
    """A node that hangs below the folder in one of the three trees."""

    lid: int
    space: bytes
    kind: str
    presence: str | None
    l_parent: int | None
    r_parent: int | None
    b_parent: int | None


_ON_DISK = (Presence.HERE, Presence.OBSCURED, Presence.LOCAL_ONLY)
_NO_FACTS = (
    "ino = NULL, birth_ns = NULL, size = NULL, mtime_ns = NULL, ctime_ns = NULL, racy = 0, l_hash = NULL, l_exec = 0,"
    " since_ms = NULL, waits_for = NULL, after_lid = NULL, conflict_of = NULL"
)
"""What a root has none of: its mount has it."""
_FOLDER = "SELECT lid FROM node WHERE node_id = ? AND lid NOT IN (SELECT root_lid FROM space)"
"""A folder with which a space begins, as long as it is one of another."""


def folder_of(store: Store, space: bytes, mount: NodeState) -> int | None:
    """Answers the folder that a mount's space begins with, where it is still known here as one of the space in which the
    mount hangs. One that is known in yet another space this desk has by two ways: only the journal of that space tells when
    it was shared, and what was in it then."""
    if mount.root is None or mount.dead or mount.target_space in (None, space):
        return None
    found: int | None = store.value(f"{_FOLDER} AND space = ?", (mount.root, space))
    return found


def waits(store: Store, info: SpaceInfo) -> bool:
    """Says whether a space that began as a folder cannot be taken up yet: the journal of the space in which it hangs has to
    bring its mount first, and on the way to it the folder, or what is here of it would be torn from where it lies."""
    if info.kind is not SpaceKind.SHARED:
        return False
    mounted = store.value(
        "SELECT 1 FROM node WHERE target_space = ? AND r_parent IS NOT NULL AND r_dead = 0 LIMIT 1",
        (info.id,),
    )
    read = f"{_FOLDER} AND space != ? AND space NOT IN (SELECT id FROM space WHERE role = ?)"
    return mounted is None or store.value(read, (info.root, info.id, Role.UPLOADER)) is not None


def convert(store: Store, space: bytes, mount: NodeState, seq: int | None) -> list[int]:
    """Makes the folder that was where a mount hangs in `space` the root of the mount's space, if it is known here.

    `seq`: of the journal's entry that told so; the new space is read up to there, since its journal begins there. Without
    it (a snapshot told so) the new space has yet to be read. Answers the folders to look at, because something in them is
    another space's now.
    """
    target = mount.target_space
    assert target is not None
    folder = folder_of(store, space, mount)
    if folder is not None:
        parent = spaces.get(store, space)
        assert parent is not None
        assert mount.root is not None
        lid = local_tree.by_id(store, mount.node)
        if lid is None:
            lid = local_tree.insert(store, mount.node, space, Kind.MOUNT)
        _hand_over(store, folder, lid, mount.place)
        info = SpaceInfo(
            id=target, state=SpaceState.MEMBER, kind=SpaceKind.SHARED, name=mount.name, role=parent.role,
            root=mount.root, epoch=parent.epoch, owner_organisation=parent.owner_organisation, owner=parent.owner,
        )  # fmt: skip
        spaces.begin(store, info)
        spaces.set_mount(store, target, lid)
        if seq is not None:
            spaces.set_cursor(store, target, Cursor(parent.epoch, seq, CHAIN_START))
        if store.value("SELECT presence FROM node WHERE lid = ?", (lid,)) == Presence.MISSING:
            gaps.ask_back_mounted(store, lid)
    row = spaces.get(store, target)
    if row is None:
        return []
    moved, look = _move_below(store, row.root_lid, space, target)
    if moved and folder is None:
        # An old journal has told of what the new space may have lost since it was read.
        spaces.read_anew(store, target)
    return look


def _hand_over(store: Store, folder: int, mount: int, place: bytes) -> None:
    """What the disk shows of the folder, and where it was agreed to lie, is the mount's from now on."""
    store.run(
        f"UPDATE node SET ({local_tree.SHOWN}, since_ms, b_parent, b_name, b_place, b_exec) = (SELECT {local_tree.SHOWN},"
        " since_ms, b_parent, b_name, CASE WHEN b_parent IS NOT NULL THEN ?3 END, b_exec FROM node WHERE lid = ?1) WHERE lid = ?2",
        (folder, mount, place),
    )
    store.run(
        f"UPDATE node SET {_NO_FACTS}, r_rev = NULL, r_hash = NULL, r_mtime_ns = NULL, b_rev = NULL, b_hash = NULL"
        " WHERE lid = ?",
        (folder,),
    )
    # Steps and operations that are under way are about what lies there; so is what keeps it back.
    for table in ("intent", "op", "op_cover", "problem"):
        store.run(f"UPDATE OR REPLACE {table} SET lid = ? WHERE lid = ?", (mount, folder))
    store.run("UPDATE OR REPLACE skipped SET folder = ? WHERE folder = ?", (mount, folder))
    for table in ("dirty", "hold_item", "past", "lost"):
        store.run(f"DELETE FROM {table} WHERE lid = ?", (folder,))
    left_out.pass_on(store, folder, mount)
    dirty.add(store, [mount])


def _move_below(store: Store, folder: int, space: bytes, target: bytes) -> tuple[bool, list[int]]:
    """Gives what is below a folder of `space` to the space that it is the root of; says whether there was anything, and
    answers the folders to look at."""
    near = _near(store, folder)
    here = _closure(folder, ((node.lid, node.l_parent) for node in near))
    # What the server does not have is of the folder in which the disk has it; what neither has, where it was agreed to lie.
    there = _closure(
        folder, ((node.lid, _first(node.r_parent, node.l_parent, node.b_parent)) for node in near)
    )
    moved = [node for node in near if node.lid in there and node.space == space]
    store.many("UPDATE node SET space = ? WHERE lid = ?", ((target, node.lid) for node in moved))
    _follow(store, space, target)
    strayed = [
        node
        for node in near
        if (node.lid in here) is not (node.lid in there)
        and node.presence in _ON_DISK
        and node.b_parent is not None
    ]
    return bool(moved), _put_back(store, strayed)


def _first(*parents: int | None) -> int | None:
    return next((parent for parent in parents if parent is not None), None)


def _near(store: Store, folder: int) -> list[_Near]:
    """Lists what hangs below a folder in any of the three trees."""
    rows = store.all(
        "WITH RECURSIVE near(lid) AS (SELECT ?1"
        " UNION SELECT n.lid FROM near JOIN node n ON n.l_parent = near.lid"
        " UNION SELECT n.lid FROM near JOIN node n ON n.r_parent = near.lid AND n.r_dead = 0"
        " UNION SELECT n.lid FROM near JOIN node n ON n.b_parent = near.lid)"
        " SELECT n.lid, n.space, n.kind, n.presence, n.l_parent, n.r_parent, n.b_parent FROM near JOIN node n"
        " ON n.lid = near.lid WHERE n.lid != ?1 ORDER BY n.lid",
        (folder,),
    )
    return [_Near(*row) for row in rows]


def _closure(folder: int, pairs: Iterable[tuple[int, int | None]]) -> set[int]:
    """Answers all that hangs below a folder, by pairs of child and parent; the folder is one of them."""
    children: dict[int, list[int]] = {}
    for lid, parent in pairs:
        if parent is not None:
            children.setdefault(parent, []).append(lid)
    found, pending = {folder}, [folder]
    while pending:
        for lid in children.get(pending.pop(), ()):
            if lid not in found:
                found.add(lid)
                pending.append(lid)
    return found


def _follow(store: Store, space: bytes, target: bytes) -> None:
    """Has everything that is remembered about nodes beside their rows follow them into another space."""
    of_it = "EXISTS (SELECT 1 FROM node n WHERE n.{} = {}.{} AND n.space = ?1)"
    for table, mine, column in (
        ("op", "lid", "lid"),
        ("trash", "lid", "lid"),
        ("sent", "node_id", "node_id"),
    ):
        where = of_it.format(mine, table, column)
        store.run(f"UPDATE {table} SET space = ?1 WHERE space = ?2 AND {where}", (target, space))
    holds.divide(store, space, target)
    # A name never waits for a node of another space: what it seems to hold was moved from there.
    crossing = store.all(
        "SELECT m.lid, n.lid FROM node m JOIN node n ON n.lid = m.waits_for WHERE m.waits_for IS NOT NULL"
        " AND m.space != n.space ORDER BY m.lid"
    )
    store.many("UPDATE node SET after_lid = ? WHERE lid = ?", crossing)
    store.many("UPDATE node SET waits_for = NULL WHERE lid = ?", ((lid,) for lid, _ in crossing))
    dirty.add(store, (lid for pair in crossing for lid in pair))


def _put_back(store: Store, strayed: Iterable[_Near]) -> list[int]:
    """Remembers what was moved over the border where it was agreed to lie: the disk shows it elsewhere, and the next look
    says so. A mount cannot be moved there: it goes back to where the server has it (R25)."""
    look: dict[int, None] = {}
    for node in strayed:
        if node.kind == Kind.MOUNT:
            local_tree.set_baseline(store, node.lid, None)
            dirty.add(store, [node.lid])
            continue
        for parent in (node.l_parent, node.b_parent):
            if parent is not None:
                look[parent] = None
        fact = local_tree.node(store, node.lid)
        assert fact.baseline is not None
        place = fact.baseline.place
        disk_name = naming.disk_name(place.name, fact.node_id)
        store.run(
            "UPDATE node SET l_parent = ?, l_name = ?, l_key = ?, disk_name = ? WHERE lid = ?",
            (place.parent, place.name, names.key(place.name), disk_name, node.lid),
        )
    return list(look)


# A snapshot


def settle(store: Store, space: bytes, states: MutableMapping[bytes, NodeState], unites: bool) -> list[int]:
    """Takes in, before anything is concluded from a whole snapshot of a space, which of its folders are spaces of their
    own by now and, if it `unites`, which are so no more; answers the folders to look at.

    What its first pages told of such a folder before it was shared is dropped: the other space tells of it now.
    """
    if unites:
        shown = {state.target_space for state in states.values()}
        for row in spaces.all_spaces(store):
            if row.id not in shown and _was_shared_here(store, row, space):
                _take_back(store, row, space)
    look: dict[int, None] = {}
    shared = [state for state in states.values() if state.root is not None and not state.dead]
    for state in shared:
        look.update(dict.fromkeys(convert(store, space, state, None)))
    for node in _below(states, {state.root for state in shared}):
        del states[node]
    if unites:
        part_roots(store, space, {node for node, state in states.items() if not state.dead})
        for state in shared:
            assert state.target_space is not None
            _keep_here(store, space, state.target_space, states)
    return list(look)


def _keep_here(store: Store, space: bytes, target: bytes, states: Mapping[bytes, NodeState]) -> None:
    """Leaves in a space what lay in a folder of it that was shared, as far as this desk knew, and what in the other life of
    the server, which the snapshot shows, had been moved out of it before; with all that is in it."""
    rows = store.all("SELECT lid, node_id FROM node WHERE space = ? ORDER BY lid", (target,))
    bring_along(store, [lid for lid, node_id in rows if node_id in states], target, space)


def bring_along(store: Store, lids: Sequence[int], before: bytes, space: bytes) -> None:
    """Gives all that is remembered of nodes that were taken for some of another space `before`, and of everything in them, to
    the space that they are of. No server has anything in a folder of another space: what this desk remembers there was told in
    a life that is gone, or to nobody."""
    store.many(
        "WITH RECURSIVE below(lid) AS (SELECT ?1 UNION SELECT n.lid FROM below f JOIN node n ON n.r_parent = f.lid"
        " WHERE n.space = ?2 AND n.r_dead = 0 UNION SELECT n.lid FROM below f JOIN node n ON n.l_parent = f.lid"
        " WHERE n.space = ?2 AND coalesce(n.r_dead, 1)) UPDATE node SET space = ?3 WHERE lid IN (SELECT lid FROM below)",
        ((lid, before, space) for lid in lids),
    )
    if lids:
        _follow(store, before, space)


def _below(states: Mapping[bytes, NodeState], roots: Iterable[bytes | None]) -> list[bytes]:
    """Lists of a snapshot's nodes these, and all that hangs below them."""
    children: dict[bytes | None, list[bytes]] = {}
    for state in states.values():
        children.setdefault(state.parent, []).append(state.node)
    pending = [root for root in roots if root is not None]
    found: list[bytes] = []
    while pending:
        node = pending.pop()
        found.extend([node] if node in states else [])
        pending.extend(children.get(node, ()))
    return found


def _was_shared_here(store: Store, row: spaces.SpaceRow, space: bytes) -> bool:
    """Says whether a space that the server does not know began as a folder of this one: then its mount's place was made by
    the sharing. One that a server made for somebody with whom it was shared has the mount's own id for its key, until that
    person moves it; it hangs in the own space, and the shared one is somebody else's."""
    if row.kind is not SpaceKind.SHARED or row.state is not SpaceState.UNKNOWN or row.mount_lid is None:
        return False
    around = spaces.get(store, space)
    assert around is not None
    own = (row.owner_organisation, row.owner) == (around.owner_organisation, around.owner)
    mount = store.one(
        "SELECT space, node_id, coalesce(r_place, b_place) FROM node WHERE lid = ?", (row.mount_lid,)
    )
    made_here = mount is not None and mount[0] == space and mount[2] not in (None, mount[1])
    return made_here and (own or around.kind is not SpaceKind.PERSONAL)


def part_roots(store: Store, space: bytes, nodes: Container[bytes]) -> None:
    """Gives the root of every space but this one another id where the server has its folder elsewhere, or as the root of
    this one: it has lost that the other was shared. What the desk shows of that stays as it is, or is let go, and the folder
    comes where the server has it."""
    for row in spaces.all_spaces(store):
        root = _root(store, row)
        if row.id != space and root in nodes:
            spaces.name_root(store, row.root_lid, uploads.key(root, row.id))


def part_lost(store: Store, node: bytes) -> bool:
    """Does so for a folder that a journal tells of, and that is the root of a space of which the server knows nothing; says
    whether it was. A space that it knows, whoever reaches it, may have begun with the folder after what is told here."""
    lost = [
        row
        for row in spaces.all_spaces(store)
        if row.state is SpaceState.UNKNOWN and _root(store, row) == node
    ]
    for row in lost:
        spaces.name_root(store, row.root_lid, uploads.key(node, row.id))
    return bool(lost)


def shown_again(store: Store) -> list[tuple[bytes, bytes]]:
    """Lists the spaces that the server has lost, and whose folder it has shared again so that this desk shows it elsewhere,
    each with that other space, once that was read."""
    every = spaces.all_spaces(store)
    found = {_root(store, row): row.id for row in every if row.readable and row.cursor is not None}
    return [
        (row.id, again)
        for row in every
        if row.state is SpaceState.UNKNOWN
        for root, again in found.items()
        if _root(store, row) == uploads.key(root, row.id)
    ]


def _root(store: Store, row: spaces.SpaceRow) -> bytes:
    found: bytes = store.value("SELECT node_id FROM node WHERE lid = ?", (row.root_lid,))
    return found


def root_again(store: Store, space: bytes, root: bytes) -> None:
    """Gives the root of a space, which the server has (again), the id that the server has for it. What it was given to
    meanwhile is not on the server any more."""
    row = spaces.get(store, space)
    assert row is not None
    known = _root(store, row)
    if known != root:
        other: int | None = store.value("SELECT lid FROM node WHERE node_id = ?", (root,))
        if other is not None:
            store.run("UPDATE node SET node_id = ? WHERE lid = ?", (uploads.key(known, space), other))
        spaces.name_root(store, row.root_lid, root)


def _take_back(store: Store, row: spaces.SpaceRow, space: bytes) -> None:
    """Makes a space a folder again of the space in which it hangs: the server has lost that it was shared. What lies where
    is not agreed on any more; what was sent has no outcome."""
    assert row.mount_lid is not None
    left_out.pass_on(store, row.mount_lid, row.root_lid)
    store.run(
        f"UPDATE node SET ({local_tree.SHOWN}, since_ms) = (SELECT {local_tree.SHOWN}, since_ms FROM node WHERE lid = ?1), r_parent = NULL, r_name = NULL, r_key = NULL, r_place = NULL, r_seq = NULL,"
        " r_dead = NULL, b_parent = NULL, b_name = NULL, b_place = NULL, b_exec = NULL WHERE lid = ?2",
        (row.mount_lid, row.root_lid),
    )
    ops.drop_all(store, row.id)
    for table in ("node", "trash", "sent", "hold"):
        store.run(f"UPDATE {table} SET space = ?1 WHERE space = ?2", (space, row.id))
    spaces.unmark(store, row.id)
    store.run("DELETE FROM space WHERE id = ?", (row.id,))
    problems.clear(store, [row.root_lid])
    local_tree.forget(store, row.mount_lid)
    dirty.add(store, [row.root_lid])
