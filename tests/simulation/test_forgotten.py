"""A desk loses its database while a person's bytes lie only in its hidden folders (R17, R40, I1)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govsync.engine.reclaiming import AGAIN_MS
from govsync.local.steps import STATE
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.store import trash
from tests.simulation.checks import check_i9
from tests.simulation.desks import RESCUED, ROOT, SimDesk
from tests.simulation.stage import Stage, move, save, seen


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def rescued(desk: SimDesk) -> list[bytes]:
    return sorted(inode.data for inode in desk.medium.resolve(RESCUED).entries.values())


def hidden(desk: SimDesk, folder: str) -> list[bytes]:
    return sorted(inode.data for inode in desk.medium.resolve((*ROOT, STATE, folder)).entries.values())


def refuse(desk: SimDesk, refused: Callable[[str], bool]) -> Callable[[], None]:
    """Lets some calls of a desk fail; answers what ends that."""
    request = desk.line.request

    def refusing(name: str) -> bool:
        if refused(name):
            raise Failure(Code.OFFLINE)
        return request(name)

    def end() -> None:
        desk.line.request = request  # type: ignore[method-assign]

    desk.line.request = refusing  # type: ignore[method-assign]
    return end


def until_parked(desk: SimDesk, world: Stage) -> None:
    for turn in range(20_000):
        if hidden(desk, "parking"):
            return
        desk.hear()
        desk.ask()
        desk.hint()
        if desk.fibers:
            desk.advance(turn % len(desk.fibers), 1)
        world.clock.advance(5)
    raise AssertionError("nothing was ever parked")


def test_an_unsent_file_in_a_folder_that_was_parked_is_rescued(world: Stage) -> None:
    office, home = world.desks
    save(office, "P/p=p Q/q=q")
    world.settle()
    world.cut_off(home)
    move(office, "P", "T")
    move(office, "Q", "P")
    move(office, "T", "Q")
    world.settle(office)
    for folder in "PQ":
        save(home, f"{folder}/unsent-{folder}=unsent-{folder}")
    end = refuse(home, lambda name: name == "commit")
    home.line.state = "good"
    until_parked(home, world)
    home.lose_memory()
    end()
    world.settle()
    world.wait(2 * AGAIN_MS)
    check_i9(world)
    assert hidden(home, "parking") == []
    kept = set(rescued(home)) | {word.partition("=")[2].encode() for word in seen(home).split()}
    assert {b"unsent-P", b"unsent-Q", b"p", b"q"} <= kept


def test_all_spaces_are_asked_before_anything_is_known_for_lost(world: Stage) -> None:
    """A file of the team's is not known in one's own space, and a space that cannot be asked says nothing."""
    office, home = world.desks
    save(office, "Team/report=one")
    world.settle()
    world.wait(120_000)
    save(office, "Team/report=two")
    world.settle()
    assert hidden(home, "trash") == [b"one"]
    questions: list[str] = []

    def once(name: str) -> bool:
        questions.extend([name] * (name == "known"))
        return name == "known" and len(questions) == 1

    end = refuse(home, once)
    home.lose_memory()
    world.settle()
    end()
    world.wait(2 * AGAIN_MS)
    assert len(questions) == 4
    assert [row.rev for row in trash.listed(home.store)] == [trash.HAD]
    assert rescued(home) == []
