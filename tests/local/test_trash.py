"""Only what the server has, and nobody has touched since, is destroyed (R17)."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.local.steps import Signature
from govsync.local.trash import (
    LEAST_AGE_MS,
    MOST_AGE_MS,
    MOST_BYTES,
    Fate,
    Held,
    choose,
    look_again,
    purge,
    purge_litter,
    rescue,
)
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.disk import DiskFileSystem
from tests.local.desk import OLD_NS, at, once

NOW_MS = 10 * MOST_AGE_MS


class Instead:
    """Does as a file system does, but for what a test defines instead."""

    def __init__(self, fs):
        self.fs = fs

    def __getattr__(self, name):
        return getattr(self.fs, name)


def held(name, size_bytes=1, age_ms=LEAST_AGE_MS, verified=True):
    return Held(name, Signature(1, size_bytes, 2, 3), NOW_MS - age_ms, verified)


def chosen(*entries, disk_bytes=10**15, need_bytes=0):
    return [each.name for each in choose(entries, disk_bytes, NOW_MS, need_bytes)]


def test_what_is_older_than_thirty_days_goes():
    assert chosen(held("old", age_ms=MOST_AGE_MS + 1), held("young", age_ms=MOST_AGE_MS)) == ["old"]


def test_what_is_too_much_goes_oldest_first():
    half = MOST_BYTES // 2
    entries = held("b", half, LEAST_AGE_MS + 1), held("a", half, LEAST_AGE_MS + 2), held("c", half)
    assert chosen(*entries) == ["a"]
    assert chosen(held("a", 60, LEAST_AGE_MS + 1), held("b", 60), disk_bytes=1000) == ["a"]


def test_a_full_disk_takes_what_it_needs():
    entries = held("a", 10, LEAST_AGE_MS + 2), held("b", 10, LEAST_AGE_MS + 1), held("c", 10)
    assert chosen(*entries, need_bytes=11) == ["a", "b"]


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 2 * MOST_AGE_MS), st.booleans()), max_size=20),
    st.integers(0, 10**13),
)
def test_neither_the_unverified_nor_the_young_ever_go(entries, need_bytes):
    given_ = [held(str(number), *entry) for number, entry in enumerate(entries)]
    for each in choose(given_, 10**10, NOW_MS, need_bytes):
        assert each.verified
        assert NOW_MS - each.at_ms >= LEAST_AGE_MS


def trashed(desk, name, content, verified=True):
    return Held(name, desk.write(f".govsync/trash/{name}", content), 0, verified)


def test_an_entry_is_destroyed_after_one_more_look(desk):
    entries = [trashed(desk, "a", b"a"), trashed(desk, "b", b"b")]
    kept = trashed(desk, "c", b"c")
    assert [judged.fate for judged in look_again(desk.fs, desk.root, entries)] == [Fate.SAME] * 2
    assert [judged.fate for judged in purge(desk.fs, desk.root, entries)] == [Fate.PURGED] * 2
    assert desk.hidden("trash") == {kept.name: b"c"}
    assert [judged.fate for judged in purge(desk.fs, desk.root, entries)] == [Fate.GONE] * 2


def test_what_was_written_since_is_kept_and_said(desk):
    entry = trashed(desk, "a", b"a")
    with open(desk.path / ".govsync/trash/a", "r+b") as file:
        file.write(b"late")
    (judged,) = purge(desk.fs, desk.root, [entry])
    assert judged.fate is Fate.CHANGED
    assert judged.signature == desk.signature(".govsync/trash/a")
    assert desk.hidden("trash") == {"a": b"late"}


def test_what_a_program_still_writes_is_kept(desk):
    entry = trashed(desk, "a", b"a")
    with open(desk.path / ".govsync/trash/a", "r+b"):
        assert [judged.fate for judged in purge(desk.fs, desk.root, [entry])] == [Fate.BUSY]
    assert desk.hidden("trash") == {"a": b"a"}


def test_what_is_written_during_the_look_is_kept(desk):
    entry = trashed(desk, "a", b"a")
    desk.before(once("written_by_somebody", lambda: (desk.path / ".govsync/trash/a").write_bytes(b"late")))
    assert [judged.fate for judged in purge(desk.fs, desk.root, [entry])] == [Fate.CHANGED]
    assert desk.hidden("trash") == {"a": b"late"}


def test_the_unverified_cannot_be_purged(desk):
    entry = trashed(desk, "a", b"a", verified=False)
    with pytest.raises(ValueError, match="verified"):
        purge(desk.fs, desk.root, [entry])
    assert desk.hidden("trash") == {"a": b"a"}


def test_one_entry_that_cannot_be_removed_stops_no_other(desk):
    entries = [trashed(desk, "a", b"a"), trashed(desk, "b", b"b")]

    def fail():
        raise Failure(Code.READ_ONLY)

    desk.before(once("unlink", fail))
    fates = purge(desk.fs, desk.root, entries)
    assert [judged.fate for judged in fates] == [Fate.FAILED, Fate.PURGED]
    assert fates[0].problem.code is Code.READ_ONLY


def test_litter_goes_by_age_and_files_stay(desk):
    desk.write("f/Thumbs.db", b"dust")
    desk.carry_out(desk.remove_folder("f"))
    kept = trashed(desk, "a", b"a")
    (folder,) = (each for each in (desk.path / ".govsync/trash").iterdir() if each.is_dir())
    ctime_ns = os.stat(folder).st_ctime_ns
    assert purge_litter(desk.fs, desk.root, ctime_ns) == 0
    assert purge_litter(desk.fs, desk.root, ctime_ns + 1) == 1
    assert [each.name for each in (desk.path / ".govsync/trash").iterdir()] == [kept.name]


@pytest.fixture
def rescued(tmp_path):
    path = tmp_path / "GovSync Rescued"
    path.mkdir()
    return path


def test_a_file_is_copied_into_rescued_beside_its_namesakes(desk, rescued):
    content = os.urandom(2_500_000)
    signature = desk.write("d/a.txt", content)
    fs = DiskFileSystem(rescued)
    assert rescue(desk.fs, desk.root, at("d/a.txt"), fs, name="a.txt", seen=signature) == ("a.txt", signature)
    assert rescue(desk.fs, desk.root, at("d/a.txt"), fs, name="a.txt", seen=signature) == (
        "a (2).txt",
        signature,
    )
    assert {file.name: file.read_bytes() for file in rescued.iterdir()} == {
        "a.txt": content, "a (2).txt": content,
    }  # fmt: skip
    assert os.stat(rescued / "a.txt").st_mtime_ns == OLD_NS
    assert desk.read("d/a.txt") == content


def test_what_a_copying_left_that_was_ended_in_the_middle_is_taken_away_by_the_next(desk, rescued):
    signature = desk.write("a.txt", b"whole")
    fs = DiskFileSystem(rescued)

    class Ending(Instead):
        def rename(self, *_):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rescue(desk.fs, desk.root, at("a.txt"), Ending(fs), name="a.txt", seen=signature)
    [half] = rescued.iterdir()
    assert desk.root.id.hex() in half.name, "no other desk takes it for its own"
    others = [rescued / name for name in ("mine.txt", f"{half.name[:-4]}cafe", f"{half.name}.txt")]
    for other in others:
        other.write_text("a person's own, or what another desk is copying at this moment")
    rescue(desk.fs, desk.root, at("a.txt"), fs, name="a.txt", seen=signature)
    assert sorted(rescued.iterdir()) == sorted([rescued / "a.txt", *others])


def test_an_unverified_entry_is_rescued_from_the_trash(desk, rescued):
    entry = trashed(desk, "t1", b"only here", verified=False)
    name, signature = rescue(desk.fs, desk.root, at("t1"), DiskFileSystem(rescued), name="was.txt", seen=None)
    assert name == "was.txt"
    assert (rescued / name).read_bytes() == b"only here"
    assert signature == entry.signature


def test_a_file_that_changes_under_the_copying_is_not_called_rescued(desk, rescued):
    seen = desk.write("a.txt", b"before")
    fs = DiskFileSystem(rescued)

    class Meddling(Instead):
        def create(self, folder, name):
            desk.write("a.txt", b"after", mtime_ns=OLD_NS + 100)
            return fs.create(folder, name)

    with pytest.raises(Failure) as refused:
        rescue(desk.fs, desk.root, at("a.txt"), Meddling(fs), name="a.txt", seen=seen)
    assert refused.value.code is Code.CHANGED
    assert list(rescued.iterdir()) == []


def test_a_file_that_is_another_than_the_one_that_was_seen_is_not_copied(desk, rescued):
    seen = desk.write("a.txt", b"before")
    desk.write("a.txt", b"half wri", mtime_ns=OLD_NS + 100)
    with pytest.raises(Failure) as refused:
        rescue(desk.fs, desk.root, at("a.txt"), DiskFileSystem(rescued), name="a.txt", seen=seen)
    assert refused.value.code is Code.CHANGED
    assert list(rescued.iterdir()) == []


def test_a_copy_that_differs_is_not_called_rescued(desk, rescued):
    seen = desk.write("a.txt", b"before")
    fs = DiskFileSystem(rescued)

    class Lossy(Instead):
        def open_file(self, folder, name):
            (rescued / name).write_bytes(b"befor\0")
            return fs.open_file(folder, name)

    with pytest.raises(Failure) as refused:
        rescue(desk.fs, desk.root, at("a.txt"), Lossy(fs), name="a.txt", seen=seen)
    assert refused.value.code is Code.UNREADABLE
    assert list(rescued.iterdir()) == []
