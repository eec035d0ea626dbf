"""Event streams: that something newer exists, never what (R42).

Each stream begins with a digest of all heads and gets one every 20 s, read from the database, so that whatever was lost
on the way is noticed. In between, commits and changes of members in this process are told at once; those of other processes
are found by small queries a second that serve all streams of this one. What a slow reader has not read yet is replaced by what is
newer, so that a stream holds at most two events for each of its spaces. Everything here runs on the event loop but `head`
and `rights`, and what runs in a thread.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress

import msgspec
from sqlalchemy import select

from govsync.model.problems import Failure
from govsync.protocol import events
from govsync.protocol.digest import heads_digest
from govsync.protocol.session import Head
from govsync.server import access, concerned, fleet, spaces, wipes
from govsync.server import wanted as lost
from govsync.server.access import Memberships
from govsync.server.context import Caller, Server
from govsync.server.db import tables
from govsync.server.directory import ACTIVE
from govsync.server.starts import Starts

BEAT_S = 20.0
POLL_S = 1.0
GROUP = 300
"""How many desks are looked up by one query."""

_log = logging.getLogger(__name__)


class _Seen(msgspec.Struct, frozen=True):
    """What the database said of a desk's person."""

    rights: Memberships
    heads: tuple[Head, ...]
    order: wipes.Order | None = None


class _Desk:
    """One desk that listens; what waits for it is kept by what it is about."""

    __slots__ = ("_waiting", "_woken", "caller", "ended", "rights", "spaces")

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.rights: Memberships | None = None
        self.spaces: frozenset[bytes] = frozenset()
        self.ended = False
        self._waiting: dict[tuple[type, bytes], events.Event] = {}
        self._woken = asyncio.Event()

    def say(self, event: events.Event) -> None:
        about = event.space if isinstance(event, events.HeadMoved | events.Wanted) else b""
        self._waiting[type(event), about] = event
        self._woken.set()

    def end(self) -> None:
        self.ended = True
        self._woken.set()

    async def said(self) -> AsyncIterator[bytes]:
        while True:
            await self._woken.wait()
            self._woken.clear()
            waiting, self._waiting = self._waiting, {}
            if waiting:
                yield b"".join(map(events.encode, waiting.values()))
            if self.ended:
                return


class Streams:
    """All event streams of this process."""

    def __init__(
        self, server: Server, pool: Executor, beat_s: float = BEAT_S, poll_s: float = POLL_S
    ) -> None:
        self._server = server
        self._pool = pool
        self._periods = (beat_s, poll_s)
        self._starts = Starts()
        self._desks: dict[bytes, _Desk] = {}
        self._listeners: dict[bytes, set[_Desk]] = {}
        self._heads: dict[bytes, int] = {}
        self._wanted: dict[bytes, bytes] = {}
        """The version of each space that was asked back last."""
        self._members: int | None = None
        """Up to which change of members the desks have been looked at."""
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._ended = False

    def listen(self, caller: Caller, nonce: str) -> AsyncIterator[bytes]:
        """Answers what a desk will hear; raises Failure(device_cloned) for the start of a copy (R49).

        A device has one stream: its older one ends, as that of a line that is dead without anybody knowing."""
        self._starts.come(caller.device, nonce)
        if not self._tasks:
            self._loop = asyncio.get_running_loop()
            beat_s, poll_s = self._periods
            self._tasks = (
                asyncio.create_task(_again(beat_s, self._beat)),
                asyncio.create_task(_again(poll_s, self._poll, self._woken)),
            )
        return self._stream(_Desk(caller))

    def head(self, space: bytes, seq: int, device: bytes | None = None) -> None:
        """Says, from any thread, that a space has reached a sequence; not to the device that brought it there, where the
        answer to its call tells it."""
        if self._loop is not None and not self._ended:
            self._loop.call_soon_threadsafe(self._head, space, seq, device)

    def rights(self) -> None:
        """Says, from any thread, that members of a space have changed: whoever is concerned is told at once."""
        if self._loop is not None and not self._ended:
            self._loop.call_soon_threadsafe(self._woken.set)

    def end(self) -> None:
        """Ends all streams, so that the process can stop."""
        self._ended = True
        for task in self._tasks:
            task.cancel()
        for desk in self._desks.values():
            desk.end()

    async def _stream(self, desk: _Desk) -> AsyncIterator[bytes]:
        device = desk.caller.device
        older = self._desks.pop(device, None)
        if older is not None:
            self._leave(older)
            older.end()
        self._desks[device] = desk
        if self._ended:
            desk.end()
        try:
            if self._members is None:
                await self._look_at_members()
            await self._look_at([desk])
            async for said in desk.said():
                yield said
        except Failure as failure:
            _log.warning("a stream ended before its first beat: %s", failure.code)
        finally:
            self._leave(desk)
            if self._desks.get(device) is desk:
                del self._desks[device]

    def _head(self, space: bytes, seq: int, but: bytes | None = None) -> None:
        if self._heads.get(space, 0) < seq:
            self._heads[space] = seq
            for desk in self._listeners.get(space, ()):
                if desk.caller.device != but:
                    desk.say(events.HeadMoved(space=space, seq=seq))

    async def _beat(self) -> None:
        desks = list(self._desks.values())
        for start in range(0, len(desks), GROUP):
            await self._look_at(desks[start : start + GROUP])
        await self._ask_back()

    async def _ask_back(self) -> None:
        """Asks the desks of each space for what was lost of it."""
        assert self._loop is not None
        listened, after = list(self._listeners), dict(self._wanted)
        wanted = await self._loop.run_in_executor(self._pool, lost.still, self._server, listened, after)
        self._wanted = {each.space: each.versions[-1][1] for each in wanted}
        for each in wanted:
            for desk in self._listeners.get(each.space, ()):
                desk.say(each)

    async def _look_at(self, desks: Sequence[_Desk]) -> None:
        """Tells desks how far everything is; the ones that may no longer come in, that."""
        assert self._loop is not None
        seen = await self._loop.run_in_executor(self._pool, self._look, [desk.caller for desk in desks])
        now_ms = self._server.clock.time_ms()
        for desk in desks:
            found = seen.get(desk.caller.device)
            if found is None:
                self._leave(desk)
                desk.say(events.SessionEnded())
                desk.end()
            elif not desk.ended:
                self._hand_on(desk, found, now_ms)

    def _hand_on(self, desk: _Desk, seen: _Seen, now_ms: int) -> None:
        if desk.rights is not None and desk.rights != seen.rights:
            desk.say(events.RightsChanged())
        desk.rights = seen.rights
        self._leave(desk)
        desk.spaces = frozenset(head.space for head in seen.heads)
        for head in seen.heads:
            self._listeners.setdefault(head.space, set()).add(desk)
        desk.say(events.Beat(digest=heads_digest(seen.heads), time_ms=now_ms))
        if seen.order is not None:
            desk.say(events.Wipe(order=seen.order.id, epoch=seen.order.epoch))
        # A head that moved after the look and before the desk was listening to its space was said to nobody.
        for head in seen.heads:
            if self._heads.get(head.space, 0) > head.seq:
                desk.say(events.HeadMoved(space=head.space, seq=self._heads[head.space]))

    def _leave(self, desk: _Desk) -> None:
        for space in desk.spaces:
            listeners = self._listeners.get(space)
            if listeners is not None:
                listeners.discard(desk)
                if not listeners:
                    del self._listeners[space]
        desk.spaces = frozenset()

    async def _poll(self) -> None:
        assert self._loop is not None
        await self._look_at_members()
        wanted = list(self._listeners)
        if wanted:
            for head in await self._loop.run_in_executor(self._pool, self._newest, wanted):
                self._head(head.space, head.seq)

    async def _look_at_members(self) -> None:
        """Looks at the desks whose rights may have changed since the last time."""
        assert self._loop is not None
        found = await self._loop.run_in_executor(self._pool, concerned.since, self._server, self._members)
        self._members = found.head
        for desk in self._desks.values():
            if desk.caller.user in found.fixed:
                desk.say(events.PolicyChanged())
        desks = [
            desk
            for desk in self._desks.values()
            if desk.caller.user in found.users or not found.spaces.isdisjoint(desk.spaces)
        ]
        for start in range(0, len(desks), GROUP):
            await self._look_at(desks[start : start + GROUP])

    # In a thread

    def _look(self, callers: Sequence[Caller]) -> dict[bytes, _Seen]:
        """Answers, by device, what is there for those that may still come in."""
        d, u = tables.device.c, tables.user.c
        let_in = (
            select(d.id, d.user, d.seen_ms)
            .join_from(tables.device, tables.user, d.user == u.id)
            .where(d.id.in_([caller.device for caller in callers]), d.state == ACTIVE, u.state == ACTIVE)
        )
        with self._server.database.begin(write=False) as tx:
            found = tx.execute(let_in).all()
            welcome = {row.id: row.user for row in found}
            mine = access.memberships_of(tx, sorted(set(welcome.values())))
            heads = spaces.heads_of(tx, mine)
            orders = wipes.standing(tx, welcome)
        self._note_seen([(row.id, row.seen_ms) for row in found])
        return {
            device: _Seen(mine[user], heads[user], orders.get(device)) for device, user in welcome.items()
        }

    def _note_seen(self, found: Sequence[tuple[bytes, int]]) -> None:
        try:
            fleet.note_seen(self._server, found)
        except Failure as failure:  # Where nothing can be written, reading and its beats go on.
            _log.warning("who is there was not noted: %s", failure.code)

    def _newest(self, wanted: Sequence[bytes]) -> list[Head]:
        with self._server.database.begin(write=False) as tx:
            return list(spaces.newest_of(tx, wanted))


async def _again(
    period_s: float, work: Callable[[], Awaitable[None]], woken: asyncio.Event | None = None
) -> None:
    """Does something again and again, and as soon as it is `woken`; what one turn could not do, the next one may."""
    woken = woken or asyncio.Event()
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(period_s):
                await woken.wait()
        woken.clear()
        try:
            await work()
        except Failure as failure:
            # No beat is an honest answer: after 45 s without one no desk says that it is in sync (R41).
            _log.warning("the listening desks were told nothing: %s", failure.code)
        except Exception:  # noqa: BLE001 - a bug in one turn must not silence all desks for good
            _log.exception("the listening desks were told nothing")
