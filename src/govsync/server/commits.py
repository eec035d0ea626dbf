"""Commits: ordered operations on one space, judged one by one in one transaction (R30-R32, R36, R39).

Order inside the transaction: lock the space; who asks and may he; which keys are done already (the journal is the memory
of answers, R31); then each operation is judged against the space with what those before it changed; then everything is
written at once: chunks, nodes, revisions, journal, head. Either all of this is durable or nothing is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, text, update

from govsync.content import manifests
from govsync.content.chunks import SCHEME
from govsync.content.hashes import chunk_hash
from govsync.content.manifests import Manifest
from govsync.model import names
from govsync.model import operations as ask
from govsync.model.accept import Change, Refusal, Stands, State, Verdict, judge, judge_group
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.commits import Commit, CommitAnswer, Done, Lacking, Outcome, Refused
from govsync.server import access, chain, contents
from govsync.server.access import Action
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.connect import lock_space
from govsync.server.view import SpaceView, shown


def commit(
    server: Server, caller: Caller, space: bytes, request: Commit, inline: Sequence[bytes]
) -> CommitAnswer:
    """Carries out a commit; raises Failure where none of its operations had an effect.

    `not_found`, `no_right`, `epoch_changed`, `too_many_operations`, `too_large`.
    """
    if len(request.operations) > server.limits.operations_per_commit:
        raise Failure(Code.TOO_MANY_OPERATIONS, limit=server.limits.operations_per_commit)
    if any(len(data) > server.limits.inline_chunk_bytes for data in inline):
        raise Failure(Code.TOO_LARGE, what="inline chunk")
    hashes = {chunk_hash(data): data for data in inline}
    with server.database.begin() as tx:
        row = lock_space(tx, space)
        access.require(tx, caller.user, space, Action.CHANGE)
        if row is None:
            raise Failure(Code.NOT_FOUND)
        if row.epoch != request.epoch:
            raise Failure(Code.EPOCH_CHANGED)
        return _Committing(server, caller, tx, row, hashes).carry_out(request.operations)


class _Committing:
    """One commit under way."""

    def __init__(
        self, server: Server, caller: Caller, tx: Connection, row: Any, inline: dict[bytes, bytes]
    ) -> None:
        self._server, self._caller, self._tx, self._row = server, caller, tx, row
        self._space: bytes = row.id
        self._now_ms = server.clock.time_ms()
        self._view = SpaceView(tx, self._space)
        self._inline = inline
        self._stored: set[bytes] = set()
        self._manifests: dict[bytes, Manifest] = {}
        self._merged: dict[bytes, bytes] = {}
        self._bytes = int(row.bytes)
        self._head = int(row.head)
        self._entries: list[chain.JournalEntry] = []
        self._nodes: dict[bytes, State] = {}
        self._created: dict[bytes, int] = {}
        self._revisions: list[dict[str, Any]] = []
        self._used_inline: dict[bytes, None] = {}

    def carry_out(self, operations: Sequence[ask.AnyOperation]) -> CommitAnswer:
        """Judges all operations and writes what they change."""
        self._view.prefetch(operations)
        done = self._done_before(operations)
        self._read_manifests(operations)
        outcomes: list[Outcome] = []
        for unit in _units(operations):
            if len(unit) == 1:
                outcomes.append(self._one(unit[0], done))
            else:
                outcomes.extend(self._group(unit, done))
        self._write()
        return CommitAnswer(outcomes=tuple(outcomes), head=self._head)

    def _done_before(self, operations: Sequence[ask.AnyOperation]) -> dict[bytes, int]:
        j = tables.journal.c
        keys = [op.key for op in operations]
        found: dict[bytes, int] = {}
        for start in range(0, len(keys), 400):
            query = select(j.op_key, j.seq).where(
                j.stream == self._space, j.op_key.in_(keys[start : start + 400])
            )
            found.update((key, seq) for key, seq in self._tx.execute(query))
        return found

    def _one(self, operation: ask.AnyOperation, done: dict[bytes, int]) -> Outcome:
        if operation.key in done:
            state = self._view.get(operation.node)
            return Done(seq=done[operation.key], state=shown(state) if state is not None else None)
        operation = self._read_as_merged(operation)
        lacking = self._lacking(operation)
        if lacking is not None:
            return lacking
        if isinstance(operation, ask.Delete):
            self._write_nodes()  # `below` asks the database.
        verdict = judge(self._view, operation)
        refusal = self._over_quota(verdict)
        return self._take(operation, refusal or verdict)

    def _group(self, unit: Sequence[ask.AnyOperation], done: dict[bytes, int]) -> list[Outcome]:
        """All or none; a group that was done before is done as a whole."""
        if any(operation.key in done for operation in unit):
            return [self._one(operation, done) for operation in unit]
        before = self._save()
        outcomes: list[Outcome] = []
        changed: list[State] = []
        refusal: Outcome | None = None
        for operation in map(self._read_as_merged, unit):
            refusal = self._lacking(operation)
            if refusal is None:
                if isinstance(operation, ask.Delete):
                    self._write_nodes()
                verdict = judge(self._view, operation, grouped=True)
                outcome = self._take(operation, verdict)
                outcomes.append(outcome)
                refusal = outcome if isinstance(outcome, Refused) else None
                if isinstance(verdict, Change):
                    changed.append(verdict.state)
            if refusal is not None:
                break
        if refusal is None and (judged := judge_group(self._view, changed)) is not None:
            refusal = Refused(
                code=judged.code, state=shown(judged.state) if judged.state is not None else None
            )
        if refusal is None:
            return outcomes
        self._restore(before)
        return [refusal for _ in unit]

    def _save(self) -> tuple[Any, ...]:
        self._write_nodes()
        self._tx.exec_driver_sql("SAVEPOINT grp")
        return self._head, self._bytes, list(self._entries), list(self._revisions), dict(self._created)

    def _restore(self, before: tuple[Any, ...]) -> None:
        self._tx.exec_driver_sql("ROLLBACK TO SAVEPOINT grp")
        self._head, self._bytes, self._entries, self._revisions, self._created = before
        self._nodes.clear()
        self._view.forget()

    def _read_as_merged(self, operation: ask.AnyOperation) -> ask.AnyOperation:
        """Reads the ids of folders that turned out to be another's in this very commit as the other's (R21)."""
        if not self._merged:
            return operation
        changes: dict[str, bytes] = {}
        for field in ("node", "parent"):
            value = getattr(operation, field, None)
            if value in self._merged:
                changes[field] = self._merged[value]
        return msgspec.structs.replace(operation, **changes) if changes else operation

    # Contents

    def _read_manifests(self, operations: Sequence[ask.AnyOperation]) -> None:
        """Learns which of the chunks that the commit speaks of are stored; rows are renewed, never trusted (R36)."""
        wanted: dict[bytes, None] = {}
        for operation in operations:
            if isinstance(operation, ask.Put | ask.Offer):
                wanted.update(dict.fromkeys(operation.manifest_chunks))
                if operation.manifest is not None:
                    manifest = self._decode(operation.manifest)
                    if manifest is not None:
                        self._manifests[operation.key] = manifest
                        wanted.update((chunk.hash, None) for chunk in manifest.chunks)
        self._stored = contents.stored(self._tx, self._space, list(wanted), self._now_ms)
        for operation in operations:
            if isinstance(operation, ask.Put | ask.Offer) and operation.manifest_chunks:
                self._read_large_manifest(operation)

    def _read_large_manifest(self, operation: ask.Put | ask.Offer) -> None:
        if not all(chunk in self._stored for chunk in operation.manifest_chunks):
            return
        pieces = contents.read_chunks(self._server, self._tx, self._space, operation.manifest_chunks)
        manifest = self._decode(b"".join(pieces))
        if manifest is not None:
            self._manifests[operation.key] = manifest
            hashes = [chunk.hash for chunk in manifest.chunks]
            self._stored |= contents.stored(self._tx, self._space, hashes, self._now_ms)

    def _decode(self, encoded: bytes) -> Manifest | None:
        limits = self._server.limits
        try:
            return manifests.decode(
                encoded, max_chunks=limits.manifest_chunks, max_chunk_bytes=limits.chunk_bytes
            )
        except Failure:
            return None  # Its operation is refused as `manifest_bad`; the others of the commit go on.

    def _lacking(self, operation: ask.AnyOperation) -> Lacking | Refused | None:
        """Checks that the content which an operation brings is whole and here."""
        if not isinstance(operation, ask.Put | ask.Offer) or operation.hash is None:
            return None
        missing = tuple(chunk for chunk in operation.manifest_chunks if chunk not in self._stored)
        if missing:
            return Lacking(hashes=missing)
        manifest = self._manifests.get(operation.key)
        if manifest is None or manifest.scheme != SCHEME:
            return Refused(code=Code.MANIFEST_BAD)
        if manifest.content_hash != operation.hash or manifest.size_bytes != operation.size_bytes:
            return Refused(code=Code.HASH_MISMATCH)
        for chunk in manifest.chunks:
            if chunk.hash in self._stored or chunk.hash in self._used_inline:
                continue
            data = self._inline.get(chunk.hash)
            if data is not None and len(data) == chunk.size_bytes:
                self._used_inline[chunk.hash] = None
        missing = tuple(
            chunk.hash
            for chunk in manifest.chunks
            if chunk.hash not in self._stored and chunk.hash not in self._used_inline
        )
        return Lacking(hashes=missing) if missing else None

    def _over_quota(self, verdict: Verdict) -> Refusal | None:
        if not isinstance(verdict, Change) or not self._row.quota:
            return None
        growth = self._growth(verdict.state)
        return Refusal(Code.QUOTA) if growth > 0 and self._bytes + growth > self._row.quota else None

    def _growth(self, state: State) -> int:
        old = self._view.get(state.node)
        before = old.size_bytes if old is not None and not old.dead else 0
        return (0 if state.dead else state.size_bytes) - before

    # Effects

    def _take(self, operation: ask.AnyOperation, verdict: Verdict) -> Outcome:
        if isinstance(verdict, Refusal):
            return Refused(
                code=verdict.code, state=shown(verdict.state) if verdict.state is not None else None
            )
        if isinstance(verdict, Stands):
            if verdict.merged is not None:
                self._merged[operation.node] = verdict.merged
            return Done(seq=verdict.state.seq, state=shown(verdict.state), merged=verdict.merged)
        self._bytes += self._growth(verdict.state)
        self._head += 1
        state = msgspec.structs.replace(verdict.state, seq=self._head)
        if self._view.get(state.node) is None:
            self._created[state.node] = self._head
        if isinstance(operation, ask.Delete) and state.kind is not Kind.FILE:
            self._bury(state)
        self._view.put(state)
        self._nodes[state.node] = state
        if isinstance(operation, ask.Put | ask.Offer) and operation.hash is not None:
            self._add_revision(operation, state)
        kind = msgspec.structs.asdict(operation).get("kind", type(operation).__name__.lower())
        self._entries.append(
            chain.JournalEntry(
                key=operation.key, kind=str(kind), node=state.node, user=self._caller.user, device=self._caller.device,
                at_ms=self._now_ms, body=msgspec.msgpack.encode(shown(state)),
            )
        )  # fmt: skip
        return Done(seq=self._head, state=shown(state))

    def _bury(self, state: State) -> None:
        """Marks everything below a deleted folder as dead with its sequence: one entry, however much it was (R20)."""
        size = self._tx.execute(
            text(
                "WITH RECURSIVE tree(id, size) AS ("
                " SELECT id, size FROM node WHERE parent = :node AND deleted_seq IS NULL UNION ALL"
                " SELECT n.id, n.size FROM node n JOIN tree t ON n.parent = t.id WHERE n.deleted_seq IS NULL)"
                " SELECT coalesce(sum(size), 0) FROM tree"
            ),
            {"node": state.node},
        ).scalar_one()
        self._bytes -= int(size)
        self._tx.execute(
            text(
                "WITH RECURSIVE tree(id) AS (SELECT id FROM node WHERE parent = :node AND deleted_seq IS NULL UNION ALL"
                " SELECT n.id FROM node n JOIN tree t ON n.parent = t.id WHERE n.deleted_seq IS NULL)"
                " UPDATE node SET deleted_seq = :seq, seq = :seq WHERE id IN (SELECT id FROM tree)"
            ),
            {"node": state.node, "seq": state.seq},
        )
        self._view.forget()

    def _add_revision(self, operation: ask.Put | ask.Offer, state: State) -> None:
        assert operation.hash is not None
        offered = isinstance(operation, ask.Offer)
        rev = operation.rev if isinstance(operation, ask.Offer) else operation.key
        self._revisions.append(
            {
                "id": rev or operation.key, "space": self._space, "node": state.node, "seq": state.seq,
                "base": operation.base_rev if isinstance(operation, ask.Put) else None, "hash": operation.hash,
                "size": operation.size_bytes, "mtime_ns": operation.mtime_ns, "user": self._caller.user,
                "device": self._caller.device, "at_ms": self._now_ms, "manifest": operation.manifest,
                "manifest_chunks": b"".join(operation.manifest_chunks) or None, "state": "ok",
                "origin_epoch": operation.origin_epoch if isinstance(operation, ask.Offer) else self._row.epoch,
                "origin_seq": operation.origin_seq if isinstance(operation, ask.Offer) else state.seq,
            }
        )  # fmt: skip
        assert offered or rev == operation.key

    # Writing

    def _write(self) -> None:
        contents.store_inline(
            self._tx,
            self._space,
            [(key, self._inline[key]) for key in self._used_inline],
            self._now_ms,
            self._caller,
        )
        self._write_nodes()
        if self._revisions:
            self._tx.execute(insert(tables.revision), self._revisions)
        if not self._entries:
            return
        head, value = chain.append(
            self._tx, self._space, self._head - len(self._entries), self._row.chain, self._entries
        )
        self._tx.execute(
            update(tables.space)
            .where(tables.space.c.id == self._space)
            .values(head=head, chain=value, bytes=max(0, self._bytes))
        )

    def _write_nodes(self) -> None:
        """Writes the nodes changed so far. Names that are given up are given up first, so that a swap of names never has
        two holders of one."""
        if not self._nodes:
            return
        states = list(self._nodes.values())
        old = [state for state in states if state.node not in self._created]
        if old:
            self._tx.execute(
                update(tables.node).where(tables.node.c.id == bindparam("node_id")).values(deleted_seq=0),
                [{"node_id": state.node} for state in old],
            )
            self._tx.execute(
                update(tables.node)
                .where(tables.node.c.id == bindparam("node_id"))
                .values(
                    parent=bindparam("p"), name=bindparam("n"), key=bindparam("k"), place=bindparam("pl"), rev=bindparam("r"),
                    hash=bindparam("h"), size=bindparam("s"), mtime_ns=bindparam("m"), exec=bindparam("e"),
                    seq=bindparam("q"), deleted_seq=bindparam("d"),
                ),
                [
                    {
                        "node_id": state.node, "p": state.parent, "n": state.name, "k": names.key(state.name),
                        "pl": state.place, "r": state.rev, "h": state.hash, "s": state.size_bytes, "m": state.mtime_ns,
                        "e": state.exec, "q": state.seq, "d": state.seq if state.dead else None,
                    }
                    for state in old
                ],
            )  # fmt: skip
        new = [state for state in states if state.node in self._created]
        if new:
            self._tx.execute(insert(tables.node), [self._row_of(state) for state in new])
            for state in new:
                del self._created[state.node]
        self._nodes.clear()

    def _row_of(self, state: State) -> dict[str, Any]:
        return {
            "id": state.node, "space": self._space, "parent": state.parent, "name": state.name,
            "key": names.key(state.name), "kind": state.kind, "target_space": state.target_space, "place": state.place,
            "rev": state.rev, "hash": state.hash, "size": state.size_bytes, "mtime_ns": state.mtime_ns,
            "exec": state.exec, "seq": state.seq, "created_seq": self._created[state.node],
            "deleted_seq": state.seq if state.dead else None, "conflict_of": state.conflict_of,
        }  # fmt: skip


def _units(operations: Sequence[ask.AnyOperation]) -> Iterator[list[ask.AnyOperation]]:
    """Yields each operation alone, and the neighbours of one group together."""
    unit: list[ask.AnyOperation] = []
    for operation in operations:
        if unit and not (operation.group and operation.group == unit[0].group):
            yield unit
            unit = []
        unit.append(operation)
    if unit:
        yield unit
