"""What `wait` means: a moment since which folder and server must have been asked (R43).

Numbers of jobs are the order: what was asked with a higher number was asked later. On a folder that is watched a *mark*,
a file of our own, is made after the moment; the watcher reports in order, so once it has told of the mark, it has told
of everything before it, and what it told of is due to be looked at. Elsewhere, and where a mark is not told of, only a
look at everything that began after the moment knows.
"""

from govsync.engine.desk import Desk
from govsync.engine.following import Following
from govsync.engine.jobs import Mark
from govsync.engine.observing import Observing

MARK_MS = 2_000
"""How long a mark that was made may stay unseen: then events were lost, or our hidden folder is not watched."""


class Barriers:
    """Owns the marks; one of them serves everybody who asked before it was made."""

    def __init__(self, desk: Desk, observing: Observing, following: Following) -> None:
        self._desk = desk
        self._observing = observing
        self._following = following
        self._wanted = False
        self._out: Mark | None = None
        self._until_ms: int | None = None
        self._seen = 0

    def ask(self) -> int:
        """Begins to wait; answers the moment, for `passed`."""
        moment = self._desk.number()
        self._desk.proven_ms = None
        self._following.begin()
        self._wanted = True
        return moment

    def jobs(self) -> list[Mark]:
        """Makes a mark where one is wanted; gives one up that was not seen."""
        late = self._until_ms is not None and self._desk.now.steady_ms >= self._until_ms
        if self._out is not None and late:
            self.lost(self._out)
        if not self._wanted or self._out is not None:
            return []
        self._wanted = False
        if not self._observing.hinted:
            self._observing.scan()
            return []
        self._out, self._until_ms = Mark(number=self._desk.number(), name=self._desk.ids.new().hex()), None
        return [self._out]

    def made(self, mark: Mark) -> None:
        """Takes in that a mark was made: the watcher tells of it soon, or has told already."""
        if mark == self._out:
            self._until_ms = self._desk.now.steady_ms + MARK_MS

    def seen(self, name: str) -> None:
        """Takes in that the watcher told of a mark."""
        if self._out is not None and self._out.name == name:
            self._seen = self._out.number
            self._out = self._until_ms = None

    def lost(self, mark: Mark) -> None:
        """Takes in that a mark could not be made, or was not told of: only a look at everything helps."""
        if mark == self._out:
            self._out = self._until_ms = None
            self._observing.scan()

    def passed(self, moment: int) -> bool:
        """Says whether everything from before a moment has been told of; it may still have to be settled."""
        looked = max(self._seen, self._observing.scanned) > moment
        return looked and self._following.heads_asked > moment

    def wakes(self) -> list[int]:
        """Answers when a mark is given up, in steady milliseconds."""
        return [] if self._until_ms is None else [self._until_ms]
