"""A server put back from an older copy, declared or not: desks unite with it, and nothing is lost (R33, R34, I6)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.world import Desk, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, seed=1, desks=2, database=f"sqlite:///{tmp_path / 'server.db'}")
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
