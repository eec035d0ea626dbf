"""A desk's folder, its home, or both are put back from a copy, or copied: nothing is lost, and nothing missing is deleted
(R29, R49)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govsync.local.root import adopt
from tests.simulation.checks import check_i9, check_i9_rest, check_i10, check_i11, check_i13, check_i16
from tests.simulation.copies import copy_folder, copy_home, put_folder_back, put_home_back
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.disk import SimFileSystem
from tests.simulation.stage import Stage, delete, held, move, save, seen


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def begin_again(desk: SimDesk) -> None:
    """What the agent does with our own marker under another number: the folder is taken anew, and the memory told."""
    desk.root = adopt(SimFileSystem(desk.medium, ROOT), desk.root.id, desk.device)
    desk.begin()


def copy_over(desk: SimDesk, *between: Callable[[], None]) -> None:
    """The folder is copied to another disk while nothing runs, and worked on there before GovSync starts."""
    desk.end()
    put_folder_back(desk, copy_folder(desk))
    for act in between:
        act()
    begin_again(desk)


def at_rest(world: Stage) -> None:
    """Nothing is left to do, and every desk knows what its disk holds."""
    for check in (check_i9, check_i10, check_i11, check_i13, check_i16, check_i9_rest):
        check(world)


def agree(world: Stage, expected: str) -> None:
    """All desks come to show this, and nothing is left to do."""
    world.settle()
    assert [seen(desk) for desk in world.desks] == [expected] * len(world.desks)
    at_rest(world)


def test_an_edit_in_the_copy_is_an_edit_of_what_was_copied(world: Stage) -> None:
    office, home = world.desks
    save(office, "f/a.txt=a f/b.txt=b Team/t.txt=t")
    world.settle()
    copy_over(home, lambda: save(home, "f/a.txt=edited Team/t.txt=edited-too"))
    agree(world, "Team/t.txt=edited-too f/a.txt=edited f/b.txt=b")
    lid = office.store.value("SELECT lid FROM node WHERE l_name = 'a.txt'")
    assert office.store.value("SELECT count(*) FROM past WHERE lid = ? AND fact = 'rev'", (lid,)) == 1


def test_what_is_missing_in_the_copy_comes_back(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=a f/b.txt=b f/g/c.txt=c Team/t.txt=t")
    world.settle()
    copy_over(home, lambda: delete(home, "a.txt"), lambda: delete(home, "f"), lambda: delete(home, "Team"))
    agree(world, "Team/t.txt=t a.txt=a f/b.txt=b f/g/c.txt=c")


def test_what_others_did_meanwhile_meets_the_copy_as_if_it_had_been_off_line(world: Stage) -> None:
    office, home = world.desks
    save(office, "newer.txt=1 both.txt=1 gone.txt=gone gone-and-edited.txt=1 moved.txt=moved")
    world.settle()
    world.cut_off(home)
    save(office, "newer.txt=2 both.txt=office")
    delete(office, "gone.txt")
    delete(office, "gone-and-edited.txt")
    move(office, "moved.txt", "elsewhere.txt")
    world.settle(office)
    copy_over(home, lambda: save(home, "both.txt=home gone-and-edited.txt=2"))
    world.settle()
    assert seen(office) == seen(home)
    assert held(office) == ["2", "2", "home", "moved", "office"]
    assert {"newer.txt=2", "gone-and-edited.txt=2", "both.txt=office", "elsewhere.txt=moved"} <= set(
        seen(home).split()
    )
    at_rest(world)


def test_what_was_about_to_be_deleted_or_moved_when_the_folder_was_copied_is_not(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=a f/b.txt=b c.txt=c")
    world.settle()
    world.cut_off(home)
    delete(home, "a.txt")
    delete(home, "f")
    move(home, "c.txt", "d.txt")
    save(home, "new.txt=new")
    world.settle(office)
    copy_over(home)
    world.settle()
    assert seen(office) == seen(home) == "a.txt=a d.txt=c f/b.txt=b new.txt=new"
    at_rest(world)


def test_after_the_union_the_copy_is_a_desk_like_any_other(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=a b.txt=b f/c.txt=c")
    world.settle()
    copy_over(home)
    world.settle()
    worked = office.worked
    delete(home, "a.txt")
    move(home, "f", "g")
    save(home, "b.txt=2")
    agree(world, "b.txt=2 g/c.txt=c")
    assert office.worked > worked


@pytest.mark.parametrize("point", ["call known", "call commit", "list", "file.read"])
def test_a_desk_that_is_killed_while_it_weighs_the_copy_goes_on_with_it(world: Stage, point: str) -> None:
    office, home = world.desks
    save(office, "a.txt=1 b.txt=b c.txt=c")
    world.settle()
    save(office, "a.txt=2")
    world.settle()
    copy_over(home, lambda: save(home, "a.txt=1 b.txt=edited"), lambda: delete(home, "c.txt"))
    world.until(home, point)
    home.end()
    home.begin()
    agree(world, "a.txt=2 b.txt=edited c.txt=c")


# From a backup


def test_only_the_folder_is_put_back(world: Stage) -> None:
    """The memory is newer: older versions give way to what the server has, what the copy lacks comes back; what was
    deleted since and nobody remembers any more is there again, because the person has put it there."""
    office, home = world.desks
    save(office, "old.txt=1 same.txt=same gone.txt=gone f/x.txt=x")
    world.settle()
    copy = copy_folder(home)
    save(office, "old.txt=2 since.txt=since f/y.txt=y")
    delete(office, "gone.txt")
    world.settle()
    home.end()
    put_folder_back(home, copy)
    begin_again(home)
    agree(world, "f/x.txt=x f/y.txt=y gone.txt=gone old.txt=2 same.txt=same since.txt=since")


def test_an_unsent_edit_in_the_folder_that_is_put_back_is_an_edit(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=1")
    world.settle()
    home.end()
    save(home, "a.txt=never-sent")
    copy = copy_folder(home)
    home.begin()
    save(home, "a.txt=2")
    world.settle()
    home.end()
    put_folder_back(home, copy)
    begin_again(home)
    world.settle()
    assert seen(office) == seen(home)
    assert "never-sent" in held(office)


def test_home_and_folder_are_put_back(world: Stage) -> None:
    office, home = world.desks
    save(office, "old.txt=1 gone.txt=gone f/x.txt=x moved.txt=m")
    world.settle()
    home.end()
    copy = copy_folder(home)
    copy_home(home)
    home.begin()
    save(office, "old.txt=2 since.txt=since")
    save(home, "mine.txt=mine")
    delete(home, "gone.txt")
    move(home, "moved.txt", "f/moved.txt")
    world.settle()
    home.end()
    put_folder_back(home, copy)
    put_home_back(home)
    begin_again(home)
    agree(world, "f/moved.txt=m f/x.txt=x mine.txt=mine old.txt=2 since.txt=since")
