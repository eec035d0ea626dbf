"""Weighs files in a folder that was put back against what is remembered of them (R29, R49).

What holds the remembered content is unchanged, and the server's newer version takes its place. Of anything else the server
is asked: a version that it has had is an older one, put back from a copy, and no news either; what it has never had is a
person's edit of the remembered revision. Neighbour: `recalling`, for files of which nothing is remembered.
"""

from collections.abc import Iterable

from govsync.engine.desk import Desk
from govsync.engine.jobs import Answered, AnyJob, Ask
from govsync.protocol.changes import Known
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.store import evidence, local_tree, spaces, trash
from govsync.store.evidence import Strange

RETRY_MS = 1_000


class Weighing:
    """Owns what is to be asked about; all of it is found again after a crash. A folder is put back between two lives of
    the engine, so there is no more evidence later than at its beginning."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._left = evidence.any_left(desk.store)
        self._due: dict[int, None] = dict.fromkeys(evidence.known(desk.store))
        """Files whose content is known, and perhaps was not weighed yet."""
        self._asked: dict[int, tuple[Strange, ...]] = {}
        self._not_before_ms = 0

    def read(self, lids: Iterable[int]) -> None:
        """Takes in that files were read."""
        if self._left:
            self._due.update(dict.fromkeys(lids))

    def jobs(self) -> list[AnyJob]:
        """Decides what can be decided here, and asks about the rest, a question a space."""
        if not self._due or self._desk.now.steady_ms < self._not_before_ms:
            return []
        store = self._desk.store
        due, self._due = list(self._due), {}
        with store.transaction():
            strange = evidence.weigh(store, due)
            readable = {row.id for row in spaces.all_spaces(store) if row.readable}
            evidence.decided(store, [each.lid for each in strange if each.space not in readable])
        self._left = evidence.any_left(store)
        self._desk.facts_changed()
        by_space: dict[bytes, list[Strange]] = {}
        for each in strange:
            if each.space in readable:
                by_space.setdefault(each.space, []).append(each)
        return [
            self._ask(space, tuple(found[start : start + LIMITS.keys_per_question]))
            for space, found in by_space.items()
            for start in range(0, len(found), LIMITS.keys_per_question)
        ]

    def _ask(self, space: bytes, strange: tuple[Strange, ...]) -> Ask:
        question = Known(contents=tuple((each.name, each.hash) for each in strange))
        job = Ask(number=self._desk.number(), space=space, question=question)
        self._asked[job.number] = strange
        return job

    def asked(self, job: Ask) -> bool:
        """Says whether it was this part that asked."""
        return job.number in self._asked

    def answered(self, job: Ask, result: Answered) -> None:
        """Takes what the server has had for what was agreed on last; the rest is an edit of what is remembered."""
        store = self._desk.store
        with store.transaction():
            still = {
                each.lid: each
                for each in evidence.weigh(store, [each.lid for each in self._asked[job.number]])
            }
            for each, had in zip(self._asked.pop(job.number), result.answer.contents, strict=True):
                if still.get(each.lid) != each:
                    self._due[each.lid] = None  # It holds something else by now.
                    continue
                local = local_tree.node(store, each.lid).local
                assert local is not None
                if had:
                    local_tree.agree_content(store, each.lid, trash.HAD, each.hash, local.exec)
                evidence.decided(store, [each.lid])
        self._desk.facts_changed()

    def failed(self, job: Ask) -> None:
        """Asks again a little later."""
        self.read(each.lid for each in self._asked.pop(job.number))
        self._not_before_ms = self._desk.now.steady_ms + RETRY_MS

    def wakes(self) -> list[int]:
        """Answers when to ask again, in steady milliseconds."""
        return [self._not_before_ms] if self._due else []
