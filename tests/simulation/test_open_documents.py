"""A newer version waits while a document is open here, in the team's folder as in one's own (R13)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.model.codes import Code
from govsync.store import problems
from govsync.system.fs import Shape
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.hints import visible
from tests.simulation.stage import Stage, delete, held, save


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def shown(desk: SimDesk, path: str) -> bytes:
    return desk.medium.resolve((*ROOT, *path.split("/"))).data


@pytest.mark.parametrize("folder", ["", "Team/"])
def test_a_newer_version_waits_while_a_lock_file_lies_beside_the_document(world: Stage, folder: str) -> None:
    office, home = world.desks
    path, lock = f"{folder}x.odt", f"{folder}.~lock.x.odt#"
    save(office, f"{path}=one")
    world.settle()
    home.medium.make(
        home.medium.resolve((*ROOT, *folder.split("/")[:-1])), lock.rpartition("/")[2], Shape.FILE, "anna"
    )
    world.wait(50_000)
    save(office, f"{path}=two")
    world.wait(50_000)
    assert shown(home, path) == b"one"
    assert [row.problem.code for row in problems.listed(home.store)] == [Code.OPEN_HERE]
    delete(home, lock)
    world.settle()
    assert shown(home, path) == b"two"


def test_both_versions_are_kept_only_when_the_document_is_closed(world: Stage) -> None:
    """Else the next saving of the program, which knows its own version alone, would go over the other one."""
    office, home = world.desks
    save(office, "x.odt=one")
    world.settle()
    home.medium.make(home.medium.resolve(ROOT), ".~lock.x.odt#", Shape.FILE, "anna")
    world.wait(50_000)
    save(office, "x.odt=two")
    save(home, "x.odt=three")
    world.wait(50_000)
    save(home, "x.odt=four")
    world.wait(50_000)
    assert (shown(office, "x.odt"), shown(home, "x.odt")) == (b"two", b"four")
    delete(home, ".~lock.x.odt#")
    world.settle()
    for desk in world.desks:
        files = [inode.data for _, inode in visible(desk.medium, ROOT) if inode.shape is Shape.FILE]
        assert sorted(files) == [b"four", b"two"]


@pytest.mark.parametrize("told", ["told", "told by nothing", "told by nothing before a start"])
def test_a_save_in_the_moment_in_which_the_one_before_was_moved_to_a_conflict_name_is_found(
    world: Stage, told: str
) -> None:
    """It has the size and the times of the first one: whoever was read so shortly after a save is read again (R4)."""
    office, home = world.desks
    save(office, "x.txt=one")
    world.settle()
    world.cut_off(home)
    save(office, "x.txt=two")
    world.settle(office)
    save(home, "x.txt=3-a")
    home.line.state = "good"
    assert home.watcher is not None
    while home.watcher.waiting:
        home.hint()
    world.perils = msgspec.structs.replace(world.perils, lost_hints=float(told != "told"))
    world.unsettled = True
    world.drain()
    [copy] = [path for path, _ in visible(home.medium, ROOT) if "conflict" in path[-1]]
    inode = home.medium.resolve((*ROOT, *copy))
    times = inode.mtime_ns, inode.ctime_ns
    home.medium.set_data(inode, b"3-b", home.name)
    assert (inode.mtime_ns, inode.ctime_ns) == times
    if told == "told by nothing before a start":
        home.end()
        home.begin()
    world.wait(120_000)
    assert held(office) == held(home) == ["3-b", "two"]
