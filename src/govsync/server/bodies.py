"""Bodies on their way in: each within the bound of its call and within its time, all together within the memory (I16).

Used on the event loop alone.
"""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.limits import MIB

SILENCE_S = 30.0
"""How long nothing of a body may come before it counts as lost."""
BODY_S = 900.0
HELD_BYTES = 512 * MIB
"""Bodies and answers that are held at the same time, of all callers together."""


class Held:
    """Counts what requests hold in memory, all together."""

    def __init__(self, limit_bytes: int) -> None:
        self._free_bytes = limit_bytes

    def share(self) -> "Share":
        """Begins to count for one request."""
        return Share(self)

    def take(self, size_bytes: int) -> None:
        """Counts bytes in, or out where negative; raises Failure(busy_retry) where there is no room for them."""
        if size_bytes > self._free_bytes:
            raise Failure(Code.BUSY_RETRY)
        self._free_bytes -= size_bytes


class Share:
    """What one request holds, until it lets go."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._bytes = 0

    def take(self, size_bytes: int) -> None:
        """Holds so many bytes more; raises Failure(busy_retry)."""
        self._held.take(size_bytes)
        self._bytes += size_bytes

    def __enter__(self) -> "Share":
        return self

    def __exit__(self, *_reason: object) -> None:
        self._held.take(-self._bytes)
        self._bytes = 0


class Body:
    """The body of one request, as it comes: within its bound and its time."""

    def __init__(self, request: Request, limit_bytes: int) -> None:
        self._request = request
        self._limit_bytes = limit_bytes
        self._begun = self._ended = False

    async def read(self, share: Share) -> tuple[bytes, ...]:
        """Answers it, unjoined; raises Failure(too_large, timed_out, busy_retry)."""
        found: list[bytes] = []
        async for piece in self._pieces():
            share.take(len(piece))
            found.append(piece)
        return tuple(found)

    async def skip(self) -> bool:
        """Lets go of what was not read, so that the connection can go on; says whether it can.

        It cannot after a body that was too large or too slow: it may never end."""
        if not self._begun:
            try:
                async for _ in self._pieces():
                    pass
            except (Failure, ClientDisconnect):
                return False
        return self._ended

    async def _pieces(self) -> AsyncIterator[bytes]:
        self._begun = True
        size = 0
        clock_s = asyncio.get_running_loop().time
        end_s = clock_s() + BODY_S
        try:
            async with asyncio.timeout(SILENCE_S) as silence:
                async for piece in self._request.stream():
                    silence.reschedule(min(clock_s() + SILENCE_S, end_s))
                    size += len(piece)
                    if size > self._limit_bytes:
                        raise Failure(Code.TOO_LARGE, limit=self._limit_bytes)
                    yield piece
        except TimeoutError as error:
            raise Failure(Code.TIMED_OUT) from error
        self._ended = True
