"""Takes the three trees to the next plan, keeps back what a person must be asked about, and hands the steps on.

Only here is `reconcile` called. A plan covers a bounded number of due nodes, so a first sync of a million files is many
small plans, and each node is planned about once for each thing that happens to it: what can only be sent while a
commit is under way, or only be placed while a batch is, waits in a queue and is not looked at again until there is
room; what waits for its content is woken by that content; the rest is woken by any change of the trees.
"""

from collections.abc import Iterable, Sequence

from govsync.engine.desk import Desk
from govsync.engine.holding import Holding
from govsync.engine.jobs import AnyJob
from govsync.engine.observing import Observing
from govsync.engine.placing import Placing
from govsync.engine.sending import Sending
from govsync.model.reconcile import reconcile
from govsync.model.steps import Adopt, AnyBook, AnyUp, Delete, Forget, Plan, Unify
from govsync.model.trees import agreed, settled
from govsync.store import dirty, local_tree, remote_tree

PLAN_NODES = 1_000
"""How many due nodes one plan covers."""
PLANS_A_TURN = 4
PROOF_LASTS_MS = 1_000
"""How old the proof of the folder may be when deletions leave (R10)."""


class Planning:
    """Makes plans and hands them to those who carry them out."""

    def __init__(
        self, desk: Desk, observing: Observing, sending: Sending, placing: Placing, holding: Holding
    ) -> None:
        self._desk = desk
        self._observing = observing
        self._sending = sending
        self._placing = placing
        self._holding = holding
        self._to_send: dict[int, None] = {}
        self._to_place: dict[int, None] = {}
        self._next_due_ms: int | None = None

    def jobs(self, online: bool) -> list[AnyJob]:
        """Plans for what is due, as long as something could come of it now."""
        jobs: list[AnyJob] = []
        for _ in range(PLANS_A_TURN):
            can_send = online and self._sending.room(jobs)
            can_place = self._placing.room(jobs)
            lids = self._next(can_send, can_place)
            if not lids:
                if can_place and self._placing.has_second_versions:
                    self._placing.take_up((), jobs, self._desk.trees())
                break
            trees = self._desk.trees(lids)
            plan = reconcile(trees, lids)
            if plan.books:
                self._keep_books(plan.books)
                continue
            taken: set[int] = set()
            if can_place:
                taken.update(self._placing.take_up(plan.down, jobs, trees))
            if can_send:
                taken.update(self._sending.take_up(self._sendable(plan.up), jobs, trees))
            self._put_aside(lids, plan, taken)
        return jobs

    def _next(self, can_send: bool, can_place: bool) -> list[int]:
        """Answers the nodes to plan for next: those that had to wait for room, else those that are newly due."""
        for queue, room in ((self._to_place, can_place), (self._to_send, can_send)):
            if room and queue:
                lids = [lid for lid, _ in zip(queue, range(PLAN_NODES), strict=False)]
                for lid in lids:
                    del queue[lid]
                return self._unsettled(lids)
        now = self._desk.now.steady_ms
        if self._next_due_ms is not None and self._next_due_ms <= now:
            self._next_due_ms = None
            self._desk.facts_changed()
        if not (can_send or can_place) or not self._desk.stale:
            return []
        while True:
            found = dirty.due(self._desk.store, self._desk.now.steady_ms, PLAN_NODES, self._is_waiting)
            lids = self._unsettled(found)
            if lids or not found:
                self._desk.stale = bool(found)
                self._next_due_ms = dirty.next_time(self._desk.store, now)
                return lids

    def _is_waiting(self, lid: int) -> bool:
        return (
            lid in self._desk.waiting
            or lid in self._to_send
            or lid in self._to_place
            or self._desk.occupied(lid)
            or self._sending.waits(lid)
            or self._placing.waits(lid)
        )

    def _unsettled(self, lids: Sequence[int]) -> list[int]:
        """Takes nodes with nothing left to decide off the list of dirty ones."""
        store = self._desk.store
        nodes = local_tree.nodes(store, lids)
        done = [lid for lid, node in nodes.items() if settled(node)]
        if done:
            with store.transaction():
                dirty.drop(store, done)
        return [lid for lid, node in nodes.items() if not settled(node)]

    def _put_aside(self, lids: Iterable[int], plan: Plan, taken: set[int]) -> None:
        """Remembers for each planned node what it waits for, so that it is not planned again before."""
        up, down = {step.lid for step in plan.up}, {step.lid for step in plan.down}
        for lid in lids:
            if lid in taken or self._sending.waits(lid) or self._placing.waits(lid):
                continue
            if lid in down:
                self._to_place[lid] = None
            elif lid in up and lid not in self._desk.kept_back:
                self._to_send[lid] = None
            else:
                self._desk.waiting.add(lid)
        self._desk.kept_back.clear()

    def wake(self, lids: Iterable[int]) -> None:
        """Makes nodes due whose facts have changed."""
        for lid in lids:
            self._to_send.pop(lid, None)
            self._to_place.pop(lid, None)
        self._desk.wake(lids)

    def _keep_books(self, books: Sequence[AnyBook]) -> None:
        store = self._desk.store
        with store.transaction():
            for book in books:
                if isinstance(book, Adopt):
                    local_tree.set_baseline(store, book.lid, agreed(local_tree.node(store, book.lid)))
                elif isinstance(book, Forget):
                    local_tree.forget(store, book.lid)
                else:
                    assert isinstance(book, Unify)
                    remote_tree.unify(store, book.lid, book.winner)
        self._desk.facts_changed()

    def _sendable(self, steps: Sequence[AnyUp]) -> list[AnyUp]:
        """Keeps back deletions while things are still vanishing (R3) or the folder was not proven to be ours this very
        moment (R10, R29), and what has to be asked about first (R28)."""
        if any(isinstance(step, Delete) for step in steps):
            desk = self._desk
            proven = desk.proven_ms is not None and desk.now.steady_ms - desk.proven_ms <= PROOF_LASTS_MS
            if not proven:
                desk.proven_ms = None
            if not proven or not self._observing.quiet():
                desk.kept_back.update(
                    lid for step in steps if isinstance(step, Delete) for lid in step.covers
                )
                steps = [step for step in steps if not isinstance(step, Delete) and not step.group]
        return self._holding.let_pass(steps)
