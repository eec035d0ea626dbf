"""Contents: which chunks a space has, taking them in, and giving them out (R36, R37).

A chunk row says where the bytes are: in the row itself, durable with its transaction, or in a pack, which was durable
before the row. Whatever comes in is hashed before it is stored (I3); whatever goes out is asked for by revision.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, select, update

from govsync.content import manifests
from govsync.content.compress import Encoded, Encoding, compress, decompress
from govsync.content.hashes import chunk_hash
from govsync.content.manifests import Manifest
from govsync.content.packs import ChunkPlace, PackWriter, chunk_in, read_frame
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import ChunkHead, ChunksAnswer, Missing, MissingAnswer, Want
from govsync.server import access
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.insert import insert_new

_IN = 400
RENEW_MS = 3_600_000
"""A chunk row is renewed when it was last touched longer ago than this; collection waits for many times as long."""


def stored(tx: Connection, space: bytes, hashes: Sequence[bytes], now_ms: int) -> set[bytes]:
    """Answers which chunks the space has, and renews them so that collection leaves them alone (R36)."""
    found: set[bytes] = set()
    stale: list[bytes] = []
    c = tables.chunk.c
    for start in range(0, len(hashes), _IN):
        piece = hashes[start : start + _IN]
        for digest, touched_ms in tx.execute(
            select(c.hash, c.touched_ms).where(c.space == space, c.hash.in_(piece))
        ):
            found.add(digest)
            if now_ms - touched_ms > RENEW_MS:
                stale.append(digest)
    for start in range(0, len(stale), _IN):
        piece = stale[start : start + _IN]
        tx.execute(update(tables.chunk).where(c.space == space, c.hash.in_(piece)).values(touched_ms=now_ms))
    return found


def store_inline(
    tx: Connection, space: bytes, chunks: Sequence[tuple[bytes, bytes]], now_ms: int, caller: Caller
) -> None:
    """Stores small chunks in the database itself; the packer folds them into packs later."""
    rows = []
    for digest, data in chunks:
        encoded = compress(data)
        rows.append(
            _row(space, digest, len(data), encoded.encoding, now_ms, caller, data=bytes(encoded.data))
        )
    insert_new(tx, tables.chunk, rows)


def _row(
    space: bytes, digest: bytes, size: int, encoding: str, now_ms: int, caller: Caller, **where: Any
) -> dict[str, Any]:
    row = {
        "space": space, "hash": digest, "pack": None, "frame_offset": None, "frame_bytes": None, "offset_bytes": None,
        "size": size, "encoding": encoding, "data": None, "touched_ms": now_ms, "device": caller.device, "lost": False,
    }  # fmt: skip
    return row | where


def missing(server: Server, caller: Caller, space: bytes, question: Missing) -> MissingAnswer:
    """Says which chunks the space lacks; raises Failure(quota) where what was announced cannot fit."""
    if len(question.hashes) > server.limits.hashes_per_question:
        raise Failure(Code.TOO_LARGE, limit=server.limits.hashes_per_question)
    with server.database.begin() as tx:
        role = access.require(tx, caller.user, space, Action.ADD)
        row = tx.execute(
            select(tables.space.c.quota, tables.space.c.bytes).where(tables.space.c.id == space)
        ).one()
        left = max(0, row.quota - row.bytes) if row.quota else None
        if left is not None and question.total_bytes > left:
            raise Failure(Code.QUOTA, left_bytes=left)
        # Who may not read must not learn what is there (R37).
        readable = Action.READ in access.MAY[role]
        have = stored(tx, space, question.hashes, server.clock.time_ms()) if readable else set()
    return MissingAnswer(
        missing=tuple(digest not in have for digest in question.hashes), quota_left_bytes=left
    )


def chunks(
    server: Server, caller: Caller, space: bytes, sent: Iterable[tuple[ChunkHead, bytes]]
) -> ChunksAnswer:
    """Takes in chunks: verified, stored in one pack that is durable before its rows (small ones in the database)."""
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.ADD)
    writer = PackWriter()
    plain: dict[bytes, int] = {}
    small: list[tuple[bytes, bytes]] = []
    good: list[bool] = []
    for head, data in sent:
        if head.size_bytes > server.limits.chunk_bytes:
            raise Failure(Code.TOO_LARGE, what="chunk")
        try:
            raw = decompress(head.encoding, data, head.size_bytes)
        except Failure:
            good.append(False)
            continue
        if chunk_hash(raw) != head.hash:
            good.append(False)
            continue
        good.append(True)
        if len(raw) <= server.limits.inline_chunk_bytes:
            small.append((head.hash, bytes(raw)))
        elif head.hash not in plain:
            plain[head.hash] = len(raw)
            writer.add_encoded(head.hash, Encoded(Encoding(head.encoding), data), head.size_bytes)
    rows: list[dict[str, Any]] = []
    now_ms = server.clock.time_ms()
    pack_row = None
    if plain:
        pack = writer.finish()
        pack_id = server.ids.new()
        server.blobs.put_new(pack_id.hex(), pack.pieces)
        pack_row = {
            "id": pack_id,
            "key": pack_id.hex(),
            "size": pack.size_bytes,
            "state": "live",
            "since_ms": now_ms,
        }
        for each in pack.chunks:
            rows.append(_packed(space, each.hash, pack_id, each.place, now_ms, caller))
    with server.database.begin() as tx:
        access.require(tx, caller.user, space, Action.ADD)
        if pack_row is not None:
            insert_new(tx, tables.pack, [pack_row])
            insert_new(tx, tables.chunk, rows)
        store_inline(tx, space, small, now_ms, caller)
    return ChunksAnswer(stored=tuple(good))


def plain(sent: Iterable[tuple[ChunkHead, bytes]], limit: int) -> list[bytes]:
    """Unpacks small chunks that travel inside a commit; raises Failure(too_large, chunk_bad)."""
    found: list[bytes] = []
    for head, data in sent:
        if head.size_bytes > limit:
            raise Failure(Code.TOO_LARGE, what="inline chunk")
        found.append(bytes(decompress(head.encoding, data, head.size_bytes)))
    return found


def _packed(
    space: bytes, digest: bytes, pack: bytes, place: ChunkPlace, now_ms: int, caller: Caller
) -> dict[str, Any]:
    return _row(
        space, digest, place.size_bytes, place.encoding, now_ms, caller, pack=pack, frame_offset=place.frame_offset,
        frame_bytes=place.frame_bytes, offset_bytes=place.offset_bytes,
    )  # fmt: skip


def read_chunks(server: Server, tx: Connection, space: bytes, hashes: Sequence[bytes]) -> Iterator[bytes]:
    """Yields the plain bytes of chunks of a space, in order, verified; raises Failure(chunk_lost)."""
    c = tables.chunk.c
    frame: tuple[bytes, int] | None = None
    frame_data = b""
    for start in range(0, len(hashes), _IN):
        piece = hashes[start : start + _IN]
        rows = {
            row.hash: row
            for row in tx.execute(select(tables.chunk).where(c.space == space, c.hash.in_(set(piece))))
        }
        for digest in piece:
            row = rows.get(digest)
            if row is None:
                raise Failure(Code.CHUNK_LOST)
            if row.pack is None:
                data = decompress(row.encoding, row.data, row.size)
            else:
                place = ChunkPlace(
                    row.frame_offset, row.frame_bytes, row.offset_bytes, row.size, Encoding(row.encoding)
                )
                if frame != (row.pack, row.frame_offset):
                    frame_data = read_frame(place, partial(server.blobs.get_range, row.pack.hex()))
                    frame = (row.pack, row.frame_offset)
                data = chunk_in(frame_data, place)
            if chunk_hash(data) != digest:
                raise Failure(Code.CHUNK_LOST)
            yield bytes(data)


def manifest_of(server: Server, tx: Connection, space: bytes, row: Any) -> Manifest:
    """Answers the manifest of a revision's row."""
    encoded = row.manifest
    if encoded is None:
        joined = row.manifest_chunks or b""
        hashes = [joined[start : start + 32] for start in range(0, len(joined), 32)]
        encoded = b"".join(read_chunks(server, tx, space, hashes))
    return manifests.decode(encoded, max_chunks=server.limits.manifest_chunks)


def manifest(server: Server, caller: Caller, space: bytes, rev: bytes) -> Manifest:
    """Answers the manifest of a revision; raises Failure(not_found)."""
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        row = tx.execute(
            select(tables.revision).where(tables.revision.c.id == rev, tables.revision.c.space == space)
        ).one_or_none()
        if row is None:
            raise Failure(Code.NOT_FOUND)
        return manifest_of(server, tx, space, row)


def fetch(server: Server, caller: Caller, space: bytes, wants: Sequence[Want]) -> list[bytes]:
    """Answers the plain bytes of the asked chunks, in order; raises Failure(not_found, too_large, chunk_lost)."""
    if len(wants) > server.limits.wants_per_fetch:
        raise Failure(Code.TOO_LARGE, limit=server.limits.wants_per_fetch)
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        revisions: dict[bytes, Any] = {}
        ids = sorted({want.rev for want in wants})
        r = tables.revision.c
        for start in range(0, len(ids), _IN):
            query = select(tables.revision).where(r.space == space, r.id.in_(ids[start : start + _IN]))
            revisions.update((row.id, row) for row in tx.execute(query))
        hashes: list[bytes] = []
        total = 0
        known: dict[bytes, Manifest] = {}
        for want in wants:
            row = revisions.get(want.rev)
            if row is None:
                raise Failure(Code.NOT_FOUND)
            if want.rev not in known:
                known[want.rev] = manifest_of(server, tx, space, row)
            mine = known[want.rev].chunks[want.start : want.end]
            hashes.extend(chunk.hash for chunk in mine)
            total += sum(chunk.size_bytes for chunk in mine)
            if total > server.limits.fetch_body_bytes:
                raise Failure(Code.TOO_LARGE, limit=server.limits.fetch_body_bytes)
        return list(read_chunks(server, tx, space, hashes))
