"""The operations of a commit: what a desk asks the server to do to one node, and on which precondition.

Every operation carries its own key, 16 bytes, made and stored before it is first sent (R31). Preconditions are per
fact: a `put` expects a revision, a `move` a place, so an edit and a move never collide (R30). An operation that is
done answers the same for ever; a refused one has had no effect.
"""

import msgspec

from govsync.model.nodes import Kind


class Operation(msgspec.Struct, frozen=True, tag_field="kind", omit_defaults=True, kw_only=True):
    """What every operation has: its key, its node, and the group that it stands or falls with (R14; 0: alone)."""

    key: bytes
    node: bytes
    group: int = 0


class Mkdir(Operation, frozen=True, tag="mkdir"):
    """Makes a folder; where a folder of that name stands already, answers `done, merged: OTHER` (R21)."""

    parent: bytes
    name: str


class Put(Operation, frozen=True, tag="put"):
    """Gives a file a new content.

    With `parent` and `name` it creates the node (`base_rev` None), else it replaces the revision `base_rev`.
    `manifest` is the encoded manifest (`content.manifests`), or None where it is itself stored as chunks: then
    `manifest_chunks` lists the chunks that hold it. `source` is (space, revision) whose chunks the server takes itself
    (R24). `conflict_of` names the node beside which this one is kept (R22). `upon` is the origin of the lost revision
    that the content was made upon, if the server was restored meanwhile (R34).
    """

    hash: bytes
    size_bytes: int
    scheme: str
    base_rev: bytes | None = None
    parent: bytes | None = None
    name: str | None = None
    mtime_ns: int = 0
    exec: bool = False
    manifest: bytes | None = None
    manifest_chunks: tuple[bytes, ...] = ()
    source: tuple[bytes, bytes] | None = None
    conflict_of: bytes | None = None
    upon: tuple[bytes, int] | None = None


class Move(Operation, frozen=True, tag="move"):
    """Moves or renames a node whose place is still the one made by `place`."""

    place: bytes
    parent: bytes
    name: str


class Delete(Operation, frozen=True, tag="delete"):
    """Deletes a file at `rev` and `place`, or a folder with all below it that has a sequence of at most `seen` (R20)."""

    place: bytes
    rev: bytes | None = None
    seen: int | None = None


class Revive(Operation, frozen=True, tag="revive"):
    """Brings a dead node back to life, a folder empty, a file with its last content."""

    parent: bytes
    name: str


class Attr(Operation, frozen=True, tag="attr"):
    """Sets the executable bit; the last one wins."""

    exec: bool


class Offer(Operation, frozen=True, tag="offer"):
    """Gives back, with its own ids, what a restored or emptied server has lost (R34).

    `key` is the operation's own; `place_key` and `rev` are the ids that the node had; `origin` is (epoch, sequence) of
    the life in which it had them: history is ordered by it. `over` is the revision that the server shows, where the desk
    remembers it as an older one of this node: only then, or between revisions of one lost life, is the order known.
    """

    node_kind: Kind
    parent: bytes
    name: str
    place_key: bytes
    origin_epoch: bytes
    origin_seq: int
    over: bytes | None = None
    rev: bytes | None = None
    hash: bytes | None = None
    size_bytes: int = 0
    scheme: str = ""
    mtime_ns: int = 0
    exec: bool = False
    manifest: bytes | None = None
    manifest_chunks: tuple[bytes, ...] = ()
    conflict_of: bytes | None = None


AnyOperation = Mkdir | Put | Move | Delete | Revive | Attr | Offer
