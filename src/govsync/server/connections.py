"""Connections that come in: each shows the head of a request in its time, takes its answers in their time, and there are so
many. What one of them is about stands in `http`; how its body comes, in `bodies`.

Who has not shown a good token yet is a stranger, and so is a connection on which nothing is under way. When there is no
more room the stranger that has waited longest goes, so any number of them keeps out nobody who works here. Used on the
event loop alone.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.bounds import Bounds

TRUST, CUT = "trust", "cut"
"""Under these keys of a request's state (ASGI, section "Lifespan state") is what says that its caller is no stranger, and what
cuts its connection: an answer that cannot be ended as it was begun must not seem to be whole."""


class Room:
    """The room that there is for connections."""

    def __init__(self, bounds: Bounds, most: int) -> None:
        self.bounds = bounds
        self._most = most
        self._all: set[Connection] = set()
        self._strangers: dict[Connection, None] = {}  # The one that has waited longest comes first.

    def protocol(self) -> type[asyncio.Protocol]:
        """Answers what makes a connection of this room, as uvicorn wants it."""
        return cast("type[asyncio.Protocol]", partial(Connection, self))

    def enter(self, connection: "Connection") -> None:
        """Takes one in, and makes room for it."""
        self._all.add(connection)
        self._strangers[connection] = None
        if len(self._all) > self._most:
            oldest = next(iter(self._strangers))
            self.leave(oldest)
            oldest.transport.abort()

    def trust(self, connection: "Connection") -> None:
        """Keeps one whose request is under way, and whose caller is known."""
        self._strangers.pop(connection, None)

    def idle(self, connection: "Connection") -> None:
        """Puts one last among the strangers: nothing is under way on it."""
        if connection in self._all:
            self._strangers.pop(connection, None)
            self._strangers[connection] = None

    def leave(self, connection: "Connection") -> None:
        """Forgets one that has ended."""
        self._all.discard(connection)
        self._strangers.pop(connection, None)


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with an end to its patience."""

    def __init__(self, room: Room, **made: Any) -> None:
        super().__init__(**made)
        self.access_log = False  # Whatever the process logs: paths and questions are nobody's business.
        self._room = room
        self._between = True
        """Between two requests, or in the head of one."""
        self._loose_bytes = 0
        """What has come since a head, a piece of a body or a message was last complete: it is held in memory."""
        self._head: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's."""
        super().connection_made(transport)
        self._head = self._after(self._room.bounds.head_s, transport.abort)
        self._room.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        self._room.leave(self)
        for timer in (self._head, self._taking):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    # What comes in

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, which waits for any head, however long it takes and becomes."""
        if self._between and self._head is None:
            self._head = self._after(self._room.bounds.head_s, self.transport.abort)
        self._loose_bytes += len(data)
        super().data_received(data)
        if self._loose_bytes > self._room.bounds.head_bytes:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """As uvicorn's, which begins to answer then, and keeps any number of requests that are not waited for; raises
        Failure(bad_request), which uvicorn answers and ends the line."""
        if len(self.pipeline) >= self._room.bounds.requests_ahead:
            raise Failure(Code.BAD_REQUEST, what="requests")
        self._loose_bytes = 0
        self._between = False
        if self._head is not None:
            self._head.cancel()
            self._head = None
        self.scope["state"] |= {TRUST: partial(self._room.trust, self), CUT: self.transport.abort}
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """As uvicorn's."""
        self._loose_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """As uvicorn's."""
        self._loose_bytes = 0
        self._between = True
        super().on_message_complete()

    # What goes out

    def pause_writing(self) -> None:
        """As uvicorn's, which waits for ever until the other side takes what is held for it."""
        super().pause_writing()
        self._expect_taking()

    def on_response_complete(self) -> None:
        """As uvicorn's. A last piece that nobody takes would keep the connection from ever being closed."""
        super().on_response_complete()
        self._room.idle(self)
        if self.transport.get_write_buffer_size():
            self._expect_taking()

    def _expect_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
        self._taking = self._after(self._room.bounds.stall_s, self._give_up_on_taking)

    def _give_up_on_taking(self) -> None:
        """Ends it where nothing was taken: each pause and each end of an answer began the time anew."""
        nothing_new = self.flow.write_paused or self.cycle.response_complete
        if nothing_new and self.transport.get_write_buffer_size():
            self.transport.abort()

    def _after(self, time_s: float, end: Callable[[], None]) -> asyncio.TimerHandle:
        return self.loop.call_later(time_s, end)
