"""The lock of the synced folder follows the folder: taken when there is one, and of the one that is there (R29, R45)."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from govsync.agent import home
from govsync.agent.folder_lock import FolderLock
from govsync.model.codes import Code
from govsync.model.problems import Failure


def taken_by_others(folder: Path) -> bool:
    with ExitStack() as others:
        try:
            others.enter_context(home.lock_folder(folder))
        except Failure as failure:
            return failure.code is Code.FOLDER_TAKEN
    return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder" / ".govsync").mkdir(parents=True)
    return tmp_path / "folder"


def test_a_folder_that_is_missing_is_locked_when_it_is_back(folder: Path) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    lock = FolderLock(folder)
    lock.take()
    assert not folder.exists(), "nothing is made in its place"
    away.rename(folder)
    lock.take()
    assert taken_by_others(folder)
    lock.release()
    assert not taken_by_others(folder)


def test_the_folder_that_lies_there_now_is_the_one_that_is_locked(folder: Path) -> None:
    lock = FolderLock(folder)
    lock.take()
    shutil.rmtree(folder / ".govsync")
    lock.take()
    (folder / ".govsync").mkdir()
    lock.take()
    assert taken_by_others(folder)
    lock.release()


def test_what_another_agent_holds_is_told(folder: Path) -> None:
    lock = FolderLock(folder)
    with home.lock_folder(folder), pytest.raises(Failure) as refused:
        lock.take()
    assert refused.value.code is Code.FOLDER_TAKEN
    lock.take()
    lock.take()
    lock.release()
