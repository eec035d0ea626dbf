"""What a desk does on a disk where others write unseen, nobody sees a writer, and numbers do not last (R5, R11, R45)."""

import mmap
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.simulation.world import Desk, World
from tests.system.lacking import Network

LOOK_AGAIN_MS = 61_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world", 1, desks=2, disk=Network)
    made.settle()
    yield made
    made.close()


def _save(desk: Desk, name: str, content: bytes) -> None:
    (desk.folder / name).write_bytes(content)
    desk.hint(name)


def _contents(desk: Desk) -> set[bytes | None]:
    return {content for name, content in desk.tree().items() if name != "Team"}


def test_a_save_that_no_watcher_told_of_is_found_within_minutes(world: World) -> None:
    office, home = world.desks
    (office.folder / "a.txt").write_bytes(b"by another machine")
    world.clock.steady_ms += LOOK_AGAIN_MS
    world.settle()
    assert home.tree()["a.txt"] == b"by another machine"


def test_a_write_through_an_old_handle_comes_back_as_a_second_version(world: World) -> None:
    office, home = world.desks
    _save(office, "a.txt", b"first")
    world.settle()
    with (home.folder / "a.txt").open("r+b") as program:
        _save(office, "a.txt", b"second")
        world.settle()
        assert home.tree()["a.txt"] == b"second"
        program.write(b"third")
    world.clock.steady_ms += LOOK_AGAIN_MS
    world.settle()
    assert _contents(home) == _contents(office) == {b"second", b"third"}
    assert home.tree()["a.txt"] == b"second"


def test_a_store_through_a_mapping_that_moves_no_time_is_found_by_a_second_hash(world: World) -> None:
    office, home = world.desks
    for (
        desk
    ) in world.desks:  # A flush of the whole disk would clean the page, and the next store move the time.
        desk.disk.flush_folders = lambda _: None
    # The desk's clock shows half a minute later than the file's time.
    office.tools = msgspec.structs.replace(office.tools, clock_ns=lambda: time.time_ns() + 30_000_000_000)
    _save(office, "a.bin", b"first")
    with (office.folder / "a.bin").open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[:1] = b"f"  # The first store to a clean page may move the time, later ones do not (F5).
        world.settle()
        assert home.tree()["a.bin"] == b"first"
        before = (office.folder / "a.bin").stat()
        mapped[:] = b"later"
        after = (office.folder / "a.bin").stat()
        assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
        world.clock.steady_ms += LOOK_AGAIN_MS
        world.settle()
        assert home.tree()["a.bin"] == b"later"


def test_what_was_displaced_is_no_second_version_only_because_the_disk_was_mounted_anew(world: World) -> None:
    office, home = world.desks
    _save(office, "a.txt", b"first")
    world.settle()
    _save(office, "a.txt", b"second")
    world.settle()
    home.kill()
    world.clock.steady_ms += LOOK_AGAIN_MS
    world.settle()
    assert home.tree() == office.tree()
    assert _contents(home) == {b"second"}


def test_who_saves_in_the_gap_keeps_his_file_and_both_versions_stay(world: World) -> None:
    office, home = world.desks
    _save(office, "a.txt", b"first")
    world.settle()
    rename, gaps = home.disk.rename, []

    def interrupted(source: object, name: str, target: object, target_name: str) -> None:
        rename(source, name, target, target_name)
        if name == "a.txt" and not gaps:
            gaps.append(name)
            assert not (home.folder / "a.txt").exists()
            (home.folder / "a.txt").write_bytes(b"in the gap")

    home.disk.rename = interrupted
    _save(office, "a.txt", b"second")
    world.settle()
    world.clock.steady_ms += LOOK_AGAIN_MS
    world.settle()
    assert gaps
    assert home.tree() == office.tree()
    assert _contents(home) == {b"second", b"in the gap"}
