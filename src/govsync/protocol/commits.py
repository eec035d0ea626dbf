"""Changing a space: chunks that must be there first, and the ordered operations with their answers."""

import msgspec

from govsync.model.codes import Code
from govsync.model.operations import AnyOperation
from govsync.protocol.changes import Cursor, NodeState
from govsync.protocol.numbers import Count, Moment, Number


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Asks which chunks the space lacks, and announces by how many bytes the space will grow with what they are for: a
    newer version counts as far as it is longer than the one before it (R39)."""

    hashes: tuple[bytes, ...]
    growth_bytes: int = 0


class MissingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Answers `Missing`: a flag a hash in its order, and how much of the quota is left (None: unlimited)."""

    missing: tuple[bool, ...]
    quota_left_bytes: Number | None = None


class ChunkHead(msgspec.Struct, frozen=True, array_like=True):
    """Stands before a chunk's bytes in its frame: what it is, how large unpacked, how it travels ("raw", "zstd")."""

    hash: bytes
    size_bytes: int
    encoding: str


class Nothing(msgspec.Struct, frozen=True):
    """Stands where a framed body must begin with a document and chunks alone say everything."""


class ChunksAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Says per chunk, in order, whether it is verified and durable now."""

    stored: tuple[bool, ...]


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for operations on one space, in order; small chunks follow in frames of their own.

    `after` is the furthest place in the journal that the desk has read to or was told of by an answer: what it says of
    sequences (`seen`), and what was done for it already, means something only in that history.
    """

    epoch: bytes
    operations: tuple[AnyOperation, ...]
    after: Cursor | None = None


class Done(
    msgspec.Struct, frozen=True, tag="done", tag_field="outcome", omit_defaults=True, kw_only=True, gc=False
):
    """Says that the operation is done, now or long ago.

    `seq` is its sequence, `state` the node after it; `merged` names the node that already was what was asked for
    (R21); `name` is the name that the server chose where it had to choose one (R37).
    """

    seq: Count
    state: NodeState | None = None
    merged: bytes | None = None


class Refused(
    msgspec.Struct, frozen=True, tag="refused", tag_field="outcome", omit_defaults=True, kw_only=True
):
    """Says that the operation had no effect, why, and what stands in its way now."""

    code: Code
    state: NodeState | None = None
    space: bytes | None = None


class Lacking(msgspec.Struct, frozen=True, tag="missing", tag_field="outcome", kw_only=True):
    """Says that the operation had no effect because these chunks are not stored (R36)."""

    hashes: tuple[bytes, ...]


Outcome = Done | Refused | Lacking


class CommitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Answers a commit, one outcome an operation in its order, and the head of the journal with its chain there: a desk
    that has not read so far yet knows by it, later on, whether a restore has taken its answer back. `at_ms` is the
    server's time of the commit, as its entries carry it."""

    outcomes: tuple[Outcome, ...]
    head: Count
    chain: bytes = b""
    at_ms: Moment = 0


class Want(msgspec.Struct, frozen=True, array_like=True):
    """Asks for chunks `start` to `end` (excluded) of a revision; asked by revision, never by bare hash (R37)."""

    rev: bytes
    start: int
    end: int


class Fetch(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for chunks of many revisions in one request; they come framed, in the order asked."""

    wants: tuple[Want, ...]
