"""The engine: told events, it answers with jobs. It has no thread, no clock, and never waits.

`handle` records what happened; `start` says what to do now; `next_wake` when to ask again at the latest. Its parts,
`observing` (the disk), `following` (the server), `planning`, `sending`, `placing`, `holding`, do not know each other's
insides; this module only wires them. Everything that must survive is in the store before a job that depends on it is
handed out; everything else is derived again after a crash.
"""

from collections.abc import Sequence

from govsync.engine import events, jobs
from govsync.engine.awaiting import Awaiting
from govsync.engine.barrier import Barriers
from govsync.engine.checking import Checking
from govsync.engine.cleaning import Cleaning
from govsync.engine.desk import Desk, Rules, Who
from govsync.engine.following import Following
from govsync.engine.holding import Holding
from govsync.engine.leaving import Leaving
from govsync.engine.mounting import Mounting
from govsync.engine.now import Now
from govsync.engine.observing import Observing
from govsync.engine.placing import Placing
from govsync.engine.planning import Planning
from govsync.engine.protecting import Protecting
from govsync.engine.reading import Reading
from govsync.engine.recalling import Recalling
from govsync.engine.reclaiming import Reclaiming
from govsync.engine.refilling import Refilling
from govsync.engine.rescuing import Rescuing
from govsync.engine.sealing import Sealing
from govsync.engine.selecting import Selecting
from govsync.engine.sending import Sending
from govsync.engine.weighing import Weighing
from govsync.local.root import Landmark, Standing
from govsync.local.steps import At
from govsync.model.codes import Code
from govsync.model.ids import Ids
from govsync.model.problems import Problem
from govsync.store import activity, dirty, meta, paths
from govsync.store.database import Store

FOREVER_MS = 1 << 62
PROVE_EVERY_MS = 20_000
"""How often the folder is proven to be ours when nothing else asks for it: its renaming makes no event (F7)."""
_TELLS = jobs.AskHeads | jobs.Pull | jobs.Fetch | jobs.Change | jobs.Read | jobs.Upload | jobs.Commit
"""Jobs whose handling tells itself which nodes can go on when one is done."""
SAMPLE = 200
"""How many entries a folder without a marker is known again by."""


class Engine:
    """Decides for one desk; owned by one thread."""

    def __init__(self, store: Store, ids: Ids, who: Who, rules: Rules) -> None:
        self.desk = Desk(store, ids, who, rules)
        self.reading = Reading(self.desk)
        self.observing = Observing(self.desk, self.reading)
        self.following = Following(self.desk)
        self.sending = Sending(self.desk)
        self.placing = Placing(self.desk)
        self.holding = Holding(self.desk)
        self.refilling = Refilling(self.desk, self.sending)
        self.awaiting = Awaiting(self.desk)
        self.recalling = Recalling(self.desk)
        self.weighing = Weighing(self.desk)
        self.planning = Planning(
            self.desk, self.observing, self.sending, self.placing, self.holding, self.recalling
        )
        self.selecting = Selecting(self.desk, self.placing)
        self.cleaning = Cleaning(self.desk)
        self.rescuing = Rescuing(self.desk)
        self.reclaiming = Reclaiming(self.desk)
        self.leaving = Leaving(self.desk)
        self.protecting = Protecting(self.desk)
        self.mounting = Mounting(self.desk)
        self.sealing = Sealing(self.desk)
        self.barriers = Barriers(self.desk, self.observing, self.following)
        self.checking = Checking(self.desk)
        self.disk_bytes = 1 << 40
        """How large the disk is: the trash holds at most a tenth of it."""
        self.signed_in = False
        self.root_problem: Problem | None = None
        self.root_problem_since_ms = 0
        self.folder_left = meta.folder_left(store)
        """Whether a person has said that the folder which was there will come back (R29)."""
        self.folder_moved = False
        """Whether our marker lies in another folder than ours was: it is joined by whoever owns this engine."""
        self._unmarked = False
        self.paused_until_ms: int | None = meta.paused_until(store)
        self.line_costly = False

    # The three verbs

    def handle(self, event: events.AnyEvent, now: Now) -> None:
        """Records an event; what the store holds afterwards is durable."""
        self.desk.now = now
        if not _frees_nothing(event):
            self.desk.looked_through = 0
        match event:
            case events.Hint(path, name):
                self.observing.hint(path, name)
            case events.HintsLost():
                self.observing.scan()
            case events.MarkSeen(name):
                self.barriers.seen(name)
            case events.Watching(healthy, _):
                self.observing.watching = healthy
            case events.JobDone(job, result):
                self._ended(job)
                self._done(job, result)
            case events.JobFailed(job, code, facts):
                self._ended(job)
                self._failed(job, Problem(code, facts))
            case events.Beat(digest):
                self.following.beat(digest)
            case events.HeadTold(space, seq):
                self.following.head_told(space, seq)
            case events.Wanted(space, versions):
                self.refilling.asked_back(space, versions)
            case events.RightsChanged():
                self.following.rights_changed()
            case events.StreamLost():
                self.following.stream_lost()
            case events.SessionBegun():
                self.signed_in = True
                self.following.begin()
            case events.SessionEnded():
                self.signed_in = False
                self.following.stream_lost()
            case events.Cloned():
                self.signed_in = False
                self.following.stream_lost()
                with self.desk.store.transaction():
                    name = self.desk.who.device_name
                    activity.note(self.desk.store, now.wall_ms, "device_cloned", name)
            case events.Woke():
                self.desk.proven_ms = None
                self.observing.scan()
            case events.Pause(until_ms):
                self._pause(until_ms if until_ms is not None else FOREVER_MS)
            case events.Resume():
                self._pause(None)
                self.line_costly = False
            case events.Line(costly):
                self.line_costly = costly
                self.desk.facts_changed()
            case events.SyncNow():
                self.observing.scan()
                self.following.begin()
            case events.Approve(hold):
                self.holding.approve(hold)
            case events.Reject(hold):
                self.holding.reject(hold)

    def start(self, now: Now) -> list[jobs.AnyJob]:
        """Answers the jobs to carry out now; each comes back as `JobDone` or `JobFailed`."""
        self.desk.now = now
        started: list[jobs.AnyJob] = []
        self.planning.unfinished = False
        self._prove(started)
        if self._unmarked and not self.desk.running(jobs.Recognize):
            self._unmarked = False
            self._launch(started, [jobs.Recognize(number=self.desk.number(), known=self._landmarks())])
        if self.paused or self.desk.proven_ms is None or self.root_problem is not None:
            return started
        if not self.placing.recovered:
            if not self.desk.running(jobs.Recover) and not self.desk.running(jobs.Change):
                self._launch(started, self.placing.recover())
            if not self.placing.recovered:
                return started
        self.sending.trouble.pass_over()
        online = self.signed_in and self.following.online
        self._launch(started, self.barriers.jobs())
        self.observing.tick()
        if self.desk.look_first:
            self._launch(started, self.observing.looks(started))
        if self.observing.ever_scanned:
            for lid in self.leaving.go_on():
                self.sending.give_up(lid)
                self.placing.give_up(lid)
                self.planning.give_up(lid)
        if online:
            self._launch(started, self.following.jobs(self.placing.inline_full, self.observing.ever_scanned))
            self._launch(started, self.sending.unanswered())
        if self.observing.ever_scanned:
            if online:
                self._launch(started, self.weighing.jobs())
                self._launch(started, self.refilling.jobs())
                self._launch(started, self.awaiting.jobs())
            self._launch(started, self.planning.jobs(online))
            self._launch(started, self.protecting.jobs(started))
            if online:
                self._launch(started, self.recalling.jobs())
        for lid in self.sending.unread:
            self.reading.read_once(lid)
        if online:
            self._launch(started, self.sending.uploads())
            self._launch(started, self.placing.fetches())
        if not self.desk.look_first:
            self._launch(started, self.observing.looks(started))
        self._launch(started, self.reading.reads())
        self._launch(started, self.reclaiming.jobs(started, self.following.up_to_date))
        self.rescuing.take(self.placing.take_homeless())
        self._launch(started, self.rescuing.jobs())
        self._launch(started, self.mounting.jobs())
        self._launch(started, self.sealing.jobs())
        self._launch(started, self.cleaning.jobs(started, self.disk_bytes))
        if self.observing.idle and not self.desk.busy():
            self._launch(started, self.checking.jobs())
        return started

    def next_wake(self) -> int | None:
        """Answers, after `start`, the steady time in ms at which it must be asked again if nothing is told until then.

        In a turn whatever makes something due comes before what begins it. So what was due and was not begun waits for
        something that will be told, such as the end of a job, and only what becomes due later counts: to ask again at
        once would begin nothing. There are two exceptions: a proof that planning has just found missing, and more nodes
        than one turn plans for.
        """
        now = self.desk.now.steady_ms
        proving = self.desk.running(jobs.Prove) or self.desk.running(jobs.WriteSeal)
        if self.planning.unfinished or (self.desk.proven_ms is None and not proving):
            return now
        times = (
            *self.observing.wakes(),
            *self.following.wakes(),
            *self.awaiting.wakes(),
            *self.recalling.wakes(),
            *self.weighing.wakes(),
            *self.sending.wakes(),
            *self.sending.trouble.wakes(),
            *self.placing.wakes(),
            *self.holding.wakes(),
            *self.rescuing.wakes(),
            *self.reclaiming.wakes(),
            *self.leaving.wakes(),
            *self.protecting.wakes(),
            *self.mounting.wakes(),
            *self.sealing.wakes(),
            *self.cleaning.wakes(),
            *self.barriers.wakes(),
            *self.checking.wakes(),
            dirty.next_time(self.desk.store, now),
            None if self.desk.proven_ms is None else self.desk.proven_ms + PROVE_EVERY_MS,
        )
        return min((at for at in times if at is not None and at > now), default=None)

    @property
    def paused(self) -> bool:
        """Says whether a person paused the desk, and the time is not over (R43: it survives a restart); or its line does."""
        asked = self.paused_until_ms is not None and self.desk.now.wall_ms < self.paused_until_ms
        return asked or self.line_costly

    # Jobs

    def _launch(self, started: list[jobs.AnyJob], new: Sequence[jobs.AnyJob]) -> None:
        for job in new:
            self.desk.under_way[job.number] = job
            self.desk.occupy(occupies(job))
        started.extend(new)

    def _ended(self, job: jobs.AnyJob) -> None:
        self.desk.under_way.pop(job.number, None)
        self.desk.release(occupies(job))
        if isinstance(job, jobs.Look | jobs.Change):
            self.desk.look_first = isinstance(job, jobs.Change)

    def _prove(self, started: list[jobs.AnyJob]) -> None:
        proven, now = self.desk.proven_ms, self.desk.now.steady_ms
        due = proven is None or now - proven >= PROVE_EVERY_MS
        if due and not self.desk.running(jobs.Prove) and not self.desk.running(jobs.WriteSeal):
            self._launch(started, [jobs.Prove(number=self.desk.number())])

    def _landmarks(self) -> tuple[Landmark, ...]:
        return tuple(
            Landmark(At(path[:-1], path[-1]), ino, size_bytes, mtime_ns)
            for path, ino, size_bytes, mtime_ns in paths.sample(self.desk.store, SAMPLE)
        )

    def _done(self, job: jobs.AnyJob, result: jobs.Result) -> None:
        if isinstance(job, jobs.Pull | jobs.Snapshot | jobs.Ask):
            self.sending.trouble.answered(job)
        match job, result:
            case jobs.Prove(), jobs.Proven():
                self._proof(result)
            case jobs.Recognize(), jobs.Recognized(done):
                self.desk.proven_ms = None if done else self.desk.proven_ms
            case jobs.Look(), jobs.FoldersLooked():
                self.observing.looked(job, result)
            case jobs.TakeStock(), jobs.StockTaken():
                self.reclaiming.taken(result)
            case jobs.ReadStrays(), jobs.StraysRead():
                self.reclaiming.read(job, result)
            case jobs.WriteMounts(), jobs.MountsWritten():
                self.mounting.written(job)
            case jobs.WriteSeal(), jobs.SealWritten():
                self.sealing.written(result)
            case jobs.Recheck(), jobs.Rechecked():
                self.observing.rechecked(result)
            case jobs.Clean(), jobs.Cleaned():
                self.placing.bring_back(self.cleaning.cleaned(result))
            case jobs.Check(), jobs.FilesRead():
                for lid in self.checking.checked(job, result):
                    self.reading.read_once(lid)
            case jobs.Rescue(), jobs.Rescued():
                self.observing.look_at(self.rescuing.rescued(job, result))
            case jobs.Read(), jobs.FilesRead():
                for lid, _ in job.files:
                    self.sending.unread.pop(lid, None)
                self.weighing.read(lid for lid, _ in job.files)
                for folder in self.reading.files_read(job, result):
                    self.observing.look_again(folder, after_ms=20)
            case ((jobs.Change() | jobs.Recover()), jobs.Changed()):
                changed = self.placing.changed(result, isinstance(job, jobs.Recover))
                self.observing.look_at(changed)
                if changed:
                    self.protecting.look_first()
                self.mounting.changed()
                self.sealing.changed()
            case jobs.Upload(), jobs.Uploaded():
                for lid in self.sending.uploaded(job, result):
                    self.reading.read(lid)
                self.planning.uploaded((file.lid for file in job.files), job.space)
            case jobs.Commit(), jobs.Committed():
                self.sending.committed(job, result)
                self.sealing.changed()
                self.following.head_told(job.space, result.answer.head)
            case jobs.Pull(), jobs.Pulled():
                self.placing.keep_inline(result.contents)
                self.observing.look_at(self.following.pulled(job, result))
                if self.observing.ever_scanned:  # Before, what comes may lie on the disk already.
                    self.placing.expect([entry.state for entry in result.changes.entries])
            case jobs.Snapshot(), jobs.SnapshotRead():
                self.observing.look_at(self.following.snapshot_read(job, result))
            case jobs.Ask(), jobs.Answered():
                self._answered(job, result)
            case jobs.Fetch(), jobs.Fetched():
                self.planning.fetched(self.placing.fetched(job, result))
                if lacking := lacking_bytes(job, result):
                    self.cleaning.make_room(lacking + self.desk.rules.minimum_free_bytes)
            case jobs.AskSpaces(), jobs.SpacesTold():
                self.following.spaces_told(result)
                self.leaving.begin()
            case jobs.AskHeads(), jobs.HeadsTold():
                self.following.heads_told(job, result)
            case jobs.Mark(), jobs.Marked():
                self.barriers.made(job)
            case _:
                raise AssertionError(f"{type(job).__name__} was answered with {type(result).__name__}")

    def _answered(self, job: jobs.Ask, result: jobs.Answered) -> None:
        if self.reclaiming.asked(job):
            self.rescuing.take(self.reclaiming.answered(job, result))
        elif self.weighing.asked(job):
            self.weighing.answered(job, result)
        elif self.awaiting.asked(job):
            self.awaiting.answered(job, result)
        elif job.question.contents:
            self.recalling.answered(job, result)
        else:
            self.following.answered(job, result)

    def _failed(self, job: jobs.AnyJob, problem: Problem) -> None:
        if problem.code is Code.SIGNED_OUT:
            self.signed_in = False
        if isinstance(job, jobs.Pull | jobs.Snapshot | jobs.Ask):
            self.sending.trouble.failed(job, problem)
        match job:
            case jobs.Prove():
                self._proven(problem)
            case jobs.Look() | jobs.Recheck():
                self.observing.failed(job)
            case jobs.Read():
                self.reading.failed(job)
            case jobs.Change() | jobs.Recover() | jobs.Fetch():
                self.placing.failed(job)
                self.desk.proven_ms = None
            case jobs.Upload() | jobs.Commit():
                self.sending.failed(job, problem)
                if problem.code in (Code.EPOCH_CHANGED, Code.HISTORY_DIFFERS):
                    self.following.reread(job.space)
                elif problem.code is Code.NOT_FOUND:
                    self.following.rights_changed()  # This person has no such space, or not any more.
            case jobs.TakeStock() | jobs.ReadStrays():
                self.reclaiming.failed(job)
            case jobs.Ask() if self.reclaiming.asked(job):
                self.reclaiming.failed(job)
            case jobs.Ask() if self.weighing.asked(job):
                self.weighing.failed(job)
            case jobs.Ask() if self.awaiting.asked(job):
                self.awaiting.failed(job)
            case jobs.Ask() if job.question.contents:
                self.recalling.failed(job)
            case jobs.Check() | jobs.Recognize():
                return  # The round goes on where it was; the next proof asks again.
            case jobs.Rescue():
                self.rescuing.failed()
            case jobs.WriteMounts():
                self.mounting.failed()
            case jobs.WriteSeal():
                self.sealing.failed()
            case jobs.Mark():
                self.barriers.lost(job)
            case jobs.Clean():
                self.cleaning.failed(job)
            case _:
                self.following.failed(job, problem.code)

    def leave_folder(self) -> None:
        """A person wants to have the folder back that was there: until then nothing is done, and nothing more is asked."""
        self._set_left(True)

    def _set_left(self, left: bool) -> None:
        self.folder_left = left
        with self.desk.store.transaction():
            meta.set_folder_left(self.desk.store, left)

    def _proof(self, found: jobs.Proven) -> None:
        if found.problem is None and not self.sealing.fits(found.seal):
            # Memory or folder was put back as it was once: what differs between them was done by nobody.
            self._proven(Problem(Code.FOLDER_REPLACED), Standing.MOVED)
            return
        if found.problem is None:
            self.observing.trust = found.trust
            self.mounting.proven(found.mounts)
        self._proven(found.problem, found.standing)

    def _proven(self, problem: Problem | None, standing: Standing | None = None) -> None:
        """Takes in whether the folder is ours; while it is not, nothing is read from it or done to it (R29)."""
        self.folder_moved = standing is Standing.MOVED
        self._unmarked = standing is Standing.UNMARKED
        if problem is None and self.folder_left:
            self._set_left(False)
        came_back = problem is None and self.root_problem is not None
        if self.desk.proven_ms is None or came_back:
            self.desk.facts_changed()
        self.desk.proven_ms = self.desk.now.steady_ms
        if problem != self.root_problem:
            self.root_problem_since_ms = self.desk.now.wall_ms
        self.root_problem = problem
        if came_back:
            self.observing.scan()

    def _pause(self, until_ms: int | None) -> None:
        self.paused_until_ms = until_ms
        with self.desk.store.transaction():
            meta.set_paused_until(self.desk.store, until_ms)
        self.desk.facts_changed()


def lacking_bytes(job: jobs.Fetch, result: jobs.Fetched) -> int:
    """Counts the bytes for which there was no room on the disk."""
    full = {lid for lid, problem in result.failed if problem.code is Code.DISK_FULL}
    return sum(want.size_bytes for want in job.wants if want.lid in full)


def _frees_nothing(event: events.AnyEvent) -> bool:
    """Says whether no dirty node can stop waiting by this event, but those of which its own handling tells: `wake`."""
    if isinstance(event, events.JobDone):
        return isinstance(event.job, _TELLS)
    return isinstance(event, events.Hint | events.Beat | events.HeadTold)


def occupies(job: jobs.AnyJob) -> list[int]:
    """Lists the nodes that a job works on, so that nothing else is planned for them meanwhile."""
    match job:
        case jobs.Read():
            return [lid for lid, _ in job.files]
        case jobs.Upload():
            return [file.lid for file in job.files]
        case jobs.Fetch():
            return [wanted.lid for wanted in job.wants]
        case jobs.Rescue():
            return [file.lid for file in job.files if not file.trashed]
        case _:
            return []
