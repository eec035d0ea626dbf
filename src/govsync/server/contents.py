"""Contents: which chunks a space has, and taking them in (R36, R37); `reading` gives them out.

A chunk row says where the bytes are: in the row itself, durable with its transaction, or in a pack, which was durable
before the row. Whatever comes in is hashed before it is stored (I3). `device` in a row names who sent the chunk last and
has not used it yet: only that device may refer to it, until a revision names it and it belongs to all who read the space.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, case, false, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from govsync.content.compress import Encoded, Encoding, decompress, plain_of
from govsync.content.hashes import chunk_hash
from govsync.content.packs import ChunkPlace, Pack, PackWriter
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import ChunkHead, ChunksAnswer, Missing, MissingAnswer
from govsync.protocol.limits import Limits
from govsync.server import access, quota
from govsync.server.access import Action
from govsync.server.chunk import Chunk
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among, pieces
from govsync.server.db.connect import lock_space
from govsync.server.db.insert import execute_many

RENEW_MS = 3_600_000
"""A chunk row is renewed when it was last touched longer ago than this; collection waits for many times as long."""
PACK_FROM_BYTES = 256 * 1024
"""A request with less than this in small chunks leaves them to the database and the packer: a save is quick so. More go
straight into a pack, as they came: each byte is written once, and compressed never again."""
OK, LOST, PURGED = "ok", "lost", "purged"
"""States of a revision: its content is here; was here and is damaged; was removed after its time."""

Piece = bytes | memoryview
Sent = tuple[Encoded, int]
"""A chunk in the form in which it came, and how large it is when plain."""


class PutAway(msgspec.Struct, frozen=True):
    """Chunks that were put away: in packs, by id, or to be kept in their rows."""

    packs: list[tuple[bytes, Pack]]
    inline: Mapping[bytes, Chunk]


class Holding(msgspec.Struct, frozen=True):
    """What a space has of a chunk: its plain size, when it was last touched, and who has sent it and not used it yet."""

    size_bytes: int
    touched_ms: int
    device: bytes | None


def holdings(tx: Connection, space: bytes, hashes: Sequence[bytes]) -> dict[bytes, Holding]:
    """Answers which of these chunks the space has, and in which way."""
    return {
        digest: Holding(size, touched_ms, device)
        for digest, size, touched_ms, device in ask_among(tx, _HOLDINGS, hashes, space=space)
    }


_HOLDINGS = select(
    tables.chunk.c.hash, tables.chunk.c.size, tables.chunk.c.touched_ms, tables.chunk.c.device
).where(
    tables.chunk.c.space == bindparam("space"),
    tables.chunk.c.hash.in_(AMONG),
    tables.chunk.c.lost.is_(False),
)


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


def insert_stored(
    tx: Connection, space: bytes, stored: PutAway, now_ms: int, device: bytes | None, reader: bool
) -> None:
    """Makes the rows of what was put away. A lost chunk is replaced; of one that is here only the touch is renewed, and
    whose it is: a chunk in use stays everybody's, but for somebody who may not read it has now been proven to be held."""
    insert_packs(tx, stored.packs, now_ms)
    each: dict[str, Any] = {"space": space, "touched_ms": now_ms, "device": device, "lost": False}
    rows = [each | _in_row(digest, chunk) for digest, chunk in stored.inline.items()] + [
        each | {"hash": packed.hash, "size": packed.place.size_bytes} | where_packed(pack, packed.place)
        for pack, made in stored.packs
        for packed in made.chunks
    ]
    # In one order for everybody: else two that bring the same chunks might wait for each other.
    rows.sort(key=itemgetter("hash"))
    execute_many(tx, _take_in(tx.dialect.name, reader), rows)


def copy_chunks(tx: Connection, source: bytes, space: bytes, hashes: Sequence[bytes], now_ms: int) -> int:
    """Gives a space the chunks of another, to be used now; no byte of a pack moves (R24). Answers how many of them there
    were."""
    count = 0
    c = tables.chunk.c
    same = ("hash", "pack", "frame_offset", "frame_bytes", "offset_bytes", "size", "encoding", "data", "lost")
    for piece in pieces(hashes):
        rows = select(
            *(c[name] for name in same), literal(space, c.space.type), literal(now_ms, c.touched_ms.type),
            literal(None, c.device.type),
        ).where(c.space == source, c.hash.in_(piece))  # fmt: skip
        columns = (*same, "space", "touched_ms", "device")
        statement = _or_replace_lost(_insert(tx.dialect.name).from_select(columns, rows), reader=True)
        count += tx.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
    return count


@cache
def _take_in(dialect: str, reader: bool) -> Any:
    """Builds the statement for rows of chunks: once, since that takes longer than to carry it out."""
    return _or_replace_lost(_insert(dialect), reader)


def _insert(dialect: str) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(tables.chunk)


def _or_replace_lost(statement: Any, reader: bool) -> Any:
    c, new = tables.chunk.c, statement.excluded
    in_use = and_(c.lost.is_(False), c.device.is_(None))
    change: dict[str, Any] = {
        name: case((c.lost, new[name]), else_=c[name])
        for name in ("pack", "frame_offset", "frame_bytes", "offset_bytes", "size", "encoding", "data")
    }
    change |= {"lost": false(), "touched_ms": new.touched_ms}
    change["device"] = case((in_use, None), else_=new.device) if reader else new.device
    return statement.on_conflict_do_update(index_elements=[c.space, c.hash], set_=change)


def _in_row(digest: bytes, chunk: Chunk) -> dict[str, Any]:
    """Answers the columns of a chunk that rests in its row; the packer folds it into a pack later."""
    carried = chunk.carried
    return _NO_PACK | {
        "hash": digest, "size": len(chunk.plain), "encoding": carried.encoding, "data": bytes(carried.data),
    }  # fmt: skip


def where_packed(pack: bytes, place: ChunkPlace) -> dict[str, Any]:
    """Answers the columns of a chunk's row that say where in which pack it is."""
    return {
        "pack": pack, "frame_offset": place.frame_offset, "frame_bytes": place.frame_bytes,
        "offset_bytes": place.offset_bytes, "encoding": place.encoding, "data": None,
    }  # fmt: skip


_NO_PACK: dict[str, Any] = {"pack": None, "frame_offset": None, "frame_bytes": None, "offset_bytes": None}


# In


def missing(server: Server, caller: Caller, space: bytes, question: Missing) -> MissingAnswer:
    """Says which chunks the space lacks; raises Failure(quota) where what was announced cannot fit.

    Who may add and not read is told of what the own device has sent, and of nothing else (R37, I12)."""
    if len(question.hashes) > server.limits.hashes_per_question:
        raise Failure(Code.TOO_LARGE, limit=server.limits.hashes_per_question)
    now_ms = server.clock.time_ms()
    with server.database.begin(write=False) as tx:
        role = access.require(tx, caller.user, space, Action.ADD)
        row = tx.execute(select(tables.space).where(tables.space.c.id == space)).one()
        most = quota.most_bytes(tx, row)
        left = max(0, most - row.bytes) if most is not None else None
        if left is not None and question.growth_bytes > left:
            raise Failure(Code.QUOTA, left_bytes=left)
        reader = Action.READ in access.MAY[role]
        found = holdings(tx, space, question.hashes)
    here = {digest: each for digest, each in found.items() if usable(each, caller, reader)}
    # Only of these: another answer, or more work, would tell that somebody else is sending a content (I8).
    old = [digest for digest, holding in here.items() if stale(holding, now_ms)]
    if old:
        with server.database.begin() as tx:
            lock_space(tx, space)
            renew(tx, space, old, now_ms)
    absent = tuple(digest not in here for digest in question.hashes)
    return MissingAnswer(missing=absent, quota_left_bytes=left)


def chunks(
    server: Server, caller: Caller, space: bytes, sent: Iterable[tuple[ChunkHead, Piece]]
) -> ChunksAnswer:
    """Takes in chunks: each verified, and durable when this answers; says for each whether it was good.

    Raises Failure(not_found, no_right), `too_large` for chunks above the limits, `quota` where the device has sent more
    than it has used (R39).
    """
    with server.database.begin(write=False) as tx:
        reader = Action.READ in access.MAY[access.require(tx, caller.user, space, Action.ADD)]
        c = tables.chunk.c
        unused = tx.execute(select(func.sum(c.size)).where(c.device == caller.device)).scalar() or 0
    good: list[bool] = []
    small: dict[bytes, Chunk] = {}
    large: dict[bytes, Sent] = {}
    for head, data in _within(sent, server.limits.chunk_bytes, server.limits.chunks_body_bytes):
        raw = _verified(head, data)
        good.append(raw is not None)
        if raw is None:
            continue
        as_sent = _as_sent(head, data, raw)
        if len(raw) <= server.limits.inline_chunk_bytes:
            small[head.hash] = Chunk(bytes(raw), as_sent)
        else:
            large[head.hash] = (as_sent, len(raw))
        unused += len(raw)
        if unused > server.limits.unreferenced_bytes:
            raise Failure(Code.QUOTA, limit=server.limits.unreferenced_bytes)
    stored = put_away(server, small, large)
    now_ms = server.clock.time_ms()
    with server.database.begin() as tx:
        access.require(tx, caller.user, space, Action.ADD)
        insert_stored(tx, space, stored, now_ms, caller.device, reader)
    return ChunksAnswer(stored=tuple(good))


def claim(server: Server, caller: Caller, space: bytes, hashes: Sequence[bytes]) -> None:
    """Makes chunks the caller's own, which has sent their bytes a moment ago, where another device sent them after it; what is
    in use stays everybody's."""
    c = tables.chunk.c
    with server.database.begin() as tx:
        lock_space(tx, space)
        for piece in pieces(hashes):
            unused = (c.space == space, c.hash.in_(piece), c.device.is_not(None))
            tx.execute(update(tables.chunk).where(*unused).values(device=caller.device))


def _verified(head: ChunkHead, data: Piece) -> Piece | None:
    try:
        raw = plain_of(head.encoding, data, head.size_bytes)
    except Failure:
        return None
    return raw if raw and chunk_hash(raw) == head.hash else None


def _as_sent(head: ChunkHead, data: Piece, raw: Piece) -> Encoded:
    """Answers the form in which a chunk came, unless it is longer than the chunk itself."""
    return Encoded(Encoding(head.encoding), data) if len(data) < len(raw) else Encoded(Encoding.RAW, raw)


def put_away(server: Server, small: Mapping[bytes, Chunk], large: Mapping[bytes, Sent]) -> PutAway:
    """Stores verified chunks in the form in which they came, for their rows to be made: few small ones in their rows, all
    others in packs, durable on return."""
    if enough_for_a_pack(small.values()):
        large = {digest: (chunk.carried, len(chunk.plain)) for digest, chunk in small.items()} | dict(large)
        small = {}
    return PutAway(store_packs(server, {}, large), small)


def enough_for_a_pack(small: Iterable[Chunk]) -> bool:
    """Says whether small chunks go straight into a pack."""
    return sum(len(chunk.plain) for chunk in small) >= PACK_FROM_BYTES


def only(stored: PutAway, used: Set[bytes]) -> PutAway:
    """Answers what of it is used, each chunk where it lies; packs of which nothing is used are left to collection."""
    packs = [
        (
            pack_id,
            msgspec.structs.replace(pack, chunks=tuple(each for each in pack.chunks if each.hash in used)),
        )
        for pack_id, pack in stored.packs
    ]
    packed = {each.hash for _, pack in packs for each in pack.chunks}
    rest = used - packed
    inline = {digest: chunk for digest, chunk in stored.inline.items() if digest in rest}
    return PutAway([(pack_id, pack) for pack_id, pack in packs if pack.chunks], inline)


def store_packs(
    server: Server, plain: Mapping[bytes, bytes], sent: Mapping[bytes, Sent]
) -> list[tuple[bytes, Pack]]:
    """Writes chunks into as many packs as they need, plain ones compressed together, others as they came; durable on return.
    Answers the packs by id."""
    done: list[tuple[bytes, Pack]] = []
    writer = PackWriter()

    def room() -> PackWriter:
        nonlocal writer
        if writer.full:
            done.append((server.ids.new(), writer.finish()))
            writer = PackWriter()
        return writer

    for digest, raw in plain.items():
        room().add(digest, raw)
    for digest, (encoded, size_bytes) in sent.items():
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


def unpacked(sent: Iterable[tuple[ChunkHead, Piece]], limits: Limits) -> list[Chunk]:
    """Unpacks small chunks that travel inside a commit; raises Failure(too_large, chunk_bad)."""
    found: list[Chunk] = []
    for head, data in _within(sent, limits.inline_chunk_bytes, limits.commit_bytes):
        raw = decompress(head.encoding, data, head.size_bytes)
        found.append(Chunk(bytes(raw), _as_sent(head, data, raw)))
    return found


def _within(
    sent: Iterable[tuple[ChunkHead, Piece]], each_bytes: int, all_bytes: int
) -> Iterator[tuple[ChunkHead, Piece]]:
    """Yields chunks as long as they keep to their limits when unpacked: few bytes can become very many."""
    total = 0
    for head, data in sent:
        total += head.size_bytes
        if head.size_bytes > each_bytes or total > all_bytes:
            raise Failure(Code.TOO_LARGE, limit=each_bytes if head.size_bytes > each_bytes else all_bytes)
        yield head, data
