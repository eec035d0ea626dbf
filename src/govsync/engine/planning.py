"""Takes the three trees to the next plan, keeps back what a person must be asked about, and hands the steps on.

Only here is `reconcile` called. A plan covers a bounded number of due nodes, so a first sync of a million files is many
small plans, and each node is planned about once for each thing that happens to it: what can only be sent while a
commit is under way, or only be placed while a batch is, waits in a queue and is not looked at again until there is
room; what waits for its content is woken by that content; the rest is woken by any change of the trees.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from itertools import chain, islice

from govsync.engine.desk import Desk, DeskTrees, Rules
from govsync.engine.holding import Holding
from govsync.engine.jobs import AnyJob
from govsync.engine.observing import Observing
from govsync.engine.placing import BATCH, Placing
from govsync.engine.recalling import Recalling
from govsync.engine.sending import Sending
from govsync.model.merged_tree import kind_of
from govsync.model.nodes import Kind, Node
from govsync.model.problems import Problem
from govsync.model.reconcile import reconcile
from govsync.model.steps import (
    Adopt,
    AnyBook,
    AnyUp,
    Delete,
    Forget,
    Keep,
    Leave,
    LeaveOut,
    Move,
    Plan,
    Put,
    Renew,
    TakeIn,
    Unify,
    Unmount,
    covered,
    standing,
)
from govsync.model.trees import Trees, agreed, as_chosen, settled
from govsync.store import (
    dirty,
    gaps,
    kept,
    left_out,
    local_tree,
    lost,
    problems,
    protection,
    remote_tree,
    spaces,
    uploads,
)
from govsync.store.local_tree import Disk

PLAN_NODES = 1_000
"""How many due nodes one plan covers."""
PLANS_A_TURN = 4
PROOF_LASTS_MS = 1_000
"""How old the proof of the folder may be when deletions leave (R10)."""


class _ToSend:
    """Nodes that wait until a commit to their space could be sent, space by space."""

    def __init__(self) -> None:
        self._space: dict[int, bytes] = {}
        self._lids: dict[bytes, dict[int, None]] = {}

    def __contains__(self, lid: int) -> bool:
        return lid in self._space

    def add(self, lid: int, space: bytes) -> None:
        """Lets a node wait for its space."""
        self.give_up(lid)
        self._space[lid] = space
        self._lids.setdefault(space, {})[lid] = None

    def give_up(self, lid: int) -> None:
        """Lets a node wait no longer."""
        space = self._space.pop(lid, None)
        if space is not None:
            del self._lids[space][lid]
            if not self._lids[space]:
                del self._lids[space]

    def take(self, busy: Callable[[], Set[bytes]]) -> list[int]:
        """Answers nodes that wait no longer: those of all spaces but these, also of one that there is no more, since its
        nodes are another's by now (R35)."""
        if not self._lids:
            return []
        kept = busy()
        ready = chain.from_iterable(lids for space, lids in self._lids.items() if space not in kept)
        taken = list(islice(ready, PLAN_NODES))
        for lid in taken:
            self.give_up(lid)
        return taken


class Planning:
    """Makes plans and hands them to those who carry them out."""

    def __init__(
        self,
        desk: Desk,
        observing: Observing,
        sending: Sending,
        placing: Placing,
        holding: Holding,
        recalling: Recalling,
    ) -> None:
        self._desk = desk
        self._observing = observing
        self._sending = sending
        self._placing = placing
        self._holding = holding
        self._recalling = recalling
        self._to_send = _ToSend()
        self._to_place: dict[int, None] = {}
        self._next_due_ms: int | None = None
        self.unfinished = False
        """Whether this turn ended with more to plan for."""

    def jobs(self, online: bool) -> list[AnyJob]:
        """Plans for what is due, as long as something could come of it now."""
        self._holding.look_back()
        jobs: list[AnyJob] = []
        for _ in range(PLANS_A_TURN):
            to_spaces = self._sending.room(jobs) if online else ()
            can_place = self._placing.room(jobs)
            trees = self._next(to_spaces, can_place, self._sending.committing(jobs))
            if trees is None:
                if can_place and self._placing.has_second_versions:
                    self._placing.take_up((), jobs, self._desk.trees(), room=True)
                break
            lids = list(trees.due)
            plan = reconcile(trees, lids)
            if plan.books:
                self._keep_books(plan.books, trees)
                continue
            down = self._recalling.let_pass(plan.down, trees)
            up = self._ruled(self._permitted(plan.up, trees), plan.needs, trees)
            taken = set(self._placing.take_up(down, jobs, trees, can_place))
            if to_spaces:
                taken.update(self._sending.take_up(self._sendable(up, plan.needs), jobs, trees))
            self._put_aside(lids, plan, taken, trees)
        else:
            self.unfinished = True
        return jobs

    def _next(
        self, to_spaces: Collection[bytes], can_place: bool, committing: Collection[bytes]
    ) -> DeskTrees | None:
        """Reads the nodes to plan for next: those that had to wait for room, else those that are newly due."""
        while True:
            lids = self._that_waited(to_spaces, can_place)
            if not lids and (to_spaces or can_place):
                lids = self._newly_due(committing)
            if not lids:
                return None
            trees = self._desk.trees(lids)
            self._let_go(trees)
            if trees.due:
                return trees

    def _that_waited(self, to_spaces: Collection[bytes], can_place: bool) -> list[int]:
        lids = list(islice(self._to_place if can_place else (), BATCH))
        for lid in lids:
            del self._to_place[lid]
        return lids or self._to_send.take(lambda: spaces.adding(self._desk.store) - set(to_spaces))

    def _newly_due(self, committing: Collection[bytes]) -> list[int]:
        """Answers nodes that became due, without what only the next commit to a space can take while one is under way:
        planned now, it would be planned again then."""
        store, now = self._desk.store, self._desk.now.steady_ms
        if self._next_due_ms is not None and self._next_due_ms <= now:
            self._next_due_ms = None
            self._desk.facts_changed()
        if not self._desk.stale:
            return []
        able: list[int] = []
        while not able and (found := self._look_through()):
            new = local_tree.only_here(store, found) if committing else {}
            for lid, space in new.items():
                if space in committing:
                    self._to_send.add(lid, space)
            able = [lid for lid in found if lid not in self._to_send]
        self._desk.stale = bool(able)
        self._next_due_ms = dirty.next_time(store, now)
        return able

    def _look_through(self) -> list[int]:
        """Answers the next nodes on the list of dirty ones that wait for nothing, from where the last look ended."""
        store, after, last = self._desk.store, self._desk.looked_through, dirty.turn(self._desk.store)
        found = dirty.due(store, self._desk.now.steady_ms, PLAN_NODES, self._is_waiting, after)
        self._desk.looked_through = dirty.turn(store, found[-1]) if len(found) == PLAN_NODES else last
        return found

    def _is_waiting(self, lid: int) -> bool:
        return (
            lid in self._desk.waiting
            or lid in self._to_send
            or lid in self._to_place
            or self._desk.occupied(lid)
            or self._sending.waits(lid)
            or self._placing.waits(lid)
            or self._recalling.waits(lid)
        )

    def _let_go(self, trees: DeskTrees) -> None:
        """Takes nodes with nothing left to decide off the list of dirty ones."""
        done = [lid for lid, node in trees.due.items() if settled(node) and as_chosen(trees, node)]
        for lid in done:
            del trees.due[lid]
            self._desk.fresh.take(lid)
        if done:
            with self._desk.store.transaction():
                local_tree.settle(self._desk.store, done)

    def _put_aside(self, lids: Iterable[int], plan: Plan, taken: set[int], trees: Trees) -> None:
        """Remembers for each planned node what it waits for, so that it is not planned again before."""
        up, down = {step.lid for step in plan.up}, {step.lid for step in plan.down}
        for lid in lids:
            if (
                lid in taken
                or self._sending.waits(lid)
                or self._placing.waits(lid)
                or self._recalling.waits(lid)
            ):
                continue
            if lid in down:
                self._to_place[lid] = None
            elif lid in up and lid not in self._desk.kept_back:
                self._to_send.add(lid, trees.node(lid).space)
            else:
                self._desk.waiting.add(lid)
        self._desk.kept_back.clear()

    def fetched(self, lids: Iterable[int]) -> None:
        """Plans for these nodes when there is room on the disk: what they were waiting for is staged."""
        self._to_place.update(dict.fromkeys(lids))

    def uploaded(self, lids: Iterable[int], space: bytes) -> None:
        """Plans for these nodes when there is room for a commit: what they were waiting for is on the server."""
        for lid in lids:
            self._to_send.add(lid, space)

    def give_up(self, lid: int) -> None:
        """Makes a node due whatever it was waiting for: that will not come (R38)."""
        self._to_send.give_up(lid)
        self._to_place.pop(lid, None)
        self._desk.wake([lid])

    def _permitted(self, steps: Sequence[AnyUp], trees: Trees) -> Sequence[AnyUp]:
        """Answers the steps without those to spaces that the server does not have for this person any more: it is said of
        the space as a whole, and everything in it stays as it is (R38). To one that may only be read there are none: the
        plan itself gives way there."""
        shut = spaces.shut(self._desk.store) if steps else set()
        refused = [step for step in steps if trees.node(step.lid).space in shut]
        self._desk.kept_back.update(covered(refused))
        return [step for step in steps if trees.node(step.lid).space not in shut]

    def _ruled(
        self, steps: Sequence[AnyUp], needs: Mapping[int, Sequence[int]], trees: Trees
    ) -> Sequence[AnyUp]:
        """Answers the steps without those of files that a setting keeps from being sent, and without what stands on them: they
        stay here as they are, each with a problem. What the server has already, or had, goes there all the same."""
        store, rules = self._desk.store, self._desk.rules
        puts = [step.lid for step in steps if isinstance(step, Put | Move)] if rules.keeps_back else []
        if not puts:
            return steps
        there = local_tree.sources(store, puts).keys() | lost.get_many(store, puts).keys()
        on_disk = local_tree.disks(store, puts)
        refused: dict[int, Problem] = {}
        for step in steps:
            if not isinstance(step, Put | Move) or step.lid in there:
                continue
            problem = _refusal(rules, step, trees.node(step.lid), on_disk.get(step.lid))
            if problem is not None:
                refused[step.lid] = problem
        if not refused:
            return steps
        with store.transaction():
            for lid, problem in refused.items():
                problems.raise_for(store, lid, problem, self._desk.now.wall_ms)
        left = standing(steps, needs, refused.keys())
        going = {step.lid for step in left}
        self._desk.kept_back.update(covered(step for step in steps if step.lid not in going))
        return left

    def _keep_books(self, books: Sequence[AnyBook], trees: Trees) -> None:
        store, now_ms = self._desk.store, self._desk.now.wall_ms
        with store.transaction():
            for book in books:
                self._desk.fresh.take(book.lid)
                if isinstance(book, Adopt):
                    node = local_tree.node(store, book.lid)
                    local_tree.set_baseline(store, book.lid, agreed(node))
                    if trees.read_only(book.lid) and kind_of(node) is Kind.FILE:
                        protection.want(store, book.lid)
                elif isinstance(book, Keep):
                    kept.keep(store, book.lid, self._desk.ids.new(), now_ms)
                    problems.clear(store, [book.lid])
                elif isinstance(book, LeaveOut):
                    self._leave_out(book.lid)
                elif isinstance(book, TakeIn):
                    left_out.is_wanted(store, book.lid)
                    kept.known_again(store, book.lid)
                    spaces.sync_mount(store, book.lid)
                elif isinstance(book, Leave):
                    uploads.leave(store, book.lid)
                elif isinstance(book, Renew):
                    uploads.renew(store, book.lid, self._desk.ids.new())
                elif isinstance(book, Unmount):
                    local_tree.unmount(store, book.lid, self._desk.ids.new())
                elif isinstance(book, Forget):
                    gaps.end_with(store, book.lid)
                    local_tree.forget_unless_named(store, book.lid)
                else:
                    assert isinstance(book, Unify)
                    remote_tree.unify(store, book.lid, book.winner)
        self._desk.facts_changed()

    def _leave_out(self, lid: int) -> None:
        """Notes that a node is not here, as was chosen; in a folder that is no more, nothing is looked for again."""
        store = self._desk.store
        if kind_of(local_tree.node(store, lid)) is not Kind.FILE:
            gaps.end_with(store, lid)
        left_out.is_gone(store, lid)
        spaces.sync_mount(store, lid)

    def _sendable(self, steps: Sequence[AnyUp], needs: Mapping[int, Sequence[int]]) -> list[AnyUp]:
        """Keeps back deletions while things are still vanishing (R3) or the folder was not proven to be ours this very
        moment (R10, R29), what has to be asked about first (R28), and what stands on any of these."""
        left, desk = steps, self._desk
        deletions = {step.lid for step in steps if isinstance(step, Delete)}
        if deletions:
            proven = desk.proven_ms is not None and desk.now.steady_ms - desk.proven_ms <= PROOF_LASTS_MS
            if not proven:
                desk.proven_ms = None
            if not proven or not self._observing.quiet():
                left = standing(steps, needs, deletions)
        sendable = self._holding.let_pass(left, needs)
        if len(sendable) < len(steps):
            going = {step.lid for step in sendable}
            desk.kept_back.update(covered(step for step in steps if step.lid not in going))
        return sendable


def _refusal(rules: Rules, step: Put | Move, node: Node, seen: Disk | None) -> Problem | None:
    """Says why a setting keeps a step from being told: a content that is too large, or a name that ends so. A move is told
    unless it gives the file such a name: its content is there already."""
    if node.local is None or node.local.kind is not Kind.FILE:
        return None
    if isinstance(step, Put):
        name = step.place.name if step.place is not None else node.local.place.name
        return rules.refusal(name, seen.size_bytes if seen is not None else 0)
    was = node.remote is not None and rules.refusal(node.remote.place.name) is not None
    return None if was else rules.refusal(step.place.name)
