"""What becomes on the disk of what is done by who may only read, and of roles that change (R38)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.engine.report import kept_back_only
from govsync.model.codes import Code
from govsync.protocol.session import Role
from govsync.store import problems
from govsync.system.fs import Shape
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.stage import CALM, Stage, delete, move, save
from tests.simulation.test_leaving import tree


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


@pytest.fixture
def reader(world: Stage) -> SimDesk:
    """One who may only read has the team's files on the desk."""
    desk = world.desks[0]
    save(desk, "P/mine.txt=m Team/a.txt=first Team/d/b.txt=b")
    world.settle()
    becomes(world, Role.VIEWER)
    return desk


def becomes(world: Stage, role: Role) -> None:
    for user in world.users:
        world.give_role(user, role)
    world.wait(5_000)


def said(desk: SimDesk) -> dict[str, Code]:
    return {row.path: row.problem.code for row in problems.listed(desk.store)}


def writable(desk: SimDesk) -> dict[str, bool]:
    return {
        "/".join(path): inode.write
        for path, inode in desk.medium.walk(desk.medium.resolve(ROOT))
        if path[0] != ".govsync" and inode.shape is Shape.FILE
    }


SHARED = {
    "P": None, "P/mine.txt": b"m", "Team": None, "Team/a.txt": b"first", "Team/d": None, "Team/d/b.txt": b"b",
}  # fmt: skip


def test_what_was_moved_in_and_is_moved_on_is_not_deleted_where_it_came_from(
    world: Stage, reader: SimDesk
) -> None:
    move(reader, "P/mine.txt", "Team/mine.txt")
    world.wait(60_000)
    move(reader, "Team/mine.txt", "Team/d/mine.txt")
    world.wait(60_000)
    assert said(reader) == {"Team/d/mine.txt": Code.CANNOT_MOVE_HERE}
    assert kept_back_only(reader.engine), "there is nothing to wait for"
    assert tree(world.desks[1]) == SHARED
    move(reader, "Team/d/mine.txt", "P/mine.txt")
    world.settle()
    assert said(reader) == {}
    assert tree(reader) == tree(world.desks[1]) == SHARED


def test_what_was_moved_in_and_is_deleted_there_is_deleted(world: Stage, reader: SimDesk) -> None:
    move(reader, "P/mine.txt", "Team/mine.txt")
    world.wait(60_000)
    delete(reader, "Team/mine.txt")
    world.settle()
    assert said(reader) == {}
    left = {path: content for path, content in SHARED.items() if path != "P/mine.txt"}
    assert tree(reader) == tree(world.desks[1]) == left


def test_a_folder_out_of_which_something_was_moved_in_waits_for_that_when_it_is_deleted(
    world: Stage, reader: SimDesk
) -> None:
    save(reader, "P/q/draft.txt=draft")
    world.settle()
    move(reader, "P/q/draft.txt", "Team/draft.txt")
    move(reader, "P/mine.txt", "Team/mine.txt")
    delete(reader, "P")
    world.wait(60_000)
    assert said(reader) == dict.fromkeys(["Team/draft.txt", "Team/mine.txt"], Code.CANNOT_MOVE_HERE)
    assert kept_back_only(reader.engine), "there is nothing to wait for"
    assert tree(world.desks[1]) == {**SHARED, "P/q": None, "P/q/draft.txt": b"draft"}
    delete(reader, "Team/draft.txt")
    delete(reader, "Team/mine.txt")
    world.settle()
    left = {path: content for path, content in SHARED.items() if not path.startswith("P")}
    assert tree(reader) == tree(world.desks[1]) == left


def test_what_is_moved_out_is_a_copy(world: Stage, reader: SimDesk) -> None:
    move(reader, "Team/a.txt", "P/a.txt")
    move(reader, "Team/d", "P/d")
    world.settle()
    expected = {**SHARED, "P/a.txt": b"first", "P/d": None, "P/d/b.txt": b"b"}
    assert tree(reader) == tree(world.desks[1]) == expected
    assert said(reader) == {}
    assert writable(reader) == {
        "P/a.txt": True, "P/d/b.txt": True, "P/mine.txt": True, "Team/a.txt": False, "Team/d/b.txt": False,
    }  # fmt: skip


@pytest.mark.parametrize("own", ["own.txt=own", "draft.tmp=scratch"])
def test_a_folder_that_stayed_for_what_is_in_it_alone_shows_all_when_it_lives_again(
    tmp_path: Path, own: str
) -> None:
    """It had stayed for what its reader put into it, or for what is never synced; then a colleague's edit revived it."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3))
    office, home, reader = world.desks
    save(office, "Team/d/b.txt=b")
    world.settle()
    world.give_role(reader.user, Role.VIEWER)
    save(reader, f"Team/d/{own}")
    world.settle()
    world.cut_off(home)
    save(home, "Team/d/b.txt=edited")
    delete(office, "Team/d")
    world.wait(60_000)
    name, _, content = own.partition("=")
    mine = {f"Team/d/{name}": content.encode()}
    assert tree(reader) == {"Team": None, "Team/d": None, **mine}
    world.settle()
    assert tree(reader) == {"Team": None, "Team/d": None, "Team/d/b.txt": b"edited", **mine}
    world.close()


def test_bytes_are_flushed_before_a_power_cut_can_take_them(world: Stage, reader: SimDesk) -> None:
    save(reader, "Team/a.txt=edited")
    world.wait(30_000)
    world.cut_power(reader)
    world.wait(60_000)
    assert tree(reader) == {**SHARED, "Team/a (your copy, not uploaded).txt": b"edited"}


def test_a_crash_at_any_moment_keeps_what_a_reader_wrote(world: Stage, reader: SimDesk) -> None:
    save(reader, "Team/a.txt=edited Team/new.txt=new")
    delete(reader, "Team/d")
    for _ in range(25):
        world.turns(13)
        reader.end()
        reader.begin()
        world.clock.advance(700)
    world.wait(120_000)
    copy = "Team/a (your copy, not uploaded).txt"
    assert tree(reader) == {**SHARED, copy: b"edited", "Team/new.txt": b"new"}
    assert said(reader) == dict.fromkeys((copy, "Team/new.txt"), Code.KEPT_HERE)
    assert tree(world.desks[1]) == SHARED
