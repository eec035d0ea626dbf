"""What a commit needs of the store, done before its space is locked: a store may answer slowly, or not at all, and whoever
waits for the lock (on SQLite: for the turn to write, which all spaces share) would wait for the store.

Nothing is decided here. Under the lock each chunk is looked up again (R36): what was stored ahead and turns out not to be
needed has no row, and its pack is collected when nothing points into it; what turns out to be needed and was not stored
ahead, since it was here a moment before, rests in its row.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, select

from govsync.content.hashes import chunk_hash
from govsync.content.packs import Pack
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.commits import Commit
from govsync.protocol.limits import Limits
from govsync.server import access, contents, reading
from govsync.server.access import Action
from govsync.server.chunk import Chunk
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.reading import Stored
from govsync.server.sources import Sources

_HEAD_BYTES = 512
_CHUNK_BYTES = 36
_BRINGING = (ask.Put, ask.Offer)


class Ahead(msgspec.Struct, frozen=True):
    """What was done ahead: small chunks by hash, the packs that some of them were put into, and pieces of manifests that
    the store was asked for, by hash."""

    inline: Mapping[bytes, Chunk]
    packs: Sequence[tuple[bytes, Pack]] = ()
    read: Mapping[bytes, bytes] = {}


def prepare(server: Server, caller: Caller, space: bytes, request: Commit, inline: Sequence[Chunk]) -> Ahead:
    """Stores what comes along where it is enough for a pack, and reads the large manifests that operations name.

    Raises Failure(not_found, no_right, epoch_changed): nothing is stored for somebody who may not, or in vain.
    """
    sent = {chunk_hash(chunk.plain): chunk for chunk in inline}
    named = {
        digest
        for operation in request.operations
        if (bringing := content_of(operation)) is not None
        for digest in bringing.manifest_chunks
    } - sent.keys()
    enough = contents.enough_for_a_pack(sent.values())
    taking = [op for op in request.operations if isinstance(op, ask.Put) and op.source is not None]
    if not enough and not named and not taking:
        return Ahead(sent)
    with server.database.begin(write=False) as tx:
        reader = Action.READ in access.MAY[access.require(tx, caller.user, space, Action.ADD)]
        s = tables.space.c
        if tx.execute(select(s.epoch).where(s.id == space)).scalar() != request.epoch:
            raise Failure(Code.EPOCH_CHANGED)
        here = contents.holdings(tx, space, [*(sent if enough else ()), *named])
        mine = {space: {digest for digest in named if contents.usable(here.get(digest), caller, reader)}}
        sources = Sources(tx, caller)
        for row in filter(None, map(sources.revision, taking)):
            mine.setdefault(row.space, set()).update(reading.manifest_hashes(row))
        stored = _manifest_pieces(server, tx, mine)
    absent = {
        digest: chunk
        for digest, chunk in sent.items()
        if not contents.usable(here.get(digest), caller, reader)
    }
    put = contents.put_away(server, absent, {}) if enough else None
    found = reading.read_some(server, stored)
    return Ahead(sent, put.packs if put else (), {digest: chunk.plain for digest, chunk in found.items()})


def _manifest_pieces(server: Server, tx: Connection, mine: Mapping[bytes, set[bytes]]) -> list[Stored]:
    """Answers where pieces of manifests lie, given by space, as many as one commit may hold."""
    room = most_manifest_bytes(server.limits)
    found: list[Stored] = []
    for space, digests in mine.items():
        for each in reading.find_some(tx, space, digests):
            if each.size_bytes <= room:
                room -= each.size_bytes
                found.append(each)
    return found


def content_of(operation: ask.AnyOperation) -> ask.Put | ask.Offer | None:
    """Answers the operation if it brings a content."""
    return operation if isinstance(operation, _BRINGING) and operation.hash is not None else None


def most_manifest_bytes(limits: Limits) -> int:
    """Answers how many bytes of large manifests one commit may hold in memory."""
    return _HEAD_BYTES + _CHUNK_BYTES * limits.manifest_chunks
