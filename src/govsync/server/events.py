"""Event streams: that something newer exists, never what (R42).

Each stream begins with a digest of all heads and gets one every 20 s, read from the database, so that whatever was lost
on the way is noticed. In between, commits of this process are told at once; those of other replicas are found by one
small query a second that serves all streams of this one. A slow reader loses events, not memory: its next beat says so.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor

import msgspec
from sqlalchemy import select
from starlette.responses import Response, StreamingResponse

from govsync.protocol import wire
from govsync.protocol.session import Heads
from govsync.server import spaces
from govsync.server.context import Caller, Server
from govsync.server.db import tables

BEAT_S = 20.0
POLL_S = 1.0
WAITING_EVENTS = 64


class _Stream:
    """One desk that listens."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(WAITING_EVENTS)
        self.spaces: frozenset[bytes] = frozenset()

    def say(self, message: bytes) -> None:
        """Hands an event over; one that finds no room is lost, and the next beat tells."""
        if not self.queue.full():
            self.queue.put_nowait(message)


class Streams:
    """All event streams of this process."""

    def __init__(self, server: Server, pool: Executor) -> None:
        self._server = server
        self._pool = pool
        self._streams: set[_Stream] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heads: dict[bytes, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False

    async def open(self, caller: Caller, nonce: str) -> Response:
        """Begins a stream."""
        self._loop = asyncio.get_running_loop()
        if not self._tasks:
            self._tasks = {asyncio.create_task(self._beat()), asyncio.create_task(self._poll())}
        stream = _Stream(caller)
        heads = await self._read_heads(stream)
        self._streams.add(stream)
        headers = {wire.VERSION_HEADER: wire.VERSION, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._send(stream, heads), headers=headers, media_type="text/event-stream")

    def head(self, space: bytes, seq: int) -> None:
        """Says, from any thread, that a space has reached a sequence."""
        loop = self._loop
        if loop is not None and not self._ended:
            loop.call_soon_threadsafe(self._head, space, seq)

    def end(self) -> None:
        """Ends all streams, so that the process can stop."""
        self._ended = True
        for task in self._tasks:
            task.cancel()
        for stream in self._streams:
            stream.queue.put_nowait(b"") if not stream.queue.full() else None

    async def _send(self, stream: _Stream, heads: Heads) -> AsyncIterator[bytes]:
        try:
            yield _event("hello", {"digest": str(heads.digest), "time_ms": self._server.clock.time_ms()})
            while not self._ended:
                message = await stream.queue.get()
                if message:
                    yield message
        finally:
            self._streams.discard(stream)

    async def _read_heads(self, stream: _Stream) -> Heads:
        loop = asyncio.get_running_loop()
        heads = await loop.run_in_executor(self._pool, spaces.heads, self._server, stream.caller)
        stream.spaces = frozenset(head.space for head in heads.heads)
        return heads

    def _head(self, space: bytes, seq: int) -> None:
        if self._heads.get(space, 0) >= seq:
            return
        self._heads[space] = seq
        message = _event("head", {"space": space.hex(), "seq": seq})
        for stream in self._streams:
            if space in stream.spaces:
                stream.say(message)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            for stream in list(self._streams):
                before = stream.spaces
                heads = await self._read_heads(stream)
                if stream.spaces != before:
                    stream.say(_event("rights", {}))
                stream.say(
                    _event("beat", {"digest": str(heads.digest), "time_ms": self._server.clock.time_ms()})
                )

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(POLL_S)
            wanted = frozenset().union(*(stream.spaces for stream in self._streams))
            if wanted:
                for space, seq in await loop.run_in_executor(self._pool, self._newest, wanted):
                    self._head(space, seq)

    def _newest(self, wanted: frozenset[bytes]) -> list[tuple[bytes, int]]:
        s = tables.space.c
        with self._server.database.begin(write=False) as tx:
            rows = tx.execute(select(s.id, s.head).where(s.id.in_(wanted)).order_by(s.id)).all()
        return [(row.id, row.head) for row in rows]


def _event(kind: str, data: dict[str, object]) -> bytes:
    """Writes one server-sent event (WHATWG HTML, section 9.2)."""
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
