"""What a restored server has lost, in a space that this person may not change: somebody who may gives it back (R35).

It is said once for the space, and goes on being said until it is back: a notice, since desks that may do it usually do
it within minutes, and a problem after a day, since then this disk may hold the only copy. Whether somebody has done it
the journal does not always tell (what goes back into history is not shown), so the server is asked as often as the space
has changed. What it knows again was agreed on before, and is from then on; what is shown instead is newer.
"""

from collections.abc import Sequence

from govsync.engine.desk import Desk
from govsync.engine.jobs import Answered, AnyJob, Ask
from govsync.model.codes import Code
from govsync.model.merged_tree import kind_of
from govsync.model.nodes import Baseline
from govsync.model.problems import Problem
from govsync.protocol.changes import Cursor, Known
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.store import local_tree, lost, problems, spaces
from govsync.store.lost import Lost
from govsync.store.spaces import SpaceRow

LOOK_EVERY_MS = 10_000
PROBLEM_AFTER_MS = 24 * 3_600_000


class Awaiting:
    """Owns what is asked about such spaces."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._look_at_ms = 0
        self._rounds: dict[bytes, tuple[Cursor, int | None]] = {}
        """Of each space, where its journal was read to when a round of questions began, and behind which node it goes on;
        None: it has ended, and the next one begins when the space has changed."""
        self._asked: dict[int, tuple[Cursor, Sequence[Lost]]] = {}
        self._waits = False

    def jobs(self) -> list[AnyJob]:
        """Says what has to be waited for, and asks where something may have come of it."""
        now = self._desk.now.steady_ms
        if now < self._look_at_ms:
            return []
        self._look_at_ms, self._waits = now + LOOK_EVERY_MS, False
        jobs: list[AnyJob] = []
        for row in spaces.all_spaces(self._desk.store):
            if row.id not in self._desk.rereading and self._say(row):
                self._waits = True
                jobs.extend(self._questions(row))
        return jobs

    def _say(self, row: SpaceRow) -> bool:
        """Says, or takes back, that the space waits; answers whether it does."""
        store, problem = self._desk.store, Problem(Code.NOT_GIVEN_BACK)
        waits = row.readable and not row.writable and bool(lost.offers(store, row.id, 1))
        if waits or problems.of(store, row.root_lid) == problem:
            with store.transaction():
                if waits:
                    problems.raise_in_time(
                        store, row.root_lid, problem, self._desk.now.wall_ms, PROBLEM_AFTER_MS
                    )
                else:
                    problems.clear(store, [row.root_lid], (problem.code,))
        return waits

    def _questions(self, row: SpaceRow) -> list[AnyJob]:
        """Asks about the next of what is waited for, as of the moment to which the journal was read: what has happened since
        is not in the trees yet."""
        if row.cursor is None or any(job.space == row.id for job in self._under_way()):
            return []
        began, after = self._rounds.get(row.id, (row.cursor, 0))
        if after is None and began == row.cursor:
            return []
        began, after = (row.cursor, 0) if after is None else (began, after)
        rows = lost.offers(self._desk.store, row.id, LIMITS.keys_per_question, after)
        self._rounds[row.id] = began, rows[-1].lid if len(rows) == LIMITS.keys_per_question else None
        keys = tuple(each.rev or each.place_key for each in rows)
        job = Ask(number=self._desk.number(), space=row.id, question=Known(keys=keys, until=row.cursor.seq))
        self._asked[job.number] = row.cursor, rows
        return [job]

    def _under_way(self) -> list[Ask]:
        return [job for job in self._desk.under_way.values() if isinstance(job, Ask) and self.asked(job)]

    def asked(self, job: Ask) -> bool:
        """Says whether it was this part that asked."""
        return job.number in self._asked

    def answered(self, job: Ask, result: Answered) -> None:
        """Takes what is known again off the list, in the life of the server that was asked."""
        cursor, rows = self._asked.pop(job.number)
        space = spaces.get(self._desk.store, job.space)
        if space is None or space.cursor is None or space.cursor.epoch != cursor.epoch:
            return
        with self._desk.store.transaction():
            for row, known in zip(rows, result.answer.keys, strict=True):
                if known and lost.get(self._desk.store, row.lid) == row:
                    self._agree(row)
        self._look_at_ms = 0
        self._desk.facts_changed()

    def failed(self, job: Ask) -> None:
        """Asks again with the next look."""
        self._asked.pop(job.number)
        self._rounds.pop(job.space, None)

    def wakes(self) -> list[int]:
        """Answers when to look again, in steady milliseconds."""
        return [self._look_at_ms] if self._waits else []

    def _agree(self, row: Lost) -> None:
        store, node = self._desk.store, local_tree.node(self._desk.store, row.lid)
        if node.remote is None:
            return
        runs = node.local is not None and node.local.exec
        base = Baseline(row.place, kind_of(node), row.place_key, row.rev, row.hash, runs)
        local_tree.set_baseline(store, row.lid, base)
        lost.drop(store, row.lid)
