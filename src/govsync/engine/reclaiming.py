"""Finds what lies in our hidden folders and is not remembered, and brings back what nobody else has (R17, R40, I1).

So it is after the database was lost, or put back from a copy: what waited in the trash to come back as a second version,
or was parked on its way to another name, would else lie there unseen for ever. The server is asked, once all is read that
it has to tell, whether it has had these contents under these names. What it has had goes with the trash one day; anything
else goes to Rescued, because nobody remembers its folder.
"""

from collections.abc import Callable, Sequence

from govsync.engine.desk import Desk
from govsync.engine.jobs import (
    Answered,
    AnyJob,
    Ask,
    Change,
    ReadStrays,
    Recover,
    StockTaken,
    Stray,
    StraysRead,
    TakeStock,
)
from govsync.model.names import name_kept
from govsync.protocol.changes import Known
from govsync.store import paths, spaces, trash

AT_ONCE = 200
AGAIN_MS = 60_000


class Reclaiming:
    """Owns what was found and is not judged yet. All of it is found again after a crash."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._take_stock = True
        self._unread: tuple[str, ...] = ()
        self._strays: tuple[Stray, ...] = ()
        self._asked: dict[int, bytes] = {}
        """Questions under way, and the space that each was put to."""
        self._answers: dict[bytes, Sequence[bool] | None] = {}
        """What each space has answered about the strays; None: it could not be asked."""
        self._not_before_ms = 0

    def jobs(self, started: Sequence[AnyJob], up_to_date: Callable[[], bool]) -> list[AnyJob]:
        """Says what to look at, to read or to ask now; `up_to_date`: nothing is left to be read from the server."""
        desk = self._desk
        if desk.now.steady_ms < self._not_before_ms or desk.running(TakeStock) or desk.running(ReadStrays):
            return []
        if self._strays:
            return self._ask() if not self._asked and up_to_date() else []
        if self._unread:
            return [ReadStrays(number=desk.number(), names=self._unread[:AT_ONCE])]
        if not self._take_stock or not desk.alone(Change, Recover, started=started):
            return []
        trashed = frozenset(row.name for row in trash.listed(desk.store))
        parked = frozenset(paths.parked(desk.store))
        return [TakeStock(number=desk.number(), trashed=trashed, parked=parked, tag=desk.ids.new().hex())]

    def _ask(self) -> list[AnyJob]:
        """Asks every space: nobody remembers from which one a stray came."""
        contents = tuple((name_kept(stray.name), stray.hash) for stray in self._strays)
        asks = [
            Ask(number=self._desk.number(), space=row.id, question=Known(contents=contents))
            for row in spaces.all_spaces(self._desk.store)
            if row.readable
        ]
        self._answers = {}
        self._asked = {job.number: job.space for job in asks}
        return list(asks)

    def asked(self, job: Ask) -> bool:
        """Says whether it was this part that asked."""
        return job.number in self._asked

    def taken(self, result: StockTaken) -> None:
        """Takes in what was found."""
        self._take_stock = False
        self._unread = result.strays

    def read(self, job: ReadStrays, result: StraysRead) -> None:
        """Takes in what was read; what could not be is found again a little later."""
        self._unread = self._unread[len(job.names) :]
        self._strays = result.strays
        if len(result.strays) < len(job.names):
            self._take_stock = True
        if not result.strays and not self._unread:
            self._not_before_ms = self._desk.now.steady_ms + AGAIN_MS

    def answered(self, job: Ask, result: Answered) -> list[str]:
        """Takes in what a space has had; answers, when all have said it, the names of what must be rescued."""
        self._answers[self._asked.pop(job.number)] = result.answer.contents
        answers = {space: told for space, told in self._answers.items() if told is not None}
        if self._asked or len(answers) < len(self._answers):
            return []
        store, now = self._desk.store, self._desk.now
        strays, self._strays = self._strays, ()
        rescue: list[str] = []
        with store.transaction():
            for index, stray in enumerate(strays):
                had = [space for space, told in answers.items() if told[index]]
                row = trash.TrashRow(
                    name=stray.name, lid=0, origin=name_kept(stray.name), ino=stray.signature.ino,
                    size_bytes=stray.signature.size_bytes, mtime_ns=stray.signature.mtime_ns,
                    ctime_ns=stray.signature.ctime_ns, rev=trash.HAD if had else None, at_ms=now.wall_ms,
                    space=next(iter(had or answers)),
                )  # fmt: skip
                trash.add(store, row)
                if not had:
                    rescue.append(stray.name)
        return rescue

    def failed(self, job: TakeStock | ReadStrays | Ask) -> None:
        """Learns that something had no result: it is begun again a little later."""
        if isinstance(job, Ask):
            self._answers[self._asked.pop(job.number)] = None
        self._not_before_ms = self._desk.now.steady_ms + AGAIN_MS

    def wakes(self) -> list[int]:
        """Lists when to go on, in steady milliseconds."""
        return [self._not_before_ms]
