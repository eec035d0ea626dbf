"""Event streams: each desk hears how far everything is, and of what moves, at whichever replica (R41, R42)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import update

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import events
from govsync.protocol.session import Role
from govsync.protocol.sharing import NewMember, Principal
from govsync.server import directory, fleet, spaces, wipes
from govsync.server.db import tables
from govsync.server.events import Streams
from tests.server.desk import Desk, give_role, rows
from tests.server.office import Office
from tests.server.sharers import division, group, inside, set_member, share, user

LIMIT_S = 30.0
NEVER_S = 10_000.0
OFTEN_S = 0.005
OTHER = b"another device 1"

Heard = TypeVar(
    "Heard", events.Beat, events.HeadMoved, events.RightsChanged, events.Wipe, events.SessionEnded
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'server.db'}"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


class Ear:
    """Listens to one stream, one event after the other."""

    def __init__(self, said: AsyncIterator[bytes]) -> None:
        self._said = said
        self._heard: list[events.Event] = []

    async def next(self) -> events.Event:
        while not self._heard:
            piece = await asyncio.wait_for(anext(self._said), LIMIT_S)
            self._heard = list(events.read([piece]))
        return self._heard.pop(0)

    async def until(self, kind: type[Heard]) -> Heard:
        while not isinstance(event := await self.next(), kind):
            pass
        return event

    async def ended(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            async for _ in self._said:
                pass


def run(
    office: Office,
    pool: Executor,
    story: Callable[[Streams], Awaitable[None]],
    beat_s: float = NEVER_S,
    poll_s: float = NEVER_S,
) -> None:
    """Plays a story about the streams of one replica."""

    async def play() -> None:
        streams = Streams(office.server, pool, beat_s, poll_s)
        try:
            await story(streams)
        finally:
            streams.end()

    asyncio.run(play())


def test_a_stream_begins_with_the_digest_of_all_that_its_person_reads(
    office: Office, desk: Desk, pool: Executor
) -> None:
    desk.save("a", b"1")

    async def story(streams: Streams) -> None:
        beat = await Ear(streams.listen(desk.caller, "start")).next()
        heads = spaces.heads(office.server, desk.caller)
        assert beat == events.Beat(digest=heads.digest, time_ms=office.clock.now_ms)

    run(office, pool, story)


def test_a_beat_is_read_from_the_database_again_each_time(office: Office, desk: Desk, pool: Executor) -> None:
    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(desk.caller, "start"))
        first = await ear.until(events.Beat)
        desk.save("a", b"1")
        beats = [await ear.until(events.Beat) for _ in range(3)]
        assert first.digest != beats[-1].digest == spaces.heads(office.server, desk.caller).digest

    run(office, pool, story, beat_s=OFTEN_S)


def test_what_another_replica_commits_is_told_between_two_beats(
    office: Office, desk: Desk, pool: Executor
) -> None:
    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(desk.caller, "start"))
        await ear.until(events.Beat)
        state = desk.save("a", b"1")
        moved = await ear.until(events.HeadMoved)
        while moved.space != desk.space or moved.seq < state.seq:
            moved = await ear.until(events.HeadMoved)
        assert moved == events.HeadMoved(space=desk.space, seq=state.seq)

    run(office, pool, story, poll_s=OFTEN_S)


def test_who_reads_slowly_hears_only_the_newest(office: Office, desk: Desk, pool: Executor) -> None:
    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(desk.caller, "start"))
        await ear.until(events.Beat)
        for seq in range(10, 1_000):
            streams.head(desk.space, seq, OTHER)
        streams.head(desk.space, 500, OTHER)
        await asyncio.sleep(0)  # What was said from threads is taken in.
        assert await ear.next() == events.HeadMoved(space=desk.space, seq=999)
        streams.head(desk.space, 1_000, OTHER)
        assert await ear.next() == events.HeadMoved(space=desk.space, seq=1_000)

    run(office, pool, story)


def test_who_has_moved_a_head_is_told_by_the_answer_alone(office: Office, desk: Desk, pool: Executor) -> None:
    second = Desk(office, "anna")

    async def story(streams: Streams) -> None:
        mine, other = (Ear(streams.listen(each.caller, "start")) for each in (desk, second))
        for ear in (mine, other):
            await ear.until(events.Beat)
        streams.head(desk.space, 50, desk.caller.device)
        assert await other.next() == events.HeadMoved(space=desk.space, seq=50)
        streams.head(desk.space, 60, second.caller.device)
        assert await mine.next() == events.HeadMoved(space=desk.space, seq=60)

    run(office, pool, story)


def test_nobody_hears_of_a_space_that_he_may_not_read(office: Office, desk: Desk, pool: Executor) -> None:
    clara = Desk(office, "clara")

    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(clara.caller, "start"))
        await ear.until(events.Beat)
        streams.head(desk.space, 50, OTHER)
        streams.head(clara.space, 60, OTHER)
        assert await ear.next() == events.HeadMoved(space=clara.space, seq=60)

    run(office, pool, story)


def test_a_person_who_is_let_in_or_shut_out_hears_of_it(office: Office, desk: Desk, pool: Executor) -> None:
    clara = Desk(office, "clara")

    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(clara.caller, "start"))
        await ear.until(events.Beat)
        give_role(office, desk.space, office.clara, Role.VIEWER)
        await ear.until(events.RightsChanged)
        with office.server.database.begin() as tx:
            directory.set_user_state(office.server, tx, "clara", "disabled")
        await ear.until(events.SessionEnded)
        await ear.ended()

    run(office, pool, story, beat_s=OFTEN_S)


def test_a_newer_stream_of_a_device_ends_the_older(office: Office, desk: Desk, pool: Executor) -> None:
    async def story(streams: Streams) -> None:
        older = Ear(streams.listen(desk.caller, "start"))
        await older.until(events.Beat)
        newer = Ear(streams.listen(desk.caller, "start"))
        await newer.until(events.Beat)
        await older.ended()
        streams.head(desk.space, 70, OTHER)
        assert await newer.next() == events.HeadMoved(space=desk.space, seq=70)

    run(office, pool, story)


def test_a_copy_of_a_device_is_refused_when_the_first_comes_back(
    office: Office, desk: Desk, pool: Executor
) -> None:
    async def story(streams: Streams) -> None:
        streams.listen(desk.caller, "first")
        streams.listen(desk.caller, "copy")
        streams.listen(desk.caller, "first")
        with pytest.raises(Failure) as caught:
            streams.listen(desk.caller, "copy")
        assert caught.value.code is Code.DEVICE_CLONED
        for nonce in ("", "x" * 65):
            with pytest.raises(Failure) as caught:
                streams.listen(desk.caller, nonce)
            assert caught.value.code is Code.BAD_REQUEST

    run(office, pool, story)


# Rights


def shared_with(who: NewMember, office: Office) -> tuple[Desk, Callable[[], object]]:
    """Answers Boris's desk, and what shares a folder of his."""
    boris = Desk(office, "boris")
    [folder] = boris.do(boris.mkdir("plans"))
    return boris, lambda: share(boris, folder, who)


@pytest.mark.parametrize(
    "who", [user("clara"), group("Budget"), division("Health/Doctors")], ids=lambda who: who.kind
)
@pytest.mark.parametrize("replica", ["the same", "another"])
def test_whoever_is_concerned_by_a_change_of_members_is_told_before_the_next_beat(
    office: Office, pool: ThreadPoolExecutor, who: Principal, replica: str
) -> None:
    with office.server.database.begin() as tx:
        directory.add_group(office.server, tx, "Budget")
        directory.add_to_group(office.server, tx, "Budget", "clara")
        directory.add_division(office.server, tx, "Health/Doctors")
        below = directory.add_division(office.server, tx, "Health/Doctors/Surgeons")
        tx.execute(update(tables.user).where(tables.user.c.id == office.clara).values(unit=below))
    clara = office.caller("clara")
    boris, give = shared_with(NewMember(who, Role.VIEWER), office)

    async def story(streams: Streams) -> None:
        ear, other = Ear(streams.listen(clara, "a")), Ear(streams.listen(boris.caller, "b"))
        await ear.until(events.Beat)
        await other.until(events.Beat)
        info = await asyncio.to_thread(give)
        if replica == "the same":
            streams.rights()
        await ear.until(events.RightsChanged)
        await ear.until(events.Beat)
        await other.until(events.RightsChanged)
        # What is new to the desk is heard of as everything else.
        there = inside(boris, info)  # type: ignore[arg-type]
        await asyncio.to_thread(there.save, "a", b"1")
        streams.head(there.space, 10**6)
        assert (await ear.until(events.HeadMoved)).space == there.space
        await asyncio.to_thread(set_member, boris, there.space, who, None)
        if replica == "the same":
            streams.rights()
        await ear.until(events.RightsChanged)

    run(office, pool, story, poll_s=NEVER_S if replica == "the same" else OFTEN_S)


def test_members_of_the_space_around_are_told_of_what_comes_with_it(
    office: Office, pool: ThreadPoolExecutor
) -> None:
    anna, boris = office.caller("anna"), Desk(office, "boris", "Planning")
    [folder] = boris.do(boris.mkdir("plans"))

    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(anna, "a"))
        await ear.until(events.Beat)
        await asyncio.to_thread(share, boris, folder)
        streams.rights()
        await ear.until(events.RightsChanged)

    run(office, pool, story)


def test_a_device_that_is_signed_out_is_told_at_once_and_no_other_of_that_person(
    office: Office, pool: ThreadPoolExecutor
) -> None:
    gone, stays = office.caller("clara"), office.caller("clara")

    async def story(streams: Streams) -> None:
        ears = [Ear(streams.listen(each, "a")) for each in (gone, stays)]
        for ear in ears:
            await ear.until(events.Beat)
        with office.server.database.begin() as tx:
            fleet.sign_out(office.server, tx, gone.device)
        streams.rights()
        await ears[0].until(events.SessionEnded)
        await ears[0].ended()
        assert isinstance(await ears[1].next(), events.Beat)

    run(office, pool, story)


def test_an_order_is_heard_at_once_and_with_each_beat_by_that_device_alone(
    office: Office, pool: ThreadPoolExecutor
) -> None:
    meant, other = office.caller("clara"), office.caller("clara")

    async def story(streams: Streams) -> None:
        ears = [Ear(streams.listen(each, "a")) for each in (meant, other)]
        for ear in ears:
            await ear.until(events.Beat)
        with office.server.database.begin() as tx:
            assert wipes.order(office.server, tx, meant.device)
            order = wipes.standing(tx, [meant.device])[meant.device]
        streams.rights()
        for _ in range(2):
            assert await ears[0].until(events.Wipe) == events.Wipe(order=order.id, epoch=order.epoch)
        assert all([isinstance(await ears[1].next(), events.Beat) for _ in range(3)])

    run(office, pool, story, beat_s=OFTEN_S * 10)


def test_an_order_is_heard_before_the_next_beat(office: Office, pool: ThreadPoolExecutor) -> None:
    clara = office.caller("clara")

    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(clara, "a"))
        await ear.until(events.Beat)
        with office.server.database.begin() as tx:
            assert wipes.order(office.server, tx, clara.device)
        await ear.until(events.Wipe)

    run(office, pool, story, poll_s=OFTEN_S)


def test_that_a_desk_listens_is_noted_and_a_full_disk_keeps_no_beat_back(
    office: Office, desk: Desk, pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise Failure(Code.STORE_FULL)

    def seen() -> list[object]:
        return [row["seen_ms"] for row in rows(office, tables.device)]

    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(desk.caller, "a"))
        await ear.until(events.Beat)
        office.clock.now_ms += fleet.SEEN_EVERY_MS
        for _ in range(2):
            await ear.until(events.Beat)
        assert seen() == [office.clock.now_ms]
        office.clock.now_ms += fleet.SEEN_EVERY_MS
        monkeypatch.setattr(fleet, "note_seen", full)
        for _ in range(3):
            await ear.until(events.Beat)
        assert seen() != [office.clock.now_ms]

    run(office, pool, story, beat_s=OFTEN_S)


def test_who_is_disabled_is_told_at_once(office: Office, pool: ThreadPoolExecutor) -> None:
    clara = office.caller("clara")

    async def story(streams: Streams) -> None:
        ear = Ear(streams.listen(clara, "a"))
        await ear.until(events.Beat)
        with office.server.database.begin() as tx:
            directory.set_user_state(office.server, tx, "clara", "disabled")
        await ear.until(events.SessionEnded)

    run(office, pool, story, poll_s=OFTEN_S)
