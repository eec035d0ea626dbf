"""The spaces that this desk holds: their roots, where they are mounted, and how far their journals have been read."""

from collections.abc import Iterable

import msgspec

from govsync.model.nodes import Kind
from govsync.protocol.changes import Cursor
from govsync.protocol.session import Role, SpaceInfo, SpaceKind, SpaceState
from govsync.store import ops
from govsync.store.database import Row, Store


class SpaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk remembers of a space; the owner's names let it refill a lost server (R35)."""

    id: bytes
    kind: SpaceKind
    name: str
    role: Role
    state: SpaceState
    root_lid: int
    mount_lid: int | None
    epoch: bytes
    cursor: Cursor | None
    told: Cursor | None
    """The head that the newest answer to a commit told of, until the journal has been seen to go through it."""
    owner_organisation: str
    owner: str

    @property
    def readable(self) -> bool:
        """Says whether the server still lets this person read it."""
        return self.state is SpaceState.MEMBER and self.role is not Role.UPLOADER

    @property
    def writable(self) -> bool:
        """Says whether this person may change it."""
        return self.readable and self.role in (Role.EDITOR, Role.MANAGER)

    @property
    def read_only(self) -> bool:
        """Says whether this person may read it, and change nothing that is in it."""
        return self.readable and not self.writable

    @property
    def adds(self) -> bool:
        """Says whether this person may put something new into it."""
        return self.state is SpaceState.MEMBER and self.role is not Role.VIEWER

    @property
    def adds_only(self) -> bool:
        """Says whether this person may put something new into it, and see nothing of it (docs/decisions/0026)."""
        return self.adds and not self.readable

    @property
    def doubted(self) -> bool:
        """Says whether the journal was read beyond the head that an answer told of without being seen to go through it:
        the answer may have been given in a life that is gone."""
        return self.told is not None and self.cursor is not None and self.told.seq <= self.cursor.seq

    @property
    def furthest(self) -> Cursor | None:
        """Answers the furthest head that is known in the one history that cursor and answers share.

        A commit names it, so its answer is given in that history or not at all: each head that an answer tells of has
        all earlier ones behind it, and none is forgotten by remembering the newest.
        """
        return self.cursor if self.told is None or self.doubted else self.told


_COLUMNS = (
    "id, kind, name, role, state, root_lid, mount_lid, epoch, cursor_seq, cursor_chain, told_seq, told_chain,"
    " owner_organisation, owner"
)


def _row(row: Row) -> SpaceRow:
    (
        id,
        kind,
        name,
        role,
        state,
        root_lid,
        mount_lid,
        epoch,
        seq,
        chain,
        told_seq,
        told_chain,
        organisation,
        owner,
    ) = row
    cursor = None if seq is None else Cursor(epoch, seq, chain)
    told = None if told_seq is None else Cursor(epoch, told_seq, told_chain)
    return SpaceRow(
        id=id, kind=SpaceKind(kind), name=name, role=Role(role), state=SpaceState(state), root_lid=root_lid,
        mount_lid=mount_lid, epoch=epoch, cursor=cursor, told=told, owner_organisation=organisation, owner=owner,
    )  # fmt: skip


def all_spaces(store: Store) -> list[SpaceRow]:
    """Lists the spaces, the personal one first."""
    return [_row(row) for row in store.all(f"SELECT {_COLUMNS} FROM space ORDER BY kind != 'personal', id")]


def get(store: Store, id: bytes) -> SpaceRow | None:
    """Answers a space, or None."""
    row = store.one(f"SELECT {_COLUMNS} FROM space WHERE id = ?", (id,))
    return _row(row) if row is not None else None


def personal_root(store: Store) -> int | None:
    """Answers the node of the synced folder itself, or None before the first answer of a server."""
    found: int | None = store.value("SELECT root_lid FROM space WHERE kind = 'personal' ORDER BY id LIMIT 1")
    return found


def begin(store: Store, info: SpaceInfo) -> None:
    """Takes up a space: its root is agreed on from the beginning; a mounted one is on the disk once its mount is."""
    presence = "here" if info.kind is SpaceKind.PERSONAL else "not_yet"
    lid: int | None = store.value("SELECT lid FROM node WHERE node_id = ?", (info.root,))
    if lid is None:
        lid = store.run(
            "INSERT INTO node (node_id, space, kind) VALUES (?, ?, ?)", (info.root, info.id, Kind.FOLDER)
        )
    store.run(
        "UPDATE node SET space = ?, l_parent = 0, l_name = '', l_key = '', disk_name = '', presence = ?,"
        " r_parent = 0, r_name = '', r_key = '', r_place = node_id, r_seq = 0, r_size = 0, r_exec = 0, r_dead = 0,"
        " b_parent = 0, b_name = '', b_place = node_id, b_exec = 0 WHERE lid = ?",
        (info.id, presence, lid),
    )
    store.run(
        "INSERT INTO space (id, kind, name, role, state, root_lid, epoch, owner_organisation, owner, quota_bytes,"
        " used_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            info.id, info.kind, info.name, info.role, info.state, lid, info.epoch, info.owner_organisation, info.owner,
            info.quota_bytes, info.used_bytes,
        ),
    )  # fmt: skip
    mount = store.value("SELECT lid FROM node WHERE target_space = ? ORDER BY lid LIMIT 1", (info.id,))
    if mount is not None:
        set_mount(store, info.id, mount)


def set_epoch(store: Store, id: bytes, epoch: bytes) -> None:
    """Takes in that a space of which nothing is read lives in another life of the server."""
    found(store, id)
    store.run("UPDATE space SET epoch = ? WHERE id = ?", (epoch, id))


def update(store: Store, info: SpaceInfo) -> None:
    """Takes in what the server tells of a space that the desk holds."""
    store.run(
        "UPDATE space SET name = ?, role = ?, state = ?, owner_organisation = ?, owner = ?, quota_bytes = ?, used_bytes = ?"
        " WHERE id = ?",
        (
            info.name, info.role, info.state, info.owner_organisation, info.owner, info.quota_bytes, info.used_bytes, info.id,
        ),
    )  # fmt: skip


def same(store: Store, info: SpaceInfo, unknown: Iterable[bytes]) -> SpaceRow | None:
    """Answers the space of the same person or division, of those that the server does not know any more (R35), or the one
    that began with the same folder, which was shared again; None where there is none, or it cannot be told which."""
    shared = info.kind is SpaceKind.SHARED
    root: int | None = store.value("SELECT lid FROM node WHERE node_id = ?", (info.root,))
    found = [
        row
        for id in unknown
        if (row := get(store, id)) is not None
        and (row.kind, row.owner_organisation, row.owner) == (info.kind, info.owner_organisation, info.owner)
        and (not shared or row.root_lid == root)
    ]
    return found[0] if len(found) == 1 else None


def rehome(store: Store, old: bytes, info: SpaceInfo) -> None:
    """Makes a space that the server has lost the one that it has made anew for the same owner: all that this desk holds of
    the old one is the new one's from now on, and is united with it. What was sent has no outcome any more."""
    before = get(store, old)
    assert before is not None
    ops.drop_all(store, old)
    for table, column in (
        ("node", "space"),
        ("node", "target_space"),
        ("hold", "space"),
        ("sent", "space"),
        ("trash", "space"),
    ):
        store.run(f"UPDATE {table} SET {column} = ?1 WHERE {column} = ?2", (info.id, old))
    name_root(store, before.root_lid, info.root)
    store.run("UPDATE OR REPLACE mark SET space = ? WHERE space = ?", (info.id, old))
    unmark(store, old)
    store.run("UPDATE space SET id = ? WHERE id = ?", (info.id, old))
    found(store, info.id)
    update(store, info)


def unmark(store: Store, id: bytes) -> None:
    """Remembers that no folder is the root of a space any more, whatever is still written down beside the files (`mounts`)
    when the agent begins again."""
    store.run(
        "INSERT INTO mark (space, path, ino) VALUES (?, '', 0) ON CONFLICT DO UPDATE SET path = '', ino = 0, birth_ns = NULL",
        (id,),
    )


def name_root(store: Store, root_lid: int, node_id: bytes) -> None:
    """Gives the root of a space the id that the server has for it."""
    store.run(
        "UPDATE node SET node_id = ?1, r_place = ?1, b_place = ?1 WHERE lid = ?2",
        (node_id, root_lid),
    )


def any_unmounted(store: Store) -> bool:
    """Says whether a space of this person's hangs nowhere, as far as the server has told."""
    return store.value(
        "SELECT 1 FROM space s WHERE s.state = ? AND s.kind != ? AND NOT EXISTS (SELECT 1 FROM node n"
        " WHERE n.target_space = s.id AND n.r_parent IS NOT NULL AND n.r_dead = 0) LIMIT 1",
        (SpaceState.MEMBER, SpaceKind.PERSONAL),
    ) is not None  # fmt: skip


def adding(store: Store) -> set[bytes]:
    """Answers the spaces that this person may put something into."""
    return {row.id for row in all_spaces(store) if row.adds}


def read_only(store: Store) -> set[bytes]:
    """Answers the spaces that this person may read, and change nothing that is in them."""
    return {row.id for row in all_spaces(store) if row.read_only}


def shut(store: Store) -> set[bytes]:
    """Answers the spaces that this person may put nothing into, or not any more."""
    return {row.id for row in all_spaces(store) if not row.adds}


def freeze(store: Store, id: bytes, state: SpaceState) -> None:
    """Remembers that the server no longer lets this person in; nothing on the disk changes (R38)."""
    store.run("UPDATE space SET state = ? WHERE id = ?", (state, id))


def set_cursor(store: Store, id: bytes, cursor: Cursor) -> None:
    """Moves the cursor of a space; what was told of in another life, or just there, need not be waited for any more."""
    store.run(
        "UPDATE space SET told_seq = NULL, told_chain = NULL WHERE id = ?1 AND (epoch != ?2 OR (told_seq = ?3"
        " AND told_chain = ?4))",
        (id, cursor.epoch, cursor.seq, cursor.chain),
    )
    store.run(
        "UPDATE space SET epoch = ?, cursor_seq = ?, cursor_chain = ? WHERE id = ?",
        (cursor.epoch, cursor.seq, cursor.chain, id),
    )


def read_anew(store: Store, id: bytes) -> None:
    """Has a space read from its beginning."""
    store.run("UPDATE space SET cursor_seq = NULL, cursor_chain = NULL WHERE id = ?", (id,))
    found(store, id)


def told(store: Store, id: bytes, head: Cursor) -> None:
    """Remembers the head that an answer told of, if it is ahead of the cursor."""
    store.run(
        "UPDATE space SET told_seq = ?3, told_chain = ?4 WHERE id = ?1 AND epoch = ?2 AND ?3 > coalesce(cursor_seq, 0)",
        (id, head.epoch, head.seq, head.chain),
    )


def found(store: Store, id: bytes) -> None:
    """Notes that the journal goes through the head that was told of, or that it was lost."""
    store.run("UPDATE space SET told_seq = NULL, told_chain = NULL WHERE id = ?", (id,))


def set_mount(store: Store, id: bytes, mount_lid: int) -> None:
    """Says at which node a space is mounted; it is on the disk when its mount is."""
    store.run("UPDATE space SET mount_lid = ? WHERE id = ?", (mount_lid, id))
    sync_mount(store, mount_lid)


def sync_mount(store: Store, mount_lid: int) -> None:
    """Makes the root of a mounted space as present as its mount; one that is forgotten is not there."""
    store.run(
        "UPDATE node SET presence = coalesce((SELECT m.presence FROM node m WHERE m.lid = ?), 'not_yet')"
        " WHERE lid = (SELECT root_lid FROM space WHERE mount_lid = ?)",
        (mount_lid, mount_lid),
    )


def sync_mounts(store: Store) -> None:
    """Does so for all mounted spaces."""
    for (mount,) in store.all("SELECT mount_lid FROM space WHERE mount_lid IS NOT NULL ORDER BY id"):
        sync_mount(store, mount)
