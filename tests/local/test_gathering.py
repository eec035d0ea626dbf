"""What lies in one folder is gathered into another, and no byte of it is lost wherever that is cut off."""

import os
import random
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govsync.local.gathering import Gathered, How, Stopped, gather, weigh
from govsync.local.meeting import PASSING, going
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.disk import DiskFileSystem
from govsync.system.fs import Shape
from tests import in_memory
from tests.local.desk import Crash, Hooked
from tests.simulation.disk import Killed, SimFileSystem
from tests.simulation.medium import Medium

WHEN = "2026-11-30 09.00"
MARK = f"(conflict, Desk, {WHEN})"
MINE = {
    "a.txt": b"alpha", "same.txt": b"equal", "differs.txt": b"mine", "Case.TXT": b"upper", "empty": b"",
    "new/deep/b.bin": bytes(range(256)) * 5000, "new/c.txt": b"c", "both/d.txt": b"d", "both/e.txt": b"mine, too",
    "taken/f.txt": b"f", ".hidden": b"hidden",
}  # fmt: skip
THERE = {
    "same.txt": b"equal", "differs.txt": b"theirs", "case.txt": b"lower", "both/e.txt": b"theirs, too", "both/g.txt": b"g",
    "taken": b"a file where a folder comes",
}  # fmt: skip
TOGETHER = {
    **THERE, "a.txt": b"alpha", f"differs {MARK}.txt": b"mine", f"Case {MARK}.TXT": b"upper", "empty": b"",
    "new/deep/b.bin": bytes(range(256)) * 5000, "new/c.txt": b"c", "both/d.txt": b"d", f"both/e {MARK}.txt": b"mine, too",
    "taken (2)/f.txt": b"f", ".hidden": b"hidden",
}  # fmt: skip


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def files(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


class Two:
    """A folder, and another one into which it is gathered."""

    def __init__(self, source: Path, target: Path) -> None:
        self.source, self.target = source, target
        self.before: Callable[[str, tuple[object, ...]], None] = lambda _primitive, _arguments: None

    def again(self) -> None:
        """Lays out both as they were."""
        for folder, content in ((self.source, MINE), (self.target, THERE)):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            write(folder, content)

    def gather(self, copy: bool = False, **how: object) -> Gathered:
        def told(primitive: str, arguments: tuple[object, ...]) -> None:
            self.before(primitive, arguments)

        source, target = (Hooked(DiskFileSystem(each), told) for each in (self.source, self.target))
        asked = How(copy=copy, device="Desk", when=WHEN, oldest_ns=0, **how)
        with DiskFileSystem(self.source).root() as from_, DiskFileSystem(self.target).root() as to:
            return gather(source, from_, target, to, ("Documents",), asked)

    def contents(self) -> set[bytes]:
        return {*files(self.source).values(), *files(self.target).values()}


@pytest.fixture
def two(tmp_path: Path) -> Two:
    made = Two(tmp_path / "Documents", tmp_path / "GovSync")
    made.again()
    return made


@pytest.fixture(params=["one disk", "two disks"])
def each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Two]:
    """Both on one disk, and each on another."""
    with in_memory.folder() as memory:
        if request.param == "one disk":
            yield Two(memory / "Documents", memory / "GovSync")
        elif memory.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("there is no second disk")
        else:
            yield Two(tmp_path / "Documents", memory / "GovSync")


def test_everything_goes_and_nothing_takes_the_name_of_another(each):
    each.again()
    gathered = each.gather()
    assert files(each.target) == TOGETHER
    assert list(each.source.iterdir()) == []
    assert (gathered.left, gathered.waits) == (0, None)
    assert gathered.files == len(MINE)


@pytest.mark.parametrize("copy", [False, True], ids=["moved", "copied"])
def test_wherever_it_is_cut_off_no_content_is_lost_and_the_next_time_ends_it(each, copy):
    wanted, stop_at, ended = {*MINE.values(), *THERE.values()}, 0, False
    while not ended:
        stop_at += 1
        each.again()
        left = [stop_at]

        def before(_primitive: str, _arguments: tuple[object, ...], left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] <= 0:  # What is no more does nothing on its way out either.
                raise Crash

        each.before = before
        try:
            each.gather(copy)
            ended = True
        except Crash:
            assert wanted <= each.contents(), stop_at
            assert all(files(each.target)[name] == data for name, data in THERE.items()), stop_at
            each.before = lambda _primitive, _arguments: None
            each.gather(copy)
        assert files(each.target) == TOGETHER, stop_at
        assert files(each.source) == (MINE if copy else {}), stop_at
    assert stop_at > 50


def test_what_is_copied_stays_where_it_is(each):
    each.again()
    each.gather(copy=True)
    assert files(each.target) == TOGETHER
    assert files(each.source) == MINE
    each.gather(copy=True)
    assert files(each.target) == TOGETHER, "a second time adds nothing"


def test_open_files_links_and_sockets_stay_and_are_told(two):
    (two.source / "link").symlink_to("a.txt")
    with socket.socket(socket.AF_UNIX) as listening, (two.source / "new" / "c.txt").open("ab") as writing:
        here = os.getcwd()
        os.chdir(two.source)
        listening.bind("socket")
        os.chdir(here)
        gathered = two.gather()
        assert {left.path: left.code for left in gathered.left_first} == {
            "link": Code.LINK_IN_THE_WAY, "socket": Code.LINK_IN_THE_WAY, "new/c.txt": Code.BUSY,
        }  # fmt: skip
        assert gathered.left == 3
        assert gathered.waits is not None
        assert gathered.waits.path == "new/c.txt"
        writing.write(b", written on")
    assert files(two.target) == {name: data for name, data in TOGETHER.items() if name != "new/c.txt"}
    assert (two.source / "link").is_symlink()
    two.gather()
    assert files(two.target)["new/c.txt"] == b"c, written on"


def test_a_document_that_is_open_stays_with_its_lock_and_an_old_lock_says_nothing(two):
    write(two.source, {"plan.odt": b"plan", ".~lock.plan.odt#": b"Anna"})
    gathered = two.gather()
    assert {left.path for left in gathered.left_first} == {"plan.odt", ".~lock.plan.odt#"}
    assert (two.source / "plan.odt").exists()
    newer_ns = (two.source / ".~lock.plan.odt#").stat().st_mtime_ns + 1
    asked = How(copy=False, device="Desk", when=WHEN, oldest_ns=newer_ns)
    fs = DiskFileSystem(two.source)
    with fs.root() as from_, DiskFileSystem(two.target).root() as to:
        assert gather(fs, from_, DiskFileSystem(two.target), to, (), asked).left == 0
    assert files(two.target)["plan.odt"] == b"plan"


def test_who_writes_between_the_copy_and_the_removal_keeps_both(each):
    each.again()
    changed = []

    def open_for_writing(primitive: str, arguments: tuple[object, ...]) -> None:
        if primitive == "rename" and arguments[-1] in (going("differs.txt"), going("same.txt")):
            try:  # A lease is taken by now: who asks breaks it, and would wait for its end.
                os.close(os.open(each.source / str(arguments[1]), os.O_WRONLY | os.O_NONBLOCK))
            except BlockingIOError:
                changed.append(arguments[1])

    each.before = open_for_writing
    gathered = each.gather()
    assert "same.txt" in changed
    assert {left.path for left in gathered.left_first} == set(changed)
    assert all((each.source / name).read_bytes() == MINE[name] for name in changed)
    each.before = lambda _primitive, _arguments: None
    each.gather()
    assert files(each.target) == TOGETHER


@pytest.mark.parametrize("where", ["source", "target"])
def test_a_twin_that_is_edited_before_the_original_goes_is_another_version(each, where):
    each.again()

    def edit(primitive: str, _arguments: tuple[object, ...]) -> None:
        if primitive == "flush_folders":
            (getattr(each, where) / "same.txt").write_bytes(b"edited")

    each.before = edit
    each.gather()
    assert {b"edited", b"equal"} <= each.contents()
    each.before = lambda _primitive, _arguments: None
    each.gather()
    assert {b"edited", b"equal"} <= set(files(each.target).values())
    assert files(each.source) == {}


def test_nothing_comes_into_a_folder_that_is_another_space(two):
    gathered = two.gather(barred=frozenset({("documents", "both"), ("elsewhere", "new")}))
    found = files(two.target)
    assert found["both (2)/d.txt"] == b"d"
    assert found["both (2)/e.txt"] == b"mine, too"
    assert found["new/c.txt"] == b"c"
    assert {name for name in found if name.startswith("both/")} == {"both/e.txt", "both/g.txt"}
    assert gathered.left == 0


def test_of_a_folder_that_is_another_space_nothing_is_copied(two):
    two.gather(copy=True, barred=frozenset({("documents", "both")}))
    assert "both/d.txt" not in files(two.target)
    assert files(two.target)["new/c.txt"] == b"c"


def test_a_file_that_cannot_be_copied_whole_leaves_nothing_half(each, monkeypatch):
    each.again()

    def before(primitive: str, _arguments: tuple[object, ...]) -> None:
        if primitive == "copy_attributes":
            raise Failure(Code.DISK_FULL)

    each.before = before
    gathered = each.gather(copy=True)
    assert gathered.waits is not None
    assert gathered.waits.code is Code.DISK_FULL
    assert not list(each.target.rglob(PASSING))
    assert files(each.target).items() >= THERE.items()
    assert files(each.source) == MINE


def test_asked_to_stop_it_ends_and_goes_on_from_there(each):
    each.again()
    asked = []
    with pytest.raises(Stopped):
        each.gather(stopped=lambda: asked.append(1) or len(asked) > 6)
    assert each.contents() >= {*MINE.values(), *THERE.values()}
    each.gather()
    assert files(each.target) == TOGETHER


def test_a_folder_is_as_heavy_as_its_files(two):
    fs = DiskFileSystem(two.source)
    with fs.root() as root:
        assert weigh(fs, root) == sum(map(len, MINE.values()))


@pytest.mark.parametrize("copies", [False, True], ids=["renamed", "copied"])
@pytest.mark.parametrize("seed", range(2))
def test_after_a_power_cut_every_content_is_there(seed, copies):
    """On a disk that keeps any subset of what was not flushed, and on one that is two to whoever renames."""
    wanted, stop_at, ended = {*SMALL.values(), *THERE.values()}, 0, False
    while not ended:
        stop_at += 1
        medium = _medium(1000 * seed + stop_at)
        left = [stop_at]

        def before(primitive: str, arguments: tuple[object, ...], left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] <= 0:  # What is no more does nothing on its way out either.
                raise Killed
            if copies and primitive == "rename" and not {PASSING, going(str(arguments[0]))} & set(arguments):
                raise Failure(Code.UNREADABLE, errno="EXDEV")

        try:
            _gather_in(medium, before)
            ended = True
        except Killed:
            pass
        medium.crash((0.0, 0.5)[seed], damage=0.5)
        found = {inode.data for _, inode in medium.walk(medium.top) if inode.shape is Shape.FILE}
        assert wanted <= found, stop_at
        _gather_in(medium, lambda _primitive, _arguments: None)
        everything = medium.walk(medium.top)
        found = {"/".join(path[1:]): inode.data for path, inode in everything if inode.shape is Shape.FILE}
        assert found == {name: MINE_SHORT.get(name, data) for name, data in TOGETHER.items()}, stop_at


MINE_SHORT = {"new/deep/b.bin": b"deep"}
SMALL = {**MINE, **MINE_SHORT}


def _medium(seed: int) -> Medium:
    """Makes a disk with both folders, all of it flushed."""
    clock = iter(range(1_795_000_000 * 10**9, 1 << 62, 5_000_000))
    medium = Medium(lambda: next(clock), random.Random(seed))
    for folder, content in (("source", SMALL), ("target", THERE)):
        medium.make(medium.top, folder, Shape.FOLDER, "person")
        for name, data in content.items():
            _put(medium, (folder, *name.split("/")), data)
    medium.flush_all()
    return medium


def _put(medium: Medium, path: tuple[str, ...], data: bytes) -> None:
    at = medium.top
    for name in path[:-1]:
        at = at.entries.get(name) or medium.make(at, name, Shape.FOLDER, "person")
    medium.set_data(medium.make(at, path[-1], Shape.FILE, "person"), data, "person")


def _gather_in(medium: Medium, before: Callable[[str, tuple[object, ...]], None]) -> None:
    source, target = (SimFileSystem(medium, (name,), before) for name in ("source", "target"))
    asked = How(copy=False, device="Desk", when=WHEN, oldest_ns=0)
    try:
        with source.root() as from_, target.root() as to:
            gather(source, from_, target, to, (), asked)
    except Killed:
        source.die()
        target.die()
        raise
