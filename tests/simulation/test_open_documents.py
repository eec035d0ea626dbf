"""A newer version waits while a document is open here, in the team's folder as in one's own (R13)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.store import problems
from govsync.system.fs import Shape
from tests.simulation.desks import ROOT, SimDesk
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
