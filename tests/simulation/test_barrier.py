"""`wait` includes whatever was saved, here or elsewhere, before it was asked (R43)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.engine import events, jobs
from govsync.engine.barrier import MARK_MS
from govsync.engine.report import at_rest
from govsync.local.root import COOKIE_PREFIX
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.simulation.world import Desk, World
from tests.system.lacking import Network


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world", 1, desks=2)
    made.settle()
    yield made
    made.close()


def work(desk: Desk) -> None:
    while desk.turn():
        pass  # All of it is in the turn.


def ended(desk: Desk, moment: int) -> bool:
    return desk.engine.barriers.passed(moment) and at_rest(desk.engine)


def until_ended(desk: Desk, moment: int) -> None:
    """Lets time pass until a wait ends."""
    for _ in range(100):
        work(desk)
        if ended(desk, moment):
            return
        desk.world.clock.steady_ms += 20
    raise AssertionError("the wait never ends")


def marks(desk: Desk) -> list[str]:
    """Lets a desk work; answers the marks that it made."""
    made: list[str] = []
    say = desk.world.say

    def listening(who: Desk, what: object) -> None:
        if who is desk and isinstance(what, jobs.Mark):
            made.append(what.name)
        say(who, what)

    desk.world.say = listening  # type: ignore[method-assign]
    try:
        work(desk)
    finally:
        desk.world.say = say  # type: ignore[method-assign]
    return made


def test_a_wait_on_a_watched_folder_looks_at_nothing_and_ends_with_its_mark(world: World) -> None:
    desk = world.desks[0]
    scanned, moment = desk.engine.observing.scanned, desk.engine.barriers.ask()
    (name,) = marks(desk)
    assert not ended(desk, moment)
    desk.tell(events.MarkSeen(name))
    work(desk)
    assert ended(desk, moment)
    assert desk.engine.observing.scanned == scanned


def test_what_was_told_before_the_mark_is_on_the_server_when_the_wait_ends(world: World) -> None:
    office, home = world.desks
    (office.folder / "d").mkdir()
    (office.folder / "d/a.txt").write_bytes(b"saved")
    moment = office.engine.barriers.ask()
    (name,) = marks(office)
    # The folder was made a moment ago: the watcher tells of it alone, and then of the mark.
    office.hint("d")
    office.tell(events.MarkSeen(name))
    until_ended(office, moment)
    home.beat()
    world.settle()
    assert home.tree()["d/a.txt"] == b"saved"


def test_a_mark_that_is_not_seen_is_replaced_by_a_look_at_everything(world: World) -> None:
    desk = world.desks[0]
    (desk.folder / "a.txt").write_bytes(b"saved, and the watcher lost it")
    moment = desk.engine.barriers.ask()
    assert len(marks(desk)) == 1
    world.clock.steady_ms += MARK_MS - 1
    work(desk)
    assert not desk.engine.barriers.passed(moment)
    world.clock.steady_ms += 1
    until_ended(desk, moment)
    assert desk.store.value("SELECT r_hash IS NOT NULL FROM node WHERE l_name = 'a.txt'")


def test_a_mark_that_cannot_be_made_is_replaced_by_a_look_at_everything(world: World) -> None:
    desk = world.desks[0]
    create = desk.disk.create

    def refused(folder: object, name: str) -> object:
        if name.startswith(COOKIE_PREFIX):
            raise Failure(Code.DISK_FULL)
        return create(folder, name)

    desk.disk.create = refused
    (desk.folder / "a.txt").write_bytes(b"saved")
    moment = desk.engine.barriers.ask()
    until_ended(desk, moment)
    assert desk.store.value("SELECT r_hash IS NOT NULL FROM node WHERE l_name = 'a.txt'")


def test_somebody_who_asks_while_a_mark_is_out_gets_one_of_his_own(world: World) -> None:
    desk = world.desks[0]
    first = desk.engine.barriers.ask()
    (one,) = marks(desk)
    second = desk.engine.barriers.ask()
    assert marks(desk) == []
    desk.tell(events.MarkSeen(one))
    (two,) = marks(desk)
    assert desk.engine.barriers.passed(first)
    assert not desk.engine.barriers.passed(second)
    desk.tell(events.MarkSeen(two))
    work(desk)
    assert ended(desk, second)


def test_a_look_at_everything_that_began_before_says_nothing(world: World) -> None:
    desk = world.desks[0]
    desk.tell(events.Watching(healthy=False))
    desk.engine.observing.scan()
    look = next(job for job in desk.engine.start(world.clock.now()) if isinstance(job, jobs.Look))
    desk.waiting.append(look)
    moment, scanned = desk.engine.barriers.ask(), desk.engine.observing.scanned
    while desk.engine.observing.scanned == scanned:
        assert desk.turn()
        assert not desk.engine.barriers.passed(moment)
    work(desk)
    assert desk.engine.barriers.passed(moment)


def test_heads_that_were_asked_for_before_say_nothing(world: World) -> None:
    office, home = world.desks
    home.engine.following.begin()
    started = home.engine.start(world.clock.now())
    asked = next(job for job in started if isinstance(job, jobs.AskHeads))
    home.waiting.extend(job for job in started if job is not asked)
    stale = jobs.HeadsTold(home.calls.heads())
    (office.folder / "a.txt").write_bytes(b"by a colleague")
    office.hint("a.txt")
    work(office)
    moment = home.engine.barriers.ask()
    (name,) = marks(home)
    home.tell(events.MarkSeen(name))
    home.tell(events.JobDone(asked, stale))
    assert not home.engine.barriers.passed(moment)
    until_ended(home, moment)
    assert home.tree()["a.txt"] == b"by a colleague"


def test_on_a_disk_where_others_write_a_wait_looks_at_everything(tmp_path: Path) -> None:
    world = World(tmp_path / "weak", 1, desks=1, disk=Network)
    world.settle()
    desk = world.desks[0]
    (desk.folder / "a.txt").write_bytes(b"by another machine")
    moment = desk.engine.barriers.ask()
    assert marks(desk) == []
    until_ended(desk, moment)
    assert desk.store.value("SELECT r_hash IS NOT NULL FROM node WHERE l_name = 'a.txt'")
    world.close()
