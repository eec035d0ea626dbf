"""Who may run now: calls that wait, for a slow store or for a space that is locked, keep threads only from their like.

A call takes a place among those of its own kind in its own space, then one among those of its kind, and only then a thread.
The kinds that can wait for long cannot take all threads together; so whatever hangs, everything else is served. Who gets no
place in some time is told to come again. Used on the event loop alone.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.bounds import Bounds


class Turns:
    """The places that calls run in."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._places: dict[Hashable, _Places] = {}

    @asynccontextmanager
    async def turn(self, kind: str, space: bytes | None) -> AsyncIterator[None]:
        """Waits for a place, and keeps it until this ends; raises Failure(busy_retry) where none becomes free."""
        bounds = self._bounds
        wanted: list[tuple[Hashable, int]] = [(kind, bounds.threads_of_kind)]
        if space is not None:
            wanted.insert(0, ((kind, space), bounds.threads_of_space))
        taken: list[Hashable] = []
        try:
            try:
                async with asyncio.timeout(bounds.turn_s):
                    for key, most in wanted:
                        await self._enter(key, most)
                        taken.append(key)
            except TimeoutError as error:
                raise Failure(Code.BUSY_RETRY, wait_ms=round(bounds.turn_s * 1000)) from error
            yield
        finally:
            for key in reversed(taken):
                self._leave(key)

    async def _enter(self, key: Hashable, most: int) -> None:
        places = self._places.setdefault(key, _Places(most))
        places.users += 1
        try:
            await places.free.acquire()
        except BaseException:
            self._forget(key)
            raise

    def _leave(self, key: Hashable) -> None:
        self._places[key].free.release()
        self._forget(key)

    def _forget(self, key: Hashable) -> None:
        self._places[key].users -= 1
        if not self._places[key].users:
            del self._places[key]


class _Places:
    """So many places; `users` have one or wait for one."""

    def __init__(self, most: int) -> None:
        self.free = asyncio.Semaphore(most)
        self.users = 0
