"""How much of each file has passed, told by the workers that move it and read by the control thread.

Nothing is decided by it: it is for people who look on. A file is in it as long as a job moves it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager


class Passing:
    """Bytes of files on their way, by node; `moved` hears, in a worker, that there are more of them."""

    def __init__(self, moved: Callable[[], None] = lambda: None) -> None:
        self._moved = moved
        self._bytes: dict[int, int] = {}

    @contextmanager
    def of(self, lids: Iterable[int]) -> Iterator[None]:
        """Counts these files while a job moves them. No other job does: they are occupied."""
        mine = tuple(lids)
        self.begin(mine)
        try:
            yield
        finally:
            for lid in mine:
                self._bytes.pop(lid, None)

    def begin(self, lids: Iterable[int]) -> None:
        """Says that these begin anew."""
        self._bytes.update(dict.fromkeys(lids, 0))

    def add(self, lid: int, more_bytes: int) -> None:
        """Says that so much more of a file has passed; only in the thread of its job."""
        self.reach(lid, self._bytes.get(lid, 0) + more_bytes)

    def reach(self, lid: int, all_bytes: int) -> None:
        """Says how much of a file has passed in all."""
        self._bytes[lid] = all_bytes
        self._moved()

    def now(self) -> dict[int, int]:
        """Answers how much of each has passed by now; from any thread."""
        return self._bytes.copy()
