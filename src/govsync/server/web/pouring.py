"""Answers that come piece by piece, each piece as the line takes it."""

from collections.abc import AsyncIterator, Iterator

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from govsync.model.problems import Failure
from govsync.server.bodies import Share
from govsync.server.connections import CUT
from govsync.server.web.downloads import Piece


class Poured(StreamingResponse):
    """An answer that comes piece by piece, and holds its share of memory until it has ended. Where it cannot go on, the
    connection is cut: so nobody takes it for whole."""

    def __init__(
        self, pieces: AsyncIterator[Piece], share: Share, status: int, headers: dict[str, str]
    ) -> None:
        super().__init__(pieces, status, headers)
        self._share = share

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As the application that every response is."""
        with self._share:
            try:
                await super().__call__(scope, receive, send)
            except Failure:
                scope["state"][CUT]()
                while (await receive())["type"] != "http.disconnect":
                    continue


def cut(data: Piece, piece_bytes: int) -> Iterator[Piece]:
    """Yields some bytes in pieces that a slow line, too, takes in the time that each has."""
    for start in range(0, len(data), piece_bytes):
        yield memoryview(data)[start : start + piece_bytes]


async def whole(data: Piece, piece_bytes: int) -> AsyncIterator[Piece]:
    """Yields all of what is there already."""
    for piece in cut(data, piece_bytes):
        yield piece
