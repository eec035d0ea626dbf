"""A newer version waits while a document is open here, in the team's folder as in one's own (R13)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.store import problems
from tests.simulation.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, seed=1, desks=2)
    made.settle()
    yield made
    made.close()


def pass_time(world: World) -> None:
    for _ in range(20):
        for desk in world.desks:
            desk.beat()
            while desk.turn():
                pass
        world.clock.steady_ms += 2_500


@pytest.mark.parametrize("folder", ["", "Team/"])
def test_a_newer_version_waits_while_a_lock_file_lies_beside_the_document(world: World, folder: str) -> None:
    office, home = world.desks
    path, lock = f"{folder}x.odt", f"{folder}.~lock.x.odt#"
    (office.folder / path).write_bytes(b"one")
    office.hint(*Path(path).parts)
    world.settle()
    (home.folder / lock).write_bytes(b"anna")
    home.hint(*Path(lock).parts)
    pass_time(world)
    (office.folder / path).write_bytes(b"two")
    office.hint(*Path(path).parts)
    pass_time(world)
    assert (home.folder / path).read_bytes() == b"one"
    assert [row.problem.code for row in problems.listed(home.store)] == [Code.OPEN_HERE]
    (home.folder / lock).unlink()
    home.hint(*Path(lock).parts)
    world.settle()
    assert (home.folder / path).read_bytes() == b"two"
