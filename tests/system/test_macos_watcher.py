"""What macOS tells becomes hints (I11, R43): by events written out, by a stream that the test has in its hand, and by the whole
contract of `test_watcher.py` over a stream that tells what happens on this machine as macOS would."""

import queue
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.hints import Cookie, Hint, Lost
from tests.system import fsevents as fs
from tests.system import test_watcher as contract
from tests.system.test_watcher import (  # noqa: F401 - pytest finds them here, where macOS' watcher is tried
    OURS,
    PATIENCE_S,
    heard,
    test_a_file_in_a_folder_made_a_moment_ago_is_found,
    test_a_folder_moved_out_and_in_again_is_watched,
    test_a_folder_moved_out_is_no_longer_watched_and_one_moved_in_is_to_be_looked_at,
    test_a_folder_that_is_removed_and_made_again_is_watched,
    test_a_renamed_folder_is_one_thing,
    test_a_renamed_folder_is_watched_under_its_new_name,
    test_a_root_that_is_no_folder_cannot_be_watched,
    test_a_save_is_hinted_at,
    test_every_change_is_hinted_at,
    test_every_save_is_told_of_before_the_cookie_that_came_after_it,
    test_nothing_is_said_after_the_stop,
    test_what_happens_in_our_own_folder_is_nobody_s_business,
)

from govsync.system.macos import watcher as module  # isort: skip - after what stands for the native part
from govsync.system.macos.changes import Told  # isort: skip

ROOT = "/Users/kim/GovSync"


@pytest.fixture(autouse=True)
def _as_on_a_mac(monkeypatch):
    fs.on(monkeypatch, module)
    monkeypatch.setattr(contract, "Watcher", module.Watcher)


def hints(*events, folders=()):
    there = {ROOT, *(f"{ROOT}/{folder}" for folder in folders)}
    paths, flags = zip(*events, strict=True)
    return Told(ROOT, OURS, there.__contains__).hints(paths, flags)


def below(path, flags):
    return f"{ROOT}/{path}", flags


# Events, written out


@pytest.mark.parametrize(
    "flags",
    [
        fs.CREATED, fs.REMOVED, fs.MODIFIED, fs.RENAMED, fs.INODE_META_MOD, fs.XATTR_MOD, fs.CREATED | fs.CLONED,
        fs.CREATED | fs.REMOVED | fs.RENAMED | fs.MODIFIED, fs.CREATED | fs.IS_HARDLINK, fs.IDS_WRAPPED, 0,
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [fs.IS_FILE, fs.IS_SYMLINK, 0])
def test_whatever_happens_to_a_file_is_a_look_at_its_name(flags, kind):
    assert hints(below("d/a.txt", flags | kind)) == (Hint(("d",), "a.txt"),)
    assert hints(below("a.txt", flags | kind)) == (Hint((), "a.txt"),)


@pytest.mark.parametrize(
    "flags",
    [fs.CREATED, fs.RENAMED, fs.CREATED | fs.CLONED, fs.CREATED | fs.REMOVED, fs.RENAMED | fs.MODIFIED],
)
def test_a_folder_that_has_appeared_is_looked_at_as_a_whole(flags):
    assert hints(below("d/e", flags | fs.IS_DIR), folders=["d", "d/e"]) == (
        Hint(("d",), "e"),
        Hint(("d", "e"), None),
    )
    # The old name of a rename, or what went again before it was told.
    assert hints(below("d/e", flags | fs.IS_DIR), folders=["d"]) == (Hint(("d",), "e"),)


@pytest.mark.parametrize(
    "flags", [fs.REMOVED, fs.INODE_META_MOD, fs.CHANGE_OWNER, fs.XATTR_MOD, fs.FINDER_INFO_MOD]
)
def test_a_folder_whose_own_facts_changed_is_not_looked_through(flags):
    assert hints(below("d/e", flags | fs.IS_DIR), folders=["d", "d/e"]) == (Hint(("d",), "e"),)


@pytest.mark.parametrize("flags", [fs.MOUNT, fs.UNMOUNT])
def test_another_disk_in_the_folder_is_a_look_at_its_place(flags):
    assert hints(below("d/disk", flags), folders=["d", "d/disk"]) == (
        Hint(("d",), "disk"),
        Hint(("d", "disk"), None),
    )


@pytest.mark.parametrize("flags", [fs.MUST_SCAN_SUBDIRS, fs.USER_DROPPED, fs.KERNEL_DROPPED])
@pytest.mark.parametrize("path", [ROOT, f"{ROOT}/d", f"{ROOT}/d/", f"{ROOT}/.govsync", "/Users", "/", ""])
def test_what_was_dropped_is_said_wherever_it_was(flags, path):
    assert hints((path, flags | fs.IS_DIR)) == (Lost(),)


@pytest.mark.parametrize("path", ["", "/", "/Users/kim", f"{ROOT}2/a.txt", "/users/kim/govsync/a.txt"])
def test_what_cannot_be_placed_has_everything_looked_at(path):
    assert hints((path, fs.MODIFIED | fs.IS_FILE)) == (Lost(),)


@pytest.mark.parametrize(
    "flags",
    [fs.ROOT_CHANGED, fs.UNMOUNT, fs.RENAMED | fs.IS_DIR, fs.REMOVED | fs.IS_DIR, fs.CREATED | fs.IS_DIR],
)
def test_a_root_that_may_be_another_has_everything_looked_at_and_one_that_is_gone_is_said(flags):
    assert hints((ROOT, flags)) == (Lost(),)
    assert Told(ROOT, OURS, lambda _: False).hints([ROOT], [flags]) == (Lost(Code.FOLDER_MISSING),)


def test_the_root_s_own_facts_and_the_end_of_history_are_nothing():
    assert (
        hints((ROOT, fs.INODE_META_MOD | fs.XATTR_MOD | fs.IS_DIR), ("", fs.HISTORY_DONE), (f"{ROOT}/", 0))
        == ()
    )


def test_of_our_own_folder_only_cookies_are_said_and_after_all_else():
    said = hints(
        below(".govsync/cookie.7", fs.CREATED | fs.MODIFIED | fs.IS_FILE), below(".govsync/cookie.6", fs.REMOVED | fs.IS_FILE),
        below(".govsync/staging/cookie.5", fs.CREATED | fs.IS_FILE), below(".govsync/staging", fs.CREATED | fs.IS_DIR),
        below(".govsync", fs.INODE_META_MOD | fs.IS_DIR), below("a.txt", fs.MODIFIED | fs.IS_FILE), below(".govsync2", fs.CREATED | fs.IS_FILE),
        below("d/.govsync/cookie.4", fs.CREATED | fs.IS_FILE), below(".govsync/cookie.8", fs.RENAMED | fs.IS_FILE),
        folders=[".govsync", ".govsync/staging"],
    )  # fmt: skip
    assert said == (
        Hint((), "a.txt"), Hint((), ".govsync2"), Hint(("d", ".govsync"), "cookie.4"), Cookie("7"), Cookie("8"),
    )  # fmt: skip


def test_each_thing_is_said_once():
    event, cookie = (
        below("a.txt", fs.MODIFIED | fs.IS_FILE),
        below(".govsync/cookie.7", fs.CREATED | fs.IS_FILE),
    )
    assert hints(event, cookie, event, cookie) == (Hint((), "a.txt"), Cookie("7"))


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
paths = st.lists(names | st.sampled_from(["d", ".govsync", "cookie.1"]), max_size=4).map("/".join)
events = st.lists(
    st.tuples(paths.map(lambda path: f"{ROOT}/{path}") | st.text(max_size=20), st.integers(0, 2**32 - 1)),
    min_size=1,
)


@given(events)
def test_nothing_that_was_told_is_passed_over(told):
    said = hints(*told, folders=["d"])
    assert len(set(said)) == len(said)
    cookies = [isinstance(each, Cookie) for each in said]
    assert cookies == sorted(cookies)
    everywhere = {Lost(), Lost(Code.FOLDER_MISSING)} & set(said)
    for path, flags in told:
        *above, name = path.removeprefix(f"{ROOT}/").rstrip("/").split("/")
        ours = path == f"{ROOT}/.govsync" or path.startswith(f"{ROOT}/.govsync/")
        nothing = flags & fs.HISTORY_DONE or path.rstrip("/") == ROOT or ours
        if (
            flags & (fs.MUST_SCAN_SUBDIRS | fs.USER_DROPPED | fs.KERNEL_DROPPED)
            and not flags & fs.HISTORY_DONE
        ):
            assert everywhere
        assert nothing or everywhere or Hint(tuple(above), name) in said


# A stream that the test has in its hand


class Held:
    """A folder, the stream of its watcher, and what that said."""

    def __init__(self, path: Path, say=None) -> None:
        self.path = path
        self.said: queue.SimpleQueue = queue.SimpleQueue()
        self.watcher = module.Watcher(str(path), OURS, say or self.said.put)

    @property
    def stream(self) -> fs.Stream:
        return self.watcher._reader._stream

    def next(self):
        return self.said.get(timeout=PATIENCE_S)


@pytest.fixture
def held(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "Stream", fs.Stream)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    held = Held(tmp_path / "link")
    yield held
    held.watcher.stop()


def test_a_root_under_a_link_is_watched_by_its_own_path(held, tmp_path):
    held.watcher.start()
    assert held.stream.paths == [str(tmp_path / "real")]
    held.stream.tell((f"{tmp_path}/real/a.txt", fs.MODIFIED | fs.IS_FILE))
    assert held.next() == Hint((), "a.txt")


def test_on_return_the_stream_has_started(held, monkeypatch):
    begun = []

    class Late(fs.Stream):
        def run(self, callback, started=None):
            time.sleep(0.05)  # Nobody who does not wait for it is so late.
            begun.append(self)
            super().run(callback, started)

    monkeypatch.setattr(module, "Stream", Late)
    held.watcher.start()
    assert begun == [held.stream]
    assert held.watcher.healthy


@pytest.mark.parametrize("error", [RuntimeError("not made"), SystemError("not started")])
def test_a_stream_that_is_not_to_be_had_is_said(held, monkeypatch, error):
    class Refused(fs.Stream):
        def run(self, callback, started=None):
            raise error

    monkeypatch.setattr(module, "Stream", Refused)
    threads = threading.active_count()
    with pytest.raises(Failure) as refused:
        held.watcher.start()
    assert (refused.value.code, refused.value.facts) == (Code.WATCH_LIMIT, {"what": str(error)})
    assert not held.watcher.healthy
    assert held.said.empty()
    assert threading.active_count() == threads


@pytest.mark.parametrize("code", [Code.UNREADABLE, Code.FOLDER_MISSING])
def test_a_stream_that_ends_by_itself_is_said_by_a_watcher_that_is_not_healthy(held, code):
    said = []
    held.watcher._say = lambda each: said.append((each, held.watcher.healthy))
    held.watcher.start()
    reader = held.watcher._reader
    if code is Code.FOLDER_MISSING:
        held.path.resolve().rmdir()
    held.stream.stop()
    reader.join(PATIENCE_S)
    assert said == [(Lost(code), False)]


def test_what_a_listener_does_not_bear_ends_the_watch_and_is_said(tmp_path, held):
    told = []

    def say(each):
        told.append(each)
        if isinstance(each, Hint):
            raise ZeroDivisionError

    held.watcher._say = say
    held.watcher.start()
    reader, stream = held.watcher._reader, held.stream
    stream.tell((f"{tmp_path}/real/a.txt", fs.MODIFIED | fs.IS_FILE))
    reader.join(PATIENCE_S)
    assert [type(error) for error in stream.raised] == [ZeroDivisionError]
    assert told == [Hint((), "a.txt"), Lost(Code.UNREADABLE)]
    assert not held.watcher.healthy


def test_a_link_to_a_folder_is_no_folder(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "file").touch()
    found = [module.is_folder(str(tmp_path / name)) for name in ("folder", "link", "file", "none", "file/x")]
    assert found == [True, False, False, False, False]
