"""Packs in the making: small chunks that rest in the database are folded into packs, and packs that are mostly dead are
written anew.

Both write the new pack first, durable, and then let the rows point to it; a row that went away meanwhile is not brought
back, and a pack to which no row points is collected. So several replicas may do this at once, and it may be cut off
anywhere. Frames hold chunks of one space as far as they go, since they are read together.
"""

from collections.abc import Callable

from sqlalchemy import bindparam, func, select, update

from govsync.content.packs import ENTRY_BYTES, FIXED_BYTES, TARGET_BYTES
from govsync.server import contents, reading
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space
from govsync.server.db.insert import execute_many

WAIT_MS = 10 * 60_000
"""Small chunks wait at most this long for others to share a pack with."""
SPARSE = 0.5
"""A pack of which less than this share is needed is written anew."""
MOST_CHUNKS = 20_000
"""So many small chunks are enough for a pack, however small they are."""
_AT_ONCE = 1_000
"""So many rows are pointed to their pack in one transaction: a commit waits no longer than that takes."""
_Key = tuple[bytes, bytes]
_C = tables.chunk.c
_MINE = update(tables.chunk).where(_C.space == bindparam("of"), _C.hash == bindparam("digest"))
_POINT = _MINE.where(_C.data.is_not(None))
_POINT_ANEW = _MINE.where(_C.pack == bindparam("was"))


def fold(server: Server, going: Callable[[], bool] = lambda: True) -> int:
    """Folds what has waited long enough, or is enough for a pack, while `going` says so; answers how many chunks found
    their pack."""
    count = 0
    while going() and (due := _due(server)) and (moved := _move(server, due)):
        count += moved
    return count


def _due(server: Server) -> list[_Key]:
    """Answers (space, hash) of the oldest small chunks, as many as one pack takes, in the order in which they came, space
    by space: so those that were saved together lie together. None while there is time to wait."""
    c = tables.chunk.c
    waiting = (c.data.is_not(None), c.lost.is_(False))
    first = select(func.min(c.touched_ms), func.sum(c.size), func.count()).where(*waiting)
    with server.database.begin(write=False) as tx:
        since_ms, size, count = tx.execute(first).one()
        waited = count > 0 and server.clock.time_ms() - since_ms >= WAIT_MS
        if not waited and (size or 0) < TARGET_BYTES and count < MOST_CHUNKS:
            return []
        query = select(c.space, c.hash, c.size).where(*waiting).order_by(c.touched_ms, c.space, c.hash)
        rows = tx.execute(query.limit(MOST_CHUNKS)).all()
    found: list[_Key] = []
    room = TARGET_BYTES
    for row in rows:
        if room <= 0:
            break
        found.append((row.space, row.hash))
        room -= row.size
    return sorted(found, key=lambda key: key[0])


def repack(server: Server, older_than_ms: int, most: int = 16) -> int:
    """Writes packs anew of which little is needed and which were made before a time; answers how many."""
    sparse = _sparse(server, older_than_ms)[:most]
    c = tables.chunk.c
    for pack in sparse:
        query = (
            select(c.space, c.hash, c.size)
            .where(c.pack == pack)
            .order_by(c.space, c.frame_offset, c.offset_bytes)
        )
        with server.database.begin(write=False) as tx:
            rows = tx.execute(query).all()
        part: list[_Key] = []
        size = 0
        for row in rows:
            part.append((row.space, row.hash))
            size += row.size
            if size >= TARGET_BYTES:
                _move(server, part, pack)
                part, size = [], 0
        _move(server, part, pack)
    return len(sparse)


def _sparse(server: Server, older_than_ms: int) -> list[bytes]:
    p, c = tables.pack.c, tables.chunk.c
    # Several chunks may share a frame, and several spaces a chunk: each counts once. A pack of which all is needed would need
    # its own size again: were entries not counted, one of very small chunks would be written anew in every collection.
    place = (c.pack, c.frame_offset, c.frame_bytes)
    entries = select(*place, c.offset_bytes).where(c.pack.is_not(None)).distinct().subquery()
    e = entries.c
    frames = (
        select(e.pack, (e.frame_bytes + ENTRY_BYTES * func.count()).label("bytes"))
        .group_by(e.pack, e.frame_offset, e.frame_bytes)
        .subquery()
    )
    needed = FIXED_BYTES + func.sum(frames.c.bytes)
    query = (
        select(p.id)
        .join_from(tables.pack, frames, frames.c.pack == p.id)
        .where(p.state == "live", p.since_ms < older_than_ms)
        .group_by(p.id, p.size)
        .having(needed < p.size * SPARSE)
        .order_by(p.id)
    )
    with server.database.begin(write=False) as tx:
        return [row.id for row in tx.execute(query)]


def _move(server: Server, keys: list[_Key], pack: bytes | None = None) -> int:
    """Writes chunks into new packs and points their rows there, as far as they still lie in `pack` (None: in their row).

    Bytes that cannot be read stay where they are, marked as lost."""
    found = _read(server, keys)
    made = contents.store_packs(server, {digest: raw for (_, digest), raw in found.items()}, {})
    places = {each.hash: contents.where_packed(new, each.place) for new, done in made for each in done.chunks}
    with server.database.begin() as tx:
        contents.insert_packs(tx, made, server.clock.time_ms())
    moved = 0
    for space in sorted({space for space, _ in found}):
        which = {"of": space} if pack is None else {"of": space, "was": pack}
        rows = [which | {"digest": digest} | places[digest] for of, digest in found if of == space]
        for start in range(0, len(rows), _AT_ONCE):
            with server.database.begin() as tx:
                lock_space(tx, space)
                point = _POINT if pack is None else _POINT_ANEW
                moved += execute_many(tx, point, rows[start : start + _AT_ONCE])
    return moved


def _read(server: Server, keys: list[_Key]) -> dict[_Key, bytes]:
    """Reads chunks of several spaces; marks those as lost that cannot be read."""
    found: dict[_Key, bytes] = {}
    for space in sorted({space for space, _ in keys}):
        asked = [digest for of, digest in keys if of == space]
        with server.database.begin(write=False) as tx:
            where = reading.find_some(tx, space, asked)
        had = reading.read_some(server, where)
        found.update(((space, digest), had[digest].plain) for digest in asked if digest in had)
        lost = [each.hash for each in where if each.hash not in had]
        if lost:
            with server.database.begin() as tx:
                for digest in lost:
                    reading.mark_lost(tx, space, digest)
    return found
