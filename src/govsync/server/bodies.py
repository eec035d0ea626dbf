"""Bodies on their way in: each within the bound of its call and within its time, all together within the memory (I16).

Used on the event loop alone.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.bounds import Bounds


class Held:
    """Counts what requests hold in memory, all together and of each holder: a person, or a stranger's address.

    Nobody holds more than is left for everybody else (dynamic thresholds, A. K. Choudhury and E. L. Hahne, 1998). So who is
    alone has half, and however many are greedy, there is always as much left as each of them has.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._free_bytes = limit_bytes
        self._of: Counter[bytes] = Counter()

    def share(self, holder: bytes) -> "Share":
        """Begins to count for one request."""
        return Share(self, holder)

    def take(self, holder: bytes, size_bytes: int) -> None:
        """Counts bytes in; raises Failure(busy_retry) where there is no room for them."""
        if self._of[holder] + size_bytes > self._free_bytes - size_bytes:
            raise Failure(Code.BUSY_RETRY)
        self._count(holder, size_bytes)

    def let_go(self, holder: bytes, size_bytes: int) -> None:
        """Counts bytes out."""
        self._count(holder, -size_bytes)
        if not self._of[holder]:
            del self._of[holder]

    def _count(self, holder: bytes, size_bytes: int) -> None:
        self._free_bytes -= size_bytes
        self._of[holder] += size_bytes


class Share:
    """What one request holds, until it lets go."""

    def __init__(self, held: Held, holder: bytes) -> None:
        self._held, self._holder = held, holder
        self._bytes = 0

    def take(self, size_bytes: int) -> None:
        """Holds so many bytes more; raises Failure(busy_retry)."""
        self._held.take(self._holder, size_bytes)
        self._bytes += size_bytes

    def __enter__(self) -> "Share":
        return self

    def __exit__(self, *_reason: object) -> None:
        self._held.let_go(self._holder, self._bytes)
        self._bytes = 0


class Body:
    """The body of one request, as it comes: within its bound and its time."""

    def __init__(self, request: Request, limit_bytes: int, bounds: Bounds) -> None:
        self._request = request
        self._bounds = bounds
        self._limit_bytes = limit_bytes
        self._begun = self._ended = False

    async def read(self, share: Share) -> tuple[bytes, ...]:
        """Answers it, unjoined; raises Failure(too_large, timed_out, busy_retry)."""
        found: list[bytes] = []
        async for piece in self.pieces():
            share.take(len(piece))
            found.append(piece)
        return tuple(found)

    async def skip(self, of_a_stranger: bool) -> bool:
        """Lets go of what was not read, so that the connection can go on; says whether it can.

        It cannot after a body that was too large or too slow: it may never end. A stranger's is not waited for long."""
        if not self._begun:
            try:
                async with asyncio.timeout(self._bounds.head_s if of_a_stranger else None):
                    async for _ in self.pieces():
                        pass
            except (Failure, ClientDisconnect, TimeoutError):
                return False
        return self._ended

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yields it as it comes; raises Failure(too_large, timed_out)."""
        self._begun = True
        size = 0
        clock_s = asyncio.get_running_loop().time
        silence_s = self._bounds.silence_s
        end_s = clock_s() + silence_s + self._limit_bytes / self._bounds.least_bytes_s
        try:
            async with asyncio.timeout(silence_s) as silence:
                async for piece in self._request.stream():
                    silence.reschedule(min(clock_s() + silence_s, end_s))
                    size += len(piece)
                    if size > self._limit_bytes:
                        raise Failure(Code.TOO_LARGE, limit=self._limit_bytes)
                    yield piece
        except TimeoutError as error:
            raise Failure(Code.TIMED_OUT) from error
        self._ended = True
