"""Contents: giving them out (I3, R36, R37).

What goes out is hashed before it leaves, and is asked for by revision, never by a bare hash. Bytes found damaged are
marked `lost` and count as missing, so that whoever holds them sends them again; the row stays, and is tried again.
Many small contents are read in the order in which they lie, near ones by one request, whatever the order in which they
are wanted: a store far away answers each request only after a while.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from govsync.content import manifests
from govsync.content.compress import Encoded, Encoding, decompress
from govsync.content.hashes import HASH_BYTES, chunk_hash
from govsync.content.manifests import Manifest
from govsync.content.packs import ChunkPlace, GetRange, chunk_in, unpack_frame
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import Want
from govsync.server import access
from govsync.server.access import Action
from govsync.server.chunk import Chunk
from govsync.server.contents import LOST, OK, PURGED
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among, pieces

SPAN_BYTES = 1024 * 1024
"""Frames that lie near each other in a pack are read together, up to so many bytes of it."""
GAP_BYTES = 64 * 1024
"""So much that nobody asked for is rather read along than asked around: a request costs about as much."""


_STORED = select(tables.chunk).where(
    tables.chunk.c.space == bindparam("space"), tables.chunk.c.hash.in_(AMONG)
)


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
    return [stored_of(row) for row in ask_among(tx, _STORED, hashes, space=space)]


def read(server: Server, where: Iterable[Stored]) -> Iterator[bytes]:
    """Yields the plain bytes of chunks, in order, verified.

    Raises Failure(chunk_lost) with the `chunk` whose bytes are damaged or gone, `store_unavailable` where nothing can be
    said about any of them.
    """
    for run in _runs(where):
        for found in _read_run(server, run):
            if isinstance(found, Failure):
                raise found
            yield found.plain


def read_some(server: Server, where: Iterable[Stored]) -> dict[bytes, Chunk]:
    """Answers chunks by hash, verified, without those that are damaged or gone.

    Raises Failure(store_unavailable) where nothing can be said about any of them.
    """
    found: dict[bytes, Chunk] = {}
    for run in _runs(sorted(where, key=_where)):
        for each, chunk in zip(run, _read_run(server, run), strict=True):
            if not isinstance(chunk, Failure):
                found[each.hash] = chunk
    return found


def _where(each: Stored) -> tuple[bytes, int, int]:
    if each.pack is None or each.place is None:
        return b"", 0, 0
    return each.pack, each.place.frame_offset, each.place.offset_bytes


def _runs(where: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Yields chunks in order, neighbours together."""
    run: list[Stored] = []
    for each in where:
        if run and not _near(run[0], run[-1], each):
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _near(first: Stored, last: Stored, each: Stored) -> bool:
    """Says whether one request may read a chunk together with those before it."""
    if each.place is None or first.place is None or last.place is None or each.pack != last.pack:
        return False
    if each.place.frame_offset == last.place.frame_offset:
        return True
    gap = each.place.frame_offset - (last.place.frame_offset + last.place.frame_bytes)
    span = each.place.frame_offset + each.place.frame_bytes - first.place.frame_offset
    return 0 <= gap <= GAP_BYTES and span <= SPAN_BYTES


def _read_run(server: Server, run: Sequence[Stored]) -> Iterator[Chunk | Failure]:
    """Yields, for each chunk of a run, its bytes or why they are lost; a frame that holds several is unpacked once."""
    get_range = _span(server, run)
    frame, frame_offset, packed = b"", -1, b""
    for each in run:
        try:
            encoding = Encoding(each.encoding)
            if each.place is None:
                packed = each.data or b""
                data = decompress(encoding, packed, each.size_bytes)
            else:
                if frame_offset != each.place.frame_offset:
                    packed = get_range(each.place.frame_offset, each.place.frame_bytes)
                    frame = unpack_frame(each.place, packed)
                    frame_offset = each.place.frame_offset
                data = chunk_in(frame, each.place)
        except Failure as failure:
            if failure.code is Code.STORE_UNAVAILABLE:
                raise
            yield _lost(each, failure)
        else:
            alone = each.place is None or len(frame) == each.size_bytes
            encoded = Encoded(encoding, packed) if alone else None
            yield Chunk(data, encoded) if chunk_hash(data) == each.hash else _lost(each)


def _lost(each: Stored, why: Failure | None = None) -> Failure:
    lost = Failure(Code.CHUNK_LOST, chunk=each.hash)
    lost.__cause__ = why
    return lost


def _span(server: Server, run: Sequence[Stored]) -> GetRange:
    """Answers what reads frames of a run: out of all of them, read by one request, if that is possible."""
    first, last = run[0].place, run[-1].place
    get_range = partial(server.blobs.get_range, (run[0].pack or b"").hex())
    if first is None or last is None or first.frame_offset == last.frame_offset:
        return get_range
    start = first.frame_offset
    try:
        span = get_range(start, last.frame_offset + last.frame_bytes - start)
    except Failure as failure:
        if failure.code is not Code.CHUNK_LOST:
            raise
        return get_range  # Where a part is gone, the others may still be had one by one.
    return lambda offset, size_bytes: span[offset - start : offset - start + size_bytes]


def mark_lost(tx: Connection, space: bytes, chunk: bytes, lost: bool = True) -> None:
    """Notes that a chunk's bytes could not be read: it counts as missing until they can, or are sent again."""
    c = tables.chunk.c
    tx.execute(update(tables.chunk).where(c.space == space, c.hash == chunk).values(lost=lost))


def note_lost(server: Server, space: bytes, chunks: Iterable[bytes], revs: Iterable[bytes]) -> None:
    """Notes which chunks could not be read, and which versions are not whole because of it: they are asked back (`wanted`)."""
    r = tables.revision.c
    with server.database.begin() as tx:
        for digest in sorted(chunks):
            mark_lost(tx, space, digest)
        for piece in pieces(revs):
            mine = (r.space == space, r.id.in_(piece), r.state == OK)
            tx.execute(update(tables.revision).where(*mine).values(state=LOST))


def manifest_hashes(row: Any) -> list[bytes]:
    """Names the chunks that a revision's manifest itself is stored in."""
    joined = row.manifest_chunks or b""
    return [joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES)]


def manifest_of(server: Server, tx: Connection, space: bytes, row: Any) -> Manifest:
    """Answers the manifest of a revision's row; raises Failure(chunk_lost)."""
    return manifests.decode(_encoded(server, tx, space, row), max_chunks=server.limits.manifest_chunks)


def _encoded(server: Server, tx: Connection, space: bytes, row: Any) -> bytes:
    if row.manifest is not None:
        return bytes(row.manifest)
    if row.state == PURGED:
        raise Failure(Code.CHUNK_LOST)
    return b"".join(read(server, find(tx, space, manifest_hashes(row))))


def manifest(server: Server, caller: Caller, space: bytes, rev: bytes) -> Manifest:
    """Answers the manifest of a revision; raises Failure(not_found, chunk_lost)."""
    try:
        with server.database.begin(write=False) as tx:
            access.require(tx, caller.user, space, Action.READ)
            r = tables.revision.c
            row = tx.execute(select(tables.revision).where(r.id == rev, r.space == space)).one_or_none()
            if row is None:
                raise Failure(Code.NOT_FOUND)
            return manifest_of(server, tx, space, row)
    except Failure as failure:
        lost = failure.facts.get("chunk")
        if isinstance(lost, bytes):
            note_lost(server, space, [lost], [rev])
        raise


def fetch(server: Server, caller: Caller, space: bytes, wants: Sequence[Want]) -> list[Chunk]:
    """Answers the asked chunks, in order; raises Failure(not_found, too_large, chunk_lost).

    All or nothing: a chunk that is lost is told as such, and not by an answer that ends in its middle.
    """
    if len(wants) > server.limits.wants_per_fetch:
        raise Failure(Code.TOO_LARGE, limit=server.limits.wants_per_fetch)
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        parts = _wanted(server, tx, space, wants)
        wanted = [digest for want in wants for digest in parts[want]]
        where = find_some(tx, space, wanted)
    # Read outside the transaction: packs linger after their last row, and nobody waits for a slow store.
    found = read_some(server, where)
    lost = [digest for digest in dict.fromkeys(wanted) if digest not in found]
    if lost:
        gone = set(lost)
        note_lost(server, space, lost, {want.rev for want in wants if not gone.isdisjoint(parts[want])})
        raise Failure(Code.CHUNK_LOST, chunk=lost[0])
    return [found[digest] for digest in wanted]


def _wanted(server: Server, tx: Connection, space: bytes, wants: Sequence[Want]) -> dict[Want, list[bytes]]:
    """Answers which chunks each of them is."""
    r = tables.revision.c
    wanted: dict[bytes, list[Want]] = {}
    for want in wants:
        if not 0 <= want.start <= want.end:
            raise Failure(Code.BAD_REQUEST, what="range")
        wanted.setdefault(want.rev, []).append(want)
    parts: dict[Want, list[bytes]] = {}
    total = 0
    for piece in pieces(wanted):
        # One manifest at a time is in memory: there are some of hundred megabytes.
        # By their ids alone: asked for the space as well, SQLite goes through all that the space has.
        for row in tx.execute(select(tables.revision).where(r.id.in_(piece))).all():
            if row.space != space:
                continue
            encoded = _encoded(server, tx, space, row)
            for want in wanted.pop(row.id):
                mine = manifests.chunks_between(encoded, want.start, want.end)
                parts[want] = [chunk.hash for chunk in mine]
                total += sum(chunk.size_bytes for chunk in mine)
                if total > server.limits.fetch_body_bytes:
                    raise Failure(Code.TOO_LARGE, limit=server.limits.fetch_body_bytes)
    if wanted:
        raise Failure(Code.NOT_FOUND)
    return parts
