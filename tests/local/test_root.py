"""The folder is known by inode and marker together; each alone can deceive (R10, R29, R45)."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govsync.local.folders import OpenFolders
from govsync.local.root import (
    MARKER,
    Landmark,
    Root,
    Standing,
    adopt,
    cookie,
    found,
    prove,
    proven,
    recognize,
)
from govsync.local.steps import At
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.disk import DiskFileSystem
from tests.foreign import changed, damaged
from tests.local.desk import DEVICE, ROOT_ID, Hooked, at_each


def test_an_adopted_folder_is_ours(desk):
    assert prove(desk.fs, desk.root) is Standing.OURS
    assert found(desk.fs) == (ROOT_ID, DEVICE)
    assert sorted(each.name for each in (desk.path / ".govsync").iterdir()) == [
        "parking", "root", "staging", "trash",
    ]  # fmt: skip


def test_what_is_kept_in_the_folder_is_its_owners_alone_whatever_the_umask(desk, tmp_path):
    """The folder may be shared with a group, but not what was displaced or is not placed yet."""
    path = tmp_path / "shared"
    path.mkdir()
    before = os.umask(0)
    try:
        adopt(DiskFileSystem(path), ROOT_ID, DEVICE)
        shutil.rmtree(path / ".govsync" / "trash")
        with OpenFolders(DiskFileSystem(path), DiskFileSystem(path).root()) as folders:
            folders.hidden("trash")
    finally:
        os.umask(before)
    kept = [path / ".govsync", *(path / ".govsync" / name for name in ("staging", "trash", "parking"))]
    assert {each.name: oct(each.stat().st_mode & 0o777) for each in kept} == {
        ".govsync": "0o700", "staging": "0o700", "trash": "0o700", "parking": "0o700",
    }  # fmt: skip


def test_a_root_that_cannot_be_looked_at_is_closed_again(desk):
    def refuse(primitive: str, _: object) -> None:
        if primitive == "identity":
            raise Failure(Code.UNREADABLE)

    fs = Hooked(desk.fs, refuse)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(Failure):
            OpenFolders(fs, fs.root())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_adopting_again_changes_the_marker_and_nothing_else(desk):
    desk.write(".govsync/trash/kept", b"kept")
    root = adopt(desk.fs, ROOT_ID, b"e" * 16)
    assert root.ino == desk.root.ino
    assert found(desk.fs) == (ROOT_ID, b"e" * 16)
    assert desk.hidden("trash") == {"kept": b"kept"}


def test_a_missing_folder_is_missing(desk, tmp_path):
    desk.path.rename(tmp_path / "elsewhere")
    assert prove(desk.fs, desk.root) is Standing.MISSING
    desk.path.write_bytes(b"a file")
    assert prove(desk.fs, desk.root) is Standing.MISSING


def test_a_new_folder_at_the_path_is_not_ours(desk, tmp_path):
    desk.path.rename(tmp_path / "elsewhere")
    desk.path.mkdir()
    assert prove(desk.fs, desk.root) is Standing.REPLACED
    assert found(desk.fs) is None


def test_a_copy_of_the_folder_is_only_moved(desk, tmp_path):
    desk.path.rename(tmp_path / "elsewhere")
    shutil.copytree(tmp_path / "elsewhere", desk.path)
    assert prove(desk.fs, desk.root) is Standing.MOVED


def test_our_inode_without_a_readable_marker_is_unmarked(desk):
    for spoilt in (
        b"",
        b"{",
        b'{"format":1,"root":"zz","device":"zz"}',
        b"x" * 10_000,
        b'{"x":' + b"[" * 4_000,
    ):
        (desk.path / ".govsync" / MARKER).write_bytes(spoilt)
        assert prove(desk.fs, desk.root) is Standing.UNMARKED
    shutil.rmtree(desk.path / ".govsync")
    assert prove(desk.fs, desk.root) is Standing.UNMARKED


WRITTEN = {"format": 1, "root": "ab" * 16, "device": "cd" * 16}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changed(WRITTEN).map(msgspec.json.encode) | damaged(msgspec.json.encode(WRITTEN)) | st.binary(max_size=90)
)
def test_any_bytes_are_a_marker_of_two_ids_or_none(desk, torn):
    (desk.path / ".govsync" / MARKER).write_bytes(torn)
    ids = found(desk.fs)
    assert ids is None or [len(each) for each in ids] == [16, 16]
    assert prove(desk.fs, desk.root) in (Standing.UNMARKED, Standing.REPLACED, Standing.TAKEN)


def test_a_hidden_folder_behind_a_link_is_not_ours(desk, tmp_path):
    (desk.path / ".govsync").rename(tmp_path / "state")
    (desk.path / ".govsync").symlink_to(tmp_path / "state")
    assert prove(desk.fs, desk.root) is Standing.UNMARKED


def test_another_marker_or_owner_is_told_apart(desk):
    assert prove(desk.fs, Root(b"x" * 16, DEVICE, desk.root.ino)) is Standing.REPLACED
    assert prove(desk.fs, Root(ROOT_ID, b"x" * 16, desk.root.ino)) is Standing.TAKEN


def landmarks(desk, *names):
    return [
        Landmark(At((), name), desk.ino(name), None if name.endswith("d") else os.lstat(desk.path / name).st_size,
                 os.lstat(desk.path / name).st_mtime_ns)
        for name in names
    ]  # fmt: skip


def tidied(desk, count):
    """Our folder with so many files, and a folder, of which somebody took away the hidden one; and what was known of it."""
    names = [f"{number}.txt" for number in range(count)]
    for name in names:
        desk.write(name, b"text")
    (desk.path / "d").mkdir()
    known = landmarks(desk, *names, "d")
    shutil.rmtree(desk.path / ".govsync")
    return known


def test_a_folder_that_lost_its_marker_is_known_again_by_what_lies_in_it(desk):
    known = tidied(desk, 9)
    (desk.path / "0.txt").unlink()  # nine of ten are there
    assert recognize(desk.fs, desk.root, known)
    assert prove(desk.fs, desk.root) is Standing.OURS


def lose_two(desk):
    (desk.path / "0.txt").unlink()
    (desk.path / "1.txt").unlink()


def edit_two(desk):
    desk.write("0.txt", b"another")
    desk.write("1.txt", b"another")


def copy_two(desk):
    for name in ("0.txt", "1.txt"):
        (desk.path / name).rename(desk.path.parent / name)
        shutil.copy2(desk.path.parent / name, desk.path / name)


def hide_behind_a_link(desk):
    (desk.path / "d").rmdir()
    (desk.path / "d").symlink_to(desk.path.parent)
    (desk.path / "0.txt").unlink()


@pytest.mark.parametrize("change", [lose_two, edit_two, copy_two, hide_behind_a_link])
def test_less_than_nine_of_ten_is_another_folder_and_nothing_is_written_into_it(desk, change):
    known = tidied(desk, 9)
    change(desk)
    assert not recognize(desk.fs, desk.root, known)
    assert not (desk.path / ".govsync").exists()


def test_another_folder_is_not_ours_whatever_lies_in_it(desk, tmp_path):
    known = tidied(desk, 9)
    desk.path.rename(tmp_path / "elsewhere")
    shutil.copytree(tmp_path / "elsewhere", desk.path)
    assert not recognize(desk.fs, desk.root, [])
    assert not recognize(desk.fs, desk.root, known)


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        (Root(ROOT_ID, DEVICE, 1), Code.FOLDER_REPLACED),
        (Root(b"x" * 16, DEVICE, 1), Code.FOLDER_REPLACED),
        (Root(ROOT_ID, b"x" * 16, 1), Code.FOLDER_TAKEN),
    ],
)
def test_an_unproven_root_is_not_opened(desk, expected, code):
    with pytest.raises(Failure) as refused:
        proven(desk.fs, expected)
    assert refused.value.code is code


def test_a_root_that_cannot_be_looked_at_is_not_called_missing(desk):
    def refuse(primitive, arguments):
        if primitive == "root":
            raise Failure(Code.NO_ACCESS)

    desk.before(refuse)
    with pytest.raises(Failure) as refused:
        prove(desk.fs, desk.root)
    assert refused.value.code is Code.NO_ACCESS


def test_a_marker_is_whole_after_a_failure_at_any_primitive(desk):
    def fail():
        raise Failure(Code.DISK_FULL)

    stop_at, reached = 0, []
    while len(reached) >= stop_at:
        stop_at += 1
        hook, reached = at_each(stop_at, fail)
        desk.before(hook)
        with suppress(Failure):  # the last turn reaches the end
            adopt(desk.fs, ROOT_ID, DEVICE)
        desk.undisturbed()
        assert prove(desk.fs, desk.root) is Standing.OURS
    assert stop_at > 10


def test_a_cookie_leaves_nothing_behind(desk):
    for _ in range(2):
        cookie(desk.fs, desk.root, "7")
        assert not (desk.path / ".govsync/cookie.7").exists()


def test_a_cookie_is_made_in_our_folder_only(desk, tmp_path):
    desk.path.rename(tmp_path / "moved")
    desk.path.mkdir()
    with pytest.raises(Failure) as raised:
        cookie(desk.fs, desk.root, "7")
    assert raised.value.code is Code.FOLDER_REPLACED
