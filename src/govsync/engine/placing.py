"""Steps towards the disk become staged files, intents and changes of the disk, and their outcomes are taken in (R16).

One batch is under way at a time: contents are staged and flushed first (`Fetch`); then the intents are made durable,
then the disk changes (`Change`), then, in one transaction, what was placed becomes the local fact **and** the baseline,
and the intents end. `batch` builds the steps, `outcomes` says what they made true.
"""

from collections.abc import Sequence
from itertools import chain, islice

from govsync.content.manifests import Manifest
from govsync.engine import notes
from govsync.engine.batch import Batch
from govsync.engine.desk import Desk
from govsync.engine.jobs import (
    AnyJob,
    Change,
    Changed,
    Fetch,
    Fetched,
    Look,
    Recover,
    Staged,
    TakeStock,
    Wanted,
)
from govsync.engine.outcomes import Outcome, Together, wait
from govsync.local.steps import At, BringBack, Result
from govsync.model.codes import Code
from govsync.model.nodes import NOWHERE, Presence
from govsync.model.problems import Problem
from govsync.model.steps import AnyDown, Aside, KeepBoth, Replace
from govsync.model.steps import Fetch as FetchStep
from govsync.model.trees import Trees
from govsync.protocol.changes import NodeState
from govsync.store import (
    dirty,
    intents,
    local_tree,
    manifests,
    paths,
    problems,
    protection,
    remote_tree,
    spaces,
    trash,
)
from govsync.store import trees as stored_trees

BATCH = 500
"""How many steps one batch takes (R16)."""
AGAIN_MS = 2_000
"""After how long something that could not be brought back is tried again."""
FETCH_BYTES = 8 * 1024 * 1024
FETCH_FILES = 500
FETCHES_AT_ONCE = 2
WANTED = 4 * FETCH_FILES
"""How many revisions may be on their way to staging; the nodes of others wait, as nothing but their numbers (I16)."""
OPEN_HERE_MS = 5_000
INLINE_BYTES = 32 * 1024 * 1024


class Placing:
    """Owns what is on its way to the disk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._staged: dict[int, Staged] = {}
        self._wanted: dict[int, bool] = {}
        """Nodes whose content must be fetched, and whether it replaces one that may hold pieces of it."""
        self._arriving: dict[int, None] = {}
        """Nodes whose small content came with the news of them, and is staged before a plan asks for it."""
        self._second_versions: dict[str, tuple[int, int, int]] = {}
        """What lies in the trash and must come back, by its name there: node, inode, and not before when."""
        self._homeless: list[str] = []
        self._inline: dict[bytes, bytes] = {}
        self._inline_bytes = 0
        self.recovered = False
        """Whether it is known what became of every intent; nothing is looked at or changed before (R16)."""

    # What goes out

    def recover(self) -> list[AnyJob]:
        """Asks what became of the steps that were under way."""
        rows = intents.all_intents(self._desk.store)
        if not rows:
            self.recovered = True
            # What nobody but its writer has seen is never purged, and comes back after a crash, too.
            unseen = (row for row in trash.listed(self._desk.store) if row.rev is None)
            self._second_versions = {row.name: (row.lid, row.ino, 0) for row in unseen}
            return []
        return [Recover(number=self._desk.number(), steps=tuple(notes.step_of(row) for row in rows))]

    def room(self, started: Sequence[AnyJob]) -> bool:
        """Says whether a batch could be started, and more could be fetched."""
        alone = self._desk.alone(Change, Recover, Look, TakeStock, started=started)
        return alone and not self._wants_enough()

    def waits(self, lid: int) -> bool:
        """Says whether the node's content must be fetched first."""
        return lid in self._wanted or lid in self._arriving

    def give_up(self, lid: int) -> None:
        """Fetches nothing of a node any more (R38)."""
        self._wanted.pop(lid, None)
        self._arriving.pop(lid, None)

    @property
    def holds_second_versions(self) -> bool:
        """Says whether anything that a person has saved lies in the trash and is on its way back."""
        return bool(self._second_versions)

    @property
    def has_second_versions(self) -> bool:
        """Says whether a file in the trash must be brought back, whatever is planned."""
        now = self._desk.now.steady_ms
        return any(not_before <= now for _, _, not_before in self._second_versions.values())

    def take_up(self, steps: Sequence[AnyDown], started: list[AnyJob], trees: Trees, room: bool) -> list[int]:
        """Notes what must be fetched and, where there is room for it, makes a batch of what can be changed on the disk
        now; answers the nodes that are on their way."""
        waiting = [
            step.lid
            for step in steps
            if isinstance(step, Replace | KeepBoth | Aside) and self._open_here(step.lid)
        ]
        able = [step for step in steps if step.lid not in waiting]
        staged = {
            step.lid: ready
            for step in able
            if isinstance(step, FetchStep | Replace) and (ready := self._ready(step, trees)) is not None
        }
        return waiting + (self._batch(able, staged, started, trees) if room else [])

    def _batch(
        self, steps: Sequence[AnyDown], staged: dict[int, Staged], started: list[AnyJob], trees: Trees
    ) -> list[int]:
        batch = Batch(self._desk, trees)
        for name, (lid, ino, not_before) in list(self._second_versions.items()):
            if not_before > self._desk.now.steady_ms:
                continue
            del self._second_versions[name]
            if self._has_place(lid):
                batch.bring_back(lid, name, ino)
            else:
                self._homeless.append(name)
        for step in steps:
            if len(batch.rows) >= BATCH:
                break
            if not isinstance(step, FetchStep | Replace):
                batch.add(step)
            elif step.lid in staged:
                batch.install(step, staged[step.lid])
        if not batch.rows:
            return []
        change = Change(number=self._desk.number(), steps=notes.record(self._desk, batch.rows))
        started.append(change)
        return [step.lid for step in change.steps]

    def _has_place(self, lid: int) -> bool:
        """Says whether there is a folder on the disk in which a second version of the node could lie."""
        store = self._desk.store
        node = local_tree.find_node(store, lid)
        fact = node and (node.local or node.remote)
        if not fact or fact.place.parent == NOWHERE:
            return False
        folder = local_tree.find_node(store, fact.place.parent)
        here = folder is not None and folder.local is not None and folder.local.presence is Presence.HERE
        return here and paths.disk_path(store, fact.place.parent) is not None

    def take_homeless(self) -> list[str]:
        """Hands over, by their names in the trash, second versions that have no place to come back to (R17)."""
        names, self._homeless = self._homeless, []
        return names

    def _open_here(self, lid: int) -> bool:
        """Lets a newer version wait while a lock file beside the document says that a program has it open (R13): the
        program would save its old version over the new one, which nobody has seen."""
        if not self._desk.is_open_document(lid):
            return False
        with self._desk.store.transaction():
            dirty.delay(self._desk.store, lid, self._desk.now.steady_ms + OPEN_HERE_MS)
            problem = Problem(Code.OPEN_HERE)
            problems.raise_for(self._desk.store, lid, problem, self._desk.now.wall_ms, waiting=True)
        self._desk.stale = True  # Its time has to be waited for, whatever this plan came from.
        return True

    def _ready(self, step: FetchStep | Replace, trees: Trees) -> Staged | None:
        """Answers the staged file for a step, or notes that its revision is wanted."""
        remote = trees.node(step.lid).remote
        if remote is None or remote.rev is None or remote.hash is None:
            return None
        staged = self._staged.get(step.lid)
        if staged is not None and staged.rev == remote.rev:
            return staged
        if self._wants_enough():
            return None
        self._wanted[step.lid] = isinstance(step, Replace)
        return None

    def _wants_enough(self) -> bool:
        under_way = (job for job in self._desk.under_way.values() if isinstance(job, Fetch))
        return len(self._wanted) + sum(len(job.wants) for job in under_way) >= WANTED

    def _old(self, lid: int) -> tuple[At, Manifest] | None:
        path, manifest = paths.disk_path(self._desk.store, lid), manifests.get(self._desk.store, lid)
        return (At(path[:-1], path[-1]), manifest) if path is not None and manifest is not None else None

    def fetches(self) -> list[AnyJob]:
        """Starts to fetch what steps are waiting for."""
        jobs: list[AnyJob] = []
        while (self._wanted or self._arriving) and self._desk.running(Fetch) + len(jobs) < FETCHES_AT_ONCE:
            job = self._fetch()
            if job is None:
                break
            jobs.append(job)
        return jobs

    def _fetch(self) -> Fetch | None:
        store, lids = self._desk.store, list(islice(chain(self._wanted, self._arriving), FETCH_FILES))
        read_only = spaces.read_only(store)
        revisions = local_tree.revisions(store, lids)
        wants: list[Wanted] = []
        size = 0
        space: bytes | None = None
        for lid in lids:
            wanted = revisions.get(lid)
            if wanted is None:
                self.give_up(lid)
                self._desk.wake([lid])
                continue
            if space not in (None, wanted.space):
                continue
            if wants and size + wanted.size_bytes > FETCH_BYTES:
                break
            space = wanted.space
            size += wanted.size_bytes
            old = self._old(lid) if self._wanted.get(lid) else None
            self.give_up(lid)
            wants.append(
                Wanted(
                    lid=lid, rev=wanted.rev, hash=wanted.hash, size_bytes=wanted.size_bytes, mtime_ns=wanted.mtime_ns,
                    exec=wanted.exec, write=space not in read_only, data=self._inline.get(wanted.rev), old=old,
                )
            )  # fmt: skip
        if space is None:
            return None
        free = self._desk.rules.minimum_free_bytes
        return Fetch(number=self._desk.number(), space=space, wants=tuple(wants), minimum_free_bytes=free)

    # What comes back

    @property
    def inline_full(self) -> bool:
        """Says whether reading the journal further would only push out contents that are waiting to be staged."""
        waiting = bool(self._wanted or self._arriving) or self._desk.running(Fetch) > 0
        return waiting and self._inline_bytes > INLINE_BYTES // 2

    def keep_inline(self, contents: dict[bytes, bytes]) -> None:
        """Keeps small contents that came with the journal until they are staged, the oldest given up first: one that
        was wanted is fetched again, and nobody asks for one that was superseded meanwhile."""
        for rev, data in contents.items():
            self._forget_inline(rev)
            self._inline[rev] = data
            self._inline_bytes += len(data)
        while self._inline_bytes > INLINE_BYTES:
            self._forget_inline(next(iter(self._inline)))

    def expect(self, news: Sequence[NodeState]) -> None:
        """Has the small contents of new files staged at once, so that a node is planned for once, when its file can be
        placed. What is staged has no name yet, and whether it gets one is for the plan to say."""
        brought = [state.node for state in news if state.rev in self._inline]
        self._arriving.update(dict.fromkeys(remote_tree.never_here(self._desk.store, brought)))

    def _forget_inline(self, rev: bytes) -> None:
        data = self._inline.pop(rev, None)
        if data is not None:
            self._inline_bytes -= len(data)

    def fetched(self, job: Fetch, result: Fetched) -> list[int]:
        """Takes in what is staged; what could not be fetched waits, longer each time. Answers the nodes that go on."""
        for staged in result.staged:
            self._staged[staged.lid] = staged
        for wanted in job.wants:
            self._forget_inline(wanted.rev)  # One that was not what it should be is asked for again.
        with self._desk.store.transaction():
            for lid, problem in result.failed:
                wait(self._desk, lid, problem)
        failed = {lid for lid, _ in result.failed}
        self._desk.wake(failed)
        return [wanted.lid for wanted in job.wants if wanted.lid not in failed]

    def changed(self, result: Changed, recovered: bool) -> list[int]:
        """Takes in the outcomes of a batch, or of a recovery; answers the folders that must be looked at again."""
        store = self._desk.store
        rows = {row.id: row for row in intents.all_intents(store)}
        known = local_tree.known(store, [row.lid for row in rows.values()])
        look: dict[int, None] = {}
        ended: list[int] = []
        done: dict[int, None] = {}
        writable: dict[int, bool] = {}
        with store.transaction():
            together = Together(store)
            for each in result.outcomes:
                row = rows.get(each.intent)
                if row is None:
                    continue
                if each.result is Result.HALFWAY:
                    self.recovered = (
                        False  # The intent stays: what became of it is found out as after a crash.
                    )
                    continue
                ended.append(row.id)
                staged = self._staged.pop(row.lid, None)
                if row.lid not in known:
                    continue
                outcome = Outcome(self._desk, row, each, recovered, together)
                outcome.record()
                look.update(dict.fromkeys(outcome.look_at))
                if outcome.second_version is not None:
                    lid, name, ino = outcome.second_version
                    tried = isinstance(notes.step_of(row), BringBack)
                    not_before = self._desk.now.steady_ms + AGAIN_MS if tried else 0
                    self._second_versions[name] = (lid, ino, not_before)
                if each.result is Result.DONE:
                    done[row.lid] = None
                    if staged is not None and outcome.placed(staged.rev):
                        if staged.manifest is not None:
                            manifests.put(store, {row.lid: staged.manifest})
                        writable[row.lid] = staged.write
                else:
                    done.pop(row.lid, None)
            together.write()
            protection.placed(store, writable)
            intents.drop(store, ended)
            problems.clear(store, done)
            settled = stored_trees.settled(store, list(done))
            local_tree.settle(store, settled)
            left = [lid for lid in done if lid not in settled]
            dirty.add(store, left)
            dirty.reset_attempts(store, left)
        if len(settled) == len(result.outcomes):
            self._desk.news()
        else:
            self._desk.facts_changed()
        return list(look)

    def bring_back(self, second: Sequence[tuple[int, str, int]]) -> None:
        """Has second versions that lie in the trash brought back with the next batch: node, trash name, inode."""
        self._second_versions.update((name, (lid, ino, 0)) for lid, name, ino in second)
        if second:
            self._desk.facts_changed()

    def wakes(self) -> list[int]:
        """Lists when to try again to bring something back, in steady milliseconds."""
        return [not_before for _, _, not_before in self._second_versions.values()]

    def failed(self, job: AnyJob) -> None:
        """Learns that a job ended without a result: a batch is found out about like after a crash."""
        if isinstance(job, Change | Recover):
            self.recovered = False
        elif isinstance(job, Fetch):
            with self._desk.store.transaction():
                for wanted in job.wants:
                    wait(self._desk, wanted.lid, None)
            self._desk.wake(wanted.lid for wanted in job.wants)
