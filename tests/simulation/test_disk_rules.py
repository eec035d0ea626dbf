"""Hard links, permutations, mounts and what is left alone, from one desk to another (R7, R9, R14, R46)."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from govsync.store import activity, problems
from govsync.system.fs import Shape
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.medium import Inode
from tests.simulation.stage import Stage, delete, move, save, seen


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def at(desk: SimDesk, path: str) -> Inode:
    return desk.medium.resolve((*ROOT, *path.split("/")))


def link(desk: SimDesk, path: str, other: str) -> None:
    desk.medium.link(at(desk, path), desk.medium.resolve(ROOT), other)


def agree(world: Stage) -> str:
    for desk in world.desks:
        desk.engine.observing.scan()
    world.settle()
    one, other = map(seen, world.desks)
    assert one == other
    return one


def said(desk: SimDesk, kind: str) -> list[str]:
    return [path for _, _, found, path, *_ in activity.latest(desk.store, 100) if found == kind]


def nodes(desk: SimDesk) -> dict[str, bytes]:
    return dict(desk.store.all("SELECT l_name, node_id FROM node WHERE presence = 'here'"))


def test_each_name_of_a_file_is_its_own_and_an_incoming_version_parts_them(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=one")
    link(office, "a.txt", "b.txt")
    assert agree(world) == "a.txt=one b.txt=one"
    save(home, "a.txt=new")
    assert agree(world) == "a.txt=new b.txt=one"
    assert said(office, "link_broken") == ["a.txt"]
    save(home, "a.txt=newer")
    assert agree(world) == "a.txt=newer b.txt=one"
    assert said(office, "link_broken") == ["a.txt"]


def test_a_linked_file_is_not_taken_for_a_moved_one(world: Stage) -> None:
    office, _ = world.desks
    save(office, "a.txt=one")
    agree(world)
    before = nodes(office)["a.txt"]
    link(office, "a.txt", "b.txt")
    link(office, "a.txt", "c.txt")
    delete(office, "a.txt")
    assert agree(world) == "b.txt=one c.txt=one"
    assert before not in nodes(office).values()


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_folders_that_change_places_do_so_elsewhere_without_a_transfer(world: Stage, names: str) -> None:
    office, home = world.desks
    save(office, " ".join(f"{name}/{name}.txt={name}" for name in names))
    agree(world)
    before, known = {name: at(home, f"{name}/{name}.txt") for name in names}, nodes(home)
    move(office, names[0], "aside")
    for target, source in pairwise(names):
        move(office, source, target)
    move(office, "aside", names[-1])
    agree(world)
    for target, source in zip(names, names[1:] + names[0], strict=True):
        assert at(home, f"{target}/{source}.txt") is before[source]
        assert nodes(home)[target] == known[source]


def test_files_that_change_places_are_two_edits(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=a b.txt=b")
    agree(world)
    before = nodes(home)
    move(office, "a.txt", "aside")
    move(office, "b.txt", "a.txt")
    move(office, "aside", "b.txt")
    assert agree(world) == "a.txt=b b.txt=a"
    assert nodes(home) == before


def test_a_folder_that_became_a_mount_point_deletes_nothing_and_takes_nothing_in(world: Stage) -> None:
    office, home = world.desks
    save(office, "d/a.txt=kept")
    agree(world)
    cover = office.medium.cover(at(office, "d"))
    office.medium.make(cover, "foreign.txt", Shape.FILE, office.name)
    office.engine.observing.scan()
    save(home, "d/b.txt=new")
    world.wait(120_000)
    assert seen(home) == "d/a.txt=kept d/b.txt=new"
    assert sorted(cover.entries) == ["foreign.txt"]
    office.medium.uncover()
    world.wait(120_000)
    assert agree(world) == "d/a.txt=kept d/b.txt=new"


def test_what_is_neither_file_nor_folder_is_left_alone_and_counted(world: Stage) -> None:
    office, home = world.desks
    root = office.medium.resolve(ROOT)
    for name, shape in (("link", Shape.LINK), ("pipe", Shape.OTHER)):
        office.medium.make(root, name, shape, office.name).target = ("nowhere",)
    save(office, "theirs/file.txt=synced-by-others")
    office.medium.make(at(office, "theirs"), ".govsync", Shape.FOLDER, office.name)
    world.wait(20_000)
    assert seen(home) == ""
    assert problems.skipped_count(office.store) == 3
    delete(office, "link")
    save(office, "link=a-file-now")
    world.wait(20_000)
    assert seen(home) == "link=a-file-now"
    assert problems.skipped_count(office.store) == 2
