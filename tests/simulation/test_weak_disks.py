"""What a desk does on a disk where others write unseen, nobody sees a writer, and numbers do not last (R5, R11, R45)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.medium import Inode
from tests.simulation.stage import CALM, Stage, held, save, seen

LOOK_AGAIN_MS = 61_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, msgspec.structs.replace(CALM, network=True))
    yield made
    made.close()


def inode(desk: SimDesk, name: str) -> Inode:
    return desk.medium.resolve((*ROOT, name))


def agree(world: Stage) -> str:
    world.settle()
    one, other = map(seen, world.desks)
    assert one == other
    return one


def test_a_save_that_no_watcher_told_of_is_found_within_minutes(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=by-another-machine")
    assert office.watcher is not None
    while office.watcher.waiting:
        office.watcher.lose()
    world.wait(2 * LOOK_AGAIN_MS)
    assert seen(home) == "a.txt=by-another-machine"


def test_a_write_through_an_old_handle_comes_back_as_a_second_version(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=first")
    agree(world)
    program = inode(home, "a.txt")
    home.medium.opened(program, write=True)
    save(office, "a.txt=second")
    world.wait(12_000)
    assert seen(home) == "a.txt=second"
    home.medium.set_data(program, b"third", home.name)
    home.medium.closed(program, write=True)
    assert "a.txt=second" in agree(world)
    assert held(home) == ["second", "third"]


def test_a_store_through_a_mapping_that_moves_no_time_is_found_by_a_second_hash(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.bin=first")
    world.wait(12_000)
    assert seen(home) == "a.bin=first"
    mapped = inode(office, "a.bin")
    mapped.page_dirty = True  # It was stored to just after the flush, so the next store moves no time (F5).
    before = mapped.stat()
    office.medium.set_data(mapped, b"later", office.name, by_mapping=True)
    assert mapped.stat() == before
    world.wait(2 * LOOK_AGAIN_MS)
    assert seen(home) == "a.bin=later"


def test_what_was_displaced_is_no_second_version_only_because_the_disk_was_mounted_anew(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=first")
    agree(world)
    save(office, "a.txt=second")
    world.drain()
    home.end()
    home.begin()
    world.clock.advance(LOOK_AGAIN_MS)
    assert agree(world) == "a.txt=second"


def test_who_saves_in_the_gap_keeps_his_file_and_both_versions_stay(world: Stage) -> None:
    """Without an exchange a replaced name is free for a moment (R15)."""
    office, home = world.desks
    save(office, "a.txt=first")
    agree(world)
    before, gaps = home.fs.before, []

    def interrupted(primitive: str, arguments: tuple[object, ...]) -> None:
        if not gaps and "a.txt" not in home.medium.resolve(ROOT).entries:
            gaps.append(primitive)
            save(home, "a.txt=in-the-gap")
        before(primitive, arguments)

    home.fs.before = interrupted
    save(office, "a.txt=second")
    agree(world)
    assert gaps
    assert held(home) == ["in-the-gap", "second"]
