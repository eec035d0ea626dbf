"""The agent: puts the parts of a desk together and runs them until it is asked to stop (the composition root)."""

import datetime
import logging
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import msgspec

import govsync
from govsync.agent import accounts, home, known, log, orders
from govsync.agent.accounts import Kept, way
from govsync.agent.clock import SystemClock, SystemIds
from govsync.agent.commands import with_notices
from govsync.agent.fixed import Fixed
from govsync.agent.folder_lock import FolderLock
from govsync.agent.health import Reports
from govsync.agent.known import KnownFolders
from govsync.agent.listen import Listener
from govsync.agent.loop import Loop
from govsync.agent.memory import Memory
from govsync.agent.outdated import PROBLEM, Outdated
from govsync.agent.stream import Stream
from govsync.agent.updating import Updates
from govsync.agent.workers import Workers
from govsync.content.chunks import require_fast_chunking
from govsync.engine import events
from govsync.engine.desk import Rules, Who
from govsync.engine.loop import Engine
from govsync.engine.passing import Passing
from govsync.engine.report import Facts, at_rest, moment, report, without_engine
from govsync.engine.work import Tools, run
from govsync.local.ignore import Ignore
from govsync.local.root import COOKIE_PREFIX
from govsync.local.steps import STAGING, STATE
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import RateNow, SessionOver, State, Status
from govsync.protocol.fleet import MOST_CHARACTERS, CodeCount, Health
from govsync.protocol.limits import DEFAULT
from govsync.remote.chunked import ChunkedRemote
from govsync.remote.http import HttpCalls, public_file
from govsync.remote.rate import Rate
from govsync.settings.schema import COUNTS, PAUSE, PERSONAL
from govsync.settings.values import Values, values
from govsync.store import activity, dirty, folder, newcomers, problems, spaces
from govsync.store.database import Store
from govsync.system import hints
from govsync.system.disk import DiskFileSystem, ignore_lease_signals
from govsync.system.installed import package_kind
from govsync.system.machine import described, system
from govsync.system.metered import Metered
from govsync.system.places import Places
from govsync.system.policy import PolicyWatch
from govsync.system.process import (
    asked_to_end,
    asked_to_renew,
    begin_anew,
    collect_seldom,
    end_now,
    explain_crashes,
    hold_little,
)
from govsync.system.watcher import Watcher
from govsync.updates.trust import Answer

RATE_OVER_S = 0.5
"""Over how long a rate is measured at least."""
REQUESTS = 6
"""Requests of transfers under way at the same time."""

_log = logging.getLogger(__name__)


class Agent:
    """One running desk."""

    def __init__(self, places: Places) -> None:
        require_fast_chunking()
        ignore_lease_signals()
        self.places = places
        self._lock = home.take(places)
        self.ids, self.clock = SystemIds(), SystemClock()
        self.identity = home.with_root(places, home.load(places, self.ids.new()))
        root = self.identity.root_of()
        if root is None:
            raise Failure(Code.FOLDER_MISSING)
        home.save(places, self.identity)
        self._folder_lock = FolderLock(Path(self.identity.folder))
        self._lock_folder()
        effective, wrong = home.settings(places)
        self.settings = values(effective)
        for failure in wrong:
            _log.warning("settings: %s", failure.code)
        self._put_back = False
        """Whether memory and folder do not belong together, as far as the next life of the engine goes."""
        self.memory = Memory(places.store, self._live)
        device = bytes.fromhex(self.identity.device)
        limits = (self.settings.network_upload_limit, self.settings.network_download_limit)
        self.rates = tuple(Rate(limit, time.monotonic, time.sleep) for limit in limits)
        kept = Kept(home.secrets(places), home.secret_name(self.identity))
        nonce = self.ids.new().hex()
        self.calls = HttpCalls(
            self.identity.endpoint, device, kept, nonce, time.sleep, (self.rates[0], self.rates[1]),
            way(self.settings),
        )  # fmt: skip
        self.remote = ChunkedRemote(self.calls, DEFAULT, ThreadPoolExecutor(REQUESTS, "request"))
        self.disk = DiskFileSystem(Path(self.identity.folder))
        self._ignore = Ignore.of_setting(self.settings.sync_ignore)
        self.tools = Tools(
            fs=self.disk,
            remote=self.remote,
            root=root,
            ignore=lambda: self._ignore,
            clock_ns=time.time_ns,
            booted_ns=self.clock.booted_ns(),
            rescued=lambda: DiskFileSystem.made(places.rescued),
            hold=self._folder_lock.take,
            passing=Passing(lambda: self.loop.moved()),
        )
        self.workers = Workers(lambda job: run(job, self.tools), self.tell)
        self.loop = Loop(self.memory, self.clock, self.workers.start, self._each_turn)
        self._watcher = self._new_watcher()
        self.reports = Reports(self._health, self.calls.tell_health, places.reported)
        self._fixed = Fixed(self.calls, places, lambda: self.loop.call(self._follow_policy))
        self.outdated = Outdated(self.calls.me, self.clock.time_ms, self.loop.turns.add)
        self._stream = Stream(
            self.calls, self.ids, self._heard, self._cloned, self.outdated.ask, self._fixed.ask, self._ordered
        )
        self._began_s = time.monotonic()
        self.order: bytes | None = None
        """The order to wipe this desk for which it has ended."""
        self._is_metered = False
        self._metered = Metered(self._line)
        self._policy = PolicyWatch(lambda: self.loop.call(self._follow_policy))
        self._updates = Updates(
            places, lambda: home.settings(places)[0], package_kind(), govsync.__version__, self._fetch,
            lambda: not (self._is_metered and self.settings.sync_on_metered == PAUSE),
            self.clock.time_ms, self.ids,
        )  # fmt: skip
        self._known = KnownFolders(
            places, lambda kind, path: self.loop.call(lambda: self._note(kind, path)), datetime.datetime.now
        )
        self._settings_changed = 0
        self._signed_in = kept.load() is not None and bool(self.identity.endpoint)
        self._rate_seen = (time.monotonic(), 0, 0)
        self._rate_now = RateNow()

    def tell(self, event: events.AnyEvent) -> None:
        """Tells the engine, from any thread."""
        self.loop.tell(event)

    def _heard(self, event: events.AnyEvent) -> None:
        """Takes what the stream tells; from its thread."""
        if not self.outdated.withholds(event):
            self.tell(event)
        if isinstance(event, events.SessionEnded):
            self.loop.call(self._note_end)
        if isinstance(event, events.Beat):
            self.loop.look(self._report)

    def _report(self) -> None:
        """Tells the server how this desk is, if the settings ask for that; only on the control thread."""
        wanted = self.settings.privacy_health_reports == COUNTS
        self.reports.beat(time.monotonic(), self.clock.time_ms(), wanted)

    def _note_end(self) -> None:
        """Notes when the server has ended the session, so that this is still known after a start; the rest of the desk does not
        depend on it."""
        if self.identity.over is None:
            self.identity = msgspec.structs.replace(self.identity, over=home.Over(at_ms=self.clock.time_ms()))
            try:
                home.save(self.places, self.identity)
            except OSError as error:
                _log.warning("that the session has ended cannot be noted: %s", error.strerror)

    def _ordered(self, order: bytes, epoch: bytes) -> None:
        """Takes an order to wipe this desk; from any thread. It is repeated with each beat."""
        self.loop.call(lambda: self._consider(order, epoch))

    def _consider(self, order: bytes, epoch: bytes) -> None:
        """Ends, to obey an order, where it is due, and the folder is there and proven."""
        if self.memory.trouble is not None or self.engine.root_problem is not None:
            return
        if self.engine.desk.proven_ms is None or not self.engine.placing.recovered:
            return
        epochs = {row.epoch for row in spaces.all_spaces(self.store)}
        if orders.due(order, epoch, self.identity.wipe, epochs, time.monotonic() - self._began_s):
            _log.warning("this desk is to be wiped")
            self.order = order
            self.loop.stop()

    def _health(self) -> Health:
        """Answers how this desk is, in what IT may know of it; only on the control thread."""
        trouble = self.memory.trouble
        found = {trouble.code.value: 1} if trouble is not None else problems.by_code(self.store)
        root = self.engine.root_problem if trouble is None else None
        for each in (root, PROBLEM if self.outdated.since_ms is not None else None):
            if each is not None:
                found[each.code.value] = found.get(each.code.value, 0) + 1
        counts = tuple(CodeCount(code, count) for code, count in sorted(found.items()))
        state = self.status().state
        return Health(
            version=govsync.__version__, system=system()[:MOST_CHARACTERS], state=state, problems=counts
        )

    def run(self) -> None:
        """Runs until `stop`; ends within 5 s."""
        self._watch()
        if self._signed_in:
            self.tell(events.SessionBegun())
            self._fixed.start()
            self._stream.start()
        self._metered.start()
        self._policy.start()
        self._updates.start()
        listener = Listener(self.places.socket, self)
        listener.start()
        try:
            self.loop.run()
        finally:
            listener.stop()
            self._policy.stop()
            self._known.stop()
            self._metered.stop()
            self._updates.stop()
            self._stream.stop()
            self._fixed.stop()
            self._watcher.stop()
            self.workers.stop()
            self.memory.close()
            self._folder_lock.release()
            self._lock.release()

    def _cloned(self) -> None:
        """Makes this home another device's, whatever becomes of this process (R49)."""
        home.save(self.places, home.another(self.identity, self.ids.new()))

    def stop(self, *_: object) -> None:
        """Asks it to end; may be called from a signal handler."""
        self.loop.stop()

    def join_folder(self) -> None:
        """Takes what lies at the folder's path, or an empty folder, for this desk's folder: it is joined with what the server
        has. Only on the control thread; raises Failure where it cannot serve."""
        self._folder_lock.release()
        folder = Path(self.identity.folder)
        home.choose_folder(self.places, self.identity, folder, self.ids.new())
        self.identity = home.load(self.places, self.ids.new())
        root = self.identity.root_of()
        assert root is not None, "it has just been chosen"
        self.tools = msgspec.structs.replace(self.tools, root=root)
        self.memory.renew(self.clock.now())
        self._watcher.stop()
        self._watcher = self._new_watcher()
        self._watch()

    def _each_turn(self) -> None:
        self._join_moved()
        with self.memory.guarded(self.clock.now()):
            self._meet_spaces()
            self._settle_known()

    def _meet_spaces(self) -> None:
        """Leaves out the spaces that come to this desk for the first time, where they are not to come by themselves; before any
        plan has seen them, since each begins with a turn."""
        if not self.memory.begun or not newcomers.unmet(self.store):
            return  # As nearly always: nothing is locked for it.
        with self.store.transaction():
            for mount in newcomers.meet(self.store):
                if self.settings.sync_spaces_default == PERSONAL:
                    self.engine.desk.now = self.clock.now()
                    self.engine.selecting.leave_out(mount)

    def _settle_known(self) -> None:
        """Has known folders brought in, or back, where the settings ask for it and the desk is at rest."""
        if not self.memory.begun or not self._known.due(self.settings.folder_known):
            return
        self.engine.desk.now = self.clock.now()
        if at_rest(self.engine):
            self._known.begin(known.Desk(
                folder=Path(self.identity.folder), root=self.tools.root, device=self.identity.name,
                wanted=self.settings.folder_known, daily_bytes=self.settings.folder_known_daily,
                booted_ns=self.tools.booted_ns, left_out=known.left_out_here(self.store),
            ))  # fmt: skip

    def _note(self, kind: str, path: str) -> None:
        with self.store.transaction():
            activity.note(self.store, self.clock.time_ms(), kind, path)

    def _join_moved(self) -> None:
        """Joins our own folder where it lies anew, or our memory is of another time: put back from a copy, or moved to
        another disk (R29)."""
        if self.memory.trouble is not None or not self.memory.begun or not self.engine.folder_moved:
            return
        self.engine.folder_moved = False
        self._put_back = True
        try:
            self.join_folder()
        except Failure as failure:  # It stays a question, and is tried again after the next proof.
            _log.warning("the folder that was moved cannot be joined: %s", failure.code)

    def status(self) -> Status:
        """Answers the status object; only on the control thread."""
        facts = Facts(
            folder=self.identity.folder, endpoint=self.identity.endpoint, account=self.identity.login,
            device=self.identity.name, version=govsync.__version__, rate=self._rate(),
            passed=self.tools.passing.now(),
        )  # fmt: skip
        if self.memory.trouble is not None:
            found = self.outdated.told(without_engine(facts, self.memory.signed_in))
        else:
            self.engine.desk.now = self.clock.now()
            found = with_notices(self, self.outdated.told(report(self.engine, facts)))
        over = _session_over(self.identity.over) if found.state is State.SIGNED_OUT else None
        return msgspec.structs.replace(found, settings=self._settings_changed, session_over=over)

    @property
    def engine(self) -> Engine:
        """Answers the engine that lives now; raises Failure while the database cannot be used."""
        return self.memory.engine

    @property
    def store(self) -> Store:
        """Answers the database; raises as `engine`."""
        return self.memory.store

    def take_settings(self) -> None:
        """Follows the settings as they are now; only on the control thread."""
        before, self.settings = self.settings, values(home.settings(self.places)[0])
        self._settings_changed += 1
        self._ignore = Ignore.of_setting(self.settings.sync_ignore)
        if self.memory.trouble is None:
            self.engine.desk.rules = _rules(self.settings)
            self.engine.desk.facts_changed()  # What was kept back may go now.
            if self.settings.sync_ignore != before.sync_ignore:
                self.engine.observing.scan()  # What was left alone may be meant now, and the other way round (R27).
        self.rates[0].limit = self.settings.network_upload_limit
        self.rates[1].limit = self.settings.network_download_limit
        self.calls.use_way(way(self.settings))
        log.follow(self.settings.log_level, self.settings.log_keep_days)
        self._updates.wake()
        if self.settings.sync_on_metered != before.sync_on_metered:
            self._line(self._is_metered)

    def _follow_policy(self) -> None:
        """Follows policy that has changed; what of it cannot be read changes nothing."""
        _log.info("policy has changed")
        try:
            self.take_settings()
        except OSError as error:
            _log.warning("the settings cannot be read: %s", error.strerror)

    def _line(self, metered: bool) -> None:
        """Follows what the system says of its line; from any thread."""
        self._is_metered = metered
        self.tell(events.Line(costly=metered and self.settings.sync_on_metered == PAUSE))

    @contextmanager
    def _fetch(self, url: str, start_bytes: int) -> Iterator[Answer]:
        """Asks for a file of the place of updates, as slowly as all else is asked for; from any thread."""
        with public_file(url, start_bytes, way(self.settings), self.rates[1]) as found:
            yield Answer(found.begins, found.pieces)

    def _live(self, store: Store) -> Engine:
        """Begins a life of the engine over a database (R16)."""
        root = self.tools.root
        with store.transaction():
            if folder.begin(store, root.id + root.ino.to_bytes(8, "big"), self._put_back):
                activity.note(store, self.clock.time_ms(), "folder_joined", self.identity.folder)
            newcomers.begin(store)
            dirty.begin(store)
        self._put_back = False
        who = Who(device=bytes.fromhex(self.identity.device), device_name=self.identity.name)
        engine = Engine(store, self.ids, who, _rules(self.settings))
        path = Path(self.identity.folder)
        engine.disk_bytes = shutil.disk_usage(path if path.is_dir() else self.places.home).total
        return engine

    def _rate(self) -> RateNow:
        now, up, down = time.monotonic(), self.rates[0].passed_bytes, self.rates[1].passed_bytes
        then, was_up, was_down = self._rate_seen
        passed = now - then
        if passed >= RATE_OVER_S:  # However many ask: over less than this the figures would leap.
            self._rate_seen = (now, up, down)
            self._rate_now = RateNow(up=int((up - was_up) / passed), down=int((down - was_down) / passed))
        return self._rate_now

    def _lock_folder(self) -> None:
        """Locks the synced folder, unless it is missing or cannot be written: that is told as a problem, not by refusing to
        start, and the next proof tries again (R29)."""
        try:
            self._folder_lock.take()
        except Failure as failure:
            if failure.code is Code.FOLDER_TAKEN:
                raise
            _log.warning("the folder cannot be locked: %s", failure.code)

    def _new_watcher(self) -> Watcher:
        return Watcher(self.identity.folder, hints.Hidden(STATE, COOKIE_PREFIX, STAGING), self._watched)

    def _watch(self) -> None:
        try:
            self._watcher.start()
            self.tell(events.Watching(healthy=self._watcher.healthy))
        except Failure as failure:
            _log.warning("the folder is not watched: %s", failure.code)
            self.tell(events.Watching(healthy=False, reason=failure.code))

    def _watched(self, said: hints.Hint | hints.Cookie | hints.Lost) -> None:
        if isinstance(said, hints.Hint):
            self.tell(events.Hint(said.path, said.name))
        elif isinstance(said, hints.Cookie):
            self.tell(events.MarkSeen(said.name))
        else:
            self.tell(events.HintsLost(str(said)))
            self.tell(events.Watching(healthy=self._watcher.healthy))


def _session_over(over: home.Over | None) -> SessionOver | None:
    """Answers how a session ended, as the status says it."""
    if over is None:
        return None
    return SessionOver(at=moment(over.at_ms), wiped=over.wiped, removed=over.removed, kept=over.kept)


def _rules(settings: Values) -> Rules:
    return Rules(
        hold_deletions=settings.hold_deletions,
        hold_deletions_share=settings.hold_deletions_share,
        hold_rewrites=settings.hold_rewrites,
        minimum_free_bytes=settings.folder_minimum_free,
        largest_file_bytes=settings.sync_max_file_size,
        blocked_extensions=settings.sync_blocked_extensions,
    )


def run_agent(places: Places, log_to_terminal: bool) -> NoReturn:
    """Runs the agent of a home in this process, which ends with it."""
    settings = values(home.settings(places)[0])
    log.set_up(None if log_to_terminal else places.logs, settings.log_level, settings.log_keep_days)
    explain_crashes()
    hold_little()
    agent = Agent(places)
    collect_seldom()
    with asked_to_end(agent.stop), asked_to_renew(agent.stop) as renewal:
        _log.info("GovSync %s begins, on %s", govsync.__version__, described())
        agent.run()
        if agent.order is not None:
            try:
                accounts.wipe(places, agent.order)
            except Failure as failure:
                _log.warning("the wipe did not come to its end: %s", failure.code)
            begin_anew()
        if renewal.asked:
            _log.info("GovSync begins anew")
            begin_anew()
        _log.info("GovSync ends")
        end_now()  # Threads that wait for the network must not keep a process that is asked to end.
