"""The contract on the disk that nearly every Mac has, where case and composing (é as one letter or two) make no second name, over a
likeness of macOS' library (`libsystem`, `folding`); none of this was run on a Mac."""

import contextlib
import os
from collections.abc import Iterator

import pytest

from govsync.local.steps import Result
from govsync.model.codes import Code
from govsync.system.macos.disk import DiskFileSystem
from tests.local.desk import Desk
from tests.system import libsystem
from tests.system.desk import DiskWorld
from tests.system.filesystem_contract import FileSystemContract, refused

COMPOSED, DECOMPOSED = "r\u00e9sum\u00e9", "re\u0301sume\u0301"


@pytest.fixture(params=["older", "newer"], autouse=True)
def mac(request, monkeypatch):
    """Kernels of both kinds: XNU lets a rename that replaces nothing change the spelling, or refuses that as any other."""
    likeness = libsystem.on(monkeypatch)
    likeness.names.folds = True
    likeness.respells = request.param == "newer"
    return likeness


@pytest.fixture
def world(tmp_path):
    world = DiskWorld(tmp_path / "folder", DiskFileSystem)
    world.root.mkdir()
    yield world
    world.close()


class TestFoldingDisk(FileSystemContract):
    """The contract."""

    @pytest.fixture
    def folds(self) -> bool:
        return True


# ---- a look ----


def test_what_is_spelled_otherwise_is_not_there(world, fs, root):
    world.write("Report", b"kept")
    world.mkdir("Docs")
    world.symlink("Link", "Report")
    for name in ("report", "docs", "link"):
        assert fs.stat(root, name) is None
        refused(Code.GONE, fs.open_file, root, name)
        refused(Code.GONE, fs.open_folder, root, name)
    refused(Code.GONE, fs.set_exec, root, "report", True)
    for name in ("Report", "Docs", "Link"):
        assert fs.stat(root, name) is not None


def test_composing_makes_no_difference(world, fs, root):
    world.write(DECOMPOSED, b"kept")
    world.mkdir("\u00e9")
    assert fs.stat(root, COMPOSED) == fs.stat(root, DECOMPOSED) is not None
    with fs.open_file(root, COMPOSED), fs.open_folder(root, "e\u0301"):
        pass
    assert fs.stat(root, COMPOSED.upper()) is None
    world.link(DECOMPOSED, "second")
    assert fs.stat(root, COMPOSED) == fs.stat(root, "second") is not None


def test_what_is_given_to_a_disk_that_decomposes_is_found_as_it_was_given(mac, world, fs, root):
    mac.names.decomposes = True
    fs.create(root, COMPOSED).close()
    assert world.names() == {DECOMPOSED}
    assert fs.stat(root, COMPOSED) == fs.stat(root, DECOMPOSED) is not None
    fs.rename(root, COMPOSED, root, COMPOSED.upper())
    assert world.names() == {DECOMPOSED.upper()}
    assert fs.stat(root, COMPOSED.upper()) is not None
    assert fs.stat(root, COMPOSED) is None


@pytest.mark.parametrize("told", [b"Report", b"report", b"another"])
def test_a_file_with_several_names_is_there_by_each_however_the_kernel_calls_it(mac, world, fs, root, told):
    mac.one_of_several = told
    world.mkdir("d")
    world.write("Report", b"kept")
    world.link("Report", "d/report")
    with fs.open_folder(root, "d") as folder:
        assert fs.stat(root, "Report") == fs.stat(folder, "report") is not None
        assert fs.stat(root, "report") is fs.stat(folder, "Report") is None


@pytest.mark.parametrize("number", [22, 45, 78, 102])  # EINVAL, ENOTSUP, ENOSYS, EOPNOTSUPP (sys/errno.h)
def test_where_the_disk_tells_no_names_the_listing_does(mac, world, fs, root, number):
    mac.refused_name = number
    world.write("Report", b"kept")
    assert fs.stat(root, "Report") is not None
    assert fs.stat(root, "report") is None


def test_a_name_that_cannot_be_asked_for_is_not_one_that_is_not_there(mac, world, fs, root):
    mac.refused_name = 5  # EIO
    world.write("Report", b"kept")
    refused(Code.UNREADABLE, fs.stat, root, "Report")


def test_what_goes_between_two_looks_is_gone(mac, world, fs, root, monkeypatch):
    def gone(*_: object) -> str:
        raise FileNotFoundError

    world.write("Report", b"")
    monkeypatch.setattr("govsync.system.macos.kernel.stored_name", gone)
    assert fs.stat(root, "Report") is None


def test_a_disk_is_asked_once_and_is_asked_nothing_more_where_it_tells_case_apart(
    mac, world, fs, root, monkeypatch
):
    asked = []
    mac.names.folds = False
    mac.refused_name = 5  # EIO: to ask would be to fail.
    whether_it_folds = os.fpathconf
    monkeypatch.setattr(os, "fpathconf", lambda *of: asked.append(of) or whether_it_folds(*of))
    world.write("Report", b"1")
    world.write("report", b"2")
    for _ in range(2):
        assert fs.stat(root, "Report") != fs.stat(root, "report")
    assert len(asked) == 1


@pytest.mark.parametrize("number", [22, 45, 78, 102])
def test_a_disk_that_does_not_say_is_taken_as_the_kernel_takes_it(mac, world, fs, root, number):
    mac.names.refused_question = number
    world.write("Report", b"kept")
    assert fs.stat(root, "report") is not None


def test_a_disk_that_cannot_be_asked_is_not_taken_for_any(mac, world, fs, root):
    mac.names.refused_question = 5  # EIO
    world.write("Report", b"kept")
    refused(Code.UNREADABLE, fs.stat, root, "Report")
    mac.names.refused_question = None
    assert fs.stat(root, "report") is None


def test_a_folder_that_is_made_for_us_is_looked_at_so_too(tmp_path):
    fs = DiskFileSystem.made(tmp_path / "made")
    with fs.root() as root:
        fs.create(root, "Report").close()
        assert fs.stat(root, "report") is None


# ---- a rename ----


def test_a_rename_can_change_composing_alone(world, fs, root):
    world.write(DECOMPOSED, b"kept")
    fs.rename(root, DECOMPOSED, root, COMPOSED)
    assert world.names() == {COMPOSED}
    assert world.read(COMPOSED) == b"kept"


def test_a_file_with_a_second_name_is_spelled_otherwise_by_one(world, fs, root):
    world.write("report", b"kept")
    world.link("report", "second")
    fs.rename(root, "report", root, "Report")
    assert world.names() == {"Report", "second"}
    assert world.read("second") == b"kept"


@pytest.mark.parametrize("target", ["second", "SECOND"])
def test_a_second_name_of_a_file_is_taken_by_it(world, fs, root, target):
    world.write("report", b"kept")
    world.link("report", "second")
    refused(Code.EXISTS, fs.rename, root, "report", root, target)
    assert world.names() == {"report", "second"}


def test_a_second_name_that_is_one_for_us_and_none_for_the_disk_is_taken(world, fs, root):
    """ß is ss when names are compared (R8), and not on this disk."""
    world.write("stra\u00dfe", b"kept")
    world.link("stra\u00dfe", "STRASSE")
    refused(Code.EXISTS, fs.rename, root, "stra\u00dfe", root, "strasse")
    assert world.names() == {"stra\u00dfe", "STRASSE"}


def test_another_file_that_is_one_for_us_and_none_for_the_disk_is_not_replaced(world, fs, root):
    world.write("stra\u00dfe", b"moved")
    world.write("STRASSE", b"kept")
    refused(Code.EXISTS, fs.rename, root, "stra\u00dfe", root, "strasse")
    assert (world.read("stra\u00dfe"), world.read("STRASSE")) == (b"moved", b"kept")


def test_a_name_in_another_folder_is_taken_by_whoever_has_it(world, fs, root):
    world.mkdir("d")
    world.write("d/report", b"kept")
    world.link("d/report", "report")
    with fs.open_folder(root, "d") as folder:
        refused(Code.EXISTS, fs.rename, root, "report", folder, "Report")
    assert world.names("d") == world.names() - {"d"} == {"report"}


def test_on_a_disk_that_tells_case_apart_both_spellings_of_one_file_stay(mac, world, fs, root):
    mac.names.folds = False
    world.write("report", b"kept")
    world.link("report", "Report")
    refused(Code.EXISTS, fs.rename, root, "report", root, "Report")
    assert world.names() == {"report", "Report"}


def test_on_a_disk_that_tells_case_apart_nothing_is_replaced_that_comes_meanwhile(
    mac, world, fs, root, monkeypatch
):
    def listed(folder: object) -> object:
        world.remove("Report")
        found = listing(folder)
        world.write("Report", b"somebody's")
        return found

    mac.names.folds = False
    world.write("report", b"kept")
    world.link("report", "Report")
    listing = fs.list
    monkeypatch.setattr(fs, "list", listed)
    refused(Code.EXISTS, fs.rename, root, "report", root, "Report")
    assert world.names() == {"report", "Report"}


def test_a_listing_that_ends_early_proves_nothing(world, fs, root, monkeypatch):
    @contextlib.contextmanager
    def cut(folder: int) -> Iterator[Iterator[os.DirEntry[str]]]:
        def read() -> Iterator[os.DirEntry[str]]:
            yield from (entry for entry in found if entry.name == "report")
            raise OSError(5, "EIO")

        with scandir(folder) as found:
            yield read()

    world.write("report", b"kept")
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", cut)
    refused(Code.EXISTS, fs.rename, root, "report", root, "Report")
    assert world.names() == {"report"}


def test_what_comes_under_the_name_between_two_looks_is_not_renamed(world, fs, root, monkeypatch):
    def listed(folder: object) -> object:
        world.replace("report", b"somebody's")
        return listing(folder)

    world.write("report", b"kept")
    listing = fs.list
    monkeypatch.setattr(fs, "list", listed)
    refused(Code.EXISTS, fs.rename, root, "report", root, "Report")
    assert world.read("report") == b"somebody's"


def test_an_exchange_keeps_the_spelling_of_both(world, fs, root):
    world.write("Report", b"first")
    world.write("staged", b"second")
    assert fs.exchange(root, "STAGED", root, "Report")
    assert (world.read("Report"), world.read("staged")) == (b"second", b"first")
    assert world.names() == {"Report", "staged"}


# ---- steps ----


def test_a_step_that_changes_the_case_alone_is_done(tmp_path):
    desk = Desk(tmp_path / "folder", DiskFileSystem)
    desk.write("report", b"1")
    desk.write("docs/a", b"2")
    steps = desk.move("report", "Report"), desk.move("docs", "Docs")
    outcomes = desk.carry_out(*steps)
    assert [(each.result, each.placed.ino) for each in outcomes] == [
        (Result.DONE, step.ino) for step in steps
    ]
    assert desk.visible() == {"Report": b"1", "Docs/": None, "Docs/a": b"2"}


@pytest.mark.parametrize("done", [False, True])
def test_after_a_crash_it_is_seen_whether_the_case_was_changed(tmp_path, done):
    desk = Desk(tmp_path / "folder", DiskFileSystem)
    desk.write("report", b"kept")
    step = desk.move("report", "Report")
    if done:
        (desk.path / "report").rename(desk.path / "Report")
    assert [each.result for each in desk.recover(step)] == [Result.DONE if done else Result.CHANGED]
