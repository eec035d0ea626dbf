"""Commits: ordered operations on one space, judged one by one in one transaction (R30-R32, R37, R39).

What has to be asked of the store is done before (`ahead`). Order inside the transaction: lock the space; who asks, and may
he; which keys are done already (the journal is the memory of answers, R31); what contents come along (`brought`); then each
operation is judged (`model.accept`) against the space with what those before it changed (`view`); then everything is
written at once: chunks, nodes, revisions, journal, head. Either all of this is durable or nothing is.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from govsync.model import operations as ask
from govsync.model.accept import (
    Change,
    Origin,
    Refusal,
    Stands,
    State,
    Verdict,
    judge,
    judge_group,
    judge_upload,
)
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.changes import NodeState
from govsync.protocol.commits import Commit, CommitAnswer, Done, Lacking, Outcome, Refused
from govsync.server import access, ahead, audit, chain, changes, contents, epochs, horizon, quota
from govsync.server.access import Action
from govsync.server.ahead import content_of
from govsync.server.brought import Brought
from govsync.server.chunk import Chunk
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among
from govsync.server.db.connect import lock_space
from govsync.server.db.insert import insert_rows
from govsync.server.view import SpaceView, shown

SENT = "link_send"
"""What the audit calls a file that somebody sent who has no account."""


def commit(
    server: Server, caller: Caller, space: bytes, request: Commit, inline: Sequence[Chunk]
) -> CommitAnswer:
    """Carries out a commit; raises Failure where none of its operations had an effect.

    `not_found`, `no_right`, `epoch_changed`, `history_differs`, `too_many_operations`, `too_large`.
    """
    if len(request.operations) > server.limits.operations_per_commit:
        raise Failure(Code.TOO_MANY_OPERATIONS, limit=server.limits.operations_per_commit)
    if any(len(chunk.plain) > server.limits.inline_chunk_bytes for chunk in inline):
        raise Failure(Code.TOO_LARGE, what="inline chunk", limit=server.limits.inline_chunk_bytes)
    done_ahead = ahead.prepare(server, caller, space, request, inline)
    with epochs.giving_away(server, request.after), server.database.begin() as tx:
        row = lock_space(tx, space)
        role = access.require(tx, caller.user, space, Action.ADD)
        if row is None:
            raise Failure(Code.NOT_FOUND)
        if row.epoch != request.epoch:
            raise Failure(Code.EPOCH_CHANGED)
        if request.after is not None:
            changes.check(tx, row, request.after)
        reader = Action.READ in access.MAY[role]
        brought = Brought(server, tx, caller, space, reader, done_ahead)
        sees = reader and not caller.adds_only
        may_change = Action.CHANGE in access.MAY[role] and not caller.adds_only
        committing = _Committing(server, caller, tx, row, sees, may_change, brought)
        answer = committing.carry_out(request.operations)
        if caller.adds_only:
            for node in committing.changed:
                audit.note_visitor(server, tx, SENT, caller.device, node=node)
    server.fresh.keep(space, brought.sent)
    return answer


class _Draft(msgspec.Struct):
    """What is to be written so far."""

    head: int
    used_bytes: int
    entries: list[chain.JournalEntry]
    revisions: list[dict[str, Any]]
    done: dict[bytes, int]
    """Keys that have had their effect, with its sequence."""
    merged: dict[bytes, bytes]
    """Ids that turned out to be another's (R21)."""

    def copy(self) -> "_Draft":
        return _Draft(
            self.head, self.used_bytes, list(self.entries), list(self.revisions), dict(self.done), dict(self.merged)
        )  # fmt: skip


class _Committing:
    """One commit under way."""

    def __init__(
        self,
        server: Server,
        caller: Caller,
        tx: Connection,
        row: Any,
        reader: bool,
        changer: bool,
        brought: Brought,
    ) -> None:
        self._caller, self._tx, self._row = caller, tx, row
        self._reader, self._changer = reader, changer
        self._brought = brought
        self._now_ms = horizon.moment(server, tx)
        self._view = SpaceView(tx, row.id)
        # Asked once, and only where something grows.
        self._most_bytes = cache(lambda: quota.most_bytes(tx, row, lock=True))
        self._draft = _Draft(int(row.head), int(row.bytes), [], [], {}, {})

    @property
    def changed(self) -> list[bytes]:
        """What has been changed, an id for each time."""
        return [entry.node for entry in self._draft.entries]

    def carry_out(self, operations: Sequence[ask.AnyOperation]) -> CommitAnswer:
        """Judges all operations and writes what they change."""
        self._draft.done = self._done_before(operations)
        self._view.prefetch(operations)
        self._brought.read([operation for operation in operations if operation.key not in self._draft.done])
        outcomes: list[Outcome] = []
        for unit in _units(operations):
            outcomes.extend(self._group(unit) if len(unit) > 1 else [self._one(unit[0])])
        value = self._write()
        return CommitAnswer(
            outcomes=tuple(outcomes), head=self._draft.head, chain=value[: chain.QUOTED], at_ms=self._now_ms
        )

    def _done_before(self, operations: Sequence[ask.AnyOperation]) -> dict[bytes, int]:
        keys = [operation.key for operation in operations]
        return {
            key: seq
            for part in chain.parts(self._row)
            for key, seq in ask_among(self._tx, _DONE, keys, stream=part.stream)
            if part.has(seq)
        }

    # Judging

    def _one(self, operation: ask.AnyOperation) -> Outcome:
        if operation.key in self._draft.done:
            state = self._view.get(operation.node)
            seen = shown(state) if state is not None else None
            return self._answer(operation, self._draft.done[operation.key], seen)
        operation = self._read_as_merged(operation)
        wrong = self._brought.check(operation)
        if wrong is not None:
            return wrong
        verdict = judge(self._view, operation) if self._changer else judge_upload(self._view, operation)
        return self._take(operation, verdict)

    def _group(self, unit: Sequence[ask.AnyOperation]) -> list[Outcome]:
        """All or none; a group that was done before is done as a whole."""
        if any(operation.key in self._draft.done for operation in unit):
            return [self._one(operation) for operation in unit]
        if not self._changer:
            return [Refused(code=Code.NO_RIGHT) for _ in unit]
        draft, mark = self._draft.copy(), self._view.mark()
        outcomes: list[Outcome] = []
        changed: list[State] = []
        for operation in map(self._read_as_merged, unit):
            outcome: Outcome | None = self._brought.check(operation)
            if outcome is None:
                verdict = judge(self._view, operation, grouped=True)
                outcome = self._take(operation, verdict)
                if isinstance(verdict, Change):
                    changed.append(verdict.state)
            if isinstance(outcome, Refused | Lacking):
                self._draft = draft
                self._view.undo(mark)
                return [outcome for _ in unit]
            outcomes.append(outcome)
        refusal = judge_group(self._view, changed)
        if refusal is None:
            return outcomes
        self._draft = draft
        self._view.undo(mark)
        return [self._refused(refusal) for _ in unit]

    def _read_as_merged(self, operation: ask.AnyOperation) -> ask.AnyOperation:
        """Reads the ids of nodes that turned out to be another's in this very commit as the other's (R21)."""
        merged = self._draft.merged
        if not merged:
            return operation
        changes = {
            field: merged[value]
            for field in ("node", "parent")
            if (value := getattr(operation, field, None)) in merged
        }
        return msgspec.structs.replace(operation, **changes) if changes else operation

    # Effects

    def _take(self, operation: ask.AnyOperation, verdict: Verdict) -> Outcome:
        if isinstance(verdict, Refusal):
            return self._refused(verdict)
        if isinstance(verdict, Stands):
            return self._stand(operation, verdict)
        state, draft = verdict.state, self._draft
        old = self._view.get(state.node)
        growth = _bytes(state) - _bytes(old)
        most = self._most_bytes() if growth > 0 else None
        if most is not None and draft.used_bytes + growth > most:
            return Refused(code=Code.QUOTA)
        draft.head += 1
        state = msgspec.structs.replace(state, seq=draft.head)
        if state.dead and state.kind is not Kind.FILE:
            growth -= self._view.bury(state.node, draft.head)
        draft.used_bytes += growth
        self._view.put(state)
        if content_of(operation) is not None:
            self._add_revision(operation, state, old)
        draft.done[operation.key] = draft.head
        seen = shown(state)
        draft.entries.append(
            chain.JournalEntry(
                key=operation.key, kind=_kind(operation), node=state.node, user=self._caller.user,
                device=self._caller.device, at_ms=self._now_ms, body=msgspec.msgpack.encode(seen),
            )
        )  # fmt: skip
        return self._answer(operation, draft.head, seen)

    def _stand(self, operation: ask.AnyOperation, verdict: Stands) -> Outcome:
        """Answers an operation whose effect is there already. A content that had been lost or removed is now here again."""
        state = verdict.state
        if verdict.merged is not None:
            self._draft.merged[operation.node] = verdict.merged
        bringing = content_of(operation)
        if bringing is not None and state.rev is not None and state.hash == bringing.hash:
            r = tables.revision.c
            mine = (r.id == state.rev, r.space == self._row.id, r.state != contents.OK)
            if self._tx.execute(select(r.id).where(*mine)).first() is not None:
                manifest, holding_it = self._brought.use(bringing)
                again = {
                    "manifest": manifest,
                    "manifest_chunks": b"".join(holding_it) or None,
                    "state": contents.OK,
                }
                self._tx.execute(update(tables.revision).where(*mine).values(**again))
        return self._answer(operation, state.seq, shown(state), merged=verdict.merged)

    def _add_revision(self, operation: ask.AnyOperation, state: State, old: State | None) -> None:
        assert isinstance(operation, ask.Put | ask.Offer)
        manifest, holding_it = self._brought.use(operation)
        origin: Origin = (self._row.epoch, state.seq)
        lost: Origin | None
        if isinstance(operation, ask.Offer):
            assert operation.rev is not None
            origin = lost = (operation.origin_epoch, operation.origin_seq)
            rev, base, offered = operation.rev, None, True
        else:
            rev, base, offered = operation.key, old.rev if old is not None else None, False
            lost = operation.upon
        self._view.add_revision(rev, state.node, lost, offered)
        self._draft.revisions.append(
            {
                "id": rev, "space": self._row.id, "node": state.node, "seq": state.seq, "base": base,
                "hash": operation.hash, "size": operation.size_bytes, "mtime_ns": operation.mtime_ns,
                "user": self._caller.user, "device": self._caller.device, "at_ms": self._now_ms, "manifest": manifest,
                "manifest_chunks": b"".join(holding_it) or None, "state": contents.OK, "origin_epoch": origin[0],
                "origin_seq": origin[1], "lost_epoch": lost[0] if lost else None, "lost_seq": lost[1] if lost else None,
                "offered": offered,
            }
        )  # fmt: skip

    # Answers

    def _answer(
        self, operation: ask.AnyOperation, seq: int, state: NodeState | None, merged: bytes | None = None
    ) -> Done:
        # Who may not read is shown his own node as he made it, and nothing once others have changed it (R37).
        hidden = not self._reader and state is not None and state.place != operation.key
        return Done(seq=seq, state=None if hidden else state, merged=merged)

    def _refused(self, refusal: Refusal) -> Refused:
        show = self._reader and refusal.state is not None
        return Refused(code=refusal.code, state=shown(refusal.state) if show and refusal.state else None)

    # Writing

    def _write(self) -> bytes:
        """Writes everything; answers the chain at the new head."""
        draft, space = self._draft, tables.space
        self._brought.write()
        self._view.write()
        insert_rows(self._tx, tables.revision, draft.revisions)
        if draft.entries:
            head, value = chain.append(self._tx, self._row.id, self._row.head, self._row.chain, draft.entries)
            moved = {"head": head, "chain": value, "bytes": max(0, draft.used_bytes)}
            self._tx.execute(update(space).where(space.c.id == self._row.id).values(**moved))
            return value
        return bytes(self._row.chain)


_DONE = select(tables.journal.c.op_key, tables.journal.c.seq).where(
    tables.journal.c.stream == bindparam("stream"), tables.journal.c.op_key.in_(AMONG)
)


def _bytes(state: State | None) -> int:
    return 0 if state is None or state.dead else state.size_bytes


def _kind(operation: ask.AnyOperation) -> str:
    return str(type(operation).__struct_config__.tag)


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
