"""A desk's store in memory, a folder's look as a person's disk would show it, and facts as a server would tell them."""

import msgspec

from govsync.content.manifests import Manifest, manifest_of
from govsync.model import names
from govsync.model.nodes import Kind, Local, Node, Place, Presence
from govsync.protocol.changes import Cursor, NodeState
from govsync.protocol.session import Role, SpaceInfo, SpaceKind, SpaceState
from govsync.store import contents, gaps, local_tree, observe, remote_tree, spaces
from govsync.store.database import IN_MEMORY, Store
from govsync.store.local_tree import Disk
from govsync.store.observe import Entry, Observed
from govsync.system.fs import Shape, Stat

EPOCH = b"e" * 16
SPACE, ROOT_ID = b"s" * 16, b"R" * 16
TEAM, TEAM_ROOT_ID = b"t" * 16, b"T" * 16
TICK_NS = 1_000_000_000


class CountedIds:
    """Ids in order, and chance that is always the same (`model.ids.Ids`)."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> bytes:
        self._last += 1
        return b"\x77" * 8 + self._last.to_bytes(8, "big")

    def jitter(self) -> float:
        return 0.5


def info(id: bytes = SPACE, root: bytes = ROOT_ID, **facts: object) -> SpaceInfo:
    """What the server tells of a space: of the personal one, unless something else is said."""
    told = SpaceInfo(
        id=id, state=SpaceState.MEMBER, kind=SpaceKind.PERSONAL, name="Anna", role=Role.MANAGER, root=root, epoch=EPOCH
    )  # fmt: skip
    return msgspec.structs.replace(told, **facts)


def cursor(seq: int, epoch: bytes = EPOCH) -> Cursor:
    return Cursor(epoch, seq, b"c" * 8)


def file(
    name: str,
    ino: int,
    size: int = 5,
    at: int = 1,
    birth: int | None = None,
    links: int = 1,
    exec: bool = False,
    skip: str | None = None,
    shut: bool = False,
) -> Entry:
    """A regular file as a look shows it; `at` is the second of its last change, for both times."""
    changed_ns = at * TICK_NS
    stat = Stat(Shape.FILE, 1, ino, size, changed_ns, changed_ns, exec, links, write=not shut, shut=shut)
    return name, stat, birth, skip


def folder(name: str, ino: int, birth: int | None = None, skip: str | None = None) -> Entry:
    """A folder as a look shows it; its birth time is the inode's number unless said otherwise."""
    stat = Stat(Shape.FOLDER, 1, ino, 0, TICK_NS, TICK_NS)
    return name, stat, ino if birth is None else birth, skip


def link(name: str, ino: int) -> Entry:
    """A symbolic link as a look shows it."""
    return name, Stat(Shape.LINK, 1, ino, 0, TICK_NS, TICK_NS), None, "link"


def content(words: bytes) -> Manifest:
    """What a small file with these bytes is made of."""
    return manifest_of([words] if words else [])


class StoredDesk:
    """A store with the personal space of one person, and short ways to show it a disk and tell it a server."""

    def __init__(self) -> None:
        self.store = Store.open(IN_MEMORY)
        self.ids = CountedIds()
        self.now_ms = 1_000_000
        self.seq = 0
        spaces.begin(self.store, info())
        spaces.set_cursor(self.store, SPACE, cursor(0))
        root = spaces.personal_root(self.store)
        assert root is not None
        self.root = root

    # The disk

    def look(self, parent: int, *entries: Entry, complete: bool = True) -> Observed:
        return observe.observe(self.store, self.ids, parent, entries, complete, self.now_ms)

    def close(self, parent: int | None = None) -> bool:
        """Ends the gap of a folder, long after what vanished in it did."""
        self.now_ms += gaps.YOUNG_MS
        return gaps.close(self.store, self.root if parent is None else parent, self.now_ms)

    def read(self, lid: int, words: bytes) -> bool:
        """Reads a file to its end: it holds these bytes."""
        seen = local_tree.disk(self.store, lid)
        assert seen is not None
        return lid in contents.record(self.store, [contents.Held(lid, seen, content(words), False)])

    def at(self, name: str, parent: int | None = None) -> int:
        """The node whose last place on the disk has this disk name, wherever it is now."""
        parent = self.root if parent is None else parent
        found = self.store.all(
            "SELECT lid FROM node WHERE l_parent = ? AND disk_name = ? ORDER BY lid", (parent, name)
        )
        assert len(found) == 1, f"{name}: {found}"
        return int(found[0][0])

    def nodes(self) -> int:
        return int(self.store.value("SELECT count(*) FROM node"))

    def presence(self, lid: int) -> Presence | None:
        local = local_tree.node(self.store, lid).local
        return None if local is None else local.presence

    def show(
        self,
        name: str,
        parent: int | None = None,
        kind: Kind = Kind.FILE,
        words: bytes | None = None,
        node_id: bytes | None = None,
    ) -> int:
        """Puts a node on the disk at once, as if it had been looked at and read."""
        lid = local_tree.insert(self.store, node_id or self.ids.new(), SPACE, kind)
        held = content(words if words is not None else name.encode()).content_hash
        place = Place(self.root if parent is None else parent, names.nfc(name))
        local = Local(place, kind, Presence.HERE, held if kind is Kind.FILE else None)
        local_tree.set_local(
            self.store, lid, local, Disk(name, 1_000 + lid, 5, TICK_NS, TICK_NS, 1_000 + lid)
        )
        return lid

    # The server

    def state(self, node: bytes, name: str, parent: bytes = ROOT_ID, **facts: object) -> NodeState:
        """A node's state as the next change of the journal would tell it."""
        self.seq += 1
        kind = facts.get("kind", Kind.FILE)
        told = NodeState(
            node=node, kind=Kind.FILE, parent=parent, name=name, place=b"P" + node[1:], seq=self.seq,
            rev=b"V" + node[1:] if kind is Kind.FILE else None,
            hash=content(name.encode()).content_hash if kind is Kind.FILE else None, size_bytes=len(name),
        )  # fmt: skip
        return msgspec.structs.replace(told, **facts)

    def tell(self, state: NodeState, space: bytes = SPACE) -> int:
        """Tells a state; answers the node."""
        remote_tree.learn(self.store, space, state)
        return self.lid(state.node)

    def lid(self, node_id: bytes) -> int:
        lid = local_tree.by_id(self.store, node_id)
        assert lid is not None
        return lid

    def node(self, lid: int) -> Node:
        return local_tree.node(self.store, lid)

    def sync(self, lid: int) -> NodeState:
        """Makes server and desk agree on what the disk shows of a node; answers the state that the server then has."""
        node = self.node(lid)
        assert node.local is not None
        parent = self.node(node.local.place.parent)
        state = self.state(
            node.node_id, node.local.place.name, parent.node_id, kind=node.local.kind, hash=node.local.hash,
            exec=node.local.exec,
        )  # fmt: skip
        remote_tree.learn(self.store, node.space, state)
        local_tree.agree_place(self.store, lid, node.local.place, state.place)
        local_tree.agree_content(self.store, lid, state.rev, state.hash, state.exec)
        self.store.run("DELETE FROM dirty WHERE lid = ?", (lid,))
        return state

    def synced(self, name: str, parent: int | None = None, kind: Kind = Kind.FILE) -> int:
        """A node that disk and server both have."""
        lid = self.show(name, parent, kind)
        self.sync(lid)
        return lid

    def mount_team(self, name: str = "Team") -> tuple[int, int]:
        """Mounts a team's space in the folder, on disk and server alike; answers the mount and the space's root."""
        mounted = info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM, name=name)
        spaces.begin(self.store, mounted)
        spaces.set_cursor(self.store, TEAM, cursor(0))
        mount = self.tell(
            self.state(b"M" * 16, name, kind=Kind.MOUNT, rev=None, hash=None, target_space=TEAM)
        )
        place = Place(self.root, name)
        shown = Disk(name, 1_000 + mount, 0, TICK_NS, TICK_NS, 1_000 + mount)
        local_tree.set_local(self.store, mount, Local(place, Kind.MOUNT, Presence.HERE), shown)
        local_tree.agree_place(self.store, mount, place, b"P" + b"M" * 15)
        spaces.sync_mount(self.store, mount)
        self.store.run("DELETE FROM dirty WHERE lid = ?", (mount,))
        row = spaces.get(self.store, TEAM)
        assert row is not None
        return mount, row.root_lid


def dirty_lids(desk: StoredDesk) -> list[int]:
    """The nodes that have something to decide, in their order."""
    return [lid for (lid,) in desk.store.all("SELECT lid FROM dirty ORDER BY turn")]
