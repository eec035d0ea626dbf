"""What happens in the synced folder becomes hints, on every system alike; what is lost is said (I11, R43).

What only one system does is in `tests/local/test_watcher.py` (Linux) and `test_windows_watcher.py`.
"""

import os
import queue
import random
import shutil
import sys
import threading
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.hints import Cookie, Hidden, Hint
from govsync.system.watcher import Watcher

pytestmark = pytest.mark.windows

PATIENCE_S = 30
OURS = Hidden(".govsync", "cookie.", "staging")
OLD_NAMES = "a folder that was renamed is told of under its old name"


class Heard:
    """A folder, and what its watcher said, in order. Folders are made after the start, since wine tells nothing of those that
    are there before; but our own first on Linux, where a cookie might be older than the watch over it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said = queue.SimpleQueue()
        self.watcher = Watcher(str(path), OURS, self.said.put)
        self.cookies = 0

    def start(self) -> None:
        ours = self.path / ".govsync" / "staging"
        if sys.platform != "win32":
            ours.mkdir(parents=True)
        self.watcher.start()
        ours.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, content: bytes = b"") -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def all(self):
        """Answers everything about what happened before now: a cookie comes after it."""
        self.cookies += 1
        cookie = Cookie(str(self.cookies))
        (self.path / ".govsync" / f"cookie.{cookie.name}").touch()
        heard = []
        while (said := self.said.get(timeout=PATIENCE_S)) != cookie:
            heard.append(said)
        return heard


@pytest.fixture
def heard(tmp_path):
    (tmp_path / "folder").mkdir()
    heard = Heard(tmp_path / "folder")
    yield heard
    heard.watcher.stop()


def test_a_save_is_hinted_at(heard):
    heard.start()
    assert heard.watcher.healthy
    heard.write("d/a.txt", b"old")
    heard.all()
    heard.write("d/a.txt", b"new")
    assert set(heard.all()) == {Hint(("d",), "a.txt")}


@pytest.mark.parametrize(
    ("act", "hints"),
    [
        (lambda path: (path / "a.txt").unlink(), {Hint((), "a.txt")}),
        (lambda path: (path / "a.txt").rename(path / "b.txt"), {Hint((), "a.txt"), Hint((), "b.txt")}),
        (lambda path: (path / "a.txt").rename(path / "d/a.txt"), {Hint((), "a.txt"), Hint(("d",), "a.txt")}),
        (lambda path: (path / "d").rmdir(), {Hint((), "d")}),
        (lambda path: (path / "e").mkdir(), {Hint((), "e"), Hint(("e",), None)}),
        (lambda path: (path / "a.txt").rename(path.parent / "out"), {Hint((), "a.txt")}),
        (lambda path: (path.parent / "outside.txt").rename(path / "in.txt"), {Hint((), "in.txt")}),
        (lambda path: os.utime(path / "a.txt", (7, 7)), {Hint((), "a.txt")}),
    ],
    ids=["remove", "rename", "move", "rmdir", "mkdir", "out", "in", "time"],
)
def test_every_change_is_hinted_at(heard, tmp_path, act, hints):
    heard.start()
    heard.write("a.txt", b"a")
    (heard.path / "d").mkdir()
    (tmp_path / "outside.txt").write_bytes(b"x")
    heard.all()
    act(heard.path)
    assert set(heard.all()) == hints


def test_what_happens_in_our_own_folder_is_nobody_s_business(heard):
    heard.start()
    heard.all()
    heard.write(".govsync/staging/1", b"content")
    heard.write(".govsync/trash/t", b"t")
    heard.write(".govsync/lock")
    assert heard.all() == []


def test_a_file_in_a_folder_made_a_moment_ago_is_found(heard):
    heard.start()
    heard.write("p/q/r/a.txt", b"a")
    hints = heard.all()
    # Either the file is named, or its folder is to be looked at after the file was there.
    assert Hint(("p", "q", "r"), "a.txt") in hints or Hint(("p", "q", "r"), None) in hints
    heard.write("p/q/r/b.txt", b"b")
    assert set(heard.all()) == {Hint(("p", "q", "r"), "b.txt")}


def test_a_renamed_folder_is_one_thing(heard):
    heard.start()
    for number in range(100):
        heard.write(f"old/sub/{number}.txt", b"x")
    heard.all()
    (heard.path / "old").rename(heard.path / "new")
    assert set(heard.all()) == {Hint((), "old"), Hint((), "new"), Hint(("new",), None)}


@pytest.mark.wine_differs(OLD_NAMES)
def test_a_renamed_folder_is_watched_under_its_new_name(heard):
    heard.start()
    heard.write("old/sub/1.txt", b"x")
    heard.all()
    (heard.path / "old").rename(heard.path / "new")
    heard.all()
    heard.write("new/sub/1.txt", b"y")
    assert set(heard.all()) == {Hint(("new", "sub"), "1.txt")}


@pytest.mark.wine_differs(OLD_NAMES)
def test_a_folder_moved_out_is_no_longer_watched_and_one_moved_in_is_to_be_looked_at(heard, tmp_path):
    heard.start()
    heard.write("d/sub/a.txt", b"a")
    heard.all()
    (heard.path / "d").rename(tmp_path / "out")
    heard.all()
    (heard.path / "next").mkdir()
    heard.all()
    (tmp_path / "out/sub/a.txt").write_bytes(b"b")
    assert heard.all() == []
    (tmp_path / "out").rename(heard.path / "back")
    assert {Hint((), "back"), Hint(("back",), None)} <= set(heard.all())


@pytest.mark.wine_differs(OLD_NAMES)
def test_a_folder_moved_out_and_in_again_is_watched(heard, tmp_path):
    heard.start()
    heard.write("d/sub/a.txt", b"a")
    heard.all()
    (heard.path / "d").rename(tmp_path / "out")
    (tmp_path / "out").rename(heard.path / "back")
    heard.all()
    heard.write("back/sub/a.txt", b"c")
    assert set(heard.all()) == {Hint(("back", "sub"), "a.txt")}


def test_a_folder_that_is_removed_and_made_again_is_watched(heard):
    heard.start()
    for turn in range(20):
        heard.write("d/a.txt", b"%d" % turn)
        shutil.rmtree(heard.path / "d")
    heard.write("d/a.txt", b"last")
    heard.all()
    heard.write("d/b.txt", b"b")
    assert Hint(("d",), "b.txt") in heard.all()


@pytest.mark.parametrize("what", ["nothing", "a file"])
def test_a_root_that_is_no_folder_cannot_be_watched(tmp_path, what):
    if what == "a file":
        (tmp_path / "root").touch()
    threads = threading.active_count()
    watcher = Watcher(str(tmp_path / "root"), OURS, lambda _: None)
    with pytest.raises(Failure) as refused:
        watcher.start()
    assert refused.value.code is Code.FOLDER_MISSING
    assert not watcher.healthy
    assert threading.active_count() == threads


def test_nothing_is_said_after_the_stop(heard):
    threads = threading.active_count()
    heard.watcher.start()
    heard.watcher.stop()
    heard.watcher.stop()
    heard.write("a.txt", b"a")
    assert heard.said.empty()
    assert not heard.watcher.healthy
    assert threading.active_count() == threads


def covered(path, hints):
    """Says whether hints make somebody look at a file: at its name, at its folder, or at a folder above as new."""
    folders = [path[:depth] for depth in range(len(path))]
    return Hint(path[:-1], path[-1]) in hints or any(Hint(folder, None) in hints for folder in folders[1:])


@pytest.mark.wine_differs(OLD_NAMES)
@pytest.mark.parametrize("seed", range(8))
def test_every_save_is_told_of_before_the_cookie_that_came_after_it(heard, seed):
    """Folders are made, moved, removed and made again as fast as can be, and files saved in them at once."""
    chance = random.Random(seed)
    heard.start()
    for turn in range(40):
        saved = []
        for step in range(chance.randint(1, 6)):
            folders = sorted(
                path for path in heard.path.rglob("*") if path.is_dir() and ".govsync" not in path.parts
            )
            folder = chance.choice([heard.path, *folders])
            match chance.choice(("make", "save", "save", "move", "remove")):
                case "make":
                    (folder / f"d{turn}.{step}" / "e").mkdir(parents=True)
                    saved.append(folder / f"d{turn}.{step}" / "e" / "new.txt")
                case "save":
                    saved.append(folder / f"f{chance.randint(0, 5)}.txt")
                case "move" if folder != heard.path:
                    target = heard.path / f"m{turn}.{step}"
                    folder.rename(target)
                    saved = [
                        target / path.relative_to(folder) if folder in path.parents else path
                        for path in saved
                    ]
                    saved.append(target / "after the move.txt")
                case "remove" if folder != heard.path:
                    shutil.rmtree(folder)
                    saved = [path for path in saved if folder not in path.parents]
                    folder.mkdir()
                    saved.append(folder / "again.txt")
            if saved:
                saved[-1].write_bytes(b"%d.%d" % (turn, step))
        hints = set(heard.all())
        missed = [path for path in saved if not covered(path.relative_to(heard.path).parts, hints)]
        assert not missed, (turn, missed, hints)
