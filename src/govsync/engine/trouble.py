"""Says what keeps a whole space from being sent or read, once for the space and not for each file: the server is full, or
ill, or of a newer version.

A request that the server could not carry out says nothing about any one file in it. It is said when it has lasted, or at
once where only an operator can end it; the first request of its kind that is answered takes it back, and so does time,
should there be nothing left to ask for.
"""

from govsync.engine.desk import Desk
from govsync.engine.jobs import Ask, Commit, Pull, Snapshot, Upload
from govsync.model.codes import OF_THE_SERVER, Code
from govsync.model.problems import Problem
from govsync.store import problems, spaces

SAID_AFTER = 3
"""How many requests in a row must have failed: a server that is started anew is no news."""
READS_SAID_AFTER_MS = 10_000
"""How long it must have lasted that nothing could be read, for that is tried again much sooner."""
AnyOfSpace = Commit | Upload | Pull | Snapshot | Ask
_READS = (Pull, Snapshot, Ask)
FORGOTTEN_MS = 10 * 60_000
"""Longer than any request waits for its next turn."""


class Trouble:
    """Owns what is said about spaces as a whole. A new life begins with none: what lasts is met again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._failed: dict[tuple[bytes, type], int] = {}
        """How many requests of a kind, to a space, have failed in a row."""
        self._since_ms: dict[tuple[bytes, type], int] = {}
        """When the first of them failed."""
        self._last_ms: dict[bytes, int] = {}
        with desk.store.transaction():
            for row in spaces.all_spaces(desk.store):
                self._clear(row.id)

    def failed(self, job: AnyOfSpace, problem: Problem) -> int:
        """Learns that a request had no answer but this; answers how many of its kind have failed in a row."""
        if isinstance(job, _READS) and problem.code not in OF_THE_SERVER:
            return 0  # It says what to do next: to read anew, or to wait for the line.
        key = (job.space, type(job))
        times = self._failed[key] = self._failed.get(key, 0) + 1
        row = spaces.get(self._desk.store, job.space)
        lasted_ms = self._desk.now.steady_ms - self._since_ms.setdefault(key, self._desk.now.steady_ms)
        lasts = times >= SAID_AFTER and (not isinstance(job, _READS) or lasted_ms >= READS_SAID_AFTER_MS)
        said = problem.code in OF_THE_SERVER and (lasts or problem.code is Code.STORE_FULL)
        if said and row is not None:
            self._last_ms[job.space] = self._desk.now.steady_ms
            with self._desk.store.transaction():
                problems.raise_for(self._desk.store, row.root_lid, problem, self._desk.now.wall_ms)
        return times

    @property
    def unreadable(self) -> set[bytes]:
        """Answers the spaces of which it has been said that the server cannot tell what is in them."""
        return {space for space, kind in self._failed if kind in _READS and space in self._last_ms}

    def answered(self, job: AnyOfSpace) -> None:
        """Learns that a request was carried out."""
        self._failed.pop((job.space, type(job)), None)
        self._since_ms.pop((job.space, type(job)), None)
        if job.space in self._last_ms and not any(space == job.space for space, _ in self._failed):
            self._take_back(job.space)

    def pass_over(self) -> None:
        """Takes back what was said of spaces to which nothing has been sent since."""
        now = self._desk.now.steady_ms
        for space in [space for space, at in self._last_ms.items() if at + FORGOTTEN_MS <= now]:
            self._take_back(space)

    def wakes(self) -> list[int]:
        """Lists when to pass over, in steady milliseconds."""
        return [at + FORGOTTEN_MS for at in self._last_ms.values()]

    def _take_back(self, space: bytes) -> None:
        self._last_ms.pop(space, None)
        with self._desk.store.transaction():
            self._clear(space)
        self._desk.facts_changed()

    def _clear(self, space: bytes) -> None:
        row = spaces.get(self._desk.store, space)
        if row is not None:
            problems.clear(self._desk.store, [row.root_lid], OF_THE_SERVER)
