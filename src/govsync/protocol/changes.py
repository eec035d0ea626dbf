"""Reading a space: the journal after a cursor, the snapshot, and questions about operations."""

import msgspec

from govsync.model.nodes import Kind
from govsync.protocol.numbers import Count, Moment, Number

CHAIN_START = bytes(8)
"""What a cursor quotes of the hash chain where a journal begins."""


class Cursor(msgspec.Struct, frozen=True):
    """A client's place in a space's journal: epoch, sequence, and the first 8 bytes of the hash chain there (R33)."""

    epoch: bytes
    seq: Count
    chain: bytes


class NodeState(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """The full state of a node after a change, so that reading an entry twice or late does no harm (R33).

    `place` and `rev` are the keys that made the place and the revision; `seq` is that of the node's last change.
    `inline` says that the content's only chunk follows in a frame of its own. Of a mount, `root` is the root of the space
    that hangs there: a folder that was shared becomes it, and keeps its id (docs/decisions/0024).
    """

    node: bytes
    kind: Kind
    parent: bytes | None
    name: str
    place: bytes
    seq: Count
    rev: bytes | None = None
    hash: bytes | None = None
    size_bytes: Count = 0
    mtime_ns: Number = 0
    exec: bool = False
    dead: bool = False
    conflict_of: bytes | None = None
    target_space: bytes | None = None
    root: bytes | None = None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One change in a journal: what, who, from which device, when (server's clock), and the state after it.

    A `delete` of a folder is one entry; it means the folder and everything below it (R20). `op` is the kind of the
    operation; a reader stops the space at a kind that it does not know (R29).
    """

    seq: Count
    op: str
    key: bytes
    state: NodeState
    user: bytes
    device: bytes
    at_ms: Moment
    user_name: str = ""
    device_name: str = ""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a journal: entries, the cursor behind them, and the newest sequence.

    `inline` lists, for small contents, (revision) in the order of the chunk frames that follow this document.
    """

    entries: tuple[Entry, ...]
    cursor: Cursor
    head: Count
    inline: tuple[bytes, ...] = ()


class Nodes(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a snapshot in order of node id; `cursor` is that of this page's moment; `after` None ends it."""

    nodes: tuple[NodeState, ...]
    cursor: Cursor
    after: bytes | None = None


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A page of how nodes were after each change up to a moment, in order; `after` is the sequence to go on from, None at the
    end."""

    states: tuple[NodeState, ...]
    after: Count | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Asks which operation keys, or which (name, content hash) pairs, a space has ever known (R34, R40).

    `until` is the sequence of a snapshot: only what was known at its moment is. What others have given back since would
    else seem to have been deleted before it.
    """

    keys: tuple[bytes, ...] = ()
    until: int | None = None
    contents: tuple[tuple[str, bytes], ...] = ()


class KnownAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Answers `Known`, one flag a question in its order."""

    keys: tuple[bool, ...] = ()
    contents: tuple[bool, ...] = ()


class RevisionInfo(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One version of a file: who saved it, where and when (server's clock)."""

    rev: bytes
    node: bytes
    seq: Count
    hash: bytes
    size_bytes: Count
    mtime_ns: Number
    at_ms: Moment
    user_name: str = ""
    device_name: str = ""
    current: bool = False
    state: str = "ok"


class Revisions(msgspec.Struct, frozen=True, kw_only=True):
    """A page of versions, newest first; `before` is the sequence to go on from, None at the end."""

    revisions: tuple[RevisionInfo, ...]
    before: Count | None = None


class Trashed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A deleted node that can still be brought back: its last state, its last path, who deleted it and when."""

    state: NodeState
    path: str
    deleted_ms: Moment
    user_name: str = ""
    device_name: str = ""


class Trash(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a space's trash, newest first."""

    items: tuple[Trashed, ...]
    before: Count | None = None
