"""Reading a space: its journal after a cursor, its snapshot, and what it has ever known (R33, R34, R40)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from govsync.content import manifests
from govsync.model import names
from govsync.model.codes import Code
from govsync.model.documents import from_packed
from govsync.model.problems import Failure
from govsync.protocol.changes import Changes, Cursor, Entry, Known, KnownAnswer, Nodes, NodeState
from govsync.server import access, chain, contents, epochs, reading
from govsync.server.access import Action
from govsync.server.chunk import Chunk
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among, pieces
from govsync.server.versions import Names
from govsync.server.view import shown, state_of

_BRINGS_CONTENT = ("put", "offer", "revive")


def changes(
    server: Server, caller: Caller, space: bytes, cursor: Cursor | None
) -> tuple[Changes, dict[bytes, Chunk]]:
    """Answers a page of the journal after a cursor (None: from its start), and small contents by revision.

    Contents that the asking device has saved itself are left out: it has them. Raises Failure(not_found, cursor_gone,
    epoch_changed, history_differs); the last begins a new epoch, since this database has then lost something (R34).
    """
    with epochs.giving_away(server, cursor):
        return _page(server, caller, space, cursor)


def _page(
    server: Server, caller: Caller, space: bytes, cursor: Cursor | None
) -> tuple[Changes, dict[bytes, Chunk]]:
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        row = tx.execute(select(tables.space).where(tables.space.c.id == space)).one()
        after = _start(tx, row, cursor)
        j = tables.journal.c
        query = (
            select(j.seq, j.kind, j.op_key, j.body, j.at_ms, j.chain, j.user, j.device)
            .where(j.stream == space, j.seq > after)
            .order_by(j.seq)
            .limit(server.limits.page)
        )
        rows = tx.execute(query).all()
        entries = _entries(tx, rows)
        last = rows[-1] if rows else None
        seq, value = (last.seq, last.chain) if last is not None else (after, _chain_at(tx, row, after))
        small = _small(server, tx, caller, entries)
        fresh = server.fresh.found(space, small.values())
        stored = reading.find_some(tx, space, small.values() - fresh.keys())
    found = fresh | _read(server, stored)
    inline = {rev: found[digest] for rev, digest in small.items() if digest in found}
    head = Cursor(row.epoch, seq, value[: chain.QUOTED])
    return Changes(entries=entries, cursor=head, head=row.head, inline=tuple(inline)), inline


def _start(tx: Connection, row: Any, cursor: Cursor | None) -> int:
    """Answers the sequence to read on from; raises Failure where the cursor speaks of another history."""
    seq = cursor.seq if cursor is not None else 0
    if cursor is not None:
        check(tx, row, cursor)
    if seq < row.floor:
        raise Failure(Code.CURSOR_GONE)
    return seq


def check(tx: Connection, row: Any, cursor: Cursor) -> None:
    """Raises Failure(epoch_changed, history_differs) for a cursor of another history than the space now has; what is
    below the floor cannot be told."""
    if cursor.epoch != row.epoch:
        raise Failure(Code.EPOCH_CHANGED)
    if cursor.seq > row.head:
        raise Failure(Code.HISTORY_DIFFERS)
    if cursor.seq >= row.floor and _chain_at(tx, row, cursor.seq)[: chain.QUOTED] != cursor.chain:
        raise Failure(Code.HISTORY_DIFFERS)


def _chain_at(tx: Connection, row: Any, seq: int) -> bytes:
    if seq == row.head:
        return bytes(row.chain)
    if seq == row.floor:
        return chain.START
    j = tables.journal.c
    return bytes(tx.execute(select(j.chain).where(j.stream == row.id, j.seq == seq)).scalar_one())


def _entries(tx: Connection, rows: Sequence[Any]) -> tuple[Entry, ...]:
    *_, users, devices = zip(*rows, strict=True) if rows else ((), ())
    names_of = Names(tx, users, devices)
    user_names, device_names = names_of.users, names_of.devices
    return tuple(
        Entry(
            seq=seq, op=kind, key=key, state=from_packed(body, NodeState), user=user, device=device, at_ms=at_ms,
            user_name=user_names.get(user, ""), device_name=device_names.get(device, ""),
        )
        for seq, kind, key, body, at_ms, _, user, device in rows
    )  # fmt: skip


def _small(server: Server, tx: Connection, caller: Caller, entries: Sequence[Entry]) -> dict[bytes, bytes]:
    """Names the small contents of a page by revision, as far as they fit; who gets none fetches it."""
    wanted: dict[bytes, None] = {}
    room = server.limits.changes_inline_bytes
    for entry in entries:
        state = entry.state
        if state.rev is None or entry.op not in _BRINGS_CONTENT or entry.device == caller.device:
            continue
        if 0 < state.size_bytes <= min(server.limits.inline_chunk_bytes, room) and state.rev not in wanted:
            wanted[state.rev] = None
            room -= state.size_bytes
    chunk_of: dict[bytes, bytes] = {}
    for rev, encoded in ask_among(tx, _MANIFESTS, wanted):
        first = manifests.chunks_between(encoded, 0, 2)
        if len(first) == 1:
            chunk_of[rev] = first[0].hash
    return {rev: chunk_of[rev] for rev in wanted if rev in chunk_of}


# By their ids alone: asked for the space as well, SQLite goes through all that the space has.
_MANIFESTS = select(tables.revision.c.id, tables.revision.c.manifest).where(
    tables.revision.c.id.in_(AMONG), tables.revision.c.manifest.is_not(None)
)


def _read(server: Server, stored: Sequence[reading.Stored]) -> dict[bytes, Chunk]:
    """Reads what can be read: a lost chunk is met again, and told, when it is fetched (I10)."""
    try:
        return reading.read_some(server, stored)
    except Failure:
        return {}


def nodes(server: Server, caller: Caller, space: bytes, after: bytes | None) -> Nodes:
    """Answers a page of the snapshot in order of node id: what is alive, and the cursor of this moment."""
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        row = tx.execute(select(tables.space).where(tables.space.c.id == space)).one()
        n = tables.node.c
        query = select(tables.node).where(n.space == space, n.deleted_seq.is_(None), n.id != row.root)
        if after is not None:
            query = query.where(n.id > after)
        rows = tx.execute(query.order_by(n.id).limit(server.limits.page)).all()
    full = len(rows) == server.limits.page
    return Nodes(
        nodes=tuple(shown(state_of(each)) for each in rows),
        cursor=Cursor(row.epoch, row.head, bytes(row.chain[: chain.QUOTED])),
        after=rows[-1].id if full else None,
    )


def known(server: Server, caller: Caller, space: bytes, question: Known) -> KnownAnswer:
    """Says which operation keys, and which contents under a name, the space has ever known."""
    if len(question.keys) + len(question.contents) > server.limits.keys_per_question:
        raise Failure(Code.TOO_LARGE, limit=server.limits.keys_per_question)
    with server.database.begin(write=False) as tx:
        access.require(tx, caller.user, space, Action.READ)
        row = tx.execute(select(tables.space).where(tables.space.c.id == space)).one()
        found = _ever(tx, row, question)
        had = _had(tx, space, {digest for _, digest in question.contents})
    return KnownAnswer(
        keys=tuple(key in found for key in question.keys),
        contents=tuple((names.key(name), digest) in had for name, digest in question.contents),
    )


def _ever(tx: Connection, space: Any, question: Known) -> set[bytes]:
    """Answers the keys under which anything was ever done in a space, up to the moment that the question is about."""
    j, r, n = tables.journal.c, tables.revision.c, tables.node.c
    parts = {part.stream: part for part in chain.parts(space)}
    found: list[tuple[bytes, int]] = []
    for piece in pieces(question.keys):
        done = select(j.op_key, j.stream, j.seq).where(j.stream.in_(parts), j.op_key.in_(piece))
        found += [(key, seq) for key, of, seq in tx.execute(done) if parts[of].has(seq)]
        for query in (
            select(r.id, r.space, r.seq).where(r.id.in_(piece)),
            select(n.place, n.space, n.seq).where(n.space == space.id, n.place.in_(piece)),
        ):
            found += [(key, seq) for key, of, seq in tx.execute(query) if of == space.id]
    return {key for key, seq in found if question.until is None or seq <= question.until}


def _had(tx: Connection, space: bytes, digests: set[bytes]) -> set[tuple[str, bytes]]:
    """Answers under which names (their keys) files of the space have had these contents, and have them still."""
    r, n = tables.revision.c, tables.node.c
    query = select(n.key, r.hash).join_from(tables.revision, tables.node, n.id == r.node)
    return {
        (row.key, row.hash)
        for piece in pieces(digests)
        for row in tx.execute(
            query.where(r.space == space, r.hash.in_(piece), r.state == contents.OK).distinct()
        )
    }
