"""A server put back from an older copy, declared or not: desks unite with it, and nothing is lost (R33, R34, I6)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from govsync.engine import events
from govsync.local.root import adopt
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import DeviceInfo, Role
from govsync.server import contents, directory
from govsync.server.context import Caller
from govsync.server.db import tables
from govsync.store import problems
from tests.builders import medium_line
from tests.simulation.checks import check_i9_rest
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.disk import SimFileSystem
from tests.simulation.stage import CALM, Stage, delete, held, move, save, seen
from tests.simulation.views import hash_of

TOLD = pytest.mark.parametrize("told", [True, False])


def stage(base: Path, desks: int) -> Stage:
    """A stage whose server can be put back; nobody does so by chance."""
    return Stage(base, msgspec.structs.replace(CALM, desks=desks, strangers=False, restores=1.0))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = stage(tmp_path, 2)
    yield made
    made.close()


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[Stage]:
    """A world of three desks of one person."""
    made = stage(tmp_path, 3)
    yield made
    made.close()


def settle(world: Stage, *desks: SimDesk) -> None:
    """Only these desks are on line, until they have nothing left to do."""
    for desk in world.desks:
        if desk not in desks:
            world.cut_off(desk)
    world.settle(*desks)


# Restored, and told or not told


@TOLD
def test_what_the_copy_lacks_is_given_back_and_nothing_is_taken_for_deleted(world: Stage, told: bool) -> None:
    office, home = world.desks
    save(office, "old.txt=old edited.txt=v1")
    world.settle()
    world.copy()
    save(office, "new.txt=after-the-copy edited.txt=v2")
    save(home, "folder/deep.txt=deep")
    move(office, "old.txt", "renamed.txt")
    world.settle()
    world.put_back(told)
    save(home, "later.txt=after-the-restore")
    world.settle()
    expected = "edited.txt=v2 folder/deep.txt=deep later.txt=after-the-restore new.txt=after-the-copy renamed.txt=old"
    assert seen(office) == seen(home) == expected


@pytest.mark.day("T2")
@TOLD
def test_what_was_deleted_after_the_copy_comes_back_rather_than_be_guessed(world: Stage, told: bool) -> None:
    office, home = world.desks
    save(office, "a.txt=a b.txt=b")
    world.settle()
    world.copy()
    delete(office, "a.txt")
    world.settle()
    assert seen(home) == "b.txt=b"
    world.put_back(told)
    save(home, "c.txt=c")
    world.settle()
    assert seen(office) == seen(home) == "a.txt=a b.txt=b c.txt=c"


@TOLD
def test_an_edit_of_before_and_one_of_after_the_restore_both_stay(world: Stage, told: bool) -> None:
    office, home = world.desks
    save(office, "plan.txt=v1")
    world.settle()
    world.copy()
    save(office, "plan.txt=of-before")
    settle(world, office)
    world.put_back(told)
    save(home, "plan.txt=of-after")
    world.settle()
    assert held(office) == ["of-after", "of-before"]
    assert seen(office) == seen(home)


@TOLD
def test_an_edit_made_after_the_restore_is_not_overwritten_by_a_desk_that_comes_later(
    world: Stage, told: bool
) -> None:
    """Its person never saw that edit: what the desk knows of before the restore is beside it, not after it."""
    office, home = world.desks
    save(office, "plan.txt=v1")
    world.settle()
    world.copy()
    save(home, "plan.txt=lost")
    settle(world, home)
    world.put_back(told)
    save(office, "plan.txt=of-after")
    settle(world, office)
    world.settle()
    assert seen(office) == seen(home)
    assert "plan.txt=of-after" in seen(office), "what the server has keeps the name"
    assert held(office) == ["lost", "of-after"]


@TOLD
def test_what_was_lost_comes_back_without_copies_however_many_desks_had_it(wide: Stage, told: bool) -> None:
    """All desks see an edit, another edit, a move and a new folder, of which the copy has none."""
    office = wide.desks[0]
    save(office, "a.txt=a1 b.txt=b1")
    wide.settle()
    wide.copy()
    save(office, "a.txt=a2")
    wide.settle()
    save(office, "a.txt=a3 f/")
    move(office, "b.txt", "f/b.txt")
    wide.settle()
    wide.put_back(told)
    wide.settle()
    for desk in wide.desks:
        assert seen(desk) == "a.txt=a3 f/b.txt=b1"
    assert {hash_of(b"a1"), hash_of(b"a3")} <= wide.acknowledged()


@pytest.mark.day("T2")
@TOLD
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (2, 0, 1)])
def test_the_newest_of_what_was_lost_is_current_in_whatever_order_desks_come(
    wide: Stage, order: tuple[int, ...], told: bool
) -> None:
    """One desk missed the last edit, another the last two: none of them has changed anything itself."""
    newest, middle, _ = wide.desks
    save(newest, "a.txt=a1 b.txt=b1")
    wide.settle()
    wide.copy()
    save(newest, "a.txt=a2 new.txt=n1")
    move(newest, "b.txt", "c.txt")
    wide.settle()
    save(newest, "a.txt=a3 new.txt=n2")
    move(newest, "c.txt", "d.txt")
    settle(wide, newest, middle)
    save(newest, "a.txt=a4 new.txt=n3")
    settle(wide, newest)
    wide.put_back(told)
    for number in order:
        settle(wide, wide.desks[number])
    wide.settle()
    for desk in wide.desks:
        assert seen(desk) == "a.txt=a4 d.txt=b1 new.txt=n3"


@TOLD
@pytest.mark.parametrize("first", [0, 1])
def test_what_was_edited_upon_a_lost_version_follows_it_without_a_copy(
    wide: Stage, first: int, told: bool
) -> None:
    """During the outage one desk went on working upon what another still holds."""
    office = wide.desks[0]
    save(office, "a.txt=a1")
    wide.settle()
    wide.copy()
    save(office, "a.txt=a2 new.txt=n1")
    wide.settle()
    wide.put_back(told)
    save(office, "a.txt=upon-a2 new.txt=upon-n1")
    settle(wide, wide.desks[first])
    wide.settle()
    for desk in wide.desks:
        assert seen(desk) == "a.txt=upon-a2 new.txt=upon-n1"


@TOLD
def test_two_desks_that_both_went_on_from_a_lost_version_are_both_kept(wide: Stage, told: bool) -> None:
    office, home, late = wide.desks
    save(office, "a.txt=a1")
    wide.settle()
    wide.copy()
    save(office, "a.txt=a2")
    wide.settle()
    save(home, "a.txt=a3")
    settle(wide, home)
    wide.put_back(told)
    save(office, "a.txt=upon-a2")
    settle(wide, office)
    wide.settle()
    assert seen(office) == seen(home) == seen(late)
    assert held(office) == ["a3", "upon-a2"]


@TOLD
def test_a_move_made_after_the_restore_is_not_undone_by_one_made_before_it(world: Stage, told: bool) -> None:
    office, home = world.desks
    save(office, "a.txt=a")
    world.settle()
    world.copy()
    move(home, "a.txt", "lost-name.txt")
    settle(world, home)
    world.put_back(told)
    move(office, "a.txt", "new-name.txt")
    settle(world, office)
    world.settle()
    assert seen(office) == seen(home) == "new-name.txt=a"


@TOLD
def test_what_was_edited_before_and_deleted_after_the_restore_lives(world: Stage, told: bool) -> None:
    office, home = world.desks
    save(office, "a.txt=a1")
    world.settle()
    world.copy()
    save(home, "a.txt=a2")
    settle(world, home)
    world.put_back(told)
    delete(office, "a.txt")
    settle(world, office)
    world.settle()
    assert seen(office) == seen(home)
    assert "a2" in held(office)


def test_an_answer_that_a_restore_took_back_before_it_was_read_is_noticed(world: Stage) -> None:
    """The desk had its answer and slept before it read the journal: its cursor is one that the copy has, too."""
    office, home = world.desks
    world.copy()
    save(office, "a.txt=a")
    office.advance(world.until(office, "answer commit"), 1 << 30)
    office.end()
    world.put_back(told=False)
    office.begin()
    settle(world, home)
    world.settle()
    assert seen(office) == seen(home) == "a.txt=a"
    assert hash_of(b"a") in world.acknowledged()


@TOLD
def test_a_folder_deleted_by_the_old_history_does_not_take_along_what_came_in_the_new_one(
    world: Stage, told: bool
) -> None:
    """The sequences that the desk has seen are higher than those that the restored server counts now (I5)."""
    office, home = world.desks
    save(office, "f/old.txt=old")
    world.settle()
    world.copy()
    for number in range(5):
        save(home, f"a.txt=lost-{number}")
        settle(world, home)
    world.put_back(told)
    save(office, "f/new.txt=new")
    settle(world, office)
    delete(home, "f")
    commit_before_reading(world, home)
    world.settle()
    assert "f/new.txt=new" in seen(office)
    assert seen(office) == seen(home)


def commit_before_reading(world: Stage, desk: SimDesk) -> None:
    """The desk is on line again, and sends before it can read anything new."""
    request = desk.line.request

    def commits_alone(name: str) -> bool:
        if name != "commit":
            raise Failure(Code.OFFLINE)
        return request(name)

    desk.line.state, desk.line.request = "good", commits_alone  # type: ignore[method-assign]
    desk.tell(events.Beat(0))
    world.wait(10_000)
    desk.line.request = request  # type: ignore[method-assign]


# A desk without a memory (R40)


@pytest.mark.parametrize("answered", [True, False])
def test_what_the_server_has_had_is_no_news_of_a_desk_without_a_memory(world: Stage, answered: bool) -> None:
    office, home = world.desks
    save(office, "f/equal.txt=equal f/older.txt=older f/new.txt=new")
    world.settle()
    save(office, "f/older.txt=2")
    settle(world, office)
    home.lose_memory()
    save(home, "f/new.txt=changed-while-nobody-looked f/unknown.txt=unknown")
    if not answered:
        home.line.state, home.line.lost = "good", 0.5
        world.wait(30_000)
    world.settle()
    assert seen(office) == seen(home)
    assert held(office) == ["2", "changed-while-nobody-looked", "equal", "new", "unknown"]
    found = seen(office).split()
    assert {"f/older.txt=2", "f/new.txt=new", "f/equal.txt=equal", "f/unknown.txt=unknown"} <= set(found)
    check_i9_rest(world)


def test_an_older_content_of_which_the_server_has_let_go_is_kept(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=a1")
    world.settle()
    save(office, "a.txt=a2")
    settle(world, office)
    with world.database.begin() as tx:
        r = tables.revision.c
        tx.execute(update(tables.revision).where(r.hash == hash_of(b"a1")).values(state=contents.PURGED))
    home.lose_memory()
    world.settle()
    assert held(home) == ["a1", "a2"]


# Another device's memory (R49, R51)


@pytest.mark.parametrize("killed", [False, True])
def test_the_memory_of_another_device_is_united_and_nothing_is_deleted_by_it(
    world: Stage, killed: bool
) -> None:
    """A home was copied: what its folder lacks is missing from the copy, and was not deleted by anybody."""
    office, home = world.desks
    save(office, "a.txt=a b.txt=b")
    world.settle()
    home.end()
    become_another_device(home)
    delete(home, "a.txt")
    save(home, "b.txt=edited-in-the-copy")
    home.begin()
    if killed:
        world.until(home, "call nodes")
        home.end()
        home.begin()
    world.settle()
    assert seen(office) == seen(home) == "a.txt=a b.txt=edited-in-the-copy"
    delete(home, "a.txt")
    home.end()
    home.begin()
    world.settle()
    assert seen(office) == seen(home) == "b.txt=edited-in-the-copy", "once united, its memory is its own"


def become_another_device(desk: SimDesk) -> None:
    """What a sign-in of a copied home does: a device of its own, and its folder taken anew."""
    world = desk.world
    desk.device = world.ids.new()
    with world.server.database.begin() as tx:
        info = DeviceInfo(id=desk.device, name=desk.name, machine=desk.name)
        directory.register_device(world.server, tx, desk.user, info)
    desk.caller = Caller(user=desk.user, device=desk.device)
    desk.root = adopt(SimFileSystem(desk.medium, ROOT), desk.root.id, desk.device)


# Who may only read


def set_role(world: Stage, role: Role) -> None:
    with world.server.database.begin() as tx:
        tx.execute(update(tables.member).where(tables.member.c.kind == "unit").values(role=role))
    for desk in world.desks:
        desk.tell(events.RightsChanged())


def waits(desk: SimDesk) -> list[Code]:
    return [row.problem.code for row in problems.listed(desk.store)]


@TOLD
@pytest.mark.parametrize("edited", [False, True])
def test_a_reader_says_what_a_restore_has_lost_until_somebody_else_gives_it_back(
    world: Stage, told: bool, edited: bool
) -> None:
    """R35: nothing is offered, nothing is copied, and a newer version comes as ever."""
    office, home = world.desks
    save(office, "Team/old.txt=old")
    world.settle()
    world.copy()
    save(office, "Team/new.txt=v1 Team/folder/deep.txt=deep Team/old.txt=edited")
    world.settle()
    world.cut_off(office)
    set_role(world, Role.VIEWER)
    world.put_back(told)
    set_role(world, Role.VIEWER)
    world.wait(60_000)
    assert waits(home) == [Code.NOT_GIVEN_BACK]
    had = "Team/folder/deep.txt=deep Team/new.txt=v1 Team/old.txt=edited"
    assert whole(home) == had
    set_role(world, Role.EDITOR)
    settle(world, office)
    if edited:
        save(office, "Team/new.txt=v2")
        settle(world, office)
    set_role(world, Role.VIEWER)
    settle(world, home)
    assert whole(home) == whole(office) == (had.replace("v1", "v2") if edited else had)
    assert waits(home) == []


def whole(desk: SimDesk) -> str:
    return medium_line(desk.medium, desk.medium.resolve(ROOT))
