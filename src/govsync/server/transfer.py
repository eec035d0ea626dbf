"""A folder with all that is in it, alive and dead, becomes what another space holds: nodes, versions, and the rows of exactly
those chunks that the versions name, so that nobody there can refer to anything else (R24, R37). No byte travels.

What a version names stands in its manifest. The large ones are in the store, and are read before any lock is taken.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import CTE, Connection, bindparam, case, func, select, update

from govsync.content import manifests
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.server import contents, reading
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among

Manifests = Mapping[bytes, bytes]
"""Encoded manifests, by version."""
_VERSIONS, _CHUNKS = 500, 4_096
"""So many versions are in memory with their manifests, and so many chunks at least are copied together."""


class Inside(msgspec.Struct, frozen=True):
    """What a folder holds: how many nodes, dead ones too, and whether a mount is among those that are alive."""

    count: int
    mount: bool


def _tree() -> CTE:
    n = tables.node.c
    tree = select(n.id).where(n.parent == bindparam("folder")).cte("tree", recursive=True)
    return tree.union(select(n.id).join_from(tables.node, tree, n.parent == tree.c.id))


_N, _R = tables.node.c, tables.revision.c
_TREE = _tree()
_SOME = select(_TREE.c.id).limit(bindparam("most")).subquery()
_IS_MOUNT = (_N.kind == Kind.MOUNT.value) & _N.deleted_seq.is_(None)
_INSIDE = select(func.count(), func.max(case((_IS_MOUNT, 1), else_=0))).join_from(
    _SOME, tables.node, _N.id == _SOME.c.id
)
_STORED = select(_R.id, _R.manifest_chunks).where(
    _R.node.in_(select(_TREE.c.id)), _R.manifest_chunks.is_not(None)
)
_CARRY_NODES = update(tables.node).where(_N.id.in_(select(_TREE.c.id))).values(space=bindparam("target"))
_THERE = select(_N.id).where(_N.space == bindparam("target"))
_CARRY_REVISIONS = update(tables.revision).where(_R.node.in_(_THERE)).values(space=bindparam("target"))
_CARRIED = select(_R.id).where(_R.node.in_(_THERE))
_MANIFESTS = select(_R.id, _R.state, _R.manifest, _R.manifest_chunks).where(_R.id.in_(AMONG))
_SIZE = select(func.coalesce(func.sum(_N.size), 0)).where(
    _N.space == bindparam("target"), _N.kind == Kind.FILE, _N.deleted_seq.is_(None)
)


def look(tx: Connection, folder: bytes, most: int) -> Inside:
    """Looks at what a folder holds; of more than `most` nodes it says that there are more."""
    count, mount = tx.execute(_INSIDE, {"folder": folder, "most": most + 1}).one()
    return Inside(count, bool(mount))


def read_ahead(server: Server, space: bytes, folder: bytes) -> Manifests:
    """Reads the manifests below a folder that are in the store; one that cannot be read is empty, and its version noted as
    lost. Raises Failure(store_unavailable) where nothing can be said about them."""
    with server.database.begin(write=False) as tx:
        rows = tx.execute(_STORED, {"folder": folder}).all()
    found: dict[bytes, bytes] = {}
    for row in rows:
        try:
            with server.database.begin(write=False) as tx:
                where = reading.find(tx, space, reading.manifest_hashes(row))
            found[row.id] = b"".join(reading.read(server, where))
        except Failure as failure:
            if failure.code is not Code.CHUNK_LOST:
                raise
            chunk = failure.facts["chunk"]
            assert isinstance(chunk, bytes)
            reading.note_lost(server, space, [chunk], [row.id])
            found[row.id] = b""
    return found


def carry_over(
    tx: Connection, source: bytes, target: bytes, folder: bytes, ahead: Manifests, now_ms: int
) -> int:
    """Makes what is in a folder of one space another one's; answers how many bytes that are. The spaces' own rows, and that of
    the folder, are the caller's.

    Raises Failure(busy_retry) where a version has come since the store was asked that only the store can tell of.
    """
    tx.execute(_CARRY_NODES, {"folder": folder, "target": target})
    tx.execute(_CARRY_REVISIONS, {"target": target})
    for hashes in _named(tx, target, ahead):
        contents.copy_chunks(tx, source, target, hashes, now_ms)
    return int(tx.execute(_SIZE, {"target": target}).scalar_one())


def _named(tx: Connection, target: bytes, ahead: Manifests) -> Iterator[list[bytes]]:
    """Yields the chunks that the versions in a space name, and those that hold their manifests, many at a time."""
    revs = tx.execute(_CARRIED, {"target": target}).scalars().all()
    hashes: dict[bytes, None] = {}
    for start in range(0, len(revs), _VERSIONS):
        for row in ask_among(tx, _MANIFESTS, revs[start : start + _VERSIONS]):
            hashes.update(dict.fromkeys(reading.manifest_hashes(row)))
            hashes.update((chunk.hash, None) for chunk in _chunks(row, ahead))
            if len(hashes) >= _CHUNKS:
                yield list(hashes)
                hashes.clear()
    yield list(hashes)


def _chunks(row: Any, ahead: Manifests) -> tuple[manifests.ChunkRef, ...]:
    if row.state == contents.PURGED:
        return ()
    encoded = row.manifest if row.manifest is not None else ahead.get(row.id)
    if encoded is None:
        raise Failure(Code.BUSY_RETRY)
    return manifests.chunks_between(encoded, 0, manifests.MAX_CHUNKS) if encoded else ()
