"""`wait` includes whatever was saved, here or elsewhere, before it was asked (R43)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.engine import events, jobs
from govsync.engine.barrier import MARK_MS
from govsync.engine.report import at_rest
from govsync.local.root import COOKIE_PREFIX
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.simulation.desks import SimDesk
from tests.simulation.fibers import Fiber
from tests.simulation.stage import CALM, Stage, save, seen

TO_ITS_END = 1 << 30


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def marks(desk: SimDesk, but: Fiber | None = None) -> list[str]:
    """Lets a desk work, all jobs but one, without a word of its watcher; answers the marks that it made."""
    made: list[str] = []
    desk.ask()
    while able := [index for index, (_, fiber) in enumerate(desk.fibers) if fiber is not but]:
        job, _ = desk.fibers[able[0]]
        if isinstance(job, jobs.Mark):
            made.append(job.name)
        desk.advance(able[0], TO_ITS_END)
    return made


def work(desk: SimDesk) -> None:
    """Lets a desk work, without a word of its watcher."""
    marks(desk)


def unheard(desk: SimDesk, line: str) -> None:
    """Lets the person save something, and the watcher lose it."""
    save(desk, line)
    assert desk.watcher is not None
    while desk.watcher.waiting:
        desk.watcher.lose()


def ended(desk: SimDesk, moment: int) -> bool:
    return desk.engine.barriers.passed(moment) and at_rest(desk.engine)


def until_ended(desk: SimDesk, moment: int) -> None:
    """Lets time pass until a wait ends."""
    for _ in range(500):
        work(desk)
        if ended(desk, moment):
            return
        desk.world.clock.advance(20)
    raise AssertionError("the wait never ends")


def on_the_server(desk: SimDesk, name: str) -> bool:
    return bool(desk.store.value("SELECT r_hash IS NOT NULL FROM node WHERE l_name = ?", (name,)))


def test_a_wait_on_a_watched_folder_looks_at_nothing_and_ends_with_its_mark(world: Stage) -> None:
    desk = world.desks[0]
    scanned, moment = desk.engine.observing.scanned, desk.engine.barriers.ask()
    (name,) = marks(desk)
    assert not ended(desk, moment)
    desk.tell(events.MarkSeen(name))
    work(desk)
    assert ended(desk, moment)
    assert desk.engine.observing.scanned == scanned


def test_what_was_told_before_the_mark_is_on_the_server_when_the_wait_ends(world: Stage) -> None:
    office, home = world.desks
    unheard(office, "d/a.txt=saved")
    moment = office.engine.barriers.ask()
    (name,) = marks(office)
    # The folder was made a moment ago: the watcher tells of it alone, and then of the mark.
    office.tell(events.Hint((), "d"))
    office.tell(events.MarkSeen(name))
    until_ended(office, moment)
    assert on_the_server(office, "a.txt")
    world.settle()
    assert seen(home) == "d/a.txt=saved"


def test_a_mark_that_is_not_seen_is_replaced_by_a_look_at_everything(world: Stage) -> None:
    desk = world.desks[0]
    unheard(desk, "a.txt=saved")
    moment = desk.engine.barriers.ask()
    assert len(marks(desk)) == 1
    world.clock.advance(MARK_MS - 1)
    work(desk)
    assert not desk.engine.barriers.passed(moment)
    world.clock.advance(1)
    until_ended(desk, moment)
    assert on_the_server(desk, "a.txt")


def test_a_mark_that_cannot_be_made_is_replaced_by_a_look_at_everything(world: Stage) -> None:
    desk = world.desks[0]
    before = desk.fs.before

    def refused(primitive: str, arguments: tuple[object, ...]) -> None:
        if primitive == "create" and str(arguments[0]).startswith(COOKIE_PREFIX):
            raise Failure(Code.DISK_FULL)
        before(primitive, arguments)

    desk.fs.before = refused
    unheard(desk, "a.txt=saved")
    moment = desk.engine.barriers.ask()
    until_ended(desk, moment)
    assert on_the_server(desk, "a.txt")


def test_somebody_who_asks_while_a_mark_is_out_gets_one_of_his_own(world: Stage) -> None:
    desk = world.desks[0]
    first = desk.engine.barriers.ask()
    (one,) = marks(desk)
    second = desk.engine.barriers.ask()
    assert marks(desk) == []
    desk.engine.handle(events.MarkSeen(one), world.clock.now())
    (two,) = marks(desk)
    assert desk.engine.barriers.passed(first)
    assert not desk.engine.barriers.passed(second)
    desk.tell(events.MarkSeen(two))
    work(desk)
    assert ended(desk, second)


def test_a_look_at_everything_that_began_before_says_nothing(world: Stage) -> None:
    desk = world.desks[0]
    desk.tell(events.Watching(healthy=False))
    desk.engine.observing.scan()
    desk.ask()
    moment, scanned = desk.engine.barriers.ask(), desk.engine.observing.scanned
    while desk.engine.observing.scanned == scanned:
        desk.advance(0, TO_ITS_END)
        assert not desk.engine.barriers.passed(moment)
    work(desk)
    assert desk.engine.barriers.passed(moment)


def test_heads_that_were_asked_for_before_say_nothing(world: Stage) -> None:
    office, home = world.desks
    home.engine.following.begin()
    home.ask()
    asked = next(fiber for job, fiber in home.fibers if isinstance(job, jobs.AskHeads))
    home.advance([fiber for _, fiber in home.fibers].index(asked), 1)
    assert asked.at == "answer heads"
    save(office, "a.txt=by-a-colleague")
    office.tell(events.Hint((), "a.txt"))
    work(office)
    moment = home.engine.barriers.ask()
    (name,) = marks(home, but=asked)
    home.tell(events.MarkSeen(name))
    home.advance([fiber for _, fiber in home.fibers].index(asked), TO_ITS_END)
    assert not home.engine.barriers.passed(moment)
    until_ended(home, moment)
    assert seen(home) == "a.txt=by-a-colleague"


def test_on_a_disk_where_others_write_a_wait_looks_at_everything(tmp_path: Path) -> None:
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=1, network=True))
    desk = world.desks[0]
    unheard(desk, "a.txt=by-another-machine")
    moment = desk.engine.barriers.ask()
    assert marks(desk) == []
    until_ended(desk, moment)
    assert on_the_server(desk, "a.txt")
    world.close()
