"""Removes what nothing needs any more (R36): slowly, from what is written down, and never because a clock jumped.

A revision is needed while it is current, or younger than its space's retention. A chunk is needed while a needed
revision's manifest names it; it goes only when nobody has asked for it for 48 h, under the lock of its space, which a
commit that wants to use it takes too. A pack's bytes go 24 h after the last row that pointed into it.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from govsync.server import contents, directory
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space

HOUR_MS = 3_600_000
UNTOUCHED_MS = 48 * HOUR_MS
BYTES_LINGER_MS = 24 * HOUR_MS
MOST_STEP_MS = 48 * HOUR_MS
_HORIZON, _LAST = "collect_horizon", "collect_last"


class Collected(msgspec.Struct, frozen=True):
    """What one run removed."""

    revisions: int
    chunks: int
    packs: int
    size_bytes: int


def collect(server: Server) -> Collected:
    """Removes what is not needed; safe beside uploads, commits, downloads and other collections."""
    horizon = _advance(server)
    with server.database.begin(write=False) as tx:
        spaces = [row.id for row in tx.execute(select(tables.space.c.id).order_by(tables.space.c.id))]
    revisions = chunks = 0
    for space in spaces:
        with server.database.begin() as tx:
            row = lock_space(tx, space)
            if row is not None:
                revisions += _old_revisions(tx, row, horizon)
                chunks += _unneeded_chunks(server, tx, space, horizon)
    packs, size = _empty_packs(server, horizon)
    return Collected(revisions, chunks, packs, size)


def _advance(server: Server) -> int:
    """Moves the horizon on by the time since the last run, at most 48 h: a clock in another year must not empty anything."""
    now_ms = server.clock.time_ms()
    with server.database.begin() as tx:
        last = int(directory.setting(tx, _LAST) or now_ms)
        horizon = int(directory.setting(tx, _HORIZON) or now_ms)
        horizon = min(now_ms, horizon + min(max(0, now_ms - last), MOST_STEP_MS))
        directory.set_setting(tx, _LAST, str(now_ms).encode())
        directory.set_setting(tx, _HORIZON, str(horizon).encode())
    return horizon


def _old_revisions(tx: Connection, space: Any, horizon: int) -> int:
    """Removes revisions that are neither current nor young enough; a deleted file's last one counts as young as its
    deletion."""
    r, n, j = tables.revision.c, tables.node.c, tables.journal.c
    limit = horizon - space.retention_ms
    deleted_at = select(j.at_ms).where(j.stream == n.space, j.seq == n.deleted_seq).limit(1).scalar_subquery()
    current = select(n.rev).where(
        n.space == space.id, n.rev.is_not(None), (n.deleted_seq.is_(None)) | (deleted_at >= limit)
    )
    done = tx.execute(
        delete(tables.revision).where(r.space == space.id, r.at_ms < limit, r.id.not_in(current))
    )
    return done.rowcount


def _unneeded_chunks(server: Server, tx: Connection, space: bytes, horizon: int) -> int:
    c, r = tables.chunk.c, tables.revision.c
    needed: set[bytes] = set()
    for row in tx.execute(select(tables.revision).where(r.space == space)):
        needed.update(chunk.hash for chunk in contents.manifest_of(server, tx, space, row).chunks)
        joined = row.manifest_chunks or b""
        needed.update(joined[start : start + 32] for start in range(0, len(joined), 32))
    old = tx.execute(select(c.hash).where(c.space == space, c.touched_ms < horizon - UNTOUCHED_MS))
    gone = [digest for (digest,) in old if digest not in needed]
    for digest in gone:
        tx.execute(delete(tables.chunk).where(c.space == space, c.hash == digest))
    return len(gone)


def _empty_packs(server: Server, horizon: int) -> tuple[int, int]:
    """Marks packs to which no row points, and removes those that were marked a day ago."""
    p, c = tables.pack.c, tables.chunk.c
    with server.database.begin() as tx:
        used = select(c.pack).where(c.pack.is_not(None))
        tx.execute(update(tables.pack).where(p.state == "dead", p.id.in_(used)).values(state="live"))
        tx.execute(
            update(tables.pack)
            .where(p.state == "live", p.since_ms < horizon - UNTOUCHED_MS, p.id.not_in(used))
            .values(state="dead", since_ms=horizon)
        )
        dead = tx.execute(
            select(p.id, p.key, p.size).where(p.state == "dead", p.since_ms < horizon - BYTES_LINGER_MS)
        ).all()
    size = 0
    for row in dead:
        with server.database.begin() as tx:
            if tx.execute(select(func.count()).where(c.pack == row.id)).scalar_one():
                continue
            tx.execute(delete(tables.pack).where(p.id == row.id))
        # The row first: bytes without a row are found and removed later, a row without bytes would be a lost content.
        server.blobs.delete(row.key)
        size += row.size
    return len(dead), size
