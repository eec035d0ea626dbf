"""What a person chooses not to have on a desk goes from it once the server has it, and is deleted nowhere (R26)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.engine.report import at_rest
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.protocol.session import Role
from govsync.store import activity, left_out, paths, problems
from tests.simulation.checks import (
    check_i9,
    check_i9_rest,
    check_i10,
    check_i11,
    check_i13,
    check_i15,
    check_i16,
)
from tests.simulation.copies import copy_home, put_home_back
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.stage import CALM, Stage, delete, leave_out, move, save, seen, take_in
from tests.simulation.views import server_tree


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    save(made.desks[0], "a.txt=a Big/ Big/b.txt=b Big/deep/ Big/deep/c.txt=c")
    made.settle()
    yield made
    made.close()


@pytest.fixture
def desk(world: Stage) -> SimDesk:
    """The desk that leaves something out."""
    return world.desks[0]


@pytest.fixture
def other(world: Stage) -> SimDesk:
    return world.desks[1]


EVERYTHING = "Big/b.txt=b Big/deep/c.txt=c a.txt=a"


def on_server(world: Stage) -> set[str]:
    return {path for path in server_tree(world.server, world.users[0]) if path != "Team"}


def well(world: Stage) -> None:
    """Lets everything be done; nothing is left to do then, and every desk shows what it shall."""
    world.settle()
    for check in (check_i9, check_i10, check_i11, check_i13, check_i15, check_i16, check_i9_rest):
        check(world)


def test_it_goes_from_this_desk_alone_and_comes_back(world: Stage, desk: SimDesk, other: SimDesk) -> None:
    leave_out(desk, "Big")
    well(world)
    assert seen(desk) == "a.txt=a"
    assert seen(other) == EVERYTHING
    take_in(desk, "Big")
    well(world)
    assert seen(desk) == EVERYTHING
    kinds = [row[2] for row in activity.latest(desk.store, 2, matching="Big")]
    assert kinds == ["taken_in", "left_out"]


def test_it_goes_without_a_server_and_what_is_unsent_stays_until_it_was_sent(
    world: Stage, desk: SimDesk, other: SimDesk
) -> None:
    world.cut_off(desk)
    save(desk, "Big/b.txt=edited Big/deep/new.txt=new")
    world.wait(20_000)
    leave_out(desk, "Big")
    world.wait(60_000)
    assert seen(desk) == "Big/b.txt=edited Big/deep/new.txt=new a.txt=a"
    assert not at_rest(desk.engine)
    well(world)
    assert seen(desk) == "a.txt=a"
    assert seen(other) == "Big/b.txt=edited Big/deep/c.txt=c Big/deep/new.txt=new a.txt=a"


def test_two_versions_stay_two(world: Stage, desk: SimDesk, other: SimDesk) -> None:
    world.cut_off(desk)
    save(desk, "Big/b.txt=mine")
    save(other, "Big/b.txt=theirs")
    world.wait(20_000)
    leave_out(desk, "Big")
    well(world)
    assert seen(desk) == "a.txt=a"
    take_in(desk, "Big")
    well(world)
    assert "=mine" in seen(desk)
    assert "=theirs" in seen(desk)


def test_what_happens_there_is_followed_and_nothing_is_fetched(
    world: Stage, desk: SimDesk, other: SimDesk
) -> None:
    leave_out(desk, "Big")
    world.settle()
    worked = desk.worked
    save(other, "Big/b.txt=edited Big/new.txt=new Big/more/ Big/more/d.txt=d")
    delete(other, "Big/deep")
    well(world)
    assert desk.worked == worked
    assert seen(desk) == "a.txt=a"
    take_in(desk, "Big")
    well(world)
    assert seen(desk) == seen(other) == "Big/b.txt=edited Big/more/d.txt=d Big/new.txt=new a.txt=a"


@pytest.mark.parametrize("wait_ms", [0, 10, 200, 5_000])
def test_a_person_who_removes_it_before_it_has_gone_deletes_nothing(
    world: Stage, desk: SimDesk, other: SimDesk, wait_ms: int
) -> None:
    leave_out(desk, "Big")
    delete(desk, "Big")
    world.wait(wait_ms)
    well(world)
    assert seen(other) == EVERYTHING
    take_in(desk, "Big")
    well(world)
    assert seen(desk) == EVERYTHING


def test_what_is_moved_into_it_goes_and_what_is_moved_out_of_it_comes(
    world: Stage, desk: SimDesk, other: SimDesk
) -> None:
    save(other, "P/ P/q/ P/q/p.txt=p")
    world.settle()
    leave_out(desk, "Big")
    world.settle()
    move(other, "P", "Big/P")
    move(other, "Big/deep", "deep")
    well(world)
    assert seen(desk) == "a.txt=a deep/c.txt=c"
    move(other, "Big", "2025")
    well(world)
    assert seen(desk) == "a.txt=a deep/c.txt=c"
    move(other, "2025/P/q", "q")
    well(world)
    assert seen(desk) == "a.txt=a deep/c.txt=c q/p.txt=p"


def test_what_a_person_moves_out_of_it_in_time_stays(world: Stage, desk: SimDesk, other: SimDesk) -> None:
    leave_out(desk, "Big")
    move(desk, "Big/deep", "deep")
    well(world)
    assert seen(desk) == "a.txt=a deep/c.txt=c"
    assert seen(other) == "Big/b.txt=b a.txt=a deep/c.txt=c"


def test_a_new_folder_of_its_name_is_another_one(world: Stage, desk: SimDesk, other: SimDesk) -> None:
    leave_out(desk, "Big")
    world.settle()
    save(desk, "Big/ Big/mine.txt=mine")
    well(world)
    names = [word for word in seen(desk).split() if "mine" in word]
    assert "Big (conflict" in seen(desk)
    assert len(names) == 1
    assert seen(other).startswith("Big (conflict")
    assert "Big/b.txt=b" in seen(other)


def test_a_folder_deleted_around_it_comes_back_for_it(world: Stage, desk: SimDesk, other: SimDesk) -> None:
    save(desk, "Big/deep/d.txt=d Big/deep/in/ Big/deep/in/e.txt=e")
    world.settle()
    leave_out(desk, "Big/deep/in")
    well(world)
    delete(desk, "Big")
    well(world)
    assert seen(desk) == "Big/deep/ a.txt=a"
    assert seen(other) == "Big/deep/in/e.txt=e a.txt=a"


def test_what_never_travels_stays_and_nothing_is_said(world: Stage, desk: SimDesk, other: SimDesk) -> None:
    save(desk, "Big/deep/c.tmp=half")
    world.settle()
    leave_out(desk, "Big")
    well(world)
    assert seen(desk) == "Big/deep/c.tmp=half a.txt=a"
    assert at_rest(desk.engine)
    assert not problems.listed(desk.store)
    save(desk, "Big/deep/new.txt=new")
    well(world)
    assert "Big/deep/new.txt=new" in seen(other)
    assert seen(desk) == "Big/deep/c.tmp=half a.txt=a"
    take_in(desk, "Big")
    well(world)
    assert seen(desk) == "Big/b.txt=b Big/deep/c.tmp=half Big/deep/c.txt=c Big/deep/new.txt=new a.txt=a"


def test_a_space_is_left_out_with_all_that_is_in_it(world: Stage, desk: SimDesk, other: SimDesk) -> None:
    save(desk, "Team/t.txt=t Team/in/ Team/in/u.txt=u")
    world.settle()
    leave_out(desk, "Team")
    well(world)
    assert "Team" not in desk.medium.resolve(ROOT).entries
    save(other, "Team/in/v.txt=v")
    well(world)
    assert "Team" not in desk.medium.resolve(ROOT).entries
    take_in(desk, "Team/in")
    well(world)
    assert "Team/in/u.txt=u Team/in/v.txt=v" in seen(desk)
    assert "t.txt=t" not in seen(desk)


def test_a_space_that_could_not_be_listed_is_no_problem_any_more_once_it_is_left_out(
    world: Stage, desk: SimDesk
) -> None:
    root = paths.inner(desk.store, paths.find(desk.store, ("Team",)))
    leave_out(desk, "Team")
    with desk.store.transaction():
        problems.raise_for(desk.store, root, Problem(Code.BUSY), 1)
    well(world)
    assert problems.listed(desk.store) == []


def test_one_folder_of_what_is_left_out_is_taken_in(world: Stage, desk: SimDesk) -> None:
    leave_out(desk, "Big")
    world.settle()
    take_in(desk, "Big/deep")
    well(world)
    assert seen(desk) == "Big/deep/c.txt=c a.txt=a"
    leave_out(desk, "Big")
    take_in(desk, "Big")
    well(world)
    assert seen(desk) == EVERYTHING


def test_it_stays_left_out_when_its_deletion_is_undone(tmp_path: Path) -> None:
    """A folder that is deleted, and revived by what was edited in it, is the same folder."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, strangers=False))
    desk, editing, deleting = world.desks
    save(desk, "Big/ Big/b.txt=b Big/c.txt=c")
    world.settle()
    leave_out(desk, "Big")
    world.settle()
    world.cut_off(editing)
    save(editing, "Big/b.txt=edited")
    delete(deleting, "Big")
    world.wait(60_000)
    assert left_out.find(desk.store, ["Big"]) is None
    well(world)
    assert seen(editing) == seen(deleting) == "Big/b.txt=edited"
    assert seen(desk) == ""
    world.close()


@pytest.mark.parametrize("meanwhile", ["taken in", "left out"])
def test_a_memory_that_was_put_back_makes_no_second_copies(
    world: Stage, desk: SimDesk, other: SimDesk, meanwhile: str
) -> None:
    first, then = (leave_out, take_in) if meanwhile == "taken in" else (take_in, leave_out)
    first(desk, "Big")
    world.settle()
    desk.end()
    copy_home(desk)
    desk.begin()
    then(desk, "Big")
    world.settle()
    desk.end()
    put_home_back(desk)
    desk.may_join = True
    desk.begin()
    well(world)
    assert seen(other) == EVERYTHING
    assert seen(desk) == ("a.txt=a" if meanwhile == "taken in" else EVERYTHING)


def test_who_may_only_read_leaves_out_like_anybody(world: Stage, desk: SimDesk) -> None:
    save(desk, "Team/t.txt=t Team/in/ Team/in/u.txt=u")
    world.settle()
    world.give_role(world.users[0], Role.VIEWER)
    world.wait(5_000)
    save(desk, "Team/in/mine.txt=mine")
    world.settle()
    leave_out(desk, "Team")
    well(world)
    assert {row.problem.code for row in problems.listed(desk.store)} == {Code.KEPT_HERE}
    assert "mine.txt=mine" in seen(desk)
    assert "u.txt" not in seen(desk)


def test_everything_on_the_server_is_still_there(world: Stage, desk: SimDesk) -> None:
    before = on_server(world)
    for path in ("Big/deep", "Big", "a.txt"):
        leave_out(desk, path)
    well(world)
    assert seen(desk) == ""
    assert on_server(world) == before


@pytest.mark.parametrize("rounds", [6, 12, 18])
@pytest.mark.parametrize("killed", [False, True])
def test_a_person_who_thinks_again_in_the_middle_deletes_nothing(
    world: Stage, desk: SimDesk, other: SimDesk, rounds: int, killed: bool
) -> None:
    leave_out(desk, "Big")
    world.rounds(rounds)
    if killed:
        desk.end()
        desk.begin()
    take_in(desk, "Big")
    well(world)
    assert seen(desk) == seen(other) == EVERYTHING


def test_nobody_deleted_a_folder_that_was_removed_when_the_process_ended(
    world: Stage, desk: SimDesk, other: SimDesk
) -> None:
    """It looks the same whether a person removed it after the crash or we did before."""
    save(desk, "Empty/")
    world.settle()
    leave_out(desk, "Empty")
    index = world.until(desk, "remove_folder")
    desk.advance(index, 0)
    assert "Empty/" not in seen(desk)
    desk.end()
    desk.begin()
    take_in(desk, "Empty")
    well(world)
    assert "Empty/" in seen(desk)
    assert "Empty/" in seen(other)
