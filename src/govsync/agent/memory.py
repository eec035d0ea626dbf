"""The desk's memory: its database, and the engine that lives on it. When the database fails, both begin anew (R16).

To the loop it is the engine, with the engine's three verbs. What an engine has in memory may belong to a transaction
that failed, so it is dropped and derived again from the database, by the path that is taken after a crash. A full or busy
disk is waited out; a database that can never be read again is put aside, never deleted, and another begun, which loses
nothing: the folder and the server are united anew (R40).
"""

import datetime
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from govsync.engine import events, jobs
from govsync.engine.loop import Engine
from govsync.engine.now import Now
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem, problem_of
from govsync.store import activity
from govsync.store.database import Store, StoreFailure
from govsync.system.failures import attempt

RETRY_MS = 1_000
RETRY_MOST_MS = 30_000
_STANDING: dict[type, str] = {
    events.SessionBegun: "session",
    events.SessionEnded: "session",
    events.Cloned: "session",
    events.Watching: "watching",
    events.Line: "line",
}
"""What is told once and stays so: an engine that begins is told the last of each."""
_CHANGES = (jobs.Change, jobs.Recover, jobs.Clean, jobs.TakeStock, jobs.WriteSeal)
"""Jobs that no other life of the engine may overlap: it would look for what became of steps that still go on."""

_log = logging.getLogger(__name__)


class Memory:
    """One engine after the other; owned by the control thread. `live` makes an engine over a store."""

    def __init__(self, path: Path, live: Callable[[Store], Engine]) -> None:
        self._path = path
        self._live = live
        self._store: Store | None = None
        self._engine: Engine | None = None
        self._standing: dict[str, events.AnyEvent] = {}
        self._out: dict[int, jobs.AnyJob] = {}
        """Jobs of this engine that have not come back, by identity."""
        self._left: dict[int, jobs.AnyJob] = {}
        """Jobs of engines that are no more."""
        self._again_ms = 0
        self._failed = 0
        self._kept_as: str | None = None
        """The name of a database that was put aside, until the activity says so."""
        self.trouble: Problem | None = None
        """Why there is no engine."""

    @property
    def engine(self) -> Engine:
        """Answers the engine that lives now; raises Failure with what is wrong while there is none."""
        if self._engine is None:
            raise self._missing()
        return self._engine

    @property
    def store(self) -> Store:
        """Answers the database of the engine that lives now; raises as `engine`."""
        if self._store is None:
            raise self._missing()
        return self._store

    @property
    def begun(self) -> bool:
        """Says whether there is an engine."""
        return self._engine is not None

    @property
    def signed_in(self) -> bool:
        """Says whether this device is signed in, as far as is known without an engine."""
        return isinstance(self._standing.get("session"), events.SessionBegun)

    def handle(self, event: events.AnyEvent, now: Now) -> None:
        """As `Engine.handle`; what comes while there is no engine is found again by looking and asking."""
        slot = _STANDING.get(type(event))
        if slot is not None:
            self._standing[slot] = event
        if isinstance(event, events.JobDone | events.JobFailed):
            if self._left.pop(id(event.job), None) is not None:
                return
            del self._out[id(event.job)]
        engine = self._engine
        if engine is not None:
            with self.guarded(now):
                engine.handle(event, now)

    def start(self, now: Now) -> list[jobs.AnyJob]:
        """As `Engine.start`; tries to begin anew where there is no engine."""
        started: list[jobs.AnyJob] = []
        with self.guarded(now):
            if self._engine is None and now.steady_ms >= self._again_ms and not self._changing():
                self._begin(now)
            if self._engine is not None:
                started = self._engine.start(now)
        self._out.update((id(job), job) for job in started)
        return started

    def next_wake(self, now: Now) -> int | None:
        """As `Engine.next_wake`."""
        if self._engine is not None:
            with self.guarded(now):
                return self._engine.next_wake()
        return self._again_ms

    @contextmanager
    def guarded(self, now: Now) -> Iterator[None]:
        """Ends the engine when the database fails inside; nothing is raised for it."""
        try:
            yield
        except StoreFailure as failure:
            self._lose(failure, now)

    def renew(self, now: Now) -> None:
        """Ends the engine, and lets another begin as after a start: it is told of another folder (R29)."""
        self._end(Problem(Code.BUSY))
        self._again_ms = now.steady_ms

    def close(self) -> None:
        """Closes the database."""
        store, self._store, self._engine = self._store, None, None
        if store is not None:
            store.close()

    def _missing(self) -> Failure:
        assert self.trouble is not None, "the first turn of the loop makes an engine, or says why not"
        return Failure(self.trouble.code, **self.trouble.facts)

    def _changing(self) -> bool:
        return any(isinstance(job, _CHANGES) for job in self._left.values())

    def _begin(self, now: Now) -> None:
        if self.trouble is not None and self.trouble.code is Code.STORE_DAMAGED:
            self._kept_as = self._put_aside(now)
        self._store = Store.open(self._path)
        engine = self._live(self._store)
        if self._kept_as is not None:
            with self._store.transaction():
                activity.note(self._store, now.wall_ms, "begun_anew", self._kept_as)
            self._kept_as = None
        for event in self._standing.values():
            engine.handle(event, now)
        self._engine, self.trouble, self._failed = engine, None, 0

    def _lose(self, failure: StoreFailure, now: Now) -> None:
        _log.warning("the database failed: %s %s", failure.code, failure.facts.get("what", ""))
        self._end(problem_of(failure))
        damaged = failure.code is Code.STORE_DAMAGED
        wait_ms = 0 if damaged and not self._failed else min(RETRY_MS << min(self._failed, 10), RETRY_MOST_MS)
        self._failed += 1
        self._again_ms = now.steady_ms + wait_ms

    def _end(self, trouble: Problem) -> None:
        self._left.update(self._out)
        self._out = {}
        self.close()
        self.trouble = trouble

    def _put_aside(self, now: Now) -> str:
        """Gives the damaged database a name with its date, and answers it; raises StoreFailure where that cannot be."""
        moment = datetime.datetime.fromtimestamp(now.wall_ms / 1000, datetime.UTC)
        kept = self._path.with_name(f"{self._path.name}.damaged-{moment:%Y-%m-%dT%H.%M.%S}Z")
        while kept.exists():  # No other is ever put in its place.
            kept = kept.with_name(f"{kept.name}.1")
        try:
            with attempt("put aside"):
                for suffix in ("", "-wal", "-shm"):
                    part = self._path.with_name(self._path.name + suffix)
                    if part.exists():
                        part.rename(kept.with_name(kept.name + suffix))
        except Failure as failure:
            raise StoreFailure(failure.code, **failure.facts) from failure
        _log.error("the database was damaged and is begun anew; the old one is %s", kept.name)
        return kept.name
