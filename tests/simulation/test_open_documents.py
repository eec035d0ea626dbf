"""A newer version waits while a document is open here, in the team's folder as in one's own (R13)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.store import problems
from govsync.system.fs import Shape
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.hints import visible
from tests.simulation.stage import Stage, delete, save


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
