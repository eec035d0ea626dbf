"""What the server may rely on, held against both stores: a folder, and S3 as a real server process speaks it."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.blobs.interface import Blobs
from govsync.server.blobs.objects import ObjectBlobs
from tests import engines


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Starts an S3 server and answers what makes a new bucket in it and tells the URL of a store there."""
    store = engines.S3(tmp_path_factory.mktemp("s3"))
    yield store.new
    store.end()


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Answers a new store of each kind, marked."""
    store: Blobs
    if request.param == "folder":
        store = FolderBlobs(tmp_path / "store")
    else:
        store = ObjectBlobs(request.getfixturevalue("s3")())
    store.establish("mine")
    return store


def listed(blobs: Blobs) -> list[tuple[str, int]]:
    return [(each.key, each.size_bytes) for each in blobs.list()]


def code_of(call: Callable[[], object]) -> Code:
    with pytest.raises(Failure) as caught:
        call()
    return caught.value.code


def test_what_was_put_is_read_back_in_parts(blobs: Blobs):
    blobs.put_new("k1", [b"abc", memoryview(b"defg"), b""])
    assert blobs.size("k1") == 7
    assert blobs.get_range("k1", 0, 7) == b"abcdefg"
    assert blobs.get_range("k1", 2, 3) == b"cde"


def test_a_large_object_is_whole(blobs: Blobs):
    pieces = [bytes([number]) * (1 << 20) for number in range(12)]
    blobs.put_new("large", iter(pieces))
    assert blobs.size("large") == 12 << 20
    assert blobs.get_range("large", (11 << 20) - 1, 2) == bytes([10, 11])


def test_a_key_that_is_taken_keeps_its_object(blobs: Blobs):
    blobs.put_new("k1", [b"first"])
    blobs.put_new("k1", [b"second"])
    assert blobs.get_range("k1", 0, 5) == b"first"
    assert listed(blobs) == [("k1", 5)]


def test_of_many_who_put_one_key_at_once_one_wins_whole(blobs: Blobs):
    contents = [bytes([number]) * 1000 for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda content: blobs.put_new("k1", [content]), contents))
    assert blobs.get_range("k1", 0, 1000) in contents
    assert listed(blobs) == [("k1", 1000)]


def test_what_is_not_there_is_lost_and_said_so(blobs: Blobs):
    blobs.put_new("k1", [b"abc"])
    assert blobs.size("k2") is None
    assert code_of(lambda: blobs.get_range("k2", 0, 1)) is Code.CHUNK_LOST
    assert code_of(lambda: blobs.get_range("k1", 0, 4)) is Code.CHUNK_LOST
    assert code_of(lambda: blobs.get_range("k1", 2, 4)) is Code.CHUNK_LOST
    assert code_of(lambda: blobs.get_range("k1", 9, 4)) is Code.CHUNK_LOST


def test_a_deleted_object_is_gone_and_deleting_again_is_harmless(blobs: Blobs):
    blobs.put_new("k1", [b"abc"])
    blobs.delete("k1")
    blobs.delete("k1")
    assert blobs.size("k1") is None
    assert listed(blobs) == []


def test_all_objects_are_listed_in_order_without_the_mark(blobs: Blobs):
    for key in ("b1", "a2", "c0"):
        blobs.put_new(key, [key.encode()])
    assert listed(blobs) == [("a2", 2), ("b1", 2), ("c0", 2)]
    assert all(each.modified_ms > 1_600_000_000_000 for each in blobs.list())


def test_a_mark_stays_what_it_was(blobs: Blobs):
    blobs.establish("another")
    assert blobs.identity() == "mine"


def test_a_store_that_was_never_marked_has_no_identity(tmp_path: Path):
    assert FolderBlobs(tmp_path / "nowhere").identity() is None


@pytest.mark.slow
def test_a_bucket_that_was_never_marked_has_no_identity(s3: Callable[[], str]):
    assert ObjectBlobs(s3()).identity() is None


@pytest.mark.slow
def test_a_bucket_that_is_not_there_takes_nothing(s3: Callable[[], str]):
    blobs = ObjectBlobs(s3().replace("bucket", "no-bucket"))
    assert code_of(lambda: blobs.put_new("k1", [b"abc"])) is Code.STORE_UNAVAILABLE


def test_a_store_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    blobs = ObjectBlobs("s3://bucket/govsync?endpoint=http://127.0.0.1:1")
    assert code_of(lambda: blobs.size("k1")) is Code.STORE_UNAVAILABLE


def test_a_folder_that_is_not_there_takes_nothing(tmp_path: Path):
    blobs = FolderBlobs(tmp_path / "nowhere")
    assert code_of(lambda: blobs.put_new("k1", [b"abc"])) is Code.STORE_UNAVAILABLE
    assert not (tmp_path / "nowhere").exists()


def test_a_put_that_is_cut_off_leaves_no_object(tmp_path: Path):
    blobs = FolderBlobs(tmp_path)

    def cut_off() -> Iterator[bytes]:
        yield b"abc"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        blobs.put_new("k1", cut_off())
    assert listed(blobs) == []


def test_what_a_crash_left_behind_is_listed_and_can_be_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    blobs = FolderBlobs(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_arguments, **_options: None)
        blobs.put_new("k1", [b"abc"])
    left = [each.key for each in blobs.list() if each.key != "k1"]
    assert len(left) == 1
    blobs.delete(left[0])
    assert listed(blobs) == [("k1", 3)]


def test_a_name_is_given_only_to_bytes_that_are_durable_and_told_only_when_it_is_durable_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    steps: list[str] = []
    flush, link = os.fsync, os.link

    def flushing(fd: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "bytes")
        flush(fd)

    def linking(source: Path, target: Path) -> None:
        steps.append("name")
        link(source, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(os, "link", linking)
    FolderBlobs(tmp_path).put_new("k1", [b"abc"])
    assert steps == ["bytes", "name", "folder", "folder"]
