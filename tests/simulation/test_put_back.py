"""A desk's folder, its home, or both are put back from a copy, or copied: nothing is lost, and nothing missing is deleted
(R29, R49)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govsync.engine import jobs
from govsync.engine.sealing import EVERY_MS
from govsync.system.fs import Shape
from tests.simulation.checks import check_i9, check_i9_rest, check_i10, check_i11, check_i13, check_i16
from tests.simulation.copies import copy_folder, copy_home, put_folder_back, put_home_back, put_volume_back
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.stage import Stage, delete, held, move, save, seen


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def copy_over(desk: SimDesk, *between: Callable[[], None]) -> None:
    """The folder is copied to another disk while nothing runs, and worked on there before GovSync starts."""
    desk.end()
    put_folder_back(desk, copy_folder(desk))
    for act in between:
        act()
    desk.begin()


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


def test_what_is_saved_while_the_server_is_asked_is_weighed_anew(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=1")
    world.settle()
    save(office, "a.txt=2")
    world.settle()
    copy_over(home, lambda: save(home, "a.txt=1"))
    while True:
        index = world.until(home, "answer known")
        asking, fiber = home.fibers[index]
        assert isinstance(asking, jobs.Ask)
        if home.engine.weighing.asked(asking):
            break
        home.advance(index, 1 << 30)  # That is about the history, or about what lies in the trash.
    save(home, "a.txt=edited")
    for _ in range(200):
        home.hint()
        home.ask()
        for each in [each for job, each in home.fibers if not isinstance(job, jobs.Ask)]:
            home.advance([other for _, other in home.fibers].index(each), 1 << 30)
        world.clock.advance(50)
    assert "a.txt=edited" in seen(home)
    home.advance([other for _, other in home.fibers].index(fiber), 1 << 30)
    agree(world, "a.txt=edited")


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
    home.begin()
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
    home.begin()
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
    home.begin()
    agree(world, "f/moved.txt=m f/x.txt=x mine.txt=mine old.txt=2 since.txt=since")


def test_only_the_home_is_put_back(world: Stage) -> None:
    """The memory is older: what was done since is what the disk shows, and nothing that is missing was deleted for it."""
    office, home = world.desks
    save(office, "old.txt=1 gone.txt=gone back.txt=back f/x.txt=x moved.txt=m")
    world.settle()
    home.end()
    copy_home(home)
    home.begin()
    save(office, "old.txt=2 since.txt=since")
    delete(office, "back.txt")
    delete(home, "gone.txt")
    move(home, "moved.txt", "f/moved.txt")
    world.settle()
    world.cut_off(home)
    save(office, "back.txt=back")  # It lives again, by its old id, and this disk has not got it yet.
    world.settle(office)
    home.end()
    put_home_back(home)
    save(home, "f/x.txt=edited")
    home.begin()
    agree(world, "back.txt=back f/moved.txt=m f/x.txt=edited old.txt=2 since.txt=since")


def test_a_volume_is_put_back_with_the_folder_but_not_the_home(world: Stage) -> None:
    """Inode, birth and marker are those that are remembered; only the seal tells that the folder is older."""
    office, home = world.desks
    save(office, "old.txt=1 same.txt=same f/x.txt=x")
    world.settle()
    copy = copy_folder(home)
    world.wait(EVERY_MS)
    save(office, "old.txt=2 since.txt=since f/y.txt=y")
    save(home, "mine.txt=mine")
    world.settle()
    home.end()
    put_volume_back(home, copy)
    home.begin()
    agree(world, "f/x.txt=x f/y.txt=y mine.txt=mine old.txt=2 same.txt=same since.txt=since")


def test_a_volume_is_put_back_while_the_agent_runs(world: Stage) -> None:
    """It is unmounted, put back and mounted again between two proofs."""
    office, home = world.desks
    save(office, "a.txt=a")
    world.settle()
    copy = copy_folder(home)
    save(office, "b.txt=b")
    world.settle()
    world.wait(EVERY_MS)
    put_volume_back(home, copy)
    agree(world, "a.txt=a b.txt=b")


def test_home_and_volume_of_one_moment_are_put_back(world: Stage) -> None:
    """They belong together: the desk was off line for as long, and what is missing was deleted by its person."""
    office, home = world.desks
    save(office, "a.txt=a b.txt=b c.txt=c")
    world.settle()
    home.end()
    copy = copy_folder(home)
    copy_home(home)
    home.begin()
    save(office, "a.txt=2")
    save(home, "d.txt=d")
    world.settle()
    home.end()
    put_volume_back(home, copy)
    put_home_back(home)
    delete(home, "b.txt")
    home.begin()
    agree(world, "a.txt=2 c.txt=c d.txt=d")
    assert home.joined == 0


def test_a_copy_on_a_new_disk_may_have_the_same_numbers(world: Stage) -> None:
    """It is still being copied when GovSync starts."""
    office, home = world.desks
    save(office, "a.txt=a b.txt=b f/c.txt=c")
    world.settle()
    home.end()
    put_volume_back(home, copy_folder(home), births=False)
    delete(home, "a.txt")
    delete(home, "f")
    home.begin()
    agree(world, "a.txt=a b.txt=b f/c.txt=c")


# What is no copy


def test_a_disk_that_comes_back_by_another_device_number_is_the_same(world: Stage) -> None:
    """It vanishes while the agent runs, and an empty folder is left where it was mounted; so it may be after each start."""
    office, home = world.desks
    save(office, "a.txt=a f/b.txt=b")
    world.settle()
    medium, top = home.medium, home.medium.top
    medium.rename(top, ROOT[0], top, "unplugged", replace=False)
    medium.make(top, ROOT[0], Shape.FOLDER, "person")
    world.wait(60_000)
    assert home.engine.root_problem is not None
    medium.remove_folder(top, ROOT[0])
    medium.rename(top, "unplugged", top, ROOT[0], replace=False)
    root = medium.resolve(ROOT)
    for inode in (root, *(inode for _, inode in medium.walk(root))):
        inode.dev = 7
    agree(world, "a.txt=a f/b.txt=b")
    home.end()
    delete(home, "a.txt")
    home.begin()
    agree(world, "f/b.txt=b")
    assert home.joined == 0


@pytest.mark.parametrize("points", range(0, 24, 2))
def test_a_power_cut_while_the_seal_is_written_makes_no_copy_of_the_folder(world: Stage, points: int) -> None:
    office, home = world.desks
    save(office, "a.txt=a b.txt=b")
    world.settle()
    world.clock.advance(EVERY_MS)
    save(home, "c.txt=c")
    for _ in range(2_000):
        index = next((i for i, (job, _) in enumerate(home.fibers) if isinstance(job, jobs.WriteSeal)), None)
        if index is not None:
            break
        home.hint()
        home.ask()
        if home.fibers:
            home.advance(0, 1 << 30)
        world.clock.advance(5)
    assert index is not None
    home.advance(index, points)
    world.cut_power(home)
    delete(home, "a.txt")
    world.settle()
    assert seen(office) == seen(home) == "b.txt=b c.txt=c"
    assert home.joined == 0
