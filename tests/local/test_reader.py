"""A hash belongs to exactly what was read, and only what nobody writes is read (R4, R5)."""

import mmap
import os
import random

import pytest

from govsync.content.hashes import chunk_hash
from govsync.local.reader import (
    QUIET_NS,
    SMALL_BYTES,
    UNSURE_NS,
    FileSource,
    Pieces,
    Read,
    Unread,
    read_files,
)
from govsync.local.root import adopt
from govsync.local.scanner import TICK_NS
from govsync.local.steps import Signature
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.fs import Shape
from tests.builders import fill_medium, medium_line
from tests.local.desk import OLD_NS, Hooked, at, manifest
from tests.simulation.clock import SimClock
from tests.simulation.disk import SimFileSystem
from tests.simulation.medium import Medium

LATER_NS = 4_000_000_000_000_000_000


def read(desk, name, now_ns=LATER_NS, **options):
    (result,) = read_files(desk.fs, desk.root, [at(name)], lambda: now_ns, **options)
    return result


@pytest.mark.parametrize("size_bytes", [0, 1, SMALL_BYTES, SMALL_BYTES + 1, 3_000_000])
def test_a_file_is_read_whole(desk, size_bytes):
    content = os.urandom(size_bytes)
    signature = desk.write("d/a.bin", content)
    result = read(desk, "d/a.bin")
    assert isinstance(result, Read)
    assert result.manifest == manifest(content)
    assert result.hash == manifest(content).content_hash
    assert result.signature == signature
    assert result.small == (content if size_bytes <= SMALL_BYTES else None)
    assert result.links == 1
    assert result.birth_ns is not None
    assert result.sure
    assert not result.racy


def test_a_file_that_a_program_writes_is_busy(desk):
    desk.write("a.txt", b"a")
    with open(desk.path / "a.txt", "r+b") as file:
        assert read(desk, "a.txt").problem.code is Code.BUSY
        mapped = mmap.mmap(file.fileno(), 0)
    assert read(desk, "a.txt").problem.code is Code.BUSY
    mapped.close()
    assert isinstance(read(desk, "a.txt"), Read)


def test_a_file_kept_open_for_hours_is_read_when_asked_for(desk):
    desk.write("a.log", b"so far")
    with open(desk.path / "a.log", "ab"):
        result = read(desk, "a.log", despite_writers=True)
    assert isinstance(result, Read)
    assert not result.sure


class Meddled:
    """The disk, with a person who acts after the first piece of a file was read."""

    def __init__(self, fs, act):
        self._fs = fs
        self._act = act

    def __getattr__(self, name):
        return getattr(self._fs, name)

    def open_file(self, folder, name):
        file, act = self._fs.open_file(folder, name), self._act
        inner = file.read_into

        def read_into(offset, target):
            count = inner(offset, target)
            act(name)
            return count

        file.read_into = read_into
        return file


@pytest.mark.parametrize("size_bytes", [10, 3_000_000])
@pytest.mark.parametrize("change", ["grow", "write", "restore"])
def test_a_file_that_changes_under_the_reading_is_not_believed(desk, size_bytes, change):
    desk.write("a.bin", b"x" * size_bytes)

    def act(name):
        if name != "a.bin":
            return
        with open(desk.path / name, "r+b") as file:
            file.seek(0, 2 if change == "grow" else 0)
            file.write(b"y")
        if change == "restore":
            os.utime(desk.path / name, ns=(OLD_NS, OLD_NS))

    desk.fs = Meddled(desk.fs, act)
    assert read(desk, "a.bin").problem.code is Code.CHANGED


def test_a_file_changed_within_a_tick_is_racy(desk):
    signature = desk.write("a.txt", b"a", mtime_ns=LATER_NS - TICK_NS + 1)
    assert read(desk, "a.txt").racy
    desk.write("a.txt", b"a", mtime_ns=LATER_NS - TICK_NS)
    assert not read(desk, "a.txt").racy
    assert read(desk, "a.txt", now_ns=desk.signature("a.txt").ctime_ns + 1).racy
    assert signature.ctime_ns > 0


def test_without_leases_a_file_must_have_been_quiet(desk):
    class Weak(Hooked):
        def leases(self):
            return False

        def written_by_somebody(self, *_):
            return None

    desk.fs = Weak(desk.fs, lambda *_: None)
    desk.write("a.txt", b"a", mtime_ns=LATER_NS - QUIET_NS + 1)
    assert read(desk, "a.txt").problem.code is Code.BUSY
    desk.write("a.txt", b"a", mtime_ns=LATER_NS - QUIET_NS)
    result = read(desk, "a.txt")
    assert isinstance(result, Read)
    assert not result.sure
    assert result.racy
    desk.write("a.txt", b"a", mtime_ns=LATER_NS - UNSURE_NS)
    assert not read(desk, "a.txt").racy
    # A time in the future keeps nobody waiting for ever.
    desk.write("a.txt", b"a", mtime_ns=LATER_NS + 10 * QUIET_NS)
    assert isinstance(read(desk, "a.txt"), Read)


def test_one_file_that_cannot_be_read_stops_no_other(desk, tmp_path):
    desk.write("a.txt", b"a")
    (desk.path / "link").symlink_to(tmp_path)
    ats = [at("gone"), at("link"), at("no/way"), at("a.txt")]
    results = list(read_files(desk.fs, desk.root, ats, lambda: LATER_NS))
    assert [type(result) for result in results] == [Unread, Unread, Unread, Read]
    assert results[0].problem.code is Code.GONE
    assert [result.at for result in results] == ats


def test_reading_holds_no_lease_and_no_file(desk):
    desk.write("a.txt", b"a")
    before = len(os.listdir("/proc/self/fd"))
    read(desk, "a.txt")
    with open(os.open(desk.path / "a.txt", os.O_WRONLY | os.O_NONBLOCK), "wb") as file:
        file.write(b"b")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_long_reading_keeps_no_program_waiting(desk):
    desk.write("a.txt", b"a")
    opened = []

    def act(name):
        if name == "a.txt":
            file = os.open(
                desk.path / name, os.O_WRONLY | os.O_NONBLOCK
            )  # would not block but fail under a lease
            opened.append(file)
            os.close(file)

    desk.fs = Meddled(desk.fs, act)
    assert isinstance(read(desk, "a.txt"), Read)
    assert opened


def test_a_source_gives_the_chunks_again(desk):
    content = os.urandom(3_000_000)
    desk.write("d/a.bin", content)
    source = FileSource(desk.fs, at("d/a.bin"), manifest(content))
    assert len(source.manifest.chunks) > 1
    assert b"".join(source.chunk(index) for index in range(len(source.manifest.chunks))) == content


def test_a_source_says_when_the_file_does_not_reach_so_far_any_more(desk):
    content = os.urandom(3_000_000)
    desk.write("a.bin", content)
    source = FileSource(desk.fs, at("a.bin"), manifest(content))
    last = len(source.manifest.chunks) - 1
    for spoil in (lambda: desk.write("a.bin", content[:-1]), (desk.path / "a.bin").unlink):
        spoil()
        with pytest.raises(Failure) as refused:
            source.chunk(last)
        assert refused.value.code is Code.CHANGED


def test_pieces_are_found_in_files_on_this_desk(desk):
    content = os.urandom(3_000_000)
    desk.write("a.bin", content)
    description = manifest(content)
    pieces = Pieces([FileSource(desk.fs, at("a.bin"), description)])
    wanted = description.chunks[1].hash
    assert chunk_hash(pieces(wanted)) == wanted
    assert pieces(b"?" * 32) is None
    desk.write("a.bin", b"x")
    assert pieces(wanted) is None
    assert pieces(wanted) is None


def test_a_signature_is_what_fstat_says(desk):
    assert desk.write("a.txt", b"a") == Signature.of(desk.fs.stat(desk.fs.root(), "a.txt"))


def test_what_was_read_survives_a_power_cut():
    """The server is told of it next: were it undone then, its absence would look like a deletion (I1, I6)."""
    clock = SimClock()
    medium = Medium(clock.time_ns, random.Random(1))
    medium.make(medium.top, "folder", Shape.FOLDER, "person")
    fs = SimFileSystem(medium, ("folder",))
    root = adopt(fs, b"r" * 16, b"d" * 16)
    fill_medium(medium, ("folder",), "d/a.txt=read d/b.txt=too")
    clock.advance(60_000)
    assert all(
        isinstance(read, Read) for read in read_files(fs, root, [at("d/a.txt"), at("d/b.txt")], clock.time_ns)
    )
    fill_medium(medium, ("folder",), "d/c.txt=unread")
    medium.crash(keep=0.0, damage=1.0)
    assert medium_line(medium, medium.resolve(("folder",))) == "d/a.txt=read d/b.txt=too"


def test_what_could_not_be_flushed_does_not_count_as_read(desk):
    desk.write("a.txt", b"a")

    def refuse(primitive, _arguments):
        if primitive == "flush_folders":
            raise Failure(Code.UNREADABLE)

    with pytest.raises(Failure):
        read_files(Hooked(desk.fs, refuse), desk.root, [at("a.txt")], lambda: LATER_NS)
