"""What administrators fix is noticed when it changes."""

import threading

import pytest

from govsync.system import policy
from govsync.system.policy import PolicyWatch

PATIENCE_S = 30


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(policy, "FOLDER", tmp_path / "policy.d")
    return tmp_path / "policy.d"


@pytest.fixture
def watch(folder, monkeypatch):
    """A watch that looks again at once, and how often it has told."""
    monkeypatch.setattr(policy, "AGAIN_S", 0.01)
    told = threading.Semaphore(0)
    watch = PolicyWatch(told.release)
    watch.start()
    yield told
    watch.stop()


def test_each_change_of_a_file_is_told_once(folder, watch):
    folder.mkdir()
    for text in ("app.language = 'ko'", "app.language = 'en'"):
        (folder / "it.toml.new").write_text(text)
        (folder / "it.toml.new").rename(folder / "it.toml")
        assert watch.acquire(timeout=PATIENCE_S)
    (folder / "note.txt").write_text("not policy")
    (folder / "it.toml").unlink()
    assert watch.acquire(timeout=PATIENCE_S)
    assert not watch.acquire(blocking=False)


def test_what_changed_between_its_making_and_its_start_is_told(folder):
    told = threading.Event()
    watch = PolicyWatch(told.set)
    folder.mkdir()
    (folder / "it.toml").write_text("")
    watch.start()
    assert told.wait(PATIENCE_S)
    watch.stop()


def test_nothing_is_told_after_the_stop(folder, monkeypatch):
    told = []
    watch = PolicyWatch(lambda: told.append(1))
    watch.start()
    watch.stop()
    folder.mkdir()
    (folder / "it.toml").write_text("")
    assert not watch._thread.is_alive()
    assert told == []
