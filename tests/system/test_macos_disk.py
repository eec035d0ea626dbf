"""The contract on the disk with macOS' side, over a likeness of its library (`libsystem`): none of this was run on a Mac."""

import errno
import os
import stat

import pytest

from govsync.model.codes import Code
from govsync.system import linux
from govsync.system.durable import replace_file
from govsync.system.macos.disk import DiskFileSystem
from govsync.system.posix import files
from tests.system import libsystem
from tests.system.desk import STRANGER, DiskWorld
from tests.system.filesystem_contract import FileSystemContract, born_ns, refused


@pytest.fixture(autouse=True)
def mac(monkeypatch):
    likeness = libsystem.on(monkeypatch)
    yield likeness
    assert likeness.lent == {}, "an ACL's memory was not given back"


@pytest.fixture
def world(tmp_path):
    world = DiskWorld(tmp_path / "folder", DiskFileSystem)
    world.root.mkdir()
    yield world
    world.close()


class TestDiskFileSystem(FileSystemContract):
    """The contract; where it needs leases macOS has none."""


# ---- names ----


UNKNOWN = [22, 45, 78, 102]
"""EINVAL, ENOTSUP, ENOSYS, EOPNOTSUPP (sys/errno.h): how file systems say that they know no such call."""


@pytest.mark.parametrize("number", UNKNOWN)
def test_where_the_disk_cannot_exchange_it_says_so_and_nothing_has_happened(mac, world, fs, root, number):
    world.write("a", b"first")
    world.write("b", b"second")
    mac.refused_exchange = number
    assert fs.exchange(root, "a", root, "b") is False
    assert (world.read("a"), world.read("b")) == (b"first", b"second")


def test_an_exchange_that_fails_is_not_one_that_the_disk_does_not_know(mac, world, fs, root):
    world.write("a", b"first")
    world.write("b", b"second")
    mac.refused_exchange = 5  # EIO
    refused(Code.UNREADABLE, fs.exchange, root, "a", root, "b")


@pytest.mark.parametrize("primitive", ["exchange", "rename"])
def test_no_name_is_cut_short_at_a_nul(world, fs, root, primitive):
    world.write("a", b"kept")
    world.write("b", b"kept too")
    with pytest.raises(ValueError, match="null"):
        getattr(fs, primitive)(root, "a\0b", root, "b\0c")
    with pytest.raises(ValueError, match="null"):
        fs.birth_ns(root, "a\0b", 1)
    assert world.names() == {"a", "b"}


def test_names_that_the_disk_cannot_hold_say_so_by_the_numbers_of_macos(world, fs, root):
    world.write("a", b"")
    refused(Code.NAME_TOO_LONG, fs.rename, root, "a", root, "x" * 256)
    refused(Code.NAME_TOO_LONG, fs.birth_ns, root, "x" * 256, 1)


def test_a_socket_is_no_file_however_that_is_said(world, fs, root, monkeypatch):
    def opened(*_: object, **__: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "a socket")  # open(2) of macOS

    monkeypatch.setattr(os, "open", opened)
    refused(Code.NOT_A_FOLDER, fs.open_file, root, "socket")


def test_what_may_not_be_removed_is_no_folder_for_that(world, fs, root, as_stranger):
    world.write("a", b"kept")
    world.root.chmod(0o755)
    with as_stranger():
        refused(Code.NO_ACCESS, fs.unlink, root, "a")
    assert world.read("a") == b"kept"


def test_a_birth_time_is_exact_and_that_of_a_link_its_own(world, fs, root):
    world.write("a", b"")
    world.symlink("link", "a")
    for name in ("a", "link"):
        assert (fs.stat(root, name).ino, born_ns(fs, root, name)) == linux.birth(root.fd, name)


def test_a_disk_without_birth_times_tells_none(mac, world, fs, root):
    world.write("a", b"")
    mac.tells_births = False
    assert born_ns(fs, root, "a") is None


# ---- what is on the disk ----


def test_a_file_s_flush_reaches_past_the_drive_s_memory(mac, world, fs, root):
    with fs.create(root, "a") as file:
        file.write(b"12345")
        file.flush()
        assert mac.flushed == [("full", f"{world.root}/a")]


def test_data_are_handed_to_the_drive_before_their_folders_and_the_drive_is_asked_once(mac, world, fs, root):
    world.mkdir("d")
    with fs.open_folder(root, "d") as folder:
        for name in ("a", "b"):
            with fs.create(root, name) as file:
                file.write(b"12345")
                file.finish(0, exec=False)
        assert fs.open_file(root, "a").close() is None
        fs.flush_folders([root, folder])
    at = str(world.root)
    assert mac.flushed == [
        ("drive", f"{at}/a"), ("drive", f"{at}/b"), ("volume", f"{at}/d"), ("drive", at), ("full", f"{at}/d"),
    ]  # fmt: skip


def test_a_new_file_whose_data_cannot_be_written_is_not_closed_in_silence(fs, root, monkeypatch):
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "the disk")

    file = fs.create(root, "a")
    descriptor = file.fd
    monkeypatch.setattr(os, "fsync", broken)
    refused(Code.UNREADABLE, file.close)
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)
    file.close()


@pytest.mark.parametrize("number", [*UNKNOWN, 25])  # ENOTTY
def test_where_a_full_flush_is_refused_an_ordinary_one_is_made(mac, world, fs, root, number):
    mac.refused_flush = number
    with fs.create(root, "a") as file:
        file.flush()
        assert mac.flushed == [("drive", f"{world.root}/a")]
    fs.flush_folders([root])
    assert mac.flushed[-1] == ("drive", str(world.root))


@pytest.mark.parametrize("number", [*UNKNOWN, 25])
def test_where_no_whole_volume_is_flushed_the_folders_are(mac, world, fs, root, number):
    mac.volume_flush = number
    fs.flush_folders([root])
    assert mac.flushed[-1] == ("full", str(world.root))


@pytest.mark.parametrize("number", [5, 28])  # EIO, ENOSPC
def test_a_full_flush_that_fails_is_no_flush(mac, fs, root, number):
    mac.refused_flush = number
    with fs.create(root, "a") as file:
        refused(Code.DISK_FULL if number == 28 else Code.UNREADABLE, file.flush)
    refused(Code.DISK_FULL if number == 28 else Code.UNREADABLE, fs.flush_folders, [root])


@pytest.mark.parametrize("number", [5, 28])
def test_a_flush_of_the_volume_that_fails_is_no_flush(mac, fs, root, number):
    mac.volume_flush = number
    refused(Code.DISK_FULL if number == 28 else Code.UNREADABLE, fs.flush_folders, [root])


def test_a_path_is_renamed_to_a_free_name_only(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"kept")
    with pytest.raises(FileExistsError):
        files.rename_to_free(tmp_path / "a", tmp_path / "b")
    files.rename_to_free(tmp_path / "a", tmp_path / "c")
    assert ((tmp_path / "b").read_bytes(), (tmp_path / "c").read_bytes()) == (b"kept", b"1")


def test_a_small_file_and_its_name_reach_the_disk(mac, tmp_path):
    replace_file(tmp_path / "settings", b"new")
    assert mac.flushed == [("full", f"{tmp_path}/.settings.new"), ("full", str(tmp_path))]


def test_room_is_reserved_once_whatever_there_is(world, fs, root):
    with fs.create(root, "a") as file:
        file.write(bytes(5000))
        for _ in range(2):
            file.reserve(1 << 20)
        held = (world.root / "a").stat().st_blocks * 512
        assert 1 << 20 <= held < 1_100_000
        assert file.stat().size_bytes == 5000


# ---- rights ----


def dressed(world, fs, root):
    """Lets a new file take over from `old`."""
    with fs.open_file(root, "old") as old:
        fs.create(root, "new").close()
        fs.copy_attributes(old, root, "new")
    return world.root / "new"


@pytest.fixture
def old(world):
    world.write("old", b"")
    path = world.root / "old"
    path.chmod(0o664)
    try:
        os.setxattr(path, "user.com.apple.FinderInfo", b"tags")
    except OSError:
        pytest.skip("this file system keeps no attributes")
    return path


def mode_of(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_belongs_to_a_file_s_name_comes_along(world, fs, root, old):
    os.setxattr(old, "user.com.apple.quarantine", b"0083;")
    os.setxattr(old, "user.empty", b"")
    new = dressed(world, fs, root)
    assert os.getxattr(new, "user.com.apple.FinderInfo") == b"tags"
    assert os.getxattr(new, "user.com.apple.quarantine") == b"0083;"
    assert os.getxattr(new, "user.empty") == b""
    assert mode_of(new) == 0o664


@pytest.mark.parametrize(
    "name",
    [
        "com.apple.cs.CodeDirectory",
        "com.apple.cs.CodeSignature",
        "com.apple.diskimages.recentcksum",
        "com.apple.TextEncoding",
    ],
)
def test_what_vouches_for_a_content_does_not(world, fs, root, old, name):
    os.setxattr(old, f"user.{name}", b"of the old one")
    assert os.listxattr(dressed(world, fs, root)) == ["user.com.apple.FinderInfo"]


def test_an_attribute_that_the_system_alone_sets_hinders_no_other(mac, world, fs, root, old):
    for name in ("a", "com.apple.macl", "z"):
        os.setxattr(old, f"user.{name}", b"1")
    mac.unset = {b"com.apple.macl"}
    assert set(os.listxattr(dressed(world, fs, root))) == {"user.a", "user.z", "user.com.apple.FinderInfo"}


def test_a_disk_without_attributes_is_none_that_cannot_be_written(mac, world, fs, root, old, monkeypatch):
    def none(_: int) -> list[str]:
        raise OSError(errno.EOPNOTSUPP, "no attributes")

    monkeypatch.setattr(os, "listxattr", none)
    assert mode_of(dressed(world, fs, root)) == 0o664


def test_an_acl_comes_along_whole(mac, world, fs, root, old):
    mac.acls[old.stat().st_ino] = b"everyone deny read, inherited"
    new = dressed(world, fs, root)
    assert mac.acls[new.stat().st_ino] == b"everyone deny read, inherited"
    assert mode_of(new) == 0o664


def test_an_acl_of_the_folder_in_which_it_was_made_does_not_stay(mac, world, fs, root, old):
    fs.create(root, "new").close()
    mac.acls[(world.root / "new").stat().st_ino] = b"staff allow read, inherited"
    with fs.open_file(root, "old") as file:
        fs.copy_attributes(file, root, "new")
    assert mac.acls[(world.root / "new").stat().st_ino] == b""


def test_without_the_acl_nobody_else_has_any_right(mac, world, fs, root, old):
    mac.acls[old.stat().st_ino] = b"everyone deny read"
    mac.keeps_acls = False
    assert mode_of(dressed(world, fs, root)) == 0o600


def test_a_disk_that_knows_no_acl_takes_no_right_away(mac, world, fs, root, old):
    mac.keeps_acls = False
    assert mode_of(dressed(world, fs, root)) == 0o664


def test_a_group_that_cannot_be_kept_does_not_become_another_group_s_right(world, fs, root, old, as_stranger):
    os.chown(old, STRANGER, 12345)
    world.root.chmod(0o777)
    with as_stranger():
        new = dressed(world, fs, root)
    assert mode_of(new) == 0o644


@pytest.mark.parametrize(("umask", "given"), [(0o077, 0o644), (0o022, 0o644), (0o002, 0o664), (0, 0o666)])
def test_the_right_to_write_is_given_back_as_far_as_new_files_have_it(world, fs, root, umask, given):
    world.write("a", b"")
    (world.root / "a").chmod(0o444)
    before = os.umask(umask)
    try:
        fs.set_write(root, "a", True)
    finally:
        os.umask(before)
    assert mode_of(world.root / "a") == given


# ---- leases ----


def test_there_are_no_leases_and_nobody_claims_one(world, fs, root):
    world.write("a", b"")
    assert not fs.leases()
    with fs.open_file(root, "a") as file:
        assert not fs.lease(file)
        assert not fs.lease_unbroken(file)
        fs.release(file)
    with (world.root / "a").open("r+b"):
        assert fs.written_by_somebody(root, "a") is None


def test_a_disk_elsewhere_is_trusted_with_less(mac, tmp_path):
    fs = DiskFileSystem(tmp_path)
    assert (fs.trust().watched, fs.trust().identity) == (True, True)
    mac.local, mac.kind = False, b"smbfs"
    assert (fs.trust().watched, fs.trust().identity) == (False, False)
