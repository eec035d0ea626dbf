"""Facts about a node, as each of the three trees holds them.

The *local* tree is what is on disk, the *remote* tree what the server last told, the *baseline* what both last agreed
on. A node is known inside a desk by its `lid`, a local integer; its 16-byte node id is only one of its facts, because
two desks may make two ids for one thing (R21). Names here are NFC text; how a name is spelled on a disk is the
business of `local` and `store`.
"""

from enum import StrEnum

import msgspec

NOWHERE = 0
"""The lid that no node has: the parent of a space's root, and of a parked node."""


class Kind(StrEnum):
    """Says what a node is; a node never changes its kind."""

    FILE = "file"
    FOLDER = "folder"
    MOUNT = "mount"


class Presence(StrEnum):
    """Says what the desk knows of a node on its own disk; only `here` -> `missing` may become a deletion (R26, I6)."""

    HERE = "here"
    """It is on the disk, at its local place."""
    GAP = "gap"
    """It has vanished, and R3's gap is not over: nothing is decided about it yet."""
    MISSING = "missing"
    """It was here and is gone, and everything that could explain this otherwise has been looked at (R3, R6)."""
    NOT_YET = "not_yet"
    """It has never been on this disk, or was asked back."""
    PARKED = "parked"
    """We ourselves hold it in `.govsync/parking` on its way to its remote place (R14)."""
    EXCLUDED = "excluded"
    """The person chose not to have it here (R26)."""
    OBSCURED = "obscured"
    """Its folder cannot be looked into now: a mount, a link or an error is in the way (R29)."""
    LOCAL_ONLY = "local_only"
    """It is on the disk and must never be offered to the server (a viewer's own copy)."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Says where a node hangs: under which lid, by which name."""

    parent: int
    name: str


class Local(msgspec.Struct, frozen=True, gc=False):
    """What the disk shows of a node. `hash` is None for folders and mounts, and for a file not read to its end yet."""

    place: Place
    kind: Kind
    presence: Presence
    hash: bytes | None = None
    exec: bool = False

    @property
    def here(self) -> bool:
        """Says whether the node lies on the disk (wherever we put it)."""
        return self.presence in (Presence.HERE, Presence.PARKED, Presence.LOCAL_ONLY)


class Remote(msgspec.Struct, frozen=True, gc=False):
    """What the server last told of a node; `place_key` and `rev` are the ids of its place and its revision (R31)."""

    place: Place
    kind: Kind
    place_key: bytes
    seq: int
    rev: bytes | None = None
    hash: bytes | None = None
    size_bytes: int = 0
    exec: bool = False
    dead: bool = False
    conflict_of: bytes | None = None


class Baseline(msgspec.Struct, frozen=True, gc=False):
    """What desk and server last agreed on about a node."""

    place: Place
    kind: Kind
    place_key: bytes
    rev: bytes | None = None
    hash: bytes | None = None
    exec: bool = False


class Node(msgspec.Struct, frozen=True, gc=False):
    """All that is known of one node: its ids and a fact of each tree, or None where that tree has none.

    `local` None means that the disk never held it as far as the store remembers (equal to presence `not_yet`).
    `after` names a node whose creation must be acknowledged before this one's deletion may be sent (R24).
    """

    lid: int
    node_id: bytes
    space: bytes
    local: Local | None = None
    remote: Remote | None = None
    baseline: Baseline | None = None
    after: int | None = None
    conflict_of: bytes | None = None


class MountMark(msgspec.Struct, frozen=True):
    """The folder in which a space is mounted on this desk: its path in disk names, inode, and birth time where the disk
    keeps one. It is written down beside the files, so that it outlives the desk's database (R25)."""

    space: bytes
    path: tuple[str, ...]
    ino: int
    birth_ns: int | None = None


class Seal(msgspec.Struct, frozen=True):
    """A random number, written beside the files and remembered, by which a desk's memory and its folder belong together,
    and when its file was made: 0 on a disk where such things do not last (R29)."""

    number: bytes
    made_ns: int
