"""A server put back from an older copy, declared or not: desks unite with it, and nothing is lost (R33, R34, I6)."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import select, update

from govsync.content.manifests import manifest_of
from govsync.engine import events
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.changes import Cursor
from govsync.server import contents, epochs
from govsync.server.db import tables
from tests.simulation.story import finish, step
from tests.simulation.world import Desk, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, seed=1, desks=2, database=f"sqlite:///{tmp_path / 'server.db'}")
    yield made
    made.close()


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[World]:
    """A world of three desks."""
    made = World(tmp_path, seed=1, desks=3, database=f"sqlite:///{tmp_path / 'server.db'}")
    yield made
    made.close()


def copy_of(world: World, name: str) -> Path:
    copy = world.base / name
    with world.server.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"VACUUM INTO '{copy}'")
        connection.exec_driver_sql("BEGIN")
    return copy


def put_back(world: World, copy: Path) -> None:
    world.server.database.close()
    for suffix in ("-wal", "-shm"):
        (world.base / f"server.db{suffix}").unlink(missing_ok=True)
    shutil.copy(copy, world.base / "server.db")


def write(desk: Desk, path: str, content: str) -> None:
    target = desk.folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    desk.hint(*Path(path).parts)


def settle(world: World, *desks: Desk) -> None:
    """Only these desks are on line, until they have nothing left to do."""
    every, world.desks = world.desks, list(desks)
    world.settle()
    world.desks = every


def files(desk: Desk) -> dict[str, bytes | None]:
    """The files and folders of a desk, but for the team's space."""
    return {path: content for path, content in desk.tree().items() if path != "Team"}


def versions(world: World) -> set[bytes]:
    """All contents that the server has a revision of, by their hash."""
    with world.server.database.begin(write=False) as tx:
        return {bytes(found) for (found,) in tx.execute(select(tables.revision.c.hash))}


def hash_of(content: bytes) -> bytes:
    return manifest_of([content]).content_hash


# Restored, and told or not told


def test_what_the_copy_lacks_is_given_back_and_nothing_is_taken_for_deleted(world: World) -> None:
    office, home = world.desks
    write(office, "old.txt", "old")
    write(office, "edited.txt", "v1")
    world.settle()
    copy = copy_of(world, "copy.db")
    write(office, "new.txt", "after the copy")
    write(office, "edited.txt", "v2")
    write(home, "folder/deep.txt", "deep")
    (office.folder / "old.txt").rename(office.folder / "renamed.txt")
    office.hint("old.txt")
    office.hint("renamed.txt")
    world.settle()
    put_back(world, copy)
    write(home, "later.txt", "after the restore")
    world.settle()
    expected = {
        "new.txt": b"after the copy", "edited.txt": b"v2", "folder": None, "folder/deep.txt": b"deep",
        "renamed.txt": b"old", "later.txt": b"after the restore", "Team": None,
    }  # fmt: skip
    assert office.tree() == expected
    assert home.tree() == expected


def test_what_was_deleted_after_the_copy_comes_back_rather_than_be_guessed(world: World) -> None:
    office, home = world.desks
    write(office, "a.txt", "a")
    write(office, "b.txt", "b")
    world.settle()
    copy = copy_of(world, "copy.db")
    (office.folder / "a.txt").unlink()
    office.hint("a.txt")
    world.settle()
    assert "a.txt" not in home.tree()
    put_back(world, copy)
    write(home, "c.txt", "c")
    world.settle()
    assert office.tree() == home.tree() == {"a.txt": b"a", "b.txt": b"b", "c.txt": b"c", "Team": None}


def test_an_edit_of_before_and_one_of_after_the_restore_both_stay(world: World) -> None:
    office, home = world.desks
    write(office, "plan.txt", "v1")
    world.settle()
    copy = copy_of(world, "copy.db")
    write(office, "plan.txt", "of before")
    office.beat()
    while office.turn():
        pass
    put_back(world, copy)
    write(home, "plan.txt", "of after")
    world.settle()
    kept = {content for path, content in office.tree().items() if path.startswith("plan")}
    assert kept == {b"of before", b"of after"}
    assert office.tree() == home.tree()


def restored(world: World, copy: Path, told: bool) -> None:
    """Puts a copy back; an operator who tells opens a new epoch by it."""
    put_back(world, copy)
    if told:
        epochs.restored(world.server)


TOLD = pytest.mark.parametrize("told", [True, False])


@TOLD
def test_an_edit_made_after_the_restore_is_not_overwritten_by_a_desk_that_comes_later(
    world: World, told: bool
) -> None:
    """Its person never saw that edit: what the desk knows of before the restore is beside it, not after it."""
    office, home = world.desks
    write(office, "plan.txt", "v1")
    world.settle()
    copy = copy_of(world, "copy.db")
    write(home, "plan.txt", "lost")
    settle(world, home)
    restored(world, copy, told)
    write(office, "plan.txt", "of after")
    settle(world, office)
    world.settle()
    assert office.tree() == home.tree()
    assert files(office)["plan.txt"] == b"of after", "what the server has keeps the name"
    assert sorted(files(office).values()) == [b"lost", b"of after"]


@TOLD
def test_what_was_lost_comes_back_without_copies_however_many_desks_had_it(wide: World, told: bool) -> None:
    copy = lost_by_all(wide)
    restored(wide, copy, told)
    wide.settle()
    for desk in wide.desks:
        assert files(desk) == {"a.txt": b"a3", "f": None, "f/b.txt": b"b1"}
    assert {hash_of(b"a1"), hash_of(b"a3")} <= versions(wide)


def lost_by_all(world: World) -> Path:
    """All desks see an edit, another edit, a move and a new folder, of which the copy has none."""
    office = world.desks[0]
    write(office, "a.txt", "a1")
    write(office, "b.txt", "b1")
    world.settle()
    copy = copy_of(world, "copy.db")
    write(office, "a.txt", "a2")
    world.settle()
    write(office, "a.txt", "a3")
    (office.folder / "f").mkdir()
    (office.folder / "b.txt").rename(office.folder / "f/b.txt")
    office.hint("f")
    office.hint("b.txt")
    office.hint("f", "b.txt")
    world.settle()
    return copy


@TOLD
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (2, 0, 1)])
def test_the_newest_of_what_was_lost_is_current_in_whatever_order_desks_come(
    wide: World, order: tuple[int, ...], told: bool
) -> None:
    """One desk missed the last edit, another the last two: none of them has changed anything itself."""
    newest, middle, oldest = wide.desks
    write(newest, "a.txt", "a1")
    write(newest, "b.txt", "b1")
    wide.settle()
    copy = copy_of(wide, "copy.db")
    write(newest, "a.txt", "a2")
    (newest.folder / "b.txt").rename(newest.folder / "c.txt")
    newest.hint("b.txt")
    newest.hint("c.txt")
    write(newest, "new.txt", "n1")
    wide.settle()
    write(newest, "a.txt", "a3")
    (newest.folder / "c.txt").rename(newest.folder / "d.txt")
    newest.hint("c.txt")
    newest.hint("d.txt")
    write(newest, "new.txt", "n2")
    settle(wide, newest, middle)
    write(newest, "a.txt", "a4")
    write(newest, "new.txt", "n3")
    settle(wide, newest)
    restored(wide, copy, told)
    for number in order:
        settle(wide, wide.desks[number])
    wide.settle()
    for desk in wide.desks:
        assert files(desk) == {"a.txt": b"a4", "d.txt": b"b1", "new.txt": b"n3"}
    del oldest


@TOLD
@pytest.mark.parametrize("first", [0, 1])
def test_what_was_edited_upon_a_lost_version_follows_it_without_a_copy(
    wide: World, first: int, told: bool
) -> None:
    """During the outage one desk went on working upon what another still holds."""
    office, home, late = wide.desks
    write(office, "a.txt", "a1")
    wide.settle()
    copy = copy_of(wide, "copy.db")
    write(office, "a.txt", "a2")
    write(office, "new.txt", "n1")
    wide.settle()
    restored(wide, copy, told)
    write(office, "a.txt", "upon a2")
    write(office, "new.txt", "upon n1")
    settle(wide, wide.desks[first])
    wide.settle()
    for desk in (office, home, late):
        assert files(desk) == {"a.txt": b"upon a2", "new.txt": b"upon n1"}


@TOLD
def test_two_desks_that_both_went_on_from_a_lost_version_are_both_kept(wide: World, told: bool) -> None:
    office, home, late = wide.desks
    write(office, "a.txt", "a1")
    wide.settle()
    copy = copy_of(wide, "copy.db")
    write(office, "a.txt", "a2")
    wide.settle()
    write(home, "a.txt", "a3")
    settle(wide, home)
    restored(wide, copy, told)
    write(office, "a.txt", "upon a2")
    settle(wide, office)
    wide.settle()
    assert office.tree() == home.tree() == late.tree()
    assert sorted(files(office).values()) == [b"a3", b"upon a2"]


def test_a_move_made_after_the_restore_is_not_undone_by_one_made_before_it(world: World) -> None:
    office, home = world.desks
    write(office, "a.txt", "a")
    world.settle()
    copy = copy_of(world, "copy.db")
    (home.folder / "a.txt").rename(home.folder / "lost name.txt")
    home.hint("a.txt")
    home.hint("lost name.txt")
    settle(world, home)
    put_back(world, copy)
    (office.folder / "a.txt").rename(office.folder / "new name.txt")
    office.hint("a.txt")
    office.hint("new name.txt")
    settle(world, office)
    world.settle()
    assert files(office) == files(home) == {"new name.txt": b"a"}


@TOLD
def test_what_was_edited_before_and_deleted_after_the_restore_lives(world: World, told: bool) -> None:
    office, home = world.desks
    write(office, "a.txt", "a1")
    world.settle()
    copy = copy_of(world, "copy.db")
    write(home, "a.txt", "a2")
    settle(world, home)
    restored(world, copy, told)
    (office.folder / "a.txt").unlink()
    office.hint("a.txt")
    settle(world, office)
    world.settle()
    assert office.tree() == home.tree()
    assert b"a2" in files(office).values()


def test_an_answer_that_a_restore_took_back_before_it_was_read_is_noticed(world: World) -> None:
    """The desk had its answer and slept before it read the journal: its cursor is one that the copy has, too."""
    office, home = world.desks
    world.settle()
    copy = copy_of(world, "copy.db")
    write(office, "a.txt", "a")
    office.beat()
    while not sent(office):
        assert office.turn()
    office.kill()
    put_back(world, copy)
    settle(world, home)
    world.settle()
    assert files(home) == files(office) == {"a.txt": b"a"}


def sent(desk: Desk) -> bool:
    """Says whether the desk has been told that its file is on the server."""
    return desk.store.value("SELECT count(*) FROM node WHERE b_rev IS NOT NULL") > 0


@TOLD
def test_a_folder_deleted_by_the_old_history_does_not_take_along_what_came_in_the_new_one(
    world: World, told: bool
) -> None:
    """The sequences that the desk has seen are higher than those that the restored server counts now (I5)."""
    office, home = world.desks
    write(office, "f/old.txt", "old")
    world.settle()
    copy = copy_of(world, "copy.db")
    for number in range(5):
        write(home, "a.txt", f"lost {number}")
        settle(world, home)
    restored(world, copy, told)
    write(office, "f/new.txt", "new")
    settle(world, office)
    shutil.rmtree(home.folder / "f")
    home.hint("f")
    home.tell(events.StreamLost(Code.OFFLINE))
    with_the_old_cursor(home)
    world.settle()
    assert files(office)["f/new.txt"] == b"new"
    assert files(home)["f/new.txt"] == b"new"


def with_the_old_cursor(desk: Desk) -> None:
    """The desk sends before it hears of anything new."""
    desk.engine.following.online = True
    pulled, desk.calls.changes = desk.calls.changes, refuse  # type: ignore[method-assign, assignment]
    for _ in range(60):
        desk.world.clock.steady_ms += 500
        while desk.turn():
            pass
    desk.calls.changes = pulled  # type: ignore[method-assign]


def refuse(space: bytes, cursor: Cursor | None) -> NoReturn:
    raise Failure(Code.OFFLINE)


# A desk without a memory (R40)


def lose_memory(desk: Desk) -> None:
    desk.store.close()
    for suffix in ("", "-wal", "-shm"):
        (desk.world.base / f"{desk.name}.db{suffix}").unlink(missing_ok=True)
    desk.start()


@pytest.mark.parametrize("answered", [True, False])
def test_what_the_server_has_had_is_no_news_of_a_desk_without_a_memory(world: World, answered: bool) -> None:
    office, home = world.desks
    for path in ("f/equal.txt", "f/older.txt", "f/new.txt"):
        write(office, path, f"{path} 1")
    world.settle()
    write(office, "f/older.txt", "2")
    settle(world, office)
    (home.folder / "f/new.txt").write_text("changed while nobody looked")
    (home.folder / "f/unknown.txt").write_text("unknown")
    lose_memory(home)
    if not answered:
        for _ in range(12):
            home.calls.loss = 0.5
            home.beat()
            for _ in range(40):
                home.turn()
            world.clock.steady_ms += 1_500
    world.settle()
    assert office.tree() == home.tree()
    found = files(office)
    copies = [content for path, content in found.items() if "conflict" in path and content is not None]
    assert copies == [b"changed while nobody looked"]
    assert found["f/older.txt"] == b"2"
    assert found["f/new.txt"] == b"f/new.txt 1"
    assert (found["f/equal.txt"], found["f/unknown.txt"]) == (b"f/equal.txt 1", b"unknown")


def test_an_older_content_of_which_the_server_has_let_go_is_kept(world: World) -> None:
    office, home = world.desks
    write(office, "a.txt", "a1")
    world.settle()
    write(office, "a.txt", "a2")
    settle(world, office)
    with world.server.database.begin() as tx:
        r = tables.revision.c
        tx.execute(update(tables.revision).where(r.hash == hash_of(b"a1")).values(state=contents.PURGED))
    lose_memory(home)
    world.settle()
    assert {b"a1", b"a2"} == {content for content in files(home).values() if content is not None}


# By chance


def play(seed: int, trace: bool = False) -> None:
    """People act, answers get lost, desks are killed; in the midst of it the server is put back from a copy, or twice."""
    base = Path(tempfile.mkdtemp(prefix="sim-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    world = World(base, seed, desks=2 + seed % 2, trace=trace, database=f"sqlite:///{base / 'server.db'}")
    try:
        for turn in range(world.chance.randint(1, 2)):
            act(world, 30)
            copy = copy_of(world, f"copy{turn}.db")
            act(world, 60)
            restored(world, copy, told=world.chance.random() < 0.5)
            world.say(world.desks[0], "=== restored")
            act(world, 30)
            if world.chance.random() < 0.5:
                finish(world)
        finish(world)
    finally:
        world.close()


def act(world: World, most: int) -> None:
    for _ in range(world.chance.randint(0, most)):
        step(world)


REGRESSIONS = (113, 114, 140, 146, 155)
"""Seeds that once ended badly, and what they found: an answer that a restore took back unnoticed (13, 113), a mount made
anew (0, 1, 114), a head told before a restore and asked about for ever (140), a first revision taken for a place (146), what
another desk gave back after the snapshot taken for deleted (155)."""


@pytest.mark.parametrize("seed", [*range(15), *REGRESSIONS])
def test_a_story_with_restores_ends_well(seed: int) -> None:
    play(seed)
