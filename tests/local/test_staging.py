"""Nothing unverified is complete, and no chunk is fetched twice (I2, I3, I12)."""

import os
import random

import pytest

from govsync.content.hashes import chunk_hash
from govsync.content.manifests import EMPTY, manifest_of
from govsync.local.root import adopt
from govsync.local.staging import Staging
from govsync.local.steps import STAGING
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.fs import Shape
from tests.local.desk import OLD_NS, at_each, manifest
from tests.simulation.clock import SimClock
from tests.simulation.disk import SimFileSystem
from tests.simulation.medium import Medium

REV = b"v" * 16
CONTENT = bytes(os.urandom(3_000_000))
MANIFEST = manifest(CONTENT)


def pieces(content=CONTENT, description=MANIFEST):
    offset = 0
    for chunk in description.chunks:
        yield content[offset : offset + chunk.size_bytes]
        offset += chunk.size_bytes


def download(staging, have=lambda _: None, description=MANIFEST, came=lambda _: None):
    return staging.download("name", REV, description.content_hash, description.size_bytes, have, came)


@pytest.fixture
def staging(desk):
    with Staging(desk.fs, desk.root, 0) as staging:
        yield staging


def test_a_small_content_is_staged_whole(desk, staging):
    staged = staging.small("s", b"hello", manifest(b"hello").content_hash, OLD_NS, exec=True)
    staging.flush()
    assert desk.hidden("staging") == {"s": b"hello"}
    assert staged.ino == desk.ino(".govsync/staging/s")
    assert os.stat(desk.path / ".govsync/staging/s").st_mtime_ns == OLD_NS
    assert os.access(desk.path / ".govsync/staging/s", os.X_OK)
    staging.small("e", b"", EMPTY.content_hash, OLD_NS, exec=False)
    assert desk.hidden("staging")["e"] == b""
    staging.small("s", b"again", manifest(b"again").content_hash, OLD_NS, exec=False)
    assert desk.hidden("staging")["s"] == b"again"


def test_a_small_content_that_is_another_is_refused(desk, staging):
    with pytest.raises(Failure) as refused:
        staging.small("s", b"hello", manifest(b"other").content_hash, OLD_NS, exec=False)
    assert refused.value.code is Code.CHUNK_BAD
    assert desk.hidden("staging") == {}


def test_a_large_content_comes_chunk_by_chunk(desk, staging):
    file = download(staging)
    assert (file.rev, file.hash, file.size_bytes) == (REV, MANIFEST.content_hash, len(CONTENT))
    sink = file.open(MANIFEST)
    assert sink.resume_at() == 0
    for piece in pieces():
        sink.write(piece)
    staged = file.finish(OLD_NS, exec=False)
    assert desk.hidden("staging") == {"name": CONTENT}
    assert staged.ino == desk.ino(".govsync/staging/name")
    assert os.stat(desk.path / ".govsync/staging/name").st_mtime_ns == OLD_NS


def test_a_wrong_chunk_is_refused_and_the_right_one_taken_after_it(desk, staging):
    sink = download(staging).open(MANIFEST)
    first, second, *_ = pieces()
    for wrong in (second, first[:-1], first + b"x", b"", bytes(len(first))):
        with pytest.raises(Failure) as refused:
            sink.write(wrong)
        assert refused.value.code is Code.CHUNK_BAD
    sink.write(first)
    assert sink.resume_at() == 1


def test_whoever_looks_on_hears_how_much_has_come_and_what_an_earlier_attempt_brought_counts(staging):
    came, some = [], list(pieces())
    sizes = [chunk.size_bytes for chunk in MANIFEST.chunks]
    first = download(staging, came=came.append)
    sink = first.open(MANIFEST)
    sink.write(some[0])
    sink.write(some[1])
    first.close()
    assert came == [sizes[0], sum(sizes[:2])]
    came.clear()
    again = download(staging, came=came.append).open(MANIFEST)
    assert came == [sizes[0], sum(sizes[:2])]
    again.write(some[2])
    assert came[-1] == sum(sizes[:3])


def test_no_chunk_is_taken_after_the_last(staging):
    sink = download(staging).open(MANIFEST)
    for piece in pieces():
        sink.write(piece)
    with pytest.raises(Failure) as refused:
        sink.write(b"more")
    assert refused.value.code is Code.CHUNK_BAD


def test_an_incomplete_file_is_not_finished(staging):
    file = download(staging)
    file.open(MANIFEST).write(next(pieces()))
    with pytest.raises(Failure) as refused:
        file.finish(OLD_NS, exec=False)
    assert refused.value.code is Code.CHUNK_LOST


def test_another_revision_s_manifest_is_refused(desk, staging):
    for wrong in (manifest(CONTENT[:-1]), EMPTY):
        with pytest.raises(Failure) as refused:
            download(staging).open(wrong)
        assert refused.value.code is Code.MANIFEST_BAD
    assert desk.hidden("staging") == {}


def test_an_interrupted_download_goes_on_where_it_was(desk, staging):
    first = download(staging)
    sink = first.open(MANIFEST)
    some = list(pieces())
    sink.write(some[0])
    sink.write(some[1])
    first.close()
    for _ in range(2):
        again = download(staging)
        sink = again.open(MANIFEST)
        assert sink.resume_at() == 2
        again.close()
    sink = again.open(MANIFEST)
    for piece in some[2:]:
        sink.write(piece)
    again.finish(OLD_NS, exec=False)
    assert desk.hidden("staging") == {"name": CONTENT}


def test_a_complete_file_that_is_found_needs_no_chunk(desk, staging):
    file = download(staging)
    for piece in pieces():
        (file.resume_at() or file.open(MANIFEST)) and file.write(piece)
    file.close()
    assert download(staging).open(MANIFEST).resume_at() == len(MANIFEST.chunks)


@pytest.mark.parametrize("spoil", ["zeros", "short", "flipped", "empty"])
def test_what_a_power_cut_made_of_a_file_is_not_believed(desk, staging, spoil):
    left = bytearray(CONTENT)
    second = MANIFEST.chunks[0].size_bytes
    if spoil == "zeros":
        left[second:] = bytes(len(left) - second)
    elif spoil == "short":
        del left[second + 5 :]
    elif spoil == "flipped":
        left[second + 5] ^= 1
    else:
        left.clear()
    desk.write(".govsync/staging/name", bytes(left))
    file = download(staging)
    sink = file.open(MANIFEST)
    assert sink.resume_at() == (0 if spoil == "empty" else 1)
    for piece in list(pieces())[sink.resume_at() :]:
        sink.write(piece)
    file.finish(OLD_NS, exec=False)
    assert desk.hidden("staging") == {"name": CONTENT}


def test_a_crash_while_going_on_costs_no_chunk(desk):
    class Crash(BaseException):
        pass

    def crash():
        raise Crash

    stop_at = 0
    desk.write(".govsync/staging/name", CONTENT)
    while True:
        stop_at += 1
        hook, _ = at_each(stop_at, crash)
        desk.before(hook)
        try:
            with Staging(desk.fs, desk.root, 0) as staging:
                file = download(staging)
                assert file.open(MANIFEST).resume_at() == len(MANIFEST.chunks)
                file.finish(OLD_NS, exec=False)
        except Crash:
            continue
        break
    assert stop_at > 10
    assert desk.hidden("staging") == {"name": CONTENT}


def test_chunks_of_this_desk_are_verified_before_they_are_used(staging):
    good = next(pieces())
    wanted = MANIFEST.chunks[0].hash
    assert download(staging, have={wanted: good}.get).open(MANIFEST).have(wanted) == good
    assert download(staging, have={wanted: good[:-1]}.get).open(MANIFEST).have(wanted) is None
    assert download(staging).open(MANIFEST).have(wanted) is None


def test_chunks_of_this_desk_are_hashed_once_though_several_are_looked_up_ahead(staging, monkeypatch):
    hashed = []
    monkeypatch.setattr(
        "govsync.local.staging.chunk_hash", lambda data: hashed.append(data) or chunk_hash(data)
    )
    there = dict(zip((chunk.hash for chunk in MANIFEST.chunks), pieces(), strict=True))
    sink = download(staging, there.get).open(MANIFEST)
    for found in [sink.have(chunk.hash) for chunk in MANIFEST.chunks]:
        sink.write(found)
    assert len(hashed) == len(MANIFEST.chunks)


def test_a_chunk_of_this_desk_is_taken_for_no_other(staging):
    two = manifest_of([b"a" * 9, b"b" * 9])
    file = download(staging, have={two.chunks[0].hash: b"a" * 9}.get, description=two).open(two)
    found = file.have(two.chunks[0].hash)
    file.write(found)
    with pytest.raises(Failure) as refused:
        file.write(found)
    assert refused.value.code is Code.CHUNK_BAD
    assert file.resume_at() == 1


def test_what_must_stay_free_stays_free(desk, monkeypatch):
    free_bytes = (
        desk.fs.free_bytes()
    )  # Others on this disk may write, or remove what they wrote, at any moment.
    monkeypatch.setattr(desk.fs, "free_bytes", lambda: free_bytes)
    with Staging(desk.fs, desk.root, free_bytes) as staging:
        for begin in (
            lambda: download(staging).open(MANIFEST),
            lambda: staging.small("s", b"x" * 9, manifest(b"x" * 9).content_hash, OLD_NS, exec=False),
        ):
            with pytest.raises(Failure) as refused:
                begin()
            assert refused.value.code is Code.DISK_FULL
    assert desk.hidden("staging") == {}


def test_what_was_staged_a_moment_ago_counts_though_the_disk_is_asked_once(desk, monkeypatch):
    asked = []
    monkeypatch.setattr(desk.fs, "free_bytes", lambda: asked.append(1) or 20)
    with Staging(desk.fs, desk.root, 10) as staging:
        for name in ("one", "two"):
            staging.small(name, b"12345", manifest(b"12345").content_hash, OLD_NS, exec=False)
        with pytest.raises(Failure) as refused:
            staging.small("three", b"1", manifest(b"1").content_hash, OLD_NS, exec=False)
    assert refused.value.code is Code.DISK_FULL
    assert len(asked) == 1


def test_where_both_files_do_not_fit_the_earlier_one_is_given_up(desk):
    desk.write(".govsync/staging/name", CONTENT)

    class Tight:
        """A disk on which exactly one such file has room."""

        def __init__(self, fs):
            self._fs = fs

        def __getattr__(self, name):
            return getattr(self._fs, name)

        def free_bytes(self):
            return len(CONTENT) - sum(len(content) for content in desk.hidden("staging").values())

    with Staging(Tight(desk.fs), desk.root, 0) as staging:
        file = download(staging)
        assert file.open(MANIFEST).resume_at() == 0
        file.close()


def test_old_parts_are_swept_but_those_that_are_kept(desk, staging):
    for name in ("wanted", "wanted2.old", "left"):
        desk.write(f".govsync/staging/{name}", b"x")
    changed_ns = max(desk.signature(f".govsync/staging/{name}").ctime_ns for name in ("wanted", "left"))
    assert staging.sweep({"wanted", "wanted2"}, changed_ns - 10**12) == 0
    assert staging.sweep({"wanted", "wanted2"}, changed_ns + 10**12) == 1
    assert sorted(desk.hidden("staging")) == ["wanted", "wanted2.old"]


def test_nothing_is_staged_in_a_folder_that_is_not_proven(desk, tmp_path):
    desk.path.rename(tmp_path / "elsewhere")
    desk.path.mkdir()
    with pytest.raises(Failure) as refused:
        Staging(desk.fs, desk.root, 0)
    assert refused.value.code is Code.FOLDER_REPLACED
    assert list(desk.path.iterdir()) == []


def test_a_staging_folder_that_cannot_be_opened_leaves_nothing_open():
    """I16: it is tried again and again while the disk refuses."""
    medium = Medium(SimClock().time_ns, random.Random(1))
    medium.make(medium.top, "folder", Shape.FOLDER, "person")
    fs = SimFileSystem(medium, ("folder",))
    root = adopt(fs, b"r" * 16, b"d" * 16)

    def refuse(primitive, arguments):
        if primitive == "open_folder" and arguments == (STAGING,):
            raise Failure(Code.UNREADABLE)

    fs.before = refuse
    with pytest.raises(Failure):
        Staging(fs, root, 0)
    assert fs.open_handles == []
