"""A store that is gone, or another's, is never written to and never makes a content look lost (R48)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.blobs.owned import OwnedBlobs

CALLS: dict[str, Callable[[OwnedBlobs], object]] = {
    "put": lambda blobs: blobs.put_new("k2", [b"abc"]),
    "get": lambda blobs: blobs.get_range("k1", 0, 3),
    "size": lambda blobs: blobs.size("k1"),
    "delete": lambda blobs: blobs.delete("k1"),
    "list": lambda blobs: list(blobs.list()),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Answers the folder of a store with one object."""
    blobs = FolderBlobs(tmp_path / "store")
    blobs.establish("mine")
    blobs.put_new("k1", [b"abc"])
    return tmp_path / "store"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("call", CALLS)
def test_one_s_own_store_is_used(folder: Path, call: str):
    CALLS[call](OwnedBlobs(FolderBlobs(folder), "mine"))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("mark", [None, "another"])
def test_a_store_that_is_not_mounted_or_another_s_is_left_alone(folder: Path, call: str, mark: str | None):
    blobs = OwnedBlobs(FolderBlobs(folder), "mine")
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    if mark is not None:
        FolderBlobs(folder).establish(mark)
    before = files(folder)
    with pytest.raises(Failure) as caught:
        CALLS[call](blobs)
    assert caught.value.code is Code.STORE_UNAVAILABLE
    assert files(folder) == before


def test_an_object_that_is_lost_in_one_s_own_store_is_called_lost(folder: Path):
    (folder / "k1" / "k1").unlink()
    blobs = OwnedBlobs(FolderBlobs(folder), "mine")
    with pytest.raises(Failure) as caught:
        blobs.get_range("k1", 0, 3)
    assert caught.value.code is Code.CHUNK_LOST
    assert blobs.size("k1") is None


def test_a_store_that_went_while_it_was_written_to_acknowledges_nothing(folder: Path):
    class Vanishing(FolderBlobs):
        def put_new(self, key: str, pieces: object) -> None:
            (folder / "store-id").unlink()

    with pytest.raises(Failure) as caught:
        OwnedBlobs(Vanishing(folder), "mine").put_new("k2", [b"abc"])
    assert caught.value.code is Code.STORE_UNAVAILABLE
