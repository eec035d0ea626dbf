"""Removes what nothing needs any more (R36): slowly, from what is written down, and never because a clock jumped.

A version of a file is needed while it is current, and for its space's retention after another took its place; a deleted
file's last one for as long after the deletion. A chunk is needed while a needed version's manifest names it; it goes only
when nobody has asked for it for 48 h, under the lock of its space, which a commit that wants to use it takes too. A
pack's bytes go 24 h after the last row that pointed into it, and bytes that no row ever knew after 48 h.

The proof that no chunk goes that a commit under way uses: what is needed is first read without the lock, up to a head.
Under the lock, whatever came after that head is read too, and only then is anything removed. A commit after that finds
the rows gone, and asks for the bytes. All times are measured from the `horizon`, never from the clock.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, exists, select, tuple_, update

from govsync.model.problems import Failure
from govsync.server import chain, contents, directory, packs, reading
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space
from govsync.server.db.insert import insert_new
from govsync.server.horizon import HOUR_MS, advance

UNTOUCHED_MS = 48 * HOUR_MS
BYTES_LINGER_MS = 24 * HOUR_MS


class Collected(msgspec.Struct, frozen=True):
    """What one run removed; `passed_over` counts spaces whose chunks were left alone, since a manifest was unreadable."""

    revisions: int
    chunks: int
    packs: int
    size_bytes: int
    passed_over: int = 0


def collect(server: Server, going: Callable[[], bool] = lambda: True) -> Collected:
    """Removes what is not needed; safe beside uploads, commits, downloads and other collections. Ends early, with what is
    removed so far, when `going` no longer says so."""
    horizon = advance(server)
    with server.database.begin(write=False) as tx:
        spaces = [row.id for row in tx.execute(select(tables.space.c.id).order_by(tables.space.c.id))]
    revisions = chunks = passed_over = 0
    for space in spaces:
        if not going():
            return Collected(revisions, chunks, 0, 0, passed_over)
        with server.database.begin() as tx:
            row = lock_space(tx, space)
            if row is not None:
                revisions += _old_revisions(tx, row, horizon)
        try:
            chunks += _unneeded_chunks(server, space, horizon)
        except Failure:
            # What an unreadable manifest needs is not known, so nothing of this space may go; `check` says which it is.
            passed_over += 1
    packs.repack(server, horizon - UNTOUCHED_MS)
    _note_orphans(server, horizon)
    emptied, size = _empty_packs(server, horizon)
    return Collected(revisions, chunks, emptied, size, passed_over)


# Versions


def _old_revisions(tx: Connection, space: Any, horizon: int) -> int:
    """Removes versions that were replaced longer ago than the retention, and empties the last ones of files that were
    deleted so long ago: their rows stay, so that a desk that comes back later can still revive and edit them."""
    limit = horizon - space.retention_ms
    r, n, j = tables.revision.c, tables.node.c, tables.journal.c
    later = tables.revision.alias("later")
    origin = tuple_(later.c.origin_epoch, later.c.origin_seq)
    replaced = exists().where(
        later.c.node == r.node, origin > tuple_(r.origin_epoch, r.origin_seq), later.c.at_ms < limit
    )
    current = select(n.rev).where(n.space == space.id, n.rev.is_not(None))
    done = tx.execute(delete(tables.revision).where(r.space == space.id, r.id.not_in(current), replaced))
    stream = chain.stream_at(space, n.deleted_seq)
    buried = (
        select(n.rev)
        .join_from(tables.node, tables.journal, and_(j.stream == stream, j.seq == n.deleted_seq))
        .where(n.space == space.id, n.rev.is_not(None), j.at_ms < limit)
    )
    emptied = tx.execute(
        update(tables.revision)
        .where(r.space == space.id, r.id.in_(buried), r.state != contents.PURGED)
        .values(state=contents.PURGED, manifest=None, manifest_chunks=None)
    )
    return done.rowcount + emptied.rowcount


# Chunks


def _unneeded_chunks(server: Server, space: bytes, horizon: int) -> int:
    c, s = tables.chunk.c, tables.space.c
    limit = horizon - UNTOUCHED_MS
    with server.database.begin(write=False) as tx:
        head = tx.execute(select(s.head).where(s.id == space)).scalar_one()
        rows = tx.execute(select(c.hash).where(c.space == space, c.touched_ms < limit))
        old = {row.hash for row in rows}
        if not old:
            return 0
        old -= _needed(server, tx, space, 0)
    with server.database.begin() as tx:
        lock_space(tx, space)
        old -= _needed(server, tx, space, head)
        if not old:
            return 0
        gone = delete(tables.chunk).where(
            c.space == space, c.hash == bindparam("digest"), c.touched_ms < limit
        )
        return tx.execute(gone, [{"digest": digest} for digest in sorted(old)]).rowcount


def _needed(server: Server, tx: Connection, space: bytes, after: int) -> set[bytes]:
    """Answers the chunks that versions made after a sequence need; raises Failure(chunk_lost)."""
    r = tables.revision.c
    needed: set[bytes] = set()
    query = select(tables.revision).where(r.space == space, r.seq > after, r.state != contents.PURGED)
    for row in tx.execute(query):
        needed.update(chunk.hash for chunk in reading.manifest_of(server, tx, space, row).chunks)
        needed.update(reading.manifest_hashes(row))
    return needed


# Packs


def _note_orphans(server: Server, horizon: int) -> None:
    """Makes rows for packs that have none (their making was cut off), so that they count as dead a day from now; removes
    what a cut-off writing left under other names.

    The store's clock alone is not trusted with a pack: it may just have been written, and its rows be on their way. Where
    the database was put back from a copy, nobody's packs are what the copy lacks, and they stay as long as a deleted file
    does: a better copy may turn up."""
    found: list[dict[str, Any]] = []
    e = tables.epoch.c
    with server.database.begin(write=False) as tx:
        known = {row.key for row in tx.execute(select(tables.pack.c.key))}
        parent = tx.execute(select(e.parent).where(e.id == directory.epoch(tx))).scalar()
    since = horizon - BYTES_LINGER_MS + (UNTOUCHED_MS if parent is None else directory.RETENTION_MS)
    for stored in server.blobs.list():
        if stored.key in known:
            continue
        pack = _pack_id(stored.key)
        if pack is not None:
            row = {
                "id": pack,
                "key": stored.key,
                "size": stored.size_bytes,
                "state": "dead",
                "since_ms": since,
            }
            found.append(row)
        elif stored.modified_ms < horizon - UNTOUCHED_MS:
            server.blobs.delete(stored.key)
    with server.database.begin() as tx:
        insert_new(tx, tables.pack, found)


def _pack_id(key: str) -> bytes | None:
    try:
        pack = bytes.fromhex(key)
    except ValueError:
        return None
    return pack if len(pack) == 16 and pack.hex() == key else None


def _empty_packs(server: Server, horizon: int) -> tuple[int, int]:
    """Marks packs to which no row points, and removes those that were marked a day ago."""
    p, c = tables.pack.c, tables.chunk.c
    used = exists().where(c.pack == p.id)
    with server.database.begin() as tx:
        tx.execute(update(tables.pack).where(p.state == "dead", used).values(state="live"))
        tx.execute(
            update(tables.pack)
            .where(p.state == "live", p.since_ms < horizon - UNTOUCHED_MS, ~used)
            .values(state="dead", since_ms=horizon)
        )
        dead = tx.execute(
            select(p.id, p.key, p.size).where(p.state == "dead", p.since_ms < horizon - BYTES_LINGER_MS)
        ).all()
    count = size = 0
    for row in dead:
        with server.database.begin() as tx:
            done = tx.execute(delete(tables.pack).where(p.id == row.id, p.state == "dead", ~used))
        if done.rowcount:
            # The row first: bytes without a row are found again, a row without bytes would be a lost content.
            server.blobs.delete(row.key)
            count += 1
            size += row.size
    return count, size
