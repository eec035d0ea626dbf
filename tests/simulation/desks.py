"""One desk: the real engine, store and jobs over a simulated disk and line, and the person who works there."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from govsync.engine import events, jobs
from govsync.engine.desk import Rules, Who
from govsync.engine.loop import Engine
from govsync.engine.work import Tools, run
from govsync.local.ignore import Ignore
from govsync.local.root import adopt
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import DeviceInfo, SpaceState
from govsync.remote.chunked import ChunkedRemote
from govsync.server import directory, spaces
from govsync.server.context import Caller
from govsync.store import folder, holds, paths
from govsync.store.database import Store
from govsync.store.observe import OTHER_SPACE
from govsync.system.fs import Folder, Shape
from tests.simulation.calls import DirectCalls
from tests.simulation.disk import SimFileSystem
from tests.simulation.fibers import Fiber, reach
from tests.simulation.hints import SimWatcher, visible
from tests.simulation.medium import GOVSYNC, Medium
from tests.simulation.programs import ELSEWHERE, Person, Steps
from tests.simulation.views import hash_of

if TYPE_CHECKING:
    from tests.simulation.world import World

ROOT = ("GovSync",)
RESCUED = ("GovSync Rescued",)
BEAT_MS = 20_000
SILENCE_MS = 45_000
RULES = Rules(minimum_free_bytes=0, hold_deletions=10_000, hold_deletions_share=2.0)
WORKING = (jobs.Commit, jobs.Change, jobs.Upload, jobs.Fetch)
"""Jobs that change something; in a world at rest there are none."""


class SimLine:
    """What lies between one desk and the server; `state` is good, cut, dead (nothing is heard), or a portal's."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.state = "good"
        self.lost = 0.0
        self.repeated = 0.0

    def request(self, name: str) -> bool:
        """As `calls.Line.request`."""
        reach(f"call {name}")
        self._pass()
        self._life = self._world.server_life
        return self._world.chance.random() < self.repeated

    def answer(self, name: str) -> None:
        """As `calls.Line.answer`."""
        life = self._world.server_life
        reach(f"answer {name}")
        self._pass()
        if life != self._world.server_life:
            raise Failure(Code.OFFLINE)

    @property
    def heard(self) -> bool:
        """Says whether the server's stream reaches the desk."""
        return self.state == "good" and self._world.server_up

    def _pass(self) -> None:
        if self.state == "portal":
            raise Failure(Code.NOT_OUR_SERVER)
        if not self.heard or self._world.chance.random() < self.lost:
            raise Failure(Code.OFFLINE)


class WatchedDisk(SimFileSystem):
    """The disk as GovSync's process sees it; what it takes away for good is noted (I5, R17)."""

    purged: Callable[[bytes], None]

    def unlink(self, folder: Folder, name: str) -> None:
        """As `FileSystem.unlink`."""
        inode = self._at(folder, name)
        super().unlink(folder, name)
        if not inode.places and inode.author != GOVSYNC:
            self.purged(inode.data)


class SimDesk:
    """One device of one person."""

    def __init__(self, world: "World", name: str, user: bytes, store: Path) -> None:
        perils = world.perils
        self.world, self.name, self.user = world, name, user
        self.chance: random.Random = world.chance
        self.medium = Medium(
            world.clock.time_ns,
            world.chance,
            tick_ms=perils.tick_ms,
            births=perils.births,
            leases=perils.leases,
            exchange=perils.exchange,
            network=perils.network,
        )
        for name_of in (*ROOT, *RESCUED, ELSEWHERE):
            self.medium.make(self.medium.top, name_of, Shape.FOLDER, name)
        self.medium.flush_all()
        self.device = world.ids.new()
        with world.server.database.begin() as tx:
            info = DeviceInfo(id=self.device, name=name, machine=name)
            directory.register_device(world.server, tx, user, info)
        self.caller = Caller(user=user, device=self.device)
        self.line = SimLine(world)
        self.root = adopt(SimFileSystem(self.medium, ROOT), world.ids.new(), self.device)
        self.person = Person(self.medium, ROOT, name, world.ledger, world.chance, self._person_says)
        self.programs: list[Steps] = []
        self.undisturbed = False
        """Whether a program runs that nothing else may run beside."""
        self.store_path = store
        self.purged: list[bytes] = []
        """Contents of people that GovSync took away for good although the server did not have them."""
        self.joined = 0
        """How often the folder was joined anew, because memory and folder did not belong together."""
        self.may_join = False
        """Whether anything was put back, so that they may not."""
        self.said_once = 0
        """How many second names were said to have been given in memories that are no more."""
        self.copied = False
        """Whether there is a copy of the home."""
        self._rights_unheard = False
        self.worked = 0
        """How many jobs that change something were begun."""
        self.begin()

    # ---- the process ----

    def begin(self, put_back: bool = False) -> None:
        """Starts the process: all that it knows is in its store; `put_back`: which does not belong to its folder."""
        self.medium.mount_anew()
        self.fs = WatchedDisk(self.medium, ROOT, lambda primitive, _: reach(primitive))
        self.fs.purged = self._purged
        self.rescued = SimFileSystem(self.medium, RESCUED, lambda primitive, _: reach(primitive))
        self.store = Store.open(self.store_path)
        with self.store.transaction():
            folder.begin(self.store, self.root.id + self.root.ino.to_bytes(8, "big"), put_back)
        self.engine = Engine(
            self.store, self.world.ids, Who(device=self.device, device_name=self.name), RULES
        )
        self.tools = Tools(
            fs=self.fs,
            remote=ChunkedRemote(
                DirectCalls(self.world.server, self.caller, self.line), self.world.server.limits
            ),
            root=self.root,
            ignore=Ignore,
            rescued=lambda: self.rescued,
            clock_ns=self.world.clock.time_ns,
        )
        self.fibers: list[tuple[jobs.AnyJob, Fiber]] = []
        self.watcher: SimWatcher | None = None
        self._heads: dict[bytes, int] = {}
        self._beat_ms: int | None = None
        self._heard_ms = 0
        self._heard_writes = -1
        self._digested = 0
        self.tell(events.SessionBegun())
        self.watch()

    def _purged(self, content: bytes) -> None:
        had = self.world.acknowledged() | {digest for _, digest in self.world.once}
        rescued = {inode.data for _, inode in self.medium.walk(self.medium.resolve(RESCUED))}
        # An empty file is as good as none, and most are of programs, to be thrown away with their folder (R12).
        unknown = content and content in self.world.ledger.finished and hash_of(content) not in had
        if unknown and content not in rescued:  # There it lies before the person.
            self.purged.append(content)

    def watch(self) -> None:
        """Begins to watch what lies at the path now, where it is not watched yet."""
        try:
            root = self.medium.resolve(ROOT)
        except Failure:
            return
        if self.watcher is None or self.watcher.root is not root:
            if self.watcher is not None:
                self.watcher.stop()
            self.watcher = SimWatcher(self.medium, root, 12 if self.world.perils.short_queue else 16_384)
            self.tell(events.Watching(healthy=True))

    def end(self) -> None:
        """Ends the process at once, wherever its jobs are."""
        self.fs.die()
        self.rescued.die()
        for _, fiber in self.fibers:
            fiber.kill()
        self.fibers = []
        assert not self.fs.open_handles
        if self.watcher is not None:
            self.watcher.stop()
        self.store.close()

    def lose_memory(self) -> None:
        """Loses all that the process remembered, and starts it again."""
        self.end()
        for suffix in ("", "-wal", "-shm"):
            self.store_path.with_name(f"{self.store_path.name}{suffix}").unlink(missing_ok=True)
        self.begin()

    def stop_programs(self) -> None:
        """Ends what the person was doing."""
        for program in self.programs:
            program.close()
        self.programs = []
        self.undisturbed = False

    # ---- what reaches the engine ----

    def tell(self, event: events.AnyEvent) -> None:
        """Tells the engine something, and begins the jobs that follow."""
        self.engine.handle(event, self.world.clock.now())
        self.ask()

    def ask(self) -> None:
        """Begins the jobs that are due; as the agent does, joins the folder that was put back (R29)."""
        if self.engine.folder_moved and self._join_moved():
            return
        for job in self.engine.start(self.world.clock.now()):
            self.worked += isinstance(job, WORKING)
            self.fibers.append((job, Fiber(self._work(job))))

    def _join_moved(self) -> bool:
        """Joins the folder; where it is away again it stays a question, and is tried again after the next proof."""
        self.engine.folder_moved = False
        try:
            root = adopt(SimFileSystem(self.medium, ROOT), self.root.id, self.device)
        except Failure:
            return False
        self.joined += 1
        self.end()
        self.root = root
        self.begin(put_back=True)
        return True

    def _work(self, job: jobs.AnyJob) -> Callable[[], events.AnyEvent]:
        tools = self.tools

        def work() -> events.AnyEvent:
            try:
                return events.JobDone(job, run(job, tools))
            except Failure as failure:
                facts = {name: str(fact) for name, fact in failure.facts.items()}
                return events.JobFailed(job, failure.code, facts)

        return work

    def advance(self, index: int, points: int) -> None:
        """Lets one job go on by so many points."""
        job, fiber = self.fibers[index]
        at = fiber.at
        if fiber.go_on(points):
            self._finished(index)
        else:
            self.world.say(self.name, f"{shown(job)}: {at} .. {fiber.at}")

    def fail(self, index: int, error: BaseException) -> None:
        """Lets the primitive or call before which a job stands fail."""
        job, fiber = self.fibers[index]
        self.world.say(self.name, f"{shown(job)}: {fiber.at} FAILS with {error or type(error).__name__}")
        if fiber.interrupt(error):
            self._finished(index)

    def _finished(self, index: int) -> None:
        job, fiber = self.fibers.pop(index)
        event = fiber.result
        assert isinstance(event, events.JobDone | events.JobFailed)
        ended = event.code if isinstance(event, events.JobFailed) else "done"
        if isinstance(job, jobs.Read) and job.despite_writers and isinstance(event, events.JobDone):
            self._tried(event.result)
        self.world.say(self.name, f"{shown(job)}: {ended}")
        if not self.fibers:
            assert not self.fs.open_handles, "descriptors left open"
        self.tell(event)

    def _tried(self, result: jobs.Result) -> None:
        """Notes what was read though a program had it open, nobody writing at that moment: it may be half (R5)."""
        assert isinstance(result, jobs.FilesRead)
        numbers = {read.signature.ino for read in result.files if isinstance(read, jobs.FileRead)}
        for path, inode in self.medium.walk(self.medium.top):
            if inode.number in numbers and inode.shape is Shape.FILE:
                self.world.ledger.left_unfinished(inode.data, f"{self.name}:{'/'.join(path)}")

    @property
    def told_everything(self) -> bool:
        """Says whether no word of the watcher or of the server is on its way to the engine; what happened to the server
        without a word, only the next digest tells."""
        digested = self._digested == self.world.lives
        heard = self.line.heard and self._heard_writes == self.world.database.writes and digested
        heard = heard and not self._rights_unheard
        return heard and self.watcher is not None and not self.watcher.waiting

    def rights_changed(self) -> None:
        """Has the server's stream say that the person may do other things now, as soon as it is heard."""
        self._rights_unheard = True

    def hear(self) -> None:
        """Lets the server's stream say something, or notices that it has not for long."""
        self.watch()
        now = self.world.clock.now().steady_ms
        if not self.line.heard:
            if self._beat_ms is not None and now - self._heard_ms >= SILENCE_MS:
                self._beat_ms = None
                self.tell(events.StreamLost(Code.OFFLINE))
            return
        self._heard_ms = now
        if self._rights_unheard:
            self._rights_unheard = False
            self.tell(events.RightsChanged())
        due = self._beat_ms is None or now - self._beat_ms >= BEAT_MS
        if not due and self._heard_writes == self.world.database.writes:
            return
        self._heard_writes = self.world.database.writes
        heads = spaces.heads(self.world.server, self.caller)
        if due:
            self._beat_ms, self._digested = now, self.world.lives
            self.tell(events.Beat(heads.digest))
        for head in heads.heads:
            if self._heads.get(head.space) != head.seq:
                self._heads[head.space] = head.seq
                self.tell(events.HeadTold(head.space, head.seq))

    def keep_what_is_shared(self) -> bool:
        """Lets the person answer that a shared folder which was deleted here was not meant to be left (R25); says whether
        there was such a question."""
        asked = [hold.id for hold in holds.open_holds(self.store) if hold.kind == "leaving"]
        for hold in asked:
            self.tell(events.Reject(hold))
        return bool(asked)

    def take_what_is_frozen(self) -> bool:
        """Lets the person take away what lies in a space that the server has lost for good, as the problem says, and what a
        desk that lost its memory takes for one, and leaves out as such; says whether there was any."""
        frozen = self.store.all(
            "SELECT root_lid FROM space WHERE state = ? ORDER BY id", (SpaceState.UNKNOWN,)
        )
        found = list(paths.disk_paths(self.store, [root for (root,) in frozen]).values())
        strange = self.store.all("SELECT folder, name FROM skipped WHERE reason = ?", (OTHER_SPACE,))
        for parent, name in strange:
            above = paths.disk_path(self.store, parent)
            found += [] if above is None else [(*above, name)]
        for path in found:
            self.person.take_out(path)
        return bool(found)

    def leave_out(self, lid: int) -> None:
        """Lets the person choose that something is not on this desk."""
        self.world.say(self.name, f"    PERSON leaves out {paths.shown(self.store, lid)}")
        self.engine.desk.now = self.world.clock.now()
        self.engine.selecting.leave_out(lid)
        self.ask()

    def take_in(self, lid: int) -> None:
        """Lets the person choose that something is on this desk again."""
        self.world.say(self.name, f"    PERSON takes in {paths.shown(self.store, lid)}")
        self.engine.desk.now = self.world.clock.now()
        self.engine.selecting.take_in(lid)
        self.ask()

    def left_out(self) -> list[int]:
        """Lists what the person chose not to have on this desk."""
        rows = self.store.all(
            "SELECT n.lid FROM left_out o JOIN node n ON n.node_id = o.node_id ORDER BY n.lid"
        )
        return [lid for (lid,) in rows]

    def hint(self) -> None:
        """Passes one event of the watcher on, or loses it."""
        if self.watcher is None or not self.watcher.waiting:
            return
        perils, chance = self.world.perils, self.chance
        if chance.random() < perils.overflows:
            self.watcher.overflow()
        if self.world.unsettled and chance.random() < perils.lost_hints:
            self.watcher.lose()
            return
        for event in self.watcher.deliver():
            self.tell(event)

    # ---- the person ----

    def _person_says(self, what: str) -> None:
        self.world.say(self.name, f"    PERSON {what}")

    def start_program(self, kind: str) -> None:
        """Lets the person begin something, if nothing speaks against it."""
        if self.undisturbed:
            return
        if kind in ("unmount", "rename_root"):
            if self.programs:
                return
            self.undisturbed = True
            # Whoever remembers nothing yet knows any empty folder again (R29), and loses nothing by it.
            self.may_join |= not paths.sample(self.store, 1)
        self.programs.append(getattr(self.person, kind)())
        self.go_on_with_program(len(self.programs) - 1)

    def go_on_with_program(self, index: int) -> None:
        """Lets one program make its next call; what it meets may end it."""
        try:
            next(self.programs[index])
        except (StopIteration, Failure):
            del self.programs[index]
            self.undisturbed = False

    def put_root_back(self) -> None:
        """Somebody finds the renamed folder, and gives it its name again."""
        if "renamed" in self.medium.top.entries and ROOT[0] not in self.medium.top.entries:
            self.medium.rename(self.medium.top, "renamed", self.medium.top, ROOT[0], replace=False)

    def check_outside(self) -> None:
        """Only in the folder: outside of it there is nothing that GovSync made (I7)."""
        for path, inode in self.medium.walk(self.medium.resolve((ELSEWHERE,))):
            assert inode.author != GOVSYNC, (
                f"I7: {self.name}: {'/'.join(path)} was made outside of the folder"
            )

    def take_outside(self) -> None:
        """Makes what is outside the person's: a power cut brings back, in what was moved out, what GovSync had put in it when
        it was in the folder."""
        for _, inode in self.medium.walk(self.medium.resolve((ELSEWHERE,))):
            inode.author = self.name

    def put_links_back(self) -> None:
        """A power cut left links where folders were: somebody takes each away, and puts the folder there if it is left; another
        may lie in that one."""
        while True:
            links = (each for each in visible(self.medium, ROOT) if each[1].shape is Shape.LINK)
            path, link = next(links, ((), None))
            if link is None:
                return
            folder, name = self.medium.resolve((*ROOT, *path[:-1])), path[-1]
            self.medium.unlink(folder, name)
            outside = self.medium.resolve((ELSEWHERE,))
            if link.target[-1] in outside.entries:
                self.medium.rename(outside, link.target[-1], folder, name, replace=False)


def shown(job: jobs.AnyJob) -> str:
    """Shows a job in a trace."""
    return f"{type(job).__name__}#{job.number}"
