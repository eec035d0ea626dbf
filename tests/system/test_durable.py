"""A replaced file is the old one or the new one, whatever happens."""

import os
import stat

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import durable
from govsync.system.durable import new_file, private_folder, replace_file


def test_a_file_is_made_with_its_folders_for_its_owner_alone(tmp_path):
    path = tmp_path / "home" / "settings"
    replace_file(path, b"one")
    assert path.read_bytes() == b"one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "settings"
    replace_file(path, b"a longer one")
    replace_file(path, b"two", mode=0o644)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_crash_left_beside_is_neither_used_nor_in_the_way(tmp_path):
    path = tmp_path / "settings"
    left = tmp_path / ".settings.new"
    left.write_bytes(b"left by a crash, and longer")
    left.chmod(0o666)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "fchmod"])
def test_the_old_file_stays_when_the_new_one_cannot_be_written(tmp_path, monkeypatch, call):
    path = tmp_path / "settings"
    replace_file(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(durable.os, call, fail)
    with pytest.raises(Failure) as raised:
        replace_file(path, b"new")
    assert raised.value.code is Code.DISK_FULL
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_data_are_flushed_before_the_name_is_given_and_the_folder_after(tmp_path, monkeypatch):
    path = tmp_path / "settings"
    path.write_bytes(b"old")
    flushed = []

    def fsync(fd: int) -> None:
        flushed.append((os.readlink(f"/proc/self/fd/{fd}"), path.read_bytes()))

    monkeypatch.setattr(durable.os, "fsync", fsync)
    replace_file(path, b"new")
    assert flushed == [(os.fspath(tmp_path / ".settings.new"), b"old"), (os.fspath(tmp_path), b"new")]


def test_folders_are_made_for_their_owner_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert [oct(each.stat().st_mode & 0o777) for each in (tmp_path / "a", tmp_path / "a" / "b")] == [
        "0o700"
    ] * 2
    private_folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    with pytest.raises(Failure):
        private_folder(tmp_path / "file" / "c")


def test_a_new_file_has_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "f" / "new"
    with new_file(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_takes_nobodys_name(tmp_path, monkeypatch, early, links):
    if not links:
        monkeypatch.setattr(durable.os, "link", lambda *_: (_ for _ in ()).throw(PermissionError()))
    path = tmp_path / "new"
    if early:
        path.write_bytes(b"mine")

    def write() -> None:
        with new_file(path) as file:
            file.write(b"whole")
            path.write_bytes(b"mine")

    with pytest.raises(Failure) as raised:
        write()
    assert raised.value.code is Code.EXISTS
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_a_new_file_that_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(durable.os, "link", lambda *_: (_ for _ in ()).throw(PermissionError()))
    with new_file(tmp_path / "good") as file:
        file.write(b"where there are no links")
    assert (tmp_path / "good").read_bytes() == b"where there are no links"
    with pytest.raises(KeyError), new_file(tmp_path / "new"):
        raise KeyError
    assert [each.name for each in tmp_path.iterdir()] == ["good"]
