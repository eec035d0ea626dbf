"""Answers that come piece by piece, each piece as the line takes it."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Protocol, TypeVar

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from govsync.model.problems import Failure
from govsync.server.bodies import Share
from govsync.server.connections import CUT
from govsync.server.web.downloads import Piece

T = TypeVar("T")


class Stored(Protocol):
    """Runs in a thread what waits for the store, when it is its turn among what asks for that space."""

    async def __call__(self, space: bytes, work: Callable[[], T]) -> T: ...


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be fetched of a space: how it is headed, how much memory it takes, its bytes, and what is to be done once the
    first of them are here."""

    space: bytes
    status: int
    headers: dict[str, str]
    memory_bytes: int
    pieces: Callable[[], Iterator[list[Piece]]]
    begun: Callable[[], None]

    def begin(self) -> tuple[Iterator[list[Piece]], list[Piece]]:
        """Reads the first piece, and only then has it begun: what cannot be had uses nothing up."""
        pieces = self.pieces()
        first = next(pieces, [])
        self.begun()
        return pieces, first


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


async def pour(found: Fetched, share: Share, stored: Stored, piece_bytes: int) -> Poured:
    """Begins to answer what is fetched; raises Failure where not even its beginning can be had."""
    with ExitStack() as until_begun:
        until_begun.enter_context(share)
        share.take(found.memory_bytes)
        pieces, first = await stored(found.space, found.begin)
        until_begun.pop_all()  # The answer lets go of it when it has ended.
    return Poured(_each(found.space, first, pieces, stored, piece_bytes), share, found.status, found.headers)


async def _each(
    space: bytes, piece: Sequence[Piece], pieces: Iterator[list[Piece]], stored: Stored, piece_bytes: int
) -> AsyncIterator[Piece]:
    while True:
        for data in piece:
            for part in cut(data, piece_bytes):
                yield part
        found = await stored(space, lambda: next(pieces, None))
        if found is None:
            return
        piece = found
