"""Journals: append-only streams with a hash chain, one a space, and `sys` for people, organisations and devices (R33).

chain(n) = SHA-256(chain(n-1) | seq, u64 big-endian | key | body). A cursor quotes the first 8 bytes, so that a history
put back from a copy, which grew on in another way, is noticed.

The journal of a space that was made of a folder begins at its floor, the sequence that the folder's space had then, with a
chain of its own. What happened to its nodes before stands where they were then (`parts`).
"""

import hashlib
import struct
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, case, literal

from govsync.model.ids import SIZE_BYTES
from govsync.protocol.numbers import LARGEST
from govsync.server.db import tables
from govsync.server.db.insert import insert_rows

START = bytes(32)
QUOTED = 8
_PAST = struct.Struct(f">{SIZE_BYTES}sQ")


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry to be appended."""

    key: bytes
    kind: str
    node: bytes
    user: bytes
    device: bytes
    at_ms: int
    body: bytes


def link(chain: bytes, seq: int, key: bytes, body: bytes) -> bytes:
    """Answers the next value of a chain."""
    return hashlib.sha256(chain + seq.to_bytes(8, "big") + key + body).digest()


class Part(msgspec.Struct, frozen=True):
    """A part of a journal: its entries after one sequence, up to another."""

    stream: bytes
    after: int
    until: int

    def has(self, seq: int) -> bool:
        """Says whether a sequence lies in it."""
        return self.after < seq <= self.until


def parts(space: Any) -> list[Part]:
    """Answers where it stands what happened to the nodes of a space (its row): in its own journal, and before its floor in
    those of the spaces that they were in then, the latest first."""
    streams, ends = [bytes(space.id)], [LARGEST]
    for stream, until in _PAST.iter_unpack(space.past or b""):
        streams.append(stream)
        ends.append(until)
    return [Part(*each) for each in zip(streams, [*ends[1:], 0], ends, strict=True)]


def past_of(made_of: Any) -> bytes:
    """Answers the past of a space that is made of a folder of another one (its row), after this one's head."""
    return _PAST.pack(made_of.id, made_of.head + 1) + (made_of.past or b"")


def stream_at(space: Any, seq: "ColumnElement[int]") -> "ColumnElement[bytes]":
    """Answers, for a query, in which journal it stands what happened in a space (its row) at a sequence."""
    *later, first = parts(space)
    cases = [(seq > part.after, literal(part.stream)) for part in later]
    return case(*cases, else_=literal(first.stream)) if cases else literal(first.stream)


def append(
    tx: Connection, stream: bytes, head: int, chain: bytes, entries: Sequence[JournalEntry]
) -> tuple[int, bytes]:
    """Appends entries after `head`; answers the new head and chain, which the caller stores with its stream."""
    rows = []
    for entry in entries:
        head += 1
        chain = link(chain, head, entry.key, entry.body)
        rows.append(
            {
                "stream": stream, "seq": head, "op_key": entry.key, "kind": entry.kind, "node": entry.node,
                "user": entry.user, "device": entry.device, "at_ms": entry.at_ms, "body": entry.body, "chain": chain,
            }
        )  # fmt: skip
    insert_rows(tx, tables.journal, rows)
    return head, chain
