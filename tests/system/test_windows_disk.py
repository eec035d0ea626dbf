"""The contract on the disk of Windows, and what only that one can show."""

import mmap
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.system.fs import Shape
from tests.system.desk import DiskWorld
from tests.system.filesystem_contract import FileSystemContract, refused

pytestmark = pytest.mark.windows


@pytest.fixture
def world(tmp_path):
    world = DiskWorld(tmp_path / "folder")
    world.root.mkdir()
    yield world
    world.close()


class TestDiskFileSystem(FileSystemContract):
    """The contract on this machine."""

    @pytest.fixture
    def folds(self) -> bool:
        return True

    @pytest.mark.wine_differs("a rename that changes capital letters alone does nothing")
    @pytest.mark.parametrize("moved", ["file", "folder"])
    def test_a_rename_that_changes_the_case_alone_shows_the_new_name_alone(self, world, fs, root, moved):
        super().test_a_rename_that_changes_the_case_alone_shows_the_new_name_alone(world, fs, root, moved)

    @pytest.mark.wine_differs("the birth time is the oldest time that a file has, and moves with it")
    def test_a_birth_time_survives_writing_and_renaming_and_tells_a_new_file_from_an_old_one(
        self, world, fs, root
    ):
        super().test_a_birth_time_survives_writing_and_renaming_and_tells_a_new_file_from_an_old_one(
            world, fs, root
        )

    @pytest.mark.wine_differs(
        "a folder that is open is removed when it is closed, and takes files until then"
    )
    def test_a_rename_into_a_removed_folder_is_gone(self, world, fs, root):
        super().test_a_rename_into_a_removed_folder_is_gone(world, fs, root)

    @pytest.mark.wine_differs("an open folder is remembered by the path that it had")
    def test_a_renamed_folder_keeps_its_children_as_they_were(self, world, fs, root):
        super().test_a_renamed_folder_keeps_its_children_as_they_were(world, fs, root)

    @pytest.mark.wine_differs("an open folder is remembered by the path that it had")
    def test_an_open_folder_stays_itself_when_a_person_renames_it(self, world, fs, root):
        super().test_an_open_folder_stays_itself_when_a_person_renames_it(world, fs, root)


@pytest.mark.parametrize("name", ["a:b", "..\\a", "d\\a", "a*", "a?", "a<", 'a"', "a|b", "a\x1fb", ".."])
def test_what_is_no_name_here_reaches_no_other_file(world, fs, root, name):
    """A stream of another file, another folder, a pattern."""
    world.write("a", b"kept")
    world.mkdir("d")
    for call in (fs.create, fs.make_folder):
        refused(Code.UNREADABLE, call, root, name)
    refused(Code.UNREADABLE, fs.rename, root, "a", root, name)
    refused(Code.UNREADABLE, fs.unlink, root, name)
    assert world.names() == {"a", "d"}
    assert world.names("d") == set()
    assert world.read("a") == b"kept"
    assert not (world.root.parent / "a").exists()


@pytest.mark.parametrize("name", ["con", "nul.txt", "trail.", "trail ", "COM1", "폴더"])
def test_no_name_means_a_device_and_none_is_cut(fs, root, name):
    with fs.create(root, name) as file:
        file.write(b"12345")
    assert [entry.name for entry in fs.list(root).entries] == [name]
    with fs.open_file(root, name) as file:
        assert file.stat().size_bytes == 5
    fs.rename(root, name, root, "other")
    fs.unlink(root, "other")
    assert fs.list(root).entries == ()


def test_a_name_that_the_disk_cannot_hold_says_so(fs, root):
    refused(Code.NAME_TOO_LONG, fs.create, root, "x" * 256)
    refused(Code.NAME_TOO_LONG, fs.make_folder, root, "\N{GRINNING FACE}" * 128)
    fs.create(root, "가" * 255).close()


def test_paths_may_be_longer_than_programs_believe(tmp_path):
    deep = tmp_path.joinpath(*["folder of forty characters, more or less"] * 12)
    fs = type(DiskWorld(tmp_path).fs).made(deep)
    assert len(str(deep)) > 450
    with fs.root() as root:
        with fs.create(root, "a") as file:
            file.write(b"12345")
        assert fs.stat(root, "a").size_bytes == 5


def test_what_somebody_has_open_alone_is_in_use_and_is_seen(world, fs, root):
    from govsync.system.windows import nt

    world.write("a", b"12345")
    world.mkdir("d")
    with fs.open_folder(root, "d") as folder:
        held = nt.open_at(root.handle, "a", nt.READ, nt.NO_FOLDER, share=nt.SHARE_NONE)
        try:
            assert fs.stat(root, "a").shape is Shape.FILE
            assert fs.list(root).complete
            assert fs.written_by_somebody(root, "a") is True
            refused(Code.BUSY, fs.open_file, root, "a")
            refused(Code.BUSY, fs.rename, root, "a", folder, "a")
            refused(Code.BUSY, fs.unlink, root, "a")
        finally:
            nt.close(held)
    assert world.read("a") == b"12345"


def test_what_programs_have_open_as_they_do_cannot_be_renamed_and_is_in_use(world, fs, root):
    world.write("a", b"12345")
    with (world.root / "a").open("rb"):
        refused(Code.BUSY, fs.rename, root, "a", root, "b")
        assert fs.written_by_somebody(root, "a") is False
    fs.rename(root, "a", root, "b")


def test_nobody_writes_while_a_lease_is_held(world, fs, root):
    world.write("a", b"12345")
    with fs.open_file(root, "a") as file:
        assert fs.lease(file)
        with pytest.raises(PermissionError):
            (world.root / "a").open("r+b")
        assert world.read("a") == b"12345"
        fs.rename(root, "a", root, "b")
        assert fs.lease_unbroken(file)
    (world.root / "b").open("r+b").close()


@pytest.mark.wine_differs("a mapping keeps nobody from anything once its file is closed")
def test_a_writable_mapping_counts_as_a_writer(world, fs, root):
    world.write("a", b"12345")
    with (world.root / "a").open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 5)
    assert fs.written_by_somebody(root, "a") is True
    mapped.close()
    assert fs.written_by_somebody(root, "a") is False


def test_our_own_folder_is_hidden_and_a_person_s_is_not(world, fs, root):
    fs.make_folder(root, ".ours", private=True)
    fs.make_folder(root, "theirs")
    hidden = {each.name: each.stat().st_file_attributes & 0x2 != 0 for each in world.root.iterdir()}
    assert hidden == {".ours": True, "theirs": False}


def test_a_shut_file_is_replaced_and_removed_like_any_other(world, fs, root):
    with fs.create(root, "a") as file:
        file.finish(0, exec=False, write=False)
    fs.rename(root, "a", root, "b")
    fs.unlink(root, "b")
    assert world.names() == set()


def test_a_read_only_file_that_a_person_made_so_does_not_bear_our_mark(world, fs, root):
    world.write("a", b"")
    (world.root / "a").chmod(0o444)
    seen = fs.stat(root, "a")
    assert (seen.write, seen.shut) == (False, False)


@pytest.mark.parametrize("mtime_ns", [-(2**31) * 10**9, 0, 100, 2**62])
def test_times_of_all_ages_are_kept(fs, root, mtime_ns):
    mtime_ns -= mtime_ns % 100
    with fs.create(root, "new") as file:
        file.finish(mtime_ns, exec=False)
    assert fs.stat(root, "new").mtime_ns == mtime_ns


def test_a_root_that_is_a_file_is_no_folder(world, fs):
    world.root.rmdir()
    world.root.write_bytes(b"")
    refused(Code.NOT_A_FOLDER, fs.root)


def test_what_was_written_is_flushed_when_it_is_closed(fs, root, monkeypatch):
    from govsync.system.windows import nt

    flushed = []
    monkeypatch.setattr(nt, "flush", flushed.append)
    with fs.create(root, "a") as file:
        file.write(b"12345")
        assert flushed == []
    assert len(flushed) == 1
    fs.open_file(root, "a").close()
    assert len(flushed) == 1


def test_the_root_is_found_by_a_path_of_any_form(tmp_path):
    for path in (tmp_path, Path(f"\\\\?\\{tmp_path}")):
        with DiskWorld(path).fs.root() as root:
            assert DiskWorld(path).fs.identity(root).shape is Shape.FOLDER
