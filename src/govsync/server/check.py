"""Verifies everything that is stored: chunks against their hashes, manifests against their revisions, nodes against both,
rows against the packs that they speak of, sums against what they sum up, chains against their journals. What it finds it
lists, by the names of files and their versions; repairing asks a damaged content back from desks (`wanted`) and never
destroys anything.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, or_, select, tuple_, update

from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.server import audit, chain, contents, directory, reading
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space
from govsync.server.versions import Paths

_TOGETHER = 256
_ASK_BACK = "it is asked back from desks: --repair"
_COPY = "restore the database from its copy"
_COUNT = "it is counted again: --repair"


class Damage(msgspec.Struct, frozen=True):
    """One thing that is wrong: what, where, and what to do about it."""

    what: str
    where: str
    advice: str


def check(server: Server, repair: bool = False) -> list[Damage]:
    """Answers all damage. With `repair`, chunks that cannot be read count as missing and revisions that need them are
    marked, so that desks that hold them send them again; and what can be read again counts as whole again."""
    with server.database.begin(write=False) as tx:
        spaces = [row.id for row in tx.execute(select(tables.space.c.id).order_by(tables.space.c.id))]
    found: list[Damage] = []
    for space in spaces:
        bad = _bad_chunks(server, space)
        found += [Damage("chunk", f"{space.hex()} {digest.hex()}", _ASK_BACK) for digest in sorted(bad)]
        revisions = _bad_revisions(server, space, bad)
        found += revisions.values()
        found += _bad_nodes(server, space)
        found += _bad_places(server, space)
        found += _bad_packs(server, space)
        found += _bad_sum(server, space, repair)
        found += _bad_chain(server, space)
        if repair:
            _mark(server, space, bad, revisions)
    found += _bad_chain(server, directory.SYS)
    broken = audit.first_broken(server)
    return found if broken is None else [*found, Damage("seal", f"number {broken}", _COPY)]


def _bad_chunks(server: Server, space: bytes) -> set[bytes]:
    """Reads every chunk of a space, in the order in which they lie in their packs, so that each frame is read once."""
    bad: set[bytes] = set()
    for rows in _chunk_rows(server, space):
        waiting = [reading.stored_of(row) for row in rows]
        while waiting:
            read = 0
            try:
                for _ in reading.read(server, waiting):
                    read += 1
            except Failure as failure:
                if "chunk" not in failure.facts:
                    raise
                bad.add(waiting[read].hash)
                read += 1
            waiting = waiting[read:]
    return bad


def _chunk_rows(server: Server, space: bytes) -> Iterator[list[Any]]:
    c = tables.chunk.c
    for where, place in (
        ((c.pack.is_not(None),), (c.pack, c.frame_offset, c.offset_bytes, c.hash)),
        ((c.pack.is_(None),), (c.hash,)),
    ):
        last: tuple[Any, ...] | None = None
        while True:
            query = select(tables.chunk).where(c.space == space, *where).order_by(*place).limit(_TOGETHER)
            if last is not None:
                query = query.where(tuple_(*place) > last)
            with server.database.begin(write=False) as tx:
                rows = list(tx.execute(query).all())
            if not rows:
                break
            yield rows
            last = tuple(getattr(rows[-1], column.name) for column in place)


def _bad_revisions(server: Server, space: bytes, bad: set[bytes]) -> dict[bytes, Damage]:
    found: dict[bytes, Damage] = {}
    r, c, n = tables.revision.c, tables.chunk.c, tables.node.c
    with server.database.begin(write=False) as tx:
        have = {row.hash for row in tx.execute(select(c.hash).where(c.space == space))} - bad
        where = _Where(tx, space)
        query = (
            select(tables.revision, n.name, n.parent, n.rev)
            .join_from(tables.revision, tables.node, n.id == r.node, isouter=True)
            .where(r.space == space, r.state != contents.PURGED)
            .order_by(r.id)
        )
        for row in tx.execute(query).all():
            if row.name is None:
                found[row.id] = Damage("revision", where.of(row), _COPY)
                continue
            try:
                manifest = reading.manifest_of(server, tx, space, row)
            except Failure as failure:
                if failure.code is Code.STORE_UNAVAILABLE:
                    raise
                found[row.id] = Damage("manifest", where.of(row), _ASK_BACK)
                continue
            if manifest.content_hash != row.hash or manifest.size_bytes != row.size:
                found[row.id] = Damage("manifest", where.of(row), _COPY)
            elif any(chunk.hash not in have for chunk in manifest.chunks):
                found[row.id] = Damage("revision", where.of(row), _ASK_BACK)
    return found


class _Where:
    """Names versions as an operator would look for them: space, path, which version, and since when."""

    def __init__(self, tx: Connection, space: bytes) -> None:
        s = tables.space.c
        self._name = tx.execute(select(s.name).where(s.id == space)).scalar() or space.hex()
        self._paths = Paths(tx)

    def of(self, row: Any) -> str:
        """Answers where a version belongs; `row` is of it and its node."""
        at = datetime.fromtimestamp(row.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        path = self._paths.of(row) if row.name is not None else f"node {row.node.hex()}, which is not there"
        which = "current version" if row.rev == row.id else "older version"
        return f"{self._name}/{path}, {which} of {at}, {row.id.hex()}"


def _bad_packs(server: Server, space: bytes) -> list[Damage]:
    """Lists packs that chunks point into and no row knows: collection would take their bytes for nobody's."""
    c, p = tables.chunk.c, tables.pack.c
    query = (
        select(c.pack)
        .distinct()
        .join_from(tables.chunk, tables.pack, p.id == c.pack, isouter=True)
        .where(c.space == space, c.pack.is_not(None), p.id.is_(None))
        .order_by(c.pack)
    )
    with server.database.begin(write=False) as tx:
        return [Damage("pack", row.pack.hex(), _COPY) for row in tx.execute(query)]


def _bad_sum(server: Server, space: bytes, repair: bool) -> list[Damage]:
    """Compares what a space is said to hold with what its living files are together (R39)."""
    n, s = tables.node.c, tables.space.c
    living = select(func.coalesce(func.sum(n.size), 0)).where(
        n.space == space, n.kind == Kind.FILE, n.deleted_seq.is_(None)
    )
    with server.database.begin(write=repair) as tx:
        row = (
            lock_space(tx, space)
            if repair
            else tx.execute(select(s.bytes).where(s.id == space)).one_or_none()
        )
        held = tx.execute(living).scalar_one()
        if row is None or row.bytes == held:
            return []
        if repair:
            tx.execute(update(tables.space).where(s.id == space).values(bytes=held))
    return [Damage("sum", f"{space.hex()} is said to hold {row.bytes} bytes, and holds {held}", _COUNT)]


def _bad_nodes(server: Server, space: bytes) -> list[Damage]:
    """Lists living files whose revision is not there, or says something else."""
    n, r = tables.node.c, tables.revision.c
    with server.database.begin(write=False) as tx:
        rows = tx.execute(
            select(n.id)
            .join_from(tables.node, tables.revision, (r.id == n.rev) & (r.node == n.id), isouter=True)
            .where(n.space == space, n.rev.is_not(None), n.deleted_seq.is_(None))
            .where(r.id.is_(None) | (r.hash != n.hash) | (r.size != n.size))
            .order_by(n.id)
        ).all()
    return [Damage("node", row.id.hex(), _COPY) for row in rows]


def _bad_places(server: Server, space: bytes) -> list[Damage]:
    """Lists nodes that hang in nothing of their space, in something dead or in a file, and mounts that do not show the space
    that they name; of what is dead, only where it would come back to is looked at."""
    n, s = tables.node.c, tables.space.c
    above = tables.node.alias("above")
    hangs = and_(
        above.c.space == n.space,
        or_(n.deleted_seq.is_not(None), above.c.deleted_seq.is_(None) & (above.c.kind == Kind.FOLDER)),
    )
    with server.database.begin(write=False) as tx:
        root = select(s.root).where(s.id == space).scalar_subquery()
        nodes = tx.execute(
            select(n.id)
            .join_from(tables.node, above, above.c.id == n.parent, isouter=True)
            .where(n.space == space, n.id != root, or_(above.c.id.is_(None), ~hangs))
        ).scalars()
        mounts = tx.execute(
            select(n.id)
            .join_from(tables.node, tables.space, s.id == n.target_space, isouter=True)
            .where(n.space == space, n.kind == Kind.MOUNT, n.deleted_seq.is_(None))
            .where(or_(s.id.is_(None), s.root != n.root, n.root.is_(None)))
        ).scalars()
        return [Damage("place", node.hex(), _COPY) for node in sorted({*nodes, *mounts})]


def _bad_chain(server: Server, stream: bytes) -> list[Damage]:
    value = chain.START
    j = tables.journal.c
    with server.database.begin(write=False) as tx:
        expected, head, newest = _bounds(tx, stream)
        for row in tx.execute(select(tables.journal).where(j.stream == stream).order_by(j.seq)):
            expected += 1
            value = chain.link(value, row.seq, row.op_key, row.body)
            if row.seq != expected or value != row.chain:
                return [Damage("journal", f"{stream.hex()} {row.seq}", _COPY)]
    if (head, newest) != (expected, value):
        return [Damage("journal", f"{stream.hex()} {expected}", _COPY)]
    return []


def _bounds(tx: Connection, stream: bytes) -> tuple[int, int, bytes]:
    """Answers after which sequence a journal begins, and by which sequence and chain it is said to end."""
    if stream == directory.SYS:
        return 0, directory.sys_head(tx), directory.sys_chain(tx)
    s = tables.space.c
    row = tx.execute(select(s.floor, s.head, s.chain).where(s.id == stream)).one()
    return int(row.floor), int(row.head), bytes(row.chain)


def _mark(server: Server, space: bytes, bad: set[bytes], revisions: dict[bytes, Damage]) -> None:
    r, c = tables.revision.c, tables.chunk.c
    with server.database.begin() as tx:
        for digest in sorted(bad):
            reading.mark_lost(tx, space, digest)
        for row in tx.execute(select(c.hash).where(c.space == space, c.lost)).all():
            if row.hash not in bad:
                reading.mark_lost(tx, space, row.hash, lost=False)
        for rev in sorted(revisions):
            tx.execute(update(tables.revision).where(r.id == rev).values(state=contents.LOST))
        for row in tx.execute(select(r.id).where(r.space == space, r.state == contents.LOST)).all():
            if row.id not in revisions:
                tx.execute(update(tables.revision).where(r.id == row.id).values(state=contents.OK))
