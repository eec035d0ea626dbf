"""The real disk keeps the contract, on a journalling file system and in memory, and what only a real one can show."""

import contextlib
import mmap
import os
import resource
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import linux
from govsync.system.fs import Shape
from govsync.system.posix.disk import DiskFileSystem, _stat
from tests.system.desk import STRANGER, DiskWorld
from tests.system.filesystem_contract import OLD_NS, FileSystemContract, refused

MEMORY = Path("/dev/shm")
ROUNDS = 200


@pytest.fixture(params=["disk", "memory"])
def world(request, tmp_path):
    if request.param == "disk":
        world = DiskWorld(tmp_path / "folder")
        world.root.mkdir()
        yield world
        world.close()
        return
    if not MEMORY.is_dir():
        pytest.skip("no file system in memory here")
    with tempfile.TemporaryDirectory(dir=MEMORY) as top:
        world = DiskWorld(Path(top) / "folder")
        world.root.mkdir()
        yield world
        world.close()


class TestDiskFileSystem(FileSystemContract):
    """The contract on this machine."""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---- names and shapes ----


def test_a_name_that_is_no_text_is_listed_and_opens(world, fs, root):
    (Path(os.fsdecode(os.fsencode(world.root) + b"/\xff\xfe"))).write_bytes(b"12345")
    (entry,) = fs.list(root).entries
    assert os.fsencode(entry.name) == b"\xff\xfe"
    with fs.open_file(root, entry.name) as file:
        assert file.stat() == entry.stat
    fs.rename(root, entry.name, root, "text")
    assert world.read("text") == b"12345"


def test_pipes_sockets_and_devices_are_seen_and_not_opened(world, fs, root):
    os.mkfifo(world.root / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(world.root / "socket"))
    for name in ("pipe", "socket"):
        assert fs.stat(root, name).shape is Shape.OTHER
        refused(Code.NOT_A_FOLDER, fs.open_file, root, name)


def test_a_name_that_the_disk_cannot_hold_says_so(fs, root):
    refused(Code.NAME_TOO_LONG, fs.create, root, "가" * 86)
    refused(Code.NAME_TOO_LONG, fs.make_folder, root, "x" * 256)


@pytest.mark.parametrize("primitive", ["exchange", "rename"])
def test_no_name_is_cut_short_at_a_nul(world, fs, root, primitive):
    world.write("a", b"kept")
    world.write("b", b"kept too")
    with pytest.raises(ValueError, match="null"):
        getattr(fs, primitive)(root, "a\0b", root, "b\0c")
    with pytest.raises(ValueError, match="null"):
        fs.birth_ns(root, "a\0b", 1)
    assert world.names() == {"a", "b"}
    assert world.read("a") == b"kept"


def test_the_root_itself_may_be_reached_through_a_link(world):
    world.write("a", b"")
    link = world.root.with_name("link")
    link.symlink_to(world.root)
    fs = DiskWorld(link).fs
    with fs.root() as root:
        assert [entry.name for entry in fs.list(root).entries] == ["a"]


def test_a_root_that_is_a_file_is_no_folder(world, fs):
    world.root.rmdir()
    world.root.write_bytes(b"")
    refused(Code.NOT_A_FOLDER, fs.root)


# ---- rights ----


def test_what_may_not_be_looked_at_makes_a_listing_incomplete_not_empty(world, fs, as_stranger):
    world.mkdir("d")
    world.write("d/x", b"")
    (world.root / "d").chmod(0o744)
    world.mkdir("closed")
    (world.root / "closed").chmod(0o700)
    world.root.chmod(0o755)
    with fs.root() as root, as_stranger(), fs.open_folder(root, "d") as folder:
        listing = fs.list(folder)
        assert (listing.complete, listing.entries) == (False, ())
        refused(Code.NO_ACCESS, fs.stat, folder, "x")
        refused(Code.NO_ACCESS, fs.open_folder, root, "closed")


def test_another_s_file_is_opened_as_far_as_its_rights_go(world, fs, root, as_stranger):
    world.root.chmod(0o755)
    world.write("open", b"")
    world.write("closed", b"")
    (world.root / "open").chmod(0o644)
    (world.root / "closed").chmod(0o600)
    leases = fs.leases()
    with as_stranger():
        refused(Code.NO_ACCESS, fs.open_file, root, "closed")
        refused(Code.NO_ACCESS, fs.set_exec, root, "open", True)
        refused(Code.NO_ACCESS, fs.create, root, "new")
        refused(Code.NO_ACCESS, fs.unlink, root, "open")
        with fs.open_file(root, "open") as file:
            assert not fs.lease(file)
        assert fs.written_by_somebody(root, "open") is None
    assert leases
    assert world.names() == {"open", "closed"}


# ---- times and room ----


@pytest.mark.parametrize("mtime_ns", [-1, 0, 1, OLD_NS, 2**31 * 10**9 + 7])
def test_times_of_all_ages_are_kept(fs, root, mtime_ns):
    with fs.create(root, "new") as file:
        file.finish(mtime_ns, exec=False)
    assert fs.stat(root, "new").mtime_ns == mtime_ns


def test_a_birth_time_is_what_other_programs_see(world, fs, root):
    world.write("a", b"")
    shown = subprocess.run(
        ["stat", "-c", "%.9W", world.root / "a"], capture_output=True, check=True, text=True
    ).stdout.strip()
    if shown.startswith(("-", "0")):
        pytest.skip("this file system tells no birth times")
    assert fs.birth_ns(root, "a", fs.stat(root, "a").ino) == int(shown.replace(".", ""))


def test_a_read_that_comes_in_pieces_is_completed(world, fs, root, monkeypatch):
    world.write("a", bytes(range(100)))
    preadv = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, targets, offset: preadv(fd, [targets[0][:7]], offset))
    target = bytearray(60)
    with fs.open_file(root, "a") as file:
        assert file.read_into(30, memoryview(target)) == 60
    assert target == bytes(range(30, 90))


def test_room_is_really_reserved(world, fs, root):
    with fs.create(root, "new") as file:
        file.reserve(1 << 20)
        assert (world.root / "new").stat().st_blocks * 512 >= 1 << 20


def test_more_than_the_disk_holds_cannot_be_reserved():
    if not MEMORY.is_dir():
        pytest.skip("no file system in memory here")
    with tempfile.TemporaryDirectory(dir=MEMORY) as top:
        world = DiskWorld(Path(top))
        size = os.statvfs(top)
        with world.fs.root() as root, world.fs.create(root, "new") as file:
            file.write(b"12345")
            refused(Code.DISK_FULL, file.reserve, size.f_blocks * size.f_frsize + 1)
            assert file.stat().size_bytes == 5
        assert (world.root / "new").stat().st_blocks <= 8


def test_a_file_that_is_larger_than_the_disk_allows_is_refused(world, fs, root):
    """As on a stick whose file system knows no file above 4 GiB; one that reserves says so before anything is fetched."""
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, allowed[1]))
    try:
        with fs.create(root, "new") as file:
            with pytest.raises(Failure) as raised:
                file.reserve(
                    1 << 62
                )  # The one file system says this of it, the other that there is no such room.
            assert raised.value.code in (Code.TOO_LARGE_HERE, Code.DISK_FULL)
            file.write(bytes(1 << 20))
            refused(Code.TOO_LARGE_HERE, file.write, b"1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)


# ---- attributes ----


def acl(*entries: tuple[int, int, int]) -> bytes:
    """An access ACL as the kernel keeps it: version 2, then (tag, rights, id)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ALL = 0xFFFFFFFF
# Owner rw, one named user rw, the group nothing, the mask rw, others nothing: the mode's middle bits show the mask.
SHARED_WITH_ONE = acl((1, 6, ALL), (2, 6, STRANGER), (4, 0, ALL), (16, 6, ALL), (32, 0, ALL))


def dressed(world, fs, root, as_whom=contextlib.nullcontext) -> Path:
    """Lets a new file take over from `old`."""
    with as_whom(), fs.open_file(root, "old") as old:
        fs.create(root, "new").close()
        fs.copy_attributes(old, root, "new")
    return world.root / "new"


def give(path: Path, attribute: str, value: bytes) -> None:
    try:
        os.setxattr(path, attribute, value)
    except OSError:
        pytest.skip(f"this file system keeps no {attribute}")


def test_mode_and_extended_attributes_come_along(world, fs, root):
    world.write("old", b"")
    (world.root / "old").chmod(0o640)
    give(world.root / "old", "user.mark", b"seen")
    new = dressed(world, fs, root)
    assert mode_of(new) == 0o640
    assert os.getxattr(new, "user.mark") == b"seen"


def test_a_read_only_file_keeps_its_attributes_too(world, fs, root, as_stranger):
    world.write("old", b"")
    give(world.root / "old", "user.mark", b"seen")
    (world.root / "old").chmod(0o444)
    os.chown(world.root / "old", STRANGER, STRANGER)
    world.root.chmod(0o777)
    new = dressed(world, fs, root, as_stranger)
    assert mode_of(new) == 0o444
    assert os.getxattr(new, "user.mark") == b"seen"


def test_no_new_content_runs_with_its_owner_s_rights(world, fs, root):
    world.write("old", b"")
    (world.root / "old").chmod(0o6755)
    assert mode_of(dressed(world, fs, root)) == 0o755


def test_an_acl_comes_along(world, fs, root):
    world.write("old", b"")
    give(world.root / "old", "system.posix_acl_access", SHARED_WITH_ONE)
    new = dressed(world, fs, root)
    assert os.getxattr(new, "system.posix_acl_access") == SHARED_WITH_ONE
    assert mode_of(new) == 0o660


def test_a_group_that_cannot_be_kept_does_not_become_another_group_s_right(world, fs, root, as_stranger):
    world.write("old", b"")
    os.chown(world.root / "old", STRANGER, 12345)
    (world.root / "old").chmod(0o664)
    world.root.chmod(0o777)
    new = dressed(world, fs, root, as_stranger)
    assert new.stat().st_gid == STRANGER
    assert mode_of(new) == 0o644


def test_an_acl_that_cannot_be_kept_does_not_become_the_group_s_right(world, fs, root, monkeypatch):
    world.write("old", b"")
    give(world.root / "old", "system.posix_acl_access", SHARED_WITH_ONE)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setxattr", refuse)
    assert mode_of(dressed(world, fs, root)) == 0o600


# ---- other programs at the same moment ----


def test_a_writable_mapping_counts_as_a_writer(world, fs, root):
    world.write("a", b"12345")
    with (world.root / "a").open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 5)
    assert fs.written_by_somebody(root, "a") is True
    mapped.close()
    assert fs.written_by_somebody(root, "a") is False


def test_who_writes_is_not_known_where_others_write_unseen(world, monkeypatch):
    monkeypatch.setattr(linux, "_magic", lambda _: 0x6969)  # NFS.
    fs = DiskFileSystem(world.root)
    world.write("a", b"12345")
    with fs.root() as root, (world.root / "a").open("r+b"):
        assert not fs.leases()
        assert fs.written_by_somebody(root, "a") is None


READER = """
import os, sys
path, first, second = sys.argv[1], b"1" * 100_000, b"2" * 50_000
print("ready", flush=True)
turns = 0
while not os.path.exists(path + ".stop"):
    with open(path, "rb") as file:
        assert file.read() in (first, second)
    turns += 1
print(turns)
"""


def test_a_reader_finds_one_of_the_two_files_whole_at_every_moment_of_an_exchange(world, fs, root):
    world.write("a", b"1" * 100_000)
    world.write("staged", b"2" * 50_000)
    reader = subprocess.Popen(
        [sys.executable, "-ISc", READER, world.root / "a"], stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout.readline() == "ready\n"
    for _ in range(2_000):
        fs.exchange(root, "staged", root, "a")
    world.write("a.stop", b"")
    said, _ = reader.communicate(timeout=30)
    assert reader.returncode == 0
    assert int(said) > 0


WRITER = """
import os, sys
for line in sys.stdin:
    path, token, spin = line.rstrip("\\n").split("\\t")
    for _ in range(int(spin)):
        pass
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, token.encode())
    os.close(fd)
    print("written", flush=True)
"""


def exchanged_unless_written(fs, root, staged: str, name: str) -> bool:
    """The exchange of R11 in its barest form; says whether the staged file took the name."""
    with fs.open_file(root, name) as file:
        if not fs.lease(file):
            return False
        try:
            fs.exchange(root, staged, root, name)
            if fs.lease_unbroken(file):
                return True
            fs.exchange(root, staged, root, name)
            return False
        finally:
            fs.release(file)


def test_no_byte_of_a_late_writer_is_lost_between_lease_and_exchange(world, fs, root):
    """A token is under the visible name or, where its program had found the old file before the lease was asked and
    opened it after, in the displaced file, which GovSync keeps and looks at again (F4, R17)."""
    seen = set()
    command = [sys.executable, "-ISc", WRITER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        for turn in range(ROUNDS):
            name, staged, token = f"f{turn}", f"s{turn}", f"token {turn:06}"
            world.write(name, b"o" * len(token))
            world.write(staged, b"n" * len(token))
            writer.stdin.write(f"{world.root / name}\t{token}\t{turn * 100}\n")
            writer.stdin.flush()
            swapped = exchanged_unless_written(fs, root, staged, name)
            assert writer.stdout.readline() == "written\n"
            assert token.encode() in (world.read(name), world.read(staged))
            if not swapped:
                assert world.read(name) == token.encode()
                assert world.read(staged) == b"n" * len(token)
            seen.add(swapped)
        writer.stdin.close()
    assert True in seen


@pytest.mark.parametrize("mtime_ns", [-(2**63) - 1, -(2**63), 2**63 - 1, 2**63, 13 * 10**18])
def test_numbers_larger_than_a_database_holds_are_the_largest_that_it_does(mtime_ns):
    """What disks know: inodes of 64 bits, and times before 1677 and after 2262."""
    fields = list(os.stat("/"))
    fields[stat.ST_INO] = 2**63 + 5
    found = _stat(os.stat_result(fields, {"st_mtime_ns": mtime_ns, "st_ctime_ns": mtime_ns}))
    assert (found.ino, found.mtime_ns) == (5, max(-(2**63), min(mtime_ns, 2**63 - 1)))
    assert found.ctime_ns == found.mtime_ns
