"""Several desks and a server in one process and one thread: a seed decides what happens next.

Desks run the real engine, store, remote and local code, each job in a fiber that stops at every primitive of the disk
and every call; the server runs its real functions over SQLite. Simulated are the disks, the object store, the lines,
the people and time. Each turn is one of: a job goes on, a hint or a word of the server arrives, a person makes a system
call, something fails, somebody dies, the clock jumps.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Connection, insert, select, update

from govsync.engine import events
from govsync.engine.leaving import FROZEN_MS
from govsync.engine.observing import SCAN_EVERY_MOST_MS
from govsync.local.steps import STATE
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.limits import DEFAULT
from govsync.protocol.session import Role
from govsync.server import access, directory, epochs
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import Database
from govsync.store import left_out as choice
from govsync.store import problems
from govsync.system.fs import Shape
from tests import schema
from tests.simulation.blobs import SimBlobs
from tests.simulation.calls import ServerDied
from tests.simulation.clock import SeededIds, SimClock
from tests.simulation.copies import copy_folder, copy_home, put_folder_back, put_home_back
from tests.simulation.desks import SimDesk
from tests.simulation.fibers import reach
from tests.simulation.ledger import Ledger
from tests.simulation.medium import GOVSYNC, Medium
from tests.simulation.perils import Perils
from tests.simulation.shares import Shares
from tests.simulation.views import contents_of, hash_of, said_of, server_contents

PROGRAMS = {
    "create": 6, "truncate": 5, "replace": 4, "word": 3, "delete_and_rename": 2, "append": 2, "map": 2,
    "same_size_and_time": 2, "swap": 1, "rename_over": 2, "move": 3, "move_folder": 3, "rename_then_new": 1,
    "make_folder": 4, "delete": 3, "delete_folder": 2, "exec_bit": 1, "move_in": 2, "move_out": 1,
    "link_in_the_way": 1,
}  # fmt: skip
DISK_ERRORS = (Code.UNREADABLE, Code.NO_ACCESS, Code.DISK_FULL, Code.BUSY)
NEVER_FAIL = ("start", "identity", "file.stat", "lease_unbroken", "release")
"""Looks at what is open already, which no disk refuses."""
SETTLE_ROUNDS = 400
QUIET_ROUNDS, REST_ROUNDS = 4, 12
"""In so many rounds that follow each other nothing may happen, before a scan and at the end. What still waits at a scan is due
with it, since time jumps there; that nothing begins again by itself shows at the end."""
SCAN_MS = SCAN_EVERY_MOST_MS + 3_600_000
"""After this time every desk scans, however long its last scan seemed to take: time jumps here (R44)."""
TRACE_LINES = 4_000
DATABASE = "server.db"


class SimDatabase(Database):
    """A database that knows whether somebody is inside a transaction, and whether anything may have changed."""

    inside = 0
    writes = 0

    @contextmanager
    def begin(self, write: bool = True) -> Iterator[Connection]:
        """As `Database.begin`."""
        self.writes += write
        with super().begin(write) as tx:
            self.inside += 1
            try:
                yield tx
            finally:
                self.inside -= 1


class World:
    """A server, two people, and their desks."""

    def __init__(self, base: Path, seed: int, perils: Perils, trace: bool = False) -> None:
        self.seed, self.perils, self._base = seed, perils, base
        self.chance = random.Random(seed)
        self.trace = trace
        self.lines: list[str] = []
        self.clock = SimClock()
        self.ids = SeededIds(self.clock, self.chance)
        self.ledger = Ledger()
        self.turn = 0
        self.unsettled = True
        self.server_up, self.server_life = True, 0
        self._copies = 0
        self.lives = 0
        """How often the server was put back."""
        self.once: set[tuple[bytes, bytes]] = set()
        """What the server had before it was put back: in which space, and the hash."""
        # Only a database in a file can be put back from a copy; one in memory is quicker.
        lasting = perils.restores > 0
        self.database = SimDatabase(f"sqlite:///{base / DATABASE}" if lasting else "sqlite://")
        self._make_server()
        self.shares = Shares(self)
        self.desks: list[SimDesk] = []
        for number in range(perils.desks):
            user = self.users[1] if number == 2 and perils.strangers else self.users[0]
            self.desks.append(SimDesk(self, f"PC{number}", user, base / f"{number}.db"))

    def _make_server(self) -> None:
        self.blobs = SimBlobs(self.chance, self._at_server)
        self.blobs.establish("simulated")
        limits = msgspec.structs.replace(DEFAULT, page=self.chance.choice((3, 20, 1_000)))
        self.server = Server(
            database=self.database, blobs=self.blobs, clock=self.clock, ids=self.ids, limits=limits
        )
        schema.upgrade(self.database)
        with self.database.begin() as tx:
            directory.begin_epoch(self.server, tx)
            directory.add_organisation(self.server, tx, "Ministry")
            directory.add_division(self.server, tx, "Ministry/Team")
            self.users = [
                directory.add_user(self.server, tx, login, login.title(), "Ministry/Team")
                for login in ("anna", "boris")
            ]

    def close(self) -> None:
        """Lets go of everything."""
        for desk in self.desks:
            desk.stop_programs()
            desk.end()
        self.database.close()

    # ---- the trace ----

    def say(self, who: str, what: str) -> None:
        """Adds a line to the trace: turn, simulated seconds, who, what."""
        line = f"{self.turn:>6} {self.clock.steady_ns / 1e9:>12.4f} {who:<7} {what}"
        self.lines.append(line)
        if len(self.lines) > 2 * TRACE_LINES:
            del self.lines[:TRACE_LINES]
        if self.trace:
            print(line)

    # ---- turns ----

    def run(self, turns: int, always: Callable[["World"], None] = lambda _: None) -> None:
        """Lets everything happen for a number of turns; `always` must hold after each."""
        self.unsettled = True
        for desk in self.desks:
            desk.line.lost, desk.line.repeated = self.perils.lost_calls, self.perils.repeated_calls
        kinds = {
            self._job: 10.0, self._hint: 4.0, self._stream: 2.0, self._program: 3.0,
            self._begin_program: 6.0 if self.perils.adding else 2.0,
            self._wake: 1.0, self._jump: 20 * self.perils.clock_jumps, self._fail: 20 * self.perils.failing_primitives,
            self._kill: 20 * self.perils.kills, self._cut_power: 20 * self.perils.power_cuts,
            self._cut_line: 20 * self.perils.cut_lines, self._server: 20 * self.perils.server_deaths,
            self._shift: 20 * self.perils.wall_shifts, self._hide_root: 20 * self.perils.strange_roots,
            self._restore: 20 * self.perils.restores, self._put_back: 20 * self.perils.put_backs,
            self._change_role: 20 * self.perils.role_changes,
            self.shares.happen: 20 * self.perils.shares, self._choose: 20 * self.perils.choices,
        }  # fmt: skip
        for _ in range(turns):
            self.turn += 1
            self.clock.advance(self.chance.choice((0.0, 0.1, 1.0, 7.0)))
            self.chance.choices(list(kinds), list(kinds.values()))[0](self.chance.choice(self.desks))
            always(self)

    def _job(self, desk: SimDesk) -> None:
        busy = [each for each in self.desks if each.fibers]
        if busy:
            desk = self.chance.choice(busy)
            points = self.chance.choice((0, 1, 2, 5, 20, 100))
            desk.advance(self.chance.randrange(len(desk.fibers)), points)

    def _hint(self, desk: SimDesk) -> None:
        waiting = [each for each in self.desks if each.watcher is not None and each.watcher.waiting]
        if waiting:
            self.chance.choice(waiting).hint()

    def _stream(self, desk: SimDesk) -> None:
        desk.hear()

    def _program(self, desk: SimDesk) -> None:
        if desk.programs:
            desk.go_on_with_program(self.chance.randrange(len(desk.programs)))

    def _begin_program(self, desk: SimDesk) -> None:
        kind = self.chance.choices(list(PROGRAMS), list(PROGRAMS.values()))[0]
        desk.start_program(kind)

    def _hide_root(self, desk: SimDesk) -> None:
        desk.start_program(self.chance.choice(("unmount", "rename_root")))

    def _wake(self, desk: SimDesk) -> None:
        desk.ask()

    def _jump(self, desk: SimDesk) -> None:
        self.clock.advance(self.chance.choice((20, 600, 2_500, 12_000, 70_000, 26 * 60_000)))
        desk.ask()

    def _shift(self, desk: SimDesk) -> None:
        ms = self.chance.choice((8 * 3_600_000, 40_000, -3_600_000, 400 * 86_400_000))
        self.say("all", f"the wall clocks move by {ms} ms")
        self.clock.shift_wall(ms)
        for each in self.desks:
            each.tell(events.Woke())

    def _fail(self, desk: SimDesk) -> None:
        standing = [
            index for index, (_, fiber) in enumerate(desk.fibers)
            if fiber.at not in NEVER_FAIL and " " not in fiber.at
        ]  # fmt: skip
        if standing:
            desk.fail(self.chance.choice(standing), Failure(self.chance.choice(DISK_ERRORS), errno="EIO"))

    def _kill(self, desk: SimDesk) -> None:
        self.say(desk.name, "KILLED, and started again")
        desk.end()
        desk.begin()

    def _cut_power(self, desk: SimDesk) -> None:
        self.without_power(desk, lambda: desk.medium.crash(self.perils.kept, self.perils.damaged))

    def without_power(self, desk: SimDesk, crash: Callable[[], None]) -> None:
        """Cuts the power of a desk, and starts it again; `crash` says what that leaves of its disk."""
        self.say(desk.name, "POWER CUT, and started again")
        desk.stop_programs()
        desk.end()
        desk.put_root_back()
        desk.medium.uncover()  # No mount outlives the power, and what lies below one must not be overlooked.
        # What a program wrote and nobody flushed is not GovSync's to keep, unless the server was told of it.
        before = set(_of_people(desk.medium))
        desk.check_outside()
        crash()
        kept = self.acknowledged()
        for content in sorted(before - contents_of(desk.medium)):
            if hash_of(content) not in kept:
                self.ledger.forgive(content, desk.name)
        for content in _of_people(desk.medium):
            self.ledger.left_unfinished(content, f"{desk.name}:")
        desk.take_outside()
        desk.begin()

    def _cut_line(self, desk: SimDesk) -> None:
        desk.line.state = self.chance.choice(("good", "cut", "dead", "portal"))
        self.say(desk.name, f"the line is {desk.line.state}")
        if desk.line.state == "cut":
            desk.tell(events.StreamLost(Code.OFFLINE))

    def _server(self, desk: SimDesk) -> None:
        if not self.server_up:
            self.server_up = True
            self.say("server", "is back")
            return
        self.say("server", "DIES")
        self._end_server()
        self.server_up = False

    def _end_server(self) -> None:
        self.server_life += 1
        for each in self.desks:
            for index in reversed(range(len(each.fibers))):
                if each.fibers[index][1].at.startswith("server "):
                    each.fail(index, ServerDied())

    def _change_role(self, desk: SimDesk) -> None:
        roles = (
            (Role.VIEWER, Role.UPLOADER, Role.EDITOR) if self.perils.adding else (Role.VIEWER, Role.EDITOR)
        )
        role = self.chance.choice(roles)
        self.say(desk.name, f"its person is {role} of the team's space from now on")
        self.give_role(desk.user, role)

    def _choose(self, desk: SimDesk) -> None:
        """A person leaves something out of a desk, or takes it in again."""
        files = "" if self.chance.random() < 0.1 else " AND kind != 'file'"
        rows = desk.store.all(f"SELECT lid FROM node WHERE r_parent > 0 AND r_dead = 0{files} ORDER BY lid")
        left_out = sorted(choice.shown(desk.store, [lid for (lid,) in rows]))
        if left_out and self.chance.random() < 0.5:
            desk.take_in(self.chance.choice(left_out))
        elif rows:
            desk.leave_out(self.chance.choice(rows)[0])

    def take_all_in(self) -> bool:
        """Takes everything in again that was left out of a desk; says whether there was anything."""
        found = False
        for desk in self.desks:
            for lid in desk.left_out():
                desk.take_in(lid)
                found = True
        return found

    def _put_back(self, desk: SimDesk) -> None:
        """Somebody has another disk, or a backup: nothing runs meanwhile, and nothing of a person's gets lost."""
        if desk.undisturbed or "renamed" in desk.medium.top.entries:
            return
        desk.stop_programs()
        for content in _of_people(desk.medium):
            self.ledger.left_unfinished(content, f"{desk.name}:")
        said = said_of(desk.store)
        desk.end()
        what = self.chance.choice(("folder", "copy", "home"))
        if what == "folder":
            self.say(desk.name, "the folder is MOVED to another disk")
            put_folder_back(desk, copy_folder(desk))
        elif what == "home" and desk.copied:
            self.say(desk.name, "the home is PUT BACK from the last copy")
            desk.said_once += said
            put_home_back(desk)
        else:
            self.say(desk.name, "the home is copied")
            copy_home(desk)
        desk.may_join |= what != "copy"
        desk.begin()

    def _restore(self, desk: SimDesk) -> None:
        if not self._copies or self.chance.random() < 0.3:
            self.copy()
        else:
            self.put_back(told=self.chance.random() < 0.5)

    def copy(self) -> None:
        """Makes a copy of the server's database, as an operator does every night."""
        self._copies += 1
        self.say("server", f"is copied ({self._copies})")
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql(f"VACUUM INTO '{self._base / f'copy{self._copies}.db'}'")
            connection.exec_driver_sql("BEGIN")

    def put_back(self, told: bool) -> None:
        """Puts the last copy in the place of the server's database; an operator who tells opens a new epoch by it."""
        self.say(
            "server", f"is put back from copy {self._copies}, {'told' if told else 'and nobody is told'}"
        )
        self.once |= server_contents(self.server)
        self._end_server()
        self.database.close()
        self.database.writes += 1
        self.lives += 1
        for suffix in ("-wal", "-shm"):
            (self._base / f"{DATABASE}{suffix}").unlink(missing_ok=True)
        shutil.copy(self._base / f"copy{self._copies}.db", self._base / DATABASE)
        if told:
            epochs.restored(self.server)

    def _at_server(self, point: str) -> None:
        # Inside a transaction nobody else can come to the database, so nothing else may happen there.
        if not self.database.inside:
            reach(f"server {point}")

    # ---- rest ----

    def settle(self, *alone: SimDesk) -> None:
        """Takes all trouble away, lets everything be finished, and waits until nothing happens any more; with `alone`,
        only these desks' lines are mended."""
        self.unsettled = False
        self.server_up = True
        self.say("all", "from here on nothing goes wrong any more")
        for desk in alone or self.desks:
            desk.line.state, desk.line.lost, desk.line.repeated = "good", 0.0, 0.0
        while any(desk.programs for desk in self.desks):
            for desk in self.desks:
                if desk.programs:
                    desk.go_on_with_program(0)
            self.drain()
        for desk in self.desks:
            desk.put_root_back()
            desk.put_links_back()
        if not alone and self.shares.lost():
            self._until_quiet(QUIET_ROUNDS)
            self.shares.share_again()
        if not alone:
            self.shares.end_well()
            if self.perils.adding:
                self._until_quiet(QUIET_ROUNDS)
                self.shares.ask_back()
        for _ in range(2):
            self._until_quiet(QUIET_ROUNDS)
            self.clock.advance(SCAN_MS)
        self._until_quiet(REST_ROUNDS)
        while sum(desk.keep_what_is_shared() for desk in self.desks):
            self._until_quiet(REST_ROUNDS)

    def end_well(self) -> None:
        """Settles, and has people do what problems tell them to do that would stay for ever."""
        self.settle()
        if self._let_give_back():
            self._until_quiet(REST_ROUNDS)
        if sum(desk.take_what_is_frozen() for desk in self.desks):
            self.clock.advance(SCAN_MS)
            self._until_quiet(REST_ROUNDS)
            self.clock.advance(FROZEN_MS)
            self._until_quiet(REST_ROUNDS)

    def _let_give_back(self) -> bool:
        """Lets those write to the team's space who hold what it has lost and who may only read it, once nobody else has given it
        back (R35); says whether there were any."""
        waiting = [
            desk.user
            for desk in self.desks
            if any(row.problem.code is Code.NOT_GIVEN_BACK for row in problems.listed(desk.store))
        ]
        for user in waiting:
            self.give_role(user, Role.EDITOR)
        return bool(waiting)

    def _until_quiet(self, rounds: int) -> None:
        quiet = 0
        for _ in range(SETTLE_ROUNDS):
            worked = self.worked()
            self.drain()
            quiet = quiet + 1 if self.worked() == worked else 0
            if quiet > rounds:
                return
            self.clock.advance(self.chance.choice((60, 2_500, 9_000)))
        raise AssertionError(f"no end of work within {SETTLE_ROUNDS} rounds (I9)")

    def worked(self) -> int:
        """Counts the jobs that changed something, on all desks."""
        return sum(desk.worked for desk in self.desks)

    def drain(self) -> None:
        """Passes everything on that waits, and lets every job end."""
        for desk in self.desks:
            desk.hear()
            desk.ask()
        for _ in range(SETTLE_ROUNDS):
            moving = False
            for desk in self.desks:
                while desk.watcher is not None and desk.watcher.waiting:
                    desk.hint()
                    moving = True
                for _ in range(SETTLE_ROUNDS):
                    if not desk.fibers:
                        break
                    desk.advance(self.chance.randrange(len(desk.fibers)), 1 << 30)
                    moving = True
                else:
                    raise AssertionError(f"{desk.name}: jobs follow jobs while no time passes (I16)")
                desk.hear()
            if not moving:
                return
        raise AssertionError("jobs follow jobs without end (I9)")

    def restart_all(self) -> None:
        """Starts every desk's process again."""
        for desk in self.desks:
            desk.end()
            desk.begin()

    def acknowledged(self) -> set[bytes]:
        """Answers the hashes of every content that the server has as a revision."""
        return {digest for _, digest in server_contents(self.server)}

    def give_role(self, user: bytes, role: Role) -> None:
        """Lets somebody do so much in the team's space from now on. Whoever is of the division may read it; what more one
        person may, is that person's own."""
        s, m = tables.space.c, tables.member.c
        with self.server.database.begin() as tx:
            team = tx.execute(select(s.id).where(s.kind == "team")).scalar_one()
            if tx.execute(select(m.principal).where(m.space == team, m.kind == "user")).first() is None:
                tx.execute(update(tables.member).where(m.space == team).values(role=Role.VIEWER))
                rows = [
                    {"space": team, "kind": "user", "principal": each, "role": Role.EDITOR, "ended_ms": None}
                    for each in self.users
                ]
                tx.execute(insert(tables.member), rows)
            mine = (m.space == team) & (m.kind == "user") & (m.principal == user)
            tx.execute(update(tables.member).where(mine).values(role=role))
        for desk in self.desks:
            if desk.user == user:
                desk.rights_changed()

    def role_of(self, user: bytes) -> Role:
        """Answers how much somebody may do in the team's space."""
        with self.server.database.begin(write=False) as tx:
            roles = access.memberships(tx, user)
            team = tx.execute(select(tables.space.c.id).where(tables.space.c.kind == "team")).scalar_one()
        return roles[team][1]

    def desk_of(self, device: bytes) -> str:
        """Names the desk that a device is."""
        return next((desk.name for desk in self.desks if desk.device == device), "?")


def _of_people(medium: Medium) -> list[bytes]:
    """Lists the contents on a disk that people's programs wrote, wherever they lie."""
    return [
        inode.data
        for path, inode in medium.walk(medium.top)
        if inode.shape is Shape.FILE and STATE not in path and inode.author != GOVSYNC
    ]
