"""Several desks and a server in one process, one thread: a seed decides what happens next.

Desks run the real engine, store, local code and a real folder; the server runs its real functions over SQLite. Jobs are
carried out one at a time in an order that chance picks; requests and answers are lost; desks are killed between jobs and
at any primitive of the disk, and start again from what is on disk. Only time is simulated.
"""

import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from govsync.engine import events, jobs
from govsync.engine.desk import Now, Rules, Who
from govsync.engine.loop import Engine
from govsync.engine.work import Tools, run
from govsync.local.ignore import Ignore
from govsync.local.root import adopt
from govsync.model.codes import Code
from govsync.model.ids import uuid7
from govsync.model.problems import Failure
from govsync.protocol.limits import DEFAULT, Limits
from govsync.protocol.session import DeviceInfo
from govsync.remote.chunked import ChunkedRemote
from govsync.server import directory
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.context import Caller, Server
from govsync.server.db.connect import Database
from govsync.store.database import Store
from govsync.system.disk import DiskFileSystem
from tests.simulation.calls import DirectCalls
from tests.system.lacking import Network

START_MS = 1_795_000_000_000


class Killed(BaseException):
    """The process of a desk ended at this very moment."""


class Clock:
    """Simulated time, the same for all."""

    def __init__(self) -> None:
        self.steady_ms = 1_000

    def time_ms(self) -> int:
        return START_MS + self.steady_ms

    def now(self) -> Now:
        return Now(self.time_ms(), self.steady_ms)


class SeededIds:
    """Ids and jitter from a seed."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock, self._chance = clock, chance

    def new(self) -> bytes:
        return uuid7(self._clock.time_ms(), self._chance.randbytes(10))

    def jitter(self) -> float:
        return self._chance.random()


class MortalDisk:
    """The real disk, on which the process may be killed before and after every primitive."""

    _PRIMITIVES = (
        "root", "open_folder", "identity", "list", "stat", "birth_ns", "open_file", "create", "copy_attributes",
        "set_exec", "exchange", "rename", "make_folder", "remove_folder", "unlink", "lease", "release",
        "flush_folders",
    )  # fmt: skip

    def __init__(self, disk: DiskFileSystem) -> None:
        self.beneath = disk
        self.lives: int | None = None
        """How many primitives until the end; None: for ever."""
        for name in self._PRIMITIVES:
            setattr(self, name, self._counted(getattr(self.beneath, name)))

    def _counted(self, primitive: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if self.lives is not None:
                self.lives -= 1
                if self.lives < 0:
                    raise Killed
            return primitive(*arguments, **named)

        return call

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


class LossyCalls(DirectCalls):
    """Calls whose requests and answers get lost when chance says so."""

    def __init__(self, server: Server, caller: Caller, chance: random.Random) -> None:
        super().__init__(server, caller)
        self._chance = chance
        self.loss = 0.0

    def before(self, name: str) -> None:
        if self._chance.random() < self.loss:
            raise Failure(Code.OFFLINE)

    def after(self, name: str) -> None:
        self.before(name)


class Desk:
    """One device."""

    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.folder = world.base / name
        self.folder.mkdir()
        self.disk = MortalDisk(world.disk(self.folder))
        self.device = world.ids.new()
        with world.server.database.begin() as tx:
            info = DeviceInfo(id=self.device, name=name, machine=name)
            directory.register_device(world.server, tx, world.user, info)
        self.root = adopt(self.disk, world.ids.new(), self.device)  # type: ignore[arg-type]
        self.calls = LossyCalls(world.server, Caller(user=world.user, device=self.device), world.chance)
        self.waiting: list[jobs.AnyJob] = []
        self.results: list[events.AnyEvent] = []
        self.turns = 0
        self.start()

    def start(self) -> None:
        """Starts the process: all that it knows is in its store."""
        self.disk.lives = None
        self.store = Store.open(self.world.base / f"{self.name}.db")
        who = Who(device=self.device, device_name=self.name)
        self.engine = Engine(self.store, self.world.ids, who, self.world.rules)
        self.tools = Tools(
            fs=self.disk,  # type: ignore[arg-type]
            remote=ChunkedRemote(self.calls, self.world.limits),
            root=self.root,
            ignore=Ignore,
            rescued=lambda: DiskFileSystem.made(self.folder.with_name(f"{self.name} Rescued")),
            # Files have real times, whose age does not follow the simulated clock: all of them are quiet.
            clock_ns=lambda: time.time_ns() + (1_000_000_000 if self.disk.leases() else 120_000_000_000),
        )
        self.waiting, self.results = [], []
        self.tell(events.SessionBegun())
        self.tell(events.Watching(healthy=True))

    def kill(self) -> None:
        """Ends the process, and starts it again; a network disk may have been mounted anew meanwhile."""
        self.store.close()
        if isinstance(self.disk.beneath, Network):
            self.disk.beneath.mounts += 1
        self.start()

    def tell(self, event: events.AnyEvent) -> None:
        self.engine.handle(event, self.world.clock.now())

    def beat(self) -> None:
        """The server's stream says its digest, if the line is there."""
        try:
            self.tell(events.Beat(self.calls.heads().digest))
        except Failure:
            self.tell(events.StreamLost(Code.OFFLINE))

    def hint(self, *path: str) -> None:
        self.tell(events.Hint(path[:-1], path[-1]))

    def turn(self) -> bool:
        """Takes new jobs, and carries one out or delivers the result of one; False when there is nothing to do.

        Between the doing and the delivery anything may happen, as between threads.
        """
        self.waiting.extend(self.engine.start(self.world.clock.now()))
        if not self.waiting and not self.results:
            return False
        chance = self.world.chance
        if self.results and (not self.waiting or chance.random() < 0.5):
            self.tell(self.results.pop(chance.randrange(len(self.results))))
            return True
        job = self.waiting.pop(chance.randrange(len(self.waiting)))
        self.turns += 1
        self.world.say(self, job)
        try:
            self.results.append(events.JobDone(job, run(job, self.tools)))
        except Failure as failure:
            facts = {key: str(value) for key, value in failure.facts.items()}
            self.results.append(events.JobFailed(job, failure.code, facts))
        except Killed:
            self.world.say(self, "killed")
            self.kill()
        return True

    def tree(self) -> dict[str, bytes | None]:
        """What a person sees in the folder."""
        found: dict[str, bytes | None] = {}
        for folder, names, files in os.walk(self.folder):
            names[:] = [name for name in names if name != ".govsync"]
            at = Path(folder).relative_to(self.folder)
            found.update({str(at / name): None for name in names})
            found.update({str(at / name): (Path(folder) / name).read_bytes() for name in files})
        return found


class World:
    """A server, one person, and her desks."""

    def __init__(
        self, base: Path, seed: int, desks: int, trace: bool = False, database: str = "sqlite://",
        disk: type[DiskFileSystem] = DiskFileSystem,
    ) -> None:  # fmt: skip
        self.base = base
        self.disk = disk
        self.chance = random.Random(seed)
        self.trace = trace
        self.clock = Clock()
        self.ids = SeededIds(self.clock, self.chance)
        self.rules = Rules(minimum_free_bytes=0, hold_deletions=10_000, hold_deletions_share=2.0)
        self.limits: Limits = DEFAULT
        blobs = FolderBlobs(base / "blobs")
        blobs.establish("simulated")
        self.server = Server(
            database=Database(database), blobs=blobs, clock=self.clock, ids=self.ids, limits=self.limits
        )
        self.server.database.upgrade()
        with self.server.database.begin() as tx:
            directory.begin_epoch(self.server, tx)
            directory.add_organisation(self.server, tx, "Ministry")
            directory.add_division(self.server, tx, "Ministry/Team")
            self.user = directory.add_user(self.server, tx, "anna", "Anna", "Ministry/Team")
        self.desks = [Desk(self, f"PC{number}") for number in range(desks)]
        self.contents = 0
        self.living: dict[bytes, str] = {}

    def say(self, desk: Desk, what: object) -> None:
        """One line of the trace."""
        if self.trace:
            print(f"{self.clock.steady_ms:>9} {desk.name} {str(what)[:220]}")

    def close(self) -> None:
        """Lets go of everything."""
        for desk in self.desks:
            desk.store.close()
        self.server.database.close()
        shutil.rmtree(self.base, ignore_errors=True)

    def settle(self, limit: int = 400) -> None:
        """Lets time pass, with good lines and no new edits, until nothing is left to do (I9)."""
        for desk in self.desks:
            desk.calls.loss = 0.0
            desk.disk.lives = None
        quiet = 0
        for _ in range(limit):
            busy = False
            for desk in self.desks:
                desk.beat()
                for _ in range(300):
                    if not desk.turn():
                        break
                    busy = True
            self.clock.steady_ms += 2_500
            done = all(desk.engine.following.up_to_date() and not self._left(desk) for desk in self.desks)
            quiet = quiet + 1 if done else 0
            if quiet > 8:
                return
            del busy
        raise AssertionError(f"no end of work: {[self._left(desk) for desk in self.desks]}")

    def _left(self, desk: Desk) -> list[Any]:
        return desk.store.all(
            "SELECT d.lid, n.presence, n.l_name, n.r_name, n.r_dead FROM dirty d JOIN node n ON n.lid = d.lid"
        ) + desk.store.all("SELECT lid FROM intent")  # fmt: skip
