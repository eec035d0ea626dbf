"""What goes to the server and when, and what its answers mean (R30-R32); `drafting` makes the operations.

One commit a space is under way at a time. An operation's row is durable before it is sent and stays, frozen, until its
outcome is known: after a crash or a lost answer the same operation goes again under the same key, whatever has become
of the file meanwhile; otherwise the desk would conflict with itself. Contents go first (`Upload`), small ones that were
just read travel inside the commit.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from govsync.engine.desk import Desk
from govsync.engine.drafting import Draft
from govsync.engine.jobs import AnyJob, Commit, Committed, ToUpload, Upload, Uploaded
from govsync.engine.trouble import Trouble
from govsync.local.steps import At
from govsync.model import operations as ask
from govsync.model.codes import CODES, OF_THE_SERVER, Code
from govsync.model.nodes import Kind
from govsync.model.problems import Problem
from govsync.model.steps import AnyUp
from govsync.model.trees import Trees
from govsync.protocol.commits import Done, Lacking, Outcome, Refused
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.store import (
    activity,
    answers,
    dirty,
    holds,
    local_tree,
    lost,
    manifests,
    ops,
    paths,
    problems,
    protection,
    remote_tree,
    spaces,
    uploads,
)  # fmt: skip
from govsync.store.lost import Lost

UPLOAD_BYTES = 16 * 1024 * 1024
"""How many bytes of files one upload job takes on; a larger file goes alone."""
UPLOAD_FILES = 500
UPLOADS_AT_ONCE = 2
RETRY_MS = 1_000
RETRY_MOST_MS = 5 * 60_000
ILL_MOST_MS = 30_000
"""How long at most a server that cannot do anything is left alone."""

_EFFECT_UNKNOWN = (Code.INTERNAL, Code.TIMED_OUT, Code.BUSY_RETRY, Code.STORE_UNAVAILABLE, Code.STORE_FULL)
"""Answers to a whole commit after which it may yet have been carried out (R32): a database that went away while it was
asked to keep something may have kept it."""
_ANEW = (Code.NO_RIGHT, Code.NODE_IN_SPACE, Code.PARENT_DEAD)
"""Answers to who may only add after which the same is never taken: the node is known already, but holds something else, or
the folder is gone, or another space's by now."""


class Sending:
    """Owns what is on its way to the server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._durable: dict[int, bytes] = {}
        """Contents whose chunks the server has said to hold, by node; asked again if it lacks them after all."""
        self._wanted: dict[int, None] = {}
        self.unread: dict[int, None] = {}
        """Files that must be read, because it is not known what they are made of."""
        self._elsewhere: dict[bytes, tuple[bytes, int]] = {}
        """Operations, by key, of which a space has said that they are another space's matter, and how far its journal went
        then: once it is read so far, they are sent there, or are none any more."""
        self._retry_at: dict[bytes, int] = {}
        self.trouble = Trouble(desk)

    # What goes out

    def unanswered(self) -> list[AnyJob]:
        """Sends again, under their own keys, operations that were sent and have no outcome (R32), each only where an answer
        about it is not awaited from elsewhere."""
        jobs: list[AnyJob] = []
        committing = self.committing()
        for space in spaces.all_spaces(self._desk.store):
            if space.id in committing or self._rests(space.id) or space.doubted:
                continue
            rows = self._still_meant(space, ops.sent(self._desk.store, space.id))
            if rows and self._asked_elsewhere().isdisjoint(row.operation.key for row in rows):
                operations = tuple(row.operation for row in rows)
                inline = tuple(
                    data for row in rows if (data := self._small(row.lid, row.operation)) is not None
                )
                jobs.append(self._commit_job(space, operations, inline))
        return jobs

    def _asked_elsewhere(self) -> set[bytes]:
        """Answers the operations, by key, of which an answer is awaited."""
        commits = (job for job in self._desk.under_way.values() if isinstance(job, Commit))
        return {operation.key for job in commits for operation in job.operations}

    def _still_meant(self, space: spaces.SpaceRow, rows: Sequence[ops.OpRow]) -> list[ops.OpRow]:
        """Answers those of a space's operations that it has not refused as another's. When its journal was read, and they are
        its own all the same, they were about something that is in no space of this desk: they are planned anew. So they are
        if it is not read on: a space that is read anew waits for the outcome of each operation, and theirs is known."""
        left: list[ops.OpRow] = []
        for row in rows:
            refused_by, head = self._elsewhere.get(row.operation.key, (None, 0))
            if refused_by != space.id:
                left.append(row)
            elif not self._may_yet_tell(space, head):
                with self._desk.store.transaction():
                    ops.drop(self._desk.store, [row.operation.key])
                    self._keep_back(row.lid, Problem(Code.NODE_IN_SPACE), quick=True)
                del self._elsewhere[row.operation.key]
                self._desk.facts_changed()
        return left

    def _is_elsewhere(self, job: Commit, row: ops.OpRow, outcome: Outcome, head: int) -> bool:
        """Says whether an operation is another space's matter, and is kept until it is known whose (R24)."""
        if not isinstance(outcome, Refused) or outcome.code is not Code.NODE_IN_SPACE:
            return False
        if row.space != job.space:
            return True  # The journal has told meanwhile where it belongs.
        space = spaces.get(self._desk.store, job.space)
        if space is None or not self._may_yet_tell(space, head):
            return False
        self._elsewhere[row.operation.key] = job.space, head
        return True

    def _may_yet_tell(self, space: spaces.SpaceRow, head: int) -> bool:
        """Says whether the journal of a space, read up to a head, may yet tell whose an operation is."""
        read = space.cursor is not None and space.cursor.seq >= head
        return space.readable and not read and space.id not in self._desk.rereading

    def room(self, started: Sequence[AnyJob]) -> list[bytes]:
        """Answers the spaces to which a commit could be sent."""
        rows = spaces.all_spaces(self._desk.store)
        return [row.id for row in rows if row.adds and self._free(row, started)]

    def committing(self, started: Sequence[AnyJob] = ()) -> set[bytes]:
        """Answers the spaces to which a commit is under way; the jobs that begin this turn are not among those yet."""
        every = (*self._desk.under_way.values(), *started)
        return {job.space for job in every if isinstance(job, Commit)}

    def waits(self, lid: int) -> bool:
        """Says whether the node's content must be read or uploaded first."""
        return lid in self._wanted or lid in self.unread

    def give_up(self, lid: int) -> None:
        """Sends nothing of a node any more (R38)."""
        self._wanted.pop(lid, None)
        self.unread.pop(lid, None)

    def take_up(self, steps: Sequence[AnyUp], started: list[AnyJob], trees: Trees) -> list[int]:
        """Makes operations of as many steps as one commit a space takes; answers the nodes that are on their way."""
        taken: list[int] = []
        by_space: dict[bytes, list[AnyUp]] = {}
        for step in steps:
            by_space.setdefault(trees.node(step.lid).space, []).append(step)
        for space, mine in by_space.items():
            if self.free(space):
                taken.extend(self._commit(space, mine, started, trees))
        return taken

    def free(self, space: bytes) -> bool:
        """Says whether a commit could be sent for this space."""
        row = spaces.get(self._desk.store, space)
        return row is not None and self._free(row)

    def _free(self, row: spaces.SpaceRow, started: Sequence[AnyJob] = ()) -> bool:
        busy = row.id in self.committing(started) or ops.any_sent(self._desk.store, row.id)
        return not busy and not self._rests(row.id) and not row.doubted

    def offer(self, space: bytes, rows: Sequence[Lost], started: list[AnyJob]) -> None:
        """Offers what the server has lost of as many nodes as one commit takes (R34)."""
        self._commit(space, rows, started, self._desk.trees([row.lid for row in rows]))

    def uploads(self) -> list[AnyJob]:
        """Starts uploads of contents that steps are waiting for."""
        jobs: list[AnyJob] = []
        now = self._desk.now.steady_ms
        self._retry_at = {space: at for space, at in self._retry_at.items() if at > now}
        if self._retry_at:
            return jobs
        while self._wanted and self._desk.running(Upload) + len(jobs) < UPLOADS_AT_ONCE:
            job = self._upload()
            if job is None:
                break
            jobs.append(job)
        return jobs

    def _rests(self, space: bytes) -> bool:
        """Says whether the last request of a space failed so shortly before that the next one waits."""
        return self._retry_at.get(space, 0) > self._desk.now.steady_ms

    def _commit_job(
        self, space: spaces.SpaceRow, operations: tuple[ask.AnyOperation, ...], inline: tuple[bytes, ...]
    ) -> Commit:
        return Commit(
            number=self._desk.number(), space=space.id, epoch=space.epoch, operations=operations, inline=inline,
            after=space.furthest,
        )  # fmt: skip

    def _commit(
        self, space_id: bytes, steps: Sequence[AnyUp | Lost], started: list[AnyJob], trees: Trees
    ) -> list[int]:
        space = spaces.get(self._desk.store, space_id)
        if space is None or not space.adds:
            return []
        draft = Draft(self._desk, trees, steps, self._durable)
        rows: list[ops.OpRow] = []
        inline: list[bytes] = []
        size = 0
        for unit in _units(steps):
            made = [draft.operation(step) for step in unit]
            rows_of = [row for row in made if row is not None]
            if len(rows_of) < len(made):
                continue
            small = [data for row in rows_of if (data := self._small(row.lid, row.operation)) is not None]
            weight = sum(map(len, small)) + sum(_weight(row.operation) for row in rows_of)
            if (
                len(rows) + len(rows_of) > LIMITS.operations_per_commit
                or size + weight > LIMITS.commit_bytes - 65536
            ):
                break
            rows.extend(rows_of)
            inline.extend(small)
            size += weight
        self._wanted |= draft.wanted
        self.unread |= draft.unread
        if not rows:
            return []
        with self._desk.store.transaction():
            ops.record_sent(self._desk.store, rows)
        operations = tuple(row.operation for row in rows)
        started.append(self._commit_job(space, operations, tuple(inline)))
        return [lid for row in rows for lid in row.covers]

    def _small(self, lid: int, operation: ask.AnyOperation) -> bytes | None:
        if not isinstance(operation, ask.Put | ask.Offer) or operation.hash is None:
            return None
        if isinstance(operation, ask.Put) and operation.source is not None:
            return None  # No byte travels: the server has it in another space (R24).
        return self._desk.fresh.get(lid, operation.hash)

    def _upload(self) -> Upload | None:
        files: list[ToUpload] = []
        size = 0
        space: bytes | None = None
        able = (lid for lid in self._wanted if not self._desk.occupied(lid))
        store, lids = self._desk.store, list(islice(able, UPLOAD_FILES))
        nodes, made_of = local_tree.nodes(store, lids), manifests.get_many(store, lids)
        at, adding = paths.disk_paths(store, lids), spaces.adding(store)
        for lid in lids:
            node, manifest, path = nodes.get(lid), made_of.get(lid), at.get(lid)
            if node is None or manifest is None or path is None or node.space not in adding:
                del self._wanted[lid]
                self._desk.wake([lid])
                continue
            if space not in (None, node.space):
                continue
            if files and size + manifest.size_bytes > UPLOAD_BYTES:
                break
            space = node.space
            growth = max(0, manifest.size_bytes - (node.remote.size_bytes if node.remote else 0))
            files.append(
                ToUpload(lid=lid, at=At(path[:-1], path[-1]), manifest=manifest, growth_bytes=growth)
            )
            size += manifest.size_bytes
            del self._wanted[lid]
        if space is None:
            return None
        return Upload(number=self._desk.number(), space=space, files=tuple(files))

    # What comes back

    def uploaded(self, job: Upload, result: Uploaded) -> list[int]:
        """Takes in which contents are on the server; answers the nodes whose files changed and must be read again."""
        self.trouble.answered(job)
        hashes = {file.lid: file.manifest.content_hash for file in job.files}
        for lid in result.done:
            self._durable[lid] = hashes[lid]
        changed: list[int] = []
        with self._desk.store.transaction():
            for lid, problem in result.failed:
                if problem.code in (Code.CHANGED, Code.GONE):
                    # What it held is not there any more: nothing is decided about it until it has been read again.
                    local_tree.forget_content(self._desk.store, lid)
                    changed.append(lid)
                else:
                    self._keep_back(lid, problem)
        self._desk.wake(lid for lid, _ in result.failed)  # Their time has to be waited for.
        return changed

    def committed(self, job: Commit, result: Committed) -> None:
        """Takes in the outcomes of a commit, in one transaction with the end of its operations' rows."""
        store = self._desk.store
        pairs = zip(job.operations, result.answer.outcomes, strict=True)
        outcomes = {operation.key: outcome for operation, outcome in pairs}
        self._retry_at.pop(job.space, None)
        self.trouble.answered(job)
        with store.transaction():
            rows = [
                row
                for row in ops.without_outcome(store, job.operations)
                if not self._is_elsewhere(job, row, outcomes[row.operation.key], result.answer.head)
            ]
            ops.drop(store, [row.operation.key for row in rows])
            for row in rows:
                self._elsewhere.pop(row.operation.key, None)
            done: list[tuple[ops.OpRow, Done]] = []
            for row in rows:
                outcome = outcomes[row.operation.key]
                if isinstance(outcome, Done):
                    done.append((row, outcome))
                else:
                    self._refused(row, outcome)
            self._tell(job.space, done, result.answer.at_ms or self._desk.now.wall_ms)
            settled = self._agreed(job.space, done)
            holds.stamp(store, self._desk.now.wall_ms)
            if result.answer.chain:
                answers.follow(store, job.space, job.epoch, result.answer, done)
        if settled == len(job.operations):
            self._desk.news()
        else:
            self._desk.facts_changed()

    def _tell(self, space: bytes, done: Sequence[tuple[ops.OpRow, Done]], at_ms: int) -> None:
        """Has the activity tell what was done here; not what somebody had done before in the same way."""
        row = spaces.get(self._desk.store, space)
        told = [
            (each.lid, str(each.operation.__struct_config__.tag))
            for each, outcome in done
            if outcome.merged is None and not _is_mount(outcome)
        ]
        if row is not None and told:
            activity.own(self._desk.store, at_ms, told, row.root_lid)

    def _agreed(self, space: bytes, done: Sequence[tuple[ops.OpRow, Done]]) -> int:
        """Takes in what is done; answers of how many operations nothing is left to decide. What the server has made of what
        somebody put there who may only add is nobody's business here."""
        store, lids = self._desk.store, [row.lid for row, _ in done]
        row_of = spaces.get(store, space)
        if row_of is not None and row_of.adds_only:
            settled = uploads.sent(store, [row for row, _ in done])
        else:
            settled = answers.take_in(store, done)
            if row_of is not None and row_of.read_only:
                for row in (row for row, _ in done if isinstance(row.operation, ask.Put)):
                    protection.want(store, row.lid)
        problems.clear(store, lids)
        dirty.reset_attempts(store, lids)
        for row, outcome in done:
            if isinstance(row.operation, ask.Put | ask.Offer):
                self._desk.fresh.take(row.lid)
                self._durable.pop(row.lid, None)
            elif isinstance(row.operation, ask.Move) and _is_mount(outcome):
                activity.here(store, row.lid, "mount_renamed", self._desk.now.wall_ms)
        return settled

    def _refused(self, row: ops.OpRow, outcome: Refused | Lacking) -> None:
        store = self._desk.store
        if isinstance(outcome, Lacking):
            self._durable.pop(row.lid, None)
            self._desk.fresh.take(row.lid)
            self._wanted[row.lid] = None
            return
        if outcome.state is not None:
            remote_tree.learn(store, row.space, outcome.state)
        if isinstance(row.operation, ask.Offer):
            # Its history cannot be given back; from now on it is planned like any other node (R34).
            lost.drop(store, row.lid)
            return
        space = spaces.get(store, row.space)
        if space is not None and space.adds_only and outcome.code in _ANEW:
            self._renew(row, outcome.code)
            self._keep_back(row.lid, Problem(outcome.code), quick=True)
            return
        moved = outcome.code is Code.NO_RIGHT and bool(local_tree.moved_here(store, [row.lid]))
        problem = Problem(Code.CANNOT_MOVE_HERE if moved else outcome.code)
        self._keep_back(row.lid, problem, quick=CODES[outcome.code].actor == "retry")

    def _renew(self, row: ops.OpRow, code: Code) -> None:
        """Has what was refused sent anew under another id, or the folder that it was to lie in."""
        store, parent = self._desk.store, getattr(row.operation, "parent", None)
        folder = local_tree.by_id(store, parent) if parent is not None else None
        lids = [row.lid] if code is not Code.PARENT_DEAD else []
        for lid in (*lids, *([folder] if folder is not None and code is not Code.NO_RIGHT else ())):
            uploads.renew(store, lid, self._desk.ids.new())

    def _keep_back(self, lid: int, problem: Problem, quick: bool = False) -> None:
        """Lets a node wait, longer each time; says why once a person could do something, or it has lasted (R18)."""
        store, now = self._desk.store, self._desk.now
        if local_tree.find_node(store, lid) is None:
            return  # It was forgotten while its operation was under way.
        attempts = dirty.count_attempt(store, lid)
        if quick and attempts <= 3:
            return
        dirty.delay(store, lid, now.steady_ms + min(RETRY_MS * 2**attempts, RETRY_MOST_MS))
        problems.raise_for(store, lid, problem, now.wall_ms)

    def wakes(self) -> list[int]:
        """Answers when something may be tried again, in steady milliseconds."""
        return list(self._retry_at.values())

    def failed(self, job: Commit | Upload, problem: Problem) -> None:
        """Learns that a commit or an upload has no answer; what was sent stays frozen, what was refused whole is free."""
        code, times = problem.code, self.trouble.failed(job, problem)
        refused = CODES[code].status is not None and code not in _EFFECT_UNKNOWN
        if isinstance(job, Upload):
            self._wanted.update((file.lid, None) for file in job.files)
        elif refused:
            # The server has judged the request as a whole: none of its operations had an effect.
            with self._desk.store.transaction():
                ops.drop(self._desk.store, [operation.key for operation in job.operations])
            self._desk.facts_changed()
        # It will hardly judge the same ones otherwise, or be well again, a moment later.
        slower = times if refused or code in OF_THE_SERVER else 0
        most_ms = RETRY_MOST_MS if refused else ILL_MOST_MS
        self._retry_at[job.space] = self._desk.now.steady_ms + min(RETRY_MS * 2 ** min(slower, 20), most_ms)


def _units(steps: Sequence[AnyUp | Lost]) -> Iterator[list[AnyUp | Lost]]:
    """Yields each step alone, and the steps of a group together (they stand next to each other in a plan)."""
    unit: list[AnyUp | Lost] = []
    for step in steps:
        if unit and not (step.group and step.group == unit[0].group):
            yield unit
            unit = []
        unit.append(step)
    if unit:
        yield unit


def _is_mount(outcome: Done) -> bool:
    return outcome.state is not None and outcome.state.kind is Kind.MOUNT


def _weight(operation: ask.AnyOperation) -> int:
    return len(msgspec.msgpack.encode(operation))
