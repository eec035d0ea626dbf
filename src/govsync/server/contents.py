"""Contents: which chunks a space has, taking them in, and giving them out (R36, R37).

A chunk row says where the bytes are: in the row itself, durable with its transaction, or in a pack, which was durable
before the row. Whatever comes in is hashed before it is stored, whatever goes out is hashed before it leaves (I3), and
it is asked for by revision. `device` in a row names who sent the chunk last and has not used it yet: only that device may
refer to it, until a revision names it and it belongs to all who read the space. Bytes found damaged are marked `lost`
and count as missing, so that whoever holds them sends them again; the row stays, and is tried again.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, case, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from govsync.content import manifests
from govsync.content.compress import Encoded, Encoding, compress, decompress
from govsync.content.hashes import HASH_BYTES, chunk_hash
from govsync.content.manifests import Manifest
from govsync.content.packs import ChunkPlace, Pack, PackWriter, chunk_in, read_frame
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import ChunkHead, ChunksAnswer, Missing, MissingAnswer, Want
from govsync.server import access
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space

RENEW_MS = 3_600_000
"""A chunk row is renewed when it was last touched longer ago than this; collection waits for many times as long."""
PACK_FROM_BYTES = 256 * 1024
"""A request with less than this in small chunks leaves them to the database and the packer."""
OK, LOST, PURGED = "ok", "lost", "purged"
"""States of a revision: its content is here; was here and is damaged; was removed after its time."""
_IN = 400


class Holding(msgspec.Struct, frozen=True):
    """What a space has of a chunk: its plain size, when it was last touched, and who has sent it and not used it yet."""

    size_bytes: int
    touched_ms: int
    device: bytes | None


def holdings(tx: Connection, space: bytes, hashes: Sequence[bytes]) -> dict[bytes, Holding]:
    """Answers which of these chunks the space has, and in which way."""
    c = tables.chunk.c
    found: dict[bytes, Holding] = {}
    for piece in pieces(hashes):
        query = select(c.hash, c.size, c.touched_ms, c.device)
        for digest, size, touched_ms, device in tx.execute(
            query.where(c.space == space, c.hash.in_(piece), c.lost.is_(False))
        ):
            found[digest] = Holding(size, touched_ms, device)
    return found


def usable(holding: Holding | None, caller: Caller, reader: bool) -> bool:
    """Says whether a caller may refer to a chunk without sending it: it is its own, or what readers of the space read."""
    return holding is not None and (holding.device == caller.device or (reader and holding.device is None))


def renew(tx: Connection, space: bytes, hashes: Sequence[bytes], now_ms: int, used: bool = False) -> None:
    """Renews chunks, so that collection leaves them alone (R36); with `used`, a revision names them from now on."""
    c = tables.chunk.c
    change: dict[str, Any] = {"touched_ms": now_ms} | ({"device": None} if used else {})
    for piece in pieces(hashes):
        tx.execute(update(tables.chunk).where(c.space == space, c.hash.in_(piece)).values(**change))


def stale(holding: Holding, now_ms: int) -> bool:
    """Says whether a chunk should be renewed; a clock that went back counts as much as one that went on."""
    return abs(now_ms - holding.touched_ms) > RENEW_MS


def insert_chunks(tx: Connection, rows: Sequence[dict[str, Any]], reader: bool) -> None:
    """Inserts rows of chunks. A lost one is replaced; of one that is here only the touch is renewed, and whose it is: a
    chunk in use stays everybody's, but for somebody who may not read it has now been proven to be held."""
    if rows:
        tx.execute(_or_replace_lost(_insert(tx), reader), list(rows))


def copy_chunks(tx: Connection, source: bytes, space: bytes, hashes: Sequence[bytes], now_ms: int) -> None:
    """Gives a space the chunks of another, to be used now; no byte of a pack moves (R24)."""
    c = tables.chunk.c
    same = ("hash", "pack", "frame_offset", "frame_bytes", "offset_bytes", "size", "encoding", "data", "lost")
    for piece in pieces(hashes):
        rows = select(
            *(c[name] for name in same), literal(space, c.space.type), literal(now_ms, c.touched_ms.type),
            literal(None, c.device.type),
        ).where(c.space == source, c.hash.in_(piece))  # fmt: skip
        columns = (*same, "space", "touched_ms", "device")
        tx.execute(_or_replace_lost(_insert(tx).from_select(columns, rows), reader=True))


def _insert(tx: Connection) -> Any:
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    return dialect.insert(tables.chunk)


def _or_replace_lost(statement: Any, reader: bool) -> Any:
    c, new = tables.chunk.c, statement.excluded
    in_use = and_(c.lost.is_(False), c.device.is_(None))
    change: dict[str, Any] = {
        name: case((c.lost, new[name]), else_=c[name])
        for name in ("pack", "frame_offset", "frame_bytes", "offset_bytes", "size", "encoding", "data")
    }
    change |= {"lost": False, "touched_ms": new.touched_ms}
    change["device"] = case((in_use, None), else_=new.device) if reader else new.device
    return statement.on_conflict_do_update(index_elements=[c.space, c.hash], set_=change)


def row_inline(space: bytes, digest: bytes, data: bytes, now_ms: int, device: bytes | None) -> dict[str, Any]:
    """Makes the row of a small chunk that rests in the database itself; the packer folds it into a pack later."""
    encoded = compress(data)
    row = _row(space, digest, len(data), encoded.encoding, now_ms, device)
    return row | {"data": bytes(encoded.data)}


def row_packed(
    space: bytes, digest: bytes, pack: bytes, place: ChunkPlace, now_ms: int, device: bytes | None
) -> dict[str, Any]:
    """Makes the row of a chunk that rests in a pack."""
    row = _row(space, digest, place.size_bytes, place.encoding, now_ms, device)
    return row | where_packed(pack, place)


def where_packed(pack: bytes, place: ChunkPlace) -> dict[str, Any]:
    """Answers the columns of a chunk's row that say where in which pack it is."""
    return {
        "pack": pack, "frame_offset": place.frame_offset, "frame_bytes": place.frame_bytes,
        "offset_bytes": place.offset_bytes, "encoding": place.encoding, "data": None,
    }  # fmt: skip


def _row(
    space: bytes, digest: bytes, size: int, encoding: str, now_ms: int, device: bytes | None
) -> dict[str, Any]:
    return {
        "space": space, "hash": digest, "pack": None, "frame_offset": None, "frame_bytes": None, "offset_bytes": None,
        "size": size, "encoding": encoding, "data": None, "touched_ms": now_ms, "device": device, "lost": False,
    }  # fmt: skip


# In


def missing(server: Server, caller: Caller, space: bytes, question: Missing) -> MissingAnswer:
    """Says which chunks the space lacks; raises Failure(quota) where what was announced cannot fit.

    Who may add and not read is told that all are missing (R37)."""
    if len(question.hashes) > server.limits.hashes_per_question:
        raise Failure(Code.TOO_LARGE, limit=server.limits.hashes_per_question)
    now_ms = server.clock.time_ms()
    with server.database.begin(write=False) as tx:
        role = access.require(tx, caller.user, space, Action.ADD)
        s = tables.space.c
        row = tx.execute(select(s.quota, s.bytes).where(s.id == space)).one()
        left = max(0, row.quota - row.bytes) if row.quota else None
        if left is not None and question.total_bytes > left:
            raise Failure(Code.QUOTA, left_bytes=left)
        reader = Action.READ in access.MAY[role]
        found = holdings(tx, space, question.hashes) if reader else {}
    old = [digest for digest, holding in found.items() if stale(holding, now_ms)]
    if old:
        with server.database.begin() as tx:
            lock_space(tx, space)
            renew(tx, space, old, now_ms)
    absent = tuple(not usable(found.get(digest), caller, reader) for digest in question.hashes)
    return MissingAnswer(missing=absent, quota_left_bytes=left)


def chunks(
    server: Server, caller: Caller, space: bytes, sent: Iterable[tuple[ChunkHead, bytes]]
) -> ChunksAnswer:
    """Takes in chunks: each verified, and durable when this answers; says for each whether it was good.

    Raises Failure(not_found, no_right), `too_large` for a chunk above the limit, `quota` where the device has sent more
    than it has used (R39).
    """
    with server.database.begin(write=False) as tx:
        reader = Action.READ in access.MAY[access.require(tx, caller.user, space, Action.ADD)]
        c = tables.chunk.c
        unused = tx.execute(select(func.sum(c.size)).where(c.device == caller.device)).scalar() or 0
    good: list[bool] = []
    small: dict[bytes, bytes] = {}
    large: dict[bytes, tuple[Encoded, int]] = {}
    for head, data in sent:
        if head.size_bytes > server.limits.chunk_bytes:
            raise Failure(Code.TOO_LARGE, what="chunk", limit=server.limits.chunk_bytes)
        raw = _verified(head, data)
        good.append(raw is not None)
        if raw is None:
            continue
        if len(raw) <= server.limits.inline_chunk_bytes:
            small[head.hash] = raw
        else:
            as_sent = Encoded(Encoding(head.encoding), data)
            large[head.hash] = (as_sent if len(data) < len(raw) else Encoded(Encoding.RAW, raw), len(raw))
        unused += len(raw)
        if unused > server.limits.unreferenced_bytes:
            raise Failure(Code.QUOTA, limit=server.limits.unreferenced_bytes)
    now_ms = server.clock.time_ms()
    inline = sum(map(len, small.values())) < PACK_FROM_BYTES
    packs = store_packs(server, {} if inline else small, large)
    rows = [
        row_packed(space, each.hash, pack, each.place, now_ms, caller.device)
        for pack, made in packs
        for each in made.chunks
    ]
    if inline:
        rows += [row_inline(space, digest, raw, now_ms, caller.device) for digest, raw in small.items()]
    with server.database.begin() as tx:
        access.require(tx, caller.user, space, Action.ADD)
        insert_packs(tx, packs, now_ms)
        insert_chunks(tx, sorted(rows, key=lambda row: bytes(row["hash"])), reader)
    return ChunksAnswer(stored=tuple(good))


def _verified(head: ChunkHead, data: bytes) -> bytes | None:
    try:
        raw = decompress(head.encoding, data, head.size_bytes)
    except Failure:
        return None
    return raw if raw and chunk_hash(raw) == head.hash else None


def store_packs(
    server: Server, small: dict[bytes, bytes], large: dict[bytes, tuple[Encoded, int]]
) -> list[tuple[bytes, Pack]]:
    """Writes chunks into as many packs as they need, durable on return; answers them by id."""
    done: list[tuple[bytes, Pack]] = []
    writer = PackWriter()

    def room() -> PackWriter:
        nonlocal writer
        if writer.full:
            done.append((server.ids.new(), writer.finish()))
            writer = PackWriter()
        return writer

    for digest, raw in small.items():
        room().add(digest, raw)
    for digest, (encoded, size_bytes) in large.items():
        room().add_encoded(digest, encoded, size_bytes)
    last = writer.finish()
    if last.chunks:
        done.append((server.ids.new(), last))
    for pack_id, pack in done:
        server.blobs.put_new(pack_id.hex(), pack.pieces)
    return done


def insert_packs(tx: Connection, packs: Sequence[tuple[bytes, Pack]], now_ms: int) -> None:
    """Inserts the rows of new packs; one that collection took for nobody's, because it came first, lives again."""
    if not packs:
        return
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    p = tables.pack.c
    rows = [
        {"id": pack_id, "key": pack_id.hex(), "size": pack.size_bytes, "state": "live", "since_ms": now_ms}
        for pack_id, pack in packs
    ]
    live = {"state": "live", "since_ms": now_ms}
    tx.execute(dialect.insert(tables.pack).on_conflict_do_update(index_elements=[p.id], set_=live), rows)


def plain(sent: Iterable[tuple[ChunkHead, bytes]], limit: int) -> list[bytes]:
    """Unpacks small chunks that travel inside a commit; raises Failure(too_large, chunk_bad)."""
    found: list[bytes] = []
    for head, data in sent:
        if head.size_bytes > limit:
            raise Failure(Code.TOO_LARGE, what="inline chunk", limit=limit)
        found.append(bytes(decompress(head.encoding, data, head.size_bytes)))
    return found


# Out


class Stored(msgspec.Struct, frozen=True):
    """Says where a chunk's bytes are: in `data`, or in a pack."""

    hash: bytes
    size_bytes: int
    encoding: str
    data: bytes | None
    pack: bytes | None
    place: ChunkPlace | None


def stored_of(row: Any) -> Stored:
    """Builds this from a row of the chunk table."""
    place = None
    if row.pack is not None:
        place = ChunkPlace(
            row.frame_offset, row.frame_bytes, row.offset_bytes, row.size, Encoding(row.encoding)
        )
    return Stored(row.hash, row.size, row.encoding, row.data, row.pack, place)


def find(tx: Connection, space: bytes, hashes: Sequence[bytes]) -> list[Stored]:
    """Finds chunks of a space, in order; raises Failure(chunk_lost)."""
    found = {each.hash: each for each in find_some(tx, space, hashes)}
    for digest in hashes:
        if digest not in found:
            raise Failure(Code.CHUNK_LOST, chunk=digest)
    return [found[digest] for digest in hashes]


def find_some(tx: Connection, space: bytes, hashes: Iterable[bytes]) -> list[Stored]:
    """Finds those of these chunks that the space has, each once."""
    c = tables.chunk.c
    return [
        stored_of(row)
        for piece in pieces(hashes)
        for row in tx.execute(select(tables.chunk).where(c.space == space, c.hash.in_(piece)))
    ]


def read(server: Server, where: Iterable[Stored]) -> Iterator[bytes]:
    """Yields the plain bytes of chunks, in order, verified; a frame that holds several is read once for neighbours.

    Raises Failure(chunk_lost) with the `chunk` whose bytes are damaged or gone, `store_unavailable` where nothing can be
    said about any of them.
    """
    last: tuple[bytes, int] | None = None
    frame = b""
    for each in where:
        try:
            if each.place is None or each.pack is None:
                data = decompress(each.encoding, each.data or b"", each.size_bytes)
            else:
                if last != (each.pack, each.place.frame_offset):
                    last = None
                    frame = read_frame(each.place, partial(server.blobs.get_range, each.pack.hex()))
                    last = (each.pack, each.place.frame_offset)
                data = chunk_in(frame, each.place)
        except Failure as failure:
            if failure.code is Code.STORE_UNAVAILABLE:
                raise
            raise Failure(Code.CHUNK_LOST, chunk=each.hash) from failure
        if chunk_hash(data) != each.hash:
            raise Failure(Code.CHUNK_LOST, chunk=each.hash)
        yield bytes(data)


def mark_lost(tx: Connection, space: bytes, chunk: object, lost: bool = True) -> None:
    """Notes that a chunk's bytes could not be read: it counts as missing until they can, or are sent again."""
    c = tables.chunk.c
    tx.execute(update(tables.chunk).where(c.space == space, c.hash == chunk).values(lost=lost))


def manifest_hashes(row: Any) -> list[bytes]:
    """Names the chunks that a revision's manifest itself is stored in."""
    joined = row.manifest_chunks or b""
    return [joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES)]


def manifest_of(server: Server, tx: Connection, space: bytes, row: Any) -> Manifest:
    """Answers the manifest of a revision's row; raises Failure(chunk_lost)."""
    encoded = row.manifest
    if encoded is None:
        if row.state == PURGED:
            raise Failure(Code.CHUNK_LOST)
        encoded = b"".join(read(server, find(tx, space, manifest_hashes(row))))
    return manifests.decode(encoded, max_chunks=server.limits.manifest_chunks)


def manifest(server: Server, caller: Caller, space: bytes, rev: bytes) -> Manifest:
    """Answers the manifest of a revision; raises Failure(not_found, chunk_lost)."""
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        r = tables.revision.c
        row = tx.execute(select(tables.revision).where(r.id == rev, r.space == space)).one_or_none()
        if row is None:
            raise Failure(Code.NOT_FOUND)
        return manifest_of(server, tx, space, row)


def fetch(server: Server, caller: Caller, space: bytes, wants: Sequence[Want]) -> list[bytes]:
    """Answers the plain bytes of the asked chunks, in order; raises Failure(not_found, too_large, chunk_lost).

    All or nothing: a chunk that is lost is told as such, and not by an answer that ends in its middle.
    """
    if len(wants) > server.limits.wants_per_fetch:
        raise Failure(Code.TOO_LARGE, limit=server.limits.wants_per_fetch)
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        where = find(tx, space, _wanted(server, tx, space, wants))
    # Read outside the transaction: packs linger after their last row, and nobody waits for a slow store.
    try:
        return list(read(server, where))
    except Failure as failure:
        if failure.code is Code.CHUNK_LOST:
            with server.database.begin() as tx:
                mark_lost(tx, space, failure.facts["chunk"])
        raise


def _wanted(server: Server, tx: Connection, space: bytes, wants: Sequence[Want]) -> list[bytes]:
    r = tables.revision.c
    known: dict[bytes, Manifest] = {}
    for piece in pieces([want.rev for want in wants]):
        query = select(tables.revision).where(r.space == space, r.id.in_(piece))
        known.update((row.id, manifest_of(server, tx, space, row)) for row in tx.execute(query).all())
    hashes: list[bytes] = []
    total = 0
    for want in wants:
        if want.rev not in known:
            raise Failure(Code.NOT_FOUND)
        if not 0 <= want.start <= want.end:
            raise Failure(Code.BAD_REQUEST, what="range")
        mine = known[want.rev].chunks[want.start : want.end]
        hashes.extend(chunk.hash for chunk in mine)
        total += sum(chunk.size_bytes for chunk in mine)
        if total > server.limits.fetch_body_bytes:
            raise Failure(Code.TOO_LARGE, limit=server.limits.fetch_body_bytes)
    return hashes


def pieces(values: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Cuts what a query asks for into parts that fit into one statement, each value once and in order."""
    ordered = sorted(set(values))
    return (ordered[start : start + _IN] for start in range(0, len(ordered), _IN))
