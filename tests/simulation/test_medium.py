"""The simulated disk has the habits of real ones: what a power cut keeps, which numbers come back, which times move."""

import random

import pytest

from govsync.model.problems import Failure
from govsync.system.fs import Shape
from tests.simulation.clock import SimClock
from tests.simulation.disk import Killed, SimFileSystem
from tests.simulation.medium import Inode, Medium

SEEDS = range(40)


def medium_of(seed: int) -> tuple[Medium, SimClock]:
    clock = SimClock()
    return Medium(clock.time_ns, random.Random(seed)), clock


def written(medium: Medium, folder: Inode, name: str, data: bytes) -> Inode:
    inode = medium.make(folder, name, Shape.FILE, "person")
    medium.set_data(inode, data, "person")
    return inode


def test_what_was_flushed_survives_a_power_cut():
    for seed in SEEDS:
        medium, _ = medium_of(seed)
        written(medium, medium.top, "a", b"safe")
        medium.flush([medium.top])
        medium.crash(keep=0.0, damage=1.0)
        assert {name: inode.data for name, inode in medium.top.entries.items()} == {"a": b"safe"}


def test_of_what_was_not_flushed_each_part_may_be_kept_or_lost():
    seen = set()
    for seed in SEEDS:
        medium, _ = medium_of(seed)
        written(medium, medium.top, "a", b"new")
        written(medium, medium.top, "b", b"new")
        medium.crash(keep=0.5, damage=0.5)
        seen.add(tuple(sorted((name, inode.data) for name, inode in medium.top.entries.items())))
    assert () in seen
    assert (("a", b"new"), ("b", b"new")) in seen
    assert any(data != b"new" for found in seen for _, data in found)


def test_a_rename_between_folders_never_loses_the_file_in_a_power_cut():
    for seed in SEEDS:
        medium, _ = medium_of(seed)
        one = medium.make(medium.top, "one", Shape.FOLDER, "person")
        other = medium.make(medium.top, "other", Shape.FOLDER, "person")
        written(medium, one, "a", b"x")
        medium.flush_all()
        medium.rename(one, "a", other, "a", replace=False)
        medium.remove_folder(medium.top, "one")
        medium.crash(keep=0.5, damage=0.0)
        assert [path[-1] for path, inode in medium.walk(medium.top) if inode.data] == ["a"]


def test_a_flush_of_one_folder_takes_along_only_what_it_needs():
    medium, _ = medium_of(1)
    outer = medium.make(medium.top, "outer", Shape.FOLDER, "person")
    inner = medium.make(outer, "inner", Shape.FOLDER, "person")
    written(medium, inner, "needed", b"1")
    beside = medium.make(medium.top, "beside", Shape.FOLDER, "person")
    written(medium, beside, "lost", b"2")
    medium.flush([inner])
    medium.crash(keep=0.0, damage=0.0)
    assert ["/".join(path) for path, _ in medium.walk(medium.top)] == [
        "outer",
        "outer/inner",
        "outer/inner/needed",
    ]


def test_an_inode_number_comes_back_at_once_and_the_birth_time_does_not():
    medium, _ = medium_of(1)
    old = written(medium, medium.top, "a", b"1")
    medium.unlink(medium.top, "a")
    new = written(medium, medium.top, "b", b"2")
    assert new.number == old.number
    assert new.birth_ns != old.birth_ns


def test_two_writes_in_one_tick_share_a_time_and_a_rename_moves_the_ctime_alone():
    medium, clock = medium_of(1)
    inode = written(medium, medium.top, "a", b"1")
    before = inode.stat()
    medium.set_data(inode, b"2", "person")
    assert inode.stat() == before
    clock.advance(10)
    medium.rename(medium.top, "a", medium.top, "b", replace=False)
    assert inode.mtime_ns == before.mtime_ns
    assert inode.ctime_ns > before.ctime_ns


def test_only_the_first_store_to_a_clean_page_moves_the_time():
    medium, clock = medium_of(1)
    inode = written(medium, medium.top, "a", b"11")
    clock.advance(10)
    medium.set_data(inode, b"22", "person", by_mapping=True)
    first = inode.mtime_ns
    clock.advance(10)
    medium.set_data(inode, b"33", "person", by_mapping=True)
    assert inode.mtime_ns == first
    medium.flush_file(inode)
    medium.set_data(inode, b"44", "person", by_mapping=True)
    assert inode.mtime_ns > first


def test_a_process_that_died_changes_nothing_any_more_and_holds_nothing():
    medium, _ = medium_of(1)
    inode = written(medium, medium.top, "a", b"1")
    fs = SimFileSystem(medium, ())
    root = fs.root()
    file = fs.open_file(root, "a")
    assert fs.lease(file)
    assert not medium.may_write(inode)
    fs.die()
    assert medium.may_write(inode)
    assert not fs.open_handles
    with pytest.raises(Killed):
        fs.unlink(root, "a")
    assert "a" in medium.top.entries


def test_a_mount_hides_a_folder_and_gives_it_back():
    medium, _ = medium_of(1)
    folder = medium.make(medium.top, "f", Shape.FOLDER, "person")
    written(medium, folder, "a", b"1")
    medium.cover(folder)
    with pytest.raises(Failure):
        medium.resolve(("f", "a"))
    assert medium.resolve(("f",)).stat().dev != folder.dev
    medium.uncover()
    assert medium.resolve(("f", "a")).data == b"1"


def test_nothing_lies_in_a_file():
    medium, _ = medium_of(1)
    inode = written(medium, medium.top, "a", b"1")
    with pytest.raises(Failure):
        medium.make(inode, "b", Shape.FILE, "person")
