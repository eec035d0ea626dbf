"""Knows an old version again: a file that is in the way of the server's, by its own account a new one, may be what the
server itself had under that name before (R40).

So it is when a desk has lost its memory, or a folder was put back from a copy. The server is asked before the file gets a
conflict name: what it has had is no news, and its own revision takes the place. Anything else is kept beside it.
"""

from collections.abc import Sequence

from govsync.engine.desk import Desk
from govsync.engine.jobs import Answered, AnyJob, Ask
from govsync.model.merge import alive, presence
from govsync.model.nodes import Kind, Node, Presence
from govsync.model.steps import AnyDown, Aside
from govsync.model.trees import Trees
from govsync.protocol.changes import Known
from govsync.protocol.limits import DEFAULT as LIMITS
from govsync.store import local_tree, remote_tree, trash

RETRY_MS = 1_000


class Recalling:
    """Owns what is to be asked about, and what the server has never had."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._due: dict[int, int] = {}
        """Files to ask about, with the node whose name they have."""
        self._asked: dict[int, tuple[tuple[int, int], ...]] = {}
        """What each question under way is about."""
        self._new: dict[int, bytes] = {}
        """Contents that the server has said it has never had."""
        self._not_before_ms = 0

    def let_pass(self, steps: Sequence[AnyDown], trees: Trees) -> list[AnyDown]:
        """Answers the steps without the conflict names that must be asked about first."""
        passed: list[AnyDown] = []
        for step in steps:
            if isinstance(step, Aside) and self._questionable(trees.node(step.lid), trees.node(step.holder)):
                if not self.waits(step.lid):
                    self._due[step.lid] = step.holder
            else:
                passed.append(step)
        return passed

    def waits(self, lid: int) -> bool:
        """Says whether the server is asked about the node, or will be."""
        if lid in self._due:
            return True
        # Hardly ever is anything asked, and this is asked of every node.
        return bool(self._asked) and any(lid == mine for pairs in self._asked.values() for mine, _ in pairs)

    def jobs(self) -> list[AnyJob]:
        """Asks about what is due, a question a space."""
        if not self._due or self._desk.now.steady_ms < self._not_before_ms:
            return []
        by_space: dict[bytes, list[tuple[int, int]]] = {}
        for lid, holder in list(self._due.items()):
            del self._due[lid]
            node = local_tree.find_node(self._desk.store, lid)
            if node is not None and node.local is not None and node.local.hash is not None:
                by_space.setdefault(node.space, []).append((lid, holder))
        return [
            self._ask(space, tuple(pairs[start : start + LIMITS.keys_per_question]))
            for space, pairs in by_space.items()
            for start in range(0, len(pairs), LIMITS.keys_per_question)
        ]

    def _ask(self, space: bytes, pairs: tuple[tuple[int, int], ...]) -> Ask:
        contents: list[tuple[str, bytes]] = []
        for lid, _ in pairs:
            local = local_tree.node(self._desk.store, lid).local
            assert local is not None
            assert local.hash is not None
            contents.append((local.place.name, local.hash))
        job = Ask(number=self._desk.number(), space=space, question=Known(contents=tuple(contents)))
        self._asked[job.number] = pairs
        return job

    def answered(self, job: Ask, result: Answered) -> None:
        """Lets the server's revision take the place of what it has had before; the rest is news."""
        pairs = self._asked.pop(job.number)
        store = self._desk.store
        with store.transaction():
            for (lid, holder), (_, asked), had in zip(
                pairs, job.question.contents, result.answer.contents, strict=True
            ):
                if not had:
                    self._new[lid] = asked
                    continue
                mine, theirs = local_tree.find_node(store, lid), local_tree.find_node(store, holder)
                if mine is None or theirs is None or not self._questionable(mine, theirs):
                    continue
                if mine.local is not None and mine.local.hash == asked and theirs.remote is not None:
                    remote_tree.unify(store, lid, holder)
                    local_tree.agree_place(store, holder, theirs.remote.place, theirs.remote.place_key)
                    local_tree.agree_content(store, holder, trash.HAD, asked, mine.local.exec)
        self._desk.facts_changed()

    def failed(self, job: Ask) -> None:
        """Asks again a little later."""
        self._due.update(self._asked.pop(job.number))
        self._not_before_ms = self._desk.now.steady_ms + RETRY_MS

    def wakes(self) -> list[int]:
        """Answers when to ask again, in steady milliseconds."""
        return [self._not_before_ms] if self._due else []

    def _questionable(self, mine: Node, holder: Node) -> bool:
        """Says whether a file that the server never heard of is in the way of one that this disk never had."""
        return (
            mine.local is not None
            and mine.local.kind is Kind.FILE
            and mine.local.hash not in (None, self._new.get(mine.lid))
            and mine.remote is None
            and mine.conflict_of is None
            and holder.remote is not None
            and holder.remote.kind is Kind.FILE
            and alive(holder)
            and presence(holder) is Presence.NOT_YET
        )
