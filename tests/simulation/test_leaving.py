"""A membership that ends takes the space off the desk, without a byte that the server lacks (R38)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from govsync.engine import events
from govsync.engine.cleaning import PURGE_EVERY_MS
from govsync.model.codes import Code
from govsync.protocol.session import Role
from govsync.server.db import tables
from govsync.store import holds, problems, spaces, trash
from govsync.system.fs import Shape
from tests.simulation.desks import RESCUED, ROOT, SimDesk
from tests.simulation.stage import Stage, delete, save


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def end_membership(world: Stage, ended_ms: int | None = 1) -> None:
    with world.server.database.begin() as tx:
        tx.execute(update(tables.member).where(tables.member.c.kind == "unit").values(ended_ms=ended_ms))


def may_only_read(world: Stage) -> None:
    with world.server.database.begin() as tx:
        tx.execute(update(tables.member).where(tables.member.c.kind == "unit").values(role=Role.VIEWER))
    told(world)


def told(world: Stage) -> None:
    for desk in world.desks:
        desk.tell(events.RightsChanged())
    world.wait(120_000)


def tree(desk: SimDesk, path: tuple[str, ...] = ROOT) -> dict[str, bytes | None]:
    """What a person sees in a folder."""
    return {
        "/".join(at): inode.data if inode.shape is Shape.FILE else None
        for at, inode in desk.medium.walk(desk.medium.resolve(path))
        if at[0] != ".govsync"
    }


def rescued(desk: SimDesk) -> dict[str, bytes | None]:
    return tree(desk, RESCUED)


@pytest.mark.day("T13", part="a membership that ends")
def test_clean_files_go_and_unsent_ones_are_rescued(world: Stage) -> None:
    desk, _ = world.desks
    save(desk, "mine.txt=private")
    save(desk, "Team/clean.txt=known")
    save(desk, "Team/deep/ Team/deep/edited.txt=first")
    world.settle()
    end_membership(world)
    save(desk, "Team/deep/ Team/deep/edited.txt=edited")
    save(desk, "Team/new.txt=new")
    told(world)
    assert tree(desk) == {"mine.txt": b"private"}
    assert rescued(desk) == {"edited.txt": b"edited", "new.txt": b"new"}
    assert [row.kind for row in spaces.all_spaces(desk.store)] == ["personal"]
    world.wait(PURGE_EVERY_MS)
    assert trash.listed(desk.store) == []
    assert not desk.medium.resolve((*ROOT, ".govsync", "trash")).entries
    world.settle()


def test_a_space_that_is_being_left_is_not_said_to_stay(world: Stage) -> None:
    desk, _ = world.desks
    save(desk, "Team/clean.txt=known")
    world.settle()
    end_membership(world)
    desk.tell(events.RightsChanged())
    for _ in range(100):
        world.turns(2)
        assert problems.listed(desk.store) == []
    world.wait(120_000)
    assert tree(desk) == {}


def test_what_a_reader_deletes_is_no_question(world: Stage) -> None:
    """Nothing of it is sent, so there is nothing to approve (R28): it comes back."""
    desk, _ = world.desks
    save(desk, "mine.txt=private")
    save(desk, "Team/a.txt=a Team/b.txt=b")
    world.settle()
    may_only_read(world)
    desk.engine.desk.rules = msgspec.structs.replace(desk.engine.desk.rules, hold_deletions=1)
    for name in ("a", "b"):
        delete(desk, f"Team/{name}.txt")
    world.wait(120_000)
    assert holds.count(desk.store) == 0
    assert problems.listed(desk.store) == []
    assert tree(desk) == {"mine.txt": b"private", "Team": None, "Team/a.txt": b"a", "Team/b.txt": b"b"}


@pytest.mark.day("T13", part="a membership that ends")
def test_what_a_reader_kept_is_rescued_when_the_membership_ends(world: Stage) -> None:
    desk, _ = world.desks
    save(desk, "Team/a.txt=first Team/f/b.txt=b")
    world.settle()
    may_only_read(world)
    save(desk, "Team/a.txt=edited Team/mine/n.txt=new")
    world.wait(30_000)
    save(desk, "Team/a.txt=again")
    world.wait(30_000)
    copies = ("Team/a (your copy, not uploaded).txt", "Team/a (your copy, not uploaded) 2.txt")
    said = {row.path: row.problem.code for row in problems.listed(desk.store)}
    assert said == dict.fromkeys((*copies, "Team/mine"), Code.KEPT_HERE)
    end_membership(world)
    told(world)
    assert tree(desk) == {}
    assert sorted(rescued(desk).values()) == [b"again", b"edited", b"new"]
    assert problems.listed(desk.store) == []


def test_what_is_held_in_it_is_asked_about_no_more(world: Stage) -> None:
    desk, _ = world.desks
    save(desk, "Team/held.txt=known")
    world.settle()
    (lid,) = (lid for (lid,) in desk.store.all("SELECT lid FROM node WHERE l_name = 'held.txt'"))
    team = next(row for row in spaces.all_spaces(desk.store) if row.mount_lid is not None)
    save(desk, "Team/held.txt=encrypted")
    with desk.store.transaction():
        holds.add(desk.store, holds.opened(desk.store, team.id, "rewrites", 1), [lid])
    world.wait(5_000)
    assert holds.count(desk.store) == 1
    end_membership(world)
    told(world)
    assert tree(desk) == {}
    assert holds.count(desk.store) == 0
    assert rescued(desk) == {"held.txt": b"encrypted"}


@pytest.mark.day("T15", part="a membership that ends")
def test_what_never_goes_to_a_server_stays_in_its_folder(world: Stage) -> None:
    desk, _ = world.desks
    save(desk, "Team/deep/ Team/deep/clean.txt=known")
    save(desk, "Team/deep/ Team/deep/draft.tmp=scratch")
    world.settle()
    end_membership(world)
    told(world)
    assert tree(desk) == {"Team": None, "Team/deep": None, "Team/deep/draft.tmp": b"scratch"}


def test_leaving_goes_on_after_a_crash(world: Stage) -> None:
    desk, _ = world.desks
    for number in range(20):
        save(desk, f"Team/{number}=v{number}")
    world.settle()
    end_membership(world)
    save(desk, "Team/7=edited")
    for _ in range(12):
        desk.tell(events.RightsChanged())
        world.turns(60)
        desk.end()
        desk.begin()
        world.clock.advance(6_000)
    told(world)
    assert tree(desk) == {}
    assert b"edited" in rescued(desk).values()


def test_a_membership_that_begins_again_brings_the_files_back(world: Stage) -> None:
    desk, _ = world.desks
    save(desk, "Team/clean.txt=known")
    world.settle()
    end_membership(world)
    told(world)
    assert tree(desk) == {}
    end_membership(world, None)
    told(world)
    world.settle()
    assert tree(desk) == {"Team": None, "Team/clean.txt": b"known"}


def test_an_end_that_comes_with_a_new_life_of_the_server_removes_nothing(world: Stage) -> None:
    desk, _ = world.desks
    save(desk, "Team/clean.txt=known")
    world.settle()
    before = tree(desk)
    end_membership(world)
    with world.server.database.begin() as tx:
        tx.execute(update(tables.space).values(epoch=world.ids.new()))
    told(world)
    assert tree(desk) == before
    told(world)
    assert tree(desk) == before


def test_a_space_that_the_server_does_not_know_is_only_frozen(world: Stage) -> None:
    desk, _ = world.desks
    save(desk, "Team/clean.txt=known")
    world.settle()
    with world.server.database.begin() as tx:
        tx.execute(tables.member.delete().where(tables.member.c.kind == "unit"))
    told(world)
    assert tree(desk) == {"Team": None, "Team/clean.txt": b"known"}
    assert rescued(desk) == {}
