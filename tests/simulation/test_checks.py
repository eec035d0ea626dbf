"""Each check can fail: a world at rest is spoilt in one way, and the check for it, which held before, says so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.server.db import tables
from govsync.store import problems, spaces
from govsync.system.fs import Shape
from tests.simulation import checks
from tests.simulation.desks import ROOT
from tests.simulation.medium import GOVSYNC
from tests.simulation.programs import ELSEWHERE
from tests.simulation.stage import Stage, save
from tests.simulation.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    save(made.desks[0], "a.txt=one")
    made.ledger.finish(b"one", "a.txt")
    made.settle()
    yield made
    made.close()


def lose_everywhere(world: World) -> None:
    for desk in world.desks:
        desk.medium.unlink(desk.medium.resolve(ROOT), "a.txt")


def spoil_one_byte(world: World) -> None:
    inode = world.desks[1].medium.resolve((*ROOT, "a.txt"))
    assert inode.author == GOVSYNC
    inode.data = b"on"


def send_twice(world: World) -> None:
    with world.database.begin() as tx:
        row = tx.execute(select(tables.revision)).mappings().first()
        assert row is not None
        tx.execute(insert(tables.revision).values({**row, "id": b"twice".ljust(16), "seq": row["seq"] + 1}))


def purge_what_was_never_sent(world: World) -> None:
    desk = world.desks[0]
    desk.line.state = "cut"
    save(desk, "b.txt=never-sent")
    world.ledger.finish(b"never-sent", "b.txt")
    with desk.fs.root() as root:
        desk.fs.unlink(root, "b.txt")


def change_a_byte_unheard(world: World) -> None:
    desk = world.desks[0]
    desk.medium.resolve((*ROOT, "a.txt")).data = b"One"


def show_what_the_server_has_not(world: World) -> None:
    change_a_byte_unheard(world)
    for desk in world.desks:
        desk.hear()


def delete_on_the_server(world: World) -> None:
    lose_everywhere(world)
    with world.server.database.begin() as tx:
        tx.execute(update(tables.node).where(tables.node.c.name == "a.txt").values(deleted_seq=9))


def take_the_history_for_another(world: World) -> None:
    for space in spaces.all_spaces(world.desks[0].store):
        world.desks[0].engine.following.reread(space.id)
    world.drain()


def write_outside(world: World) -> None:
    medium = world.desks[0].medium
    medium.make(medium.resolve((ELSEWHERE,)), "x", Shape.FILE, GOVSYNC)


def show_a_stranger(world: World) -> None:
    medium = world.desks[0].medium
    inode = medium.make(medium.resolve(ROOT), "x", Shape.FILE, GOVSYNC)
    medium.set_data(inode, b"a stranger's", GOVSYNC)


def show_more_than_there_is(world: World) -> None:
    save(world.desks[1], "b.txt=two")


def keep_a_problem(world: World) -> None:
    problems.raise_for(world.desks[0].store, 1, Problem(Code.BUSY), 0)


def miss_the_last_beats(world: World) -> None:
    world.desks[0].line.state = "dead"
    world.clock.advance(60_000)


def make_a_copy_in_silence(world: World) -> None:
    save(world.desks[0], "a_(conflict,_PC0,_x).txt=one")
    folder = world.desks[0].medium.resolve(ROOT)
    world.desks[0].medium.rename(
        folder, "a_(conflict,_PC0,_x).txt", folder, "a (conflict, PC0, x).txt", replace=False
    )


def join_without_a_cause(world: World) -> None:
    world.desks[0].joined += 1


def make_twins(world: World) -> None:
    save(world.desks[0], "A.TXT=two")


def leave_something_parked(world: World) -> None:
    medium = world.desks[0].medium
    medium.make(medium.resolve((*ROOT, ".govsync", "parking")), "7", Shape.FOLDER, GOVSYNC)


def take_the_right_to_write(world: World) -> None:
    medium = world.desks[0].medium
    medium.set_write(medium.resolve((*ROOT, "a.txt")), False)


SPOILT: list[tuple[Callable[[World], None], Callable[[World], None]]] = [
    (checks.check_i1, lose_everywhere),
    (checks.check_i2_i3, spoil_one_byte),
    (checks.check_i4, send_twice),
    (checks.check_i5, purge_what_was_never_sent),
    (checks.check_i6, delete_on_the_server),
    (checks.check_i6_history, take_the_history_for_another),
    (checks.check_i6_doubt, join_without_a_cause),
    (checks.check_i7, write_outside),
    (checks.check_i8, show_a_stranger),
    (checks.check_i9, show_more_than_there_is),
    (checks.check_i9_rest, show_more_than_there_is),
    (checks.check_i10, keep_a_problem),
    (checks.check_r38, take_the_right_to_write),
    (checks.check_i11, change_a_byte_unheard),
    (checks.check_i13_running, show_what_the_server_has_not),
    (checks.check_i13, miss_the_last_beats),
    (checks.check_i14, make_a_copy_in_silence),
    (checks.check_i15, make_twins),
    (checks.check_i16, leave_something_parked),
]


@pytest.mark.parametrize(("check", "spoil"), SPOILT, ids=lambda each: each.__name__)
def test_a_check_holds_on_a_sound_world_and_not_on_a_spoilt_one(
    world: Stage, check: Callable[[World], None], spoil: Callable[[World], None]
) -> None:
    check(world)
    spoil(world)
    with pytest.raises(AssertionError, match=r"^[IR]\d+"):
        check(world)
