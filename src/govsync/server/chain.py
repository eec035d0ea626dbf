"""Journals: append-only streams with a hash chain, one a space, and `sys` for people, organisations and devices (R33).

chain(n) = SHA-256(chain(n-1) | seq, u64 big-endian | key | body). A cursor quotes the first 8 bytes, so that a history
put back from a copy, which grew on in another way, is noticed.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from govsync.server.db import tables
from govsync.server.db.insert import insert_rows

START = bytes(32)
QUOTED = 8


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
