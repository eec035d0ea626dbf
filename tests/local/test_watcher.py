"""The real kernel's events become hints; what is lost is said, and the watch goes on (I11, R43)."""

import errno
import os
import queue
import shutil
import subprocess
import threading
from contextlib import nullcontext

import pytest
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, Mask

from govsync.local.root import COOKIE_PREFIX, cookie
from govsync.local.steps import STAGING, STATE
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.hints import Cookie, Hidden, Hint, Lost
from govsync.system.posix import watcher as module
from govsync.system.watcher import Watcher

PATIENCE_S = 60
OURS = Hidden(STATE, COOKIE_PREFIX, STAGING)


class Heard:
    """What a watcher said, in order."""

    def __init__(self, desk):
        self.said = queue.SimpleQueue()
        self.watcher = Watcher(str(desk.path), OURS, self.said.put)
        self.desk = desk
        self.cookies = 0

    def until(self, wanted):
        """Waits until something wanted was said; answers all that was said up to it."""
        heard = []
        while not heard or not wanted(heard[-1]):
            heard.append(self.said.get(timeout=PATIENCE_S))
        return heard

    def all(self):
        """Answers everything about what happened before now: a cookie comes after it."""
        self.cookies += 1
        name = str(self.cookies)
        cookie(self.desk.fs, self.desk.root, name)
        return self.until(lambda hint: hint == Cookie(name))[:-1]


@pytest.fixture
def heard(desk):
    heard = Heard(desk)
    yield heard
    heard.watcher.stop()


def test_a_save_is_hinted_at(desk, heard):
    desk.write("d/a.txt", b"old")
    heard.watcher.start()
    assert heard.watcher.healthy
    desk.write("d/a.txt", b"new")
    assert set(heard.all()) == {Hint(("d",), "a.txt")}


@pytest.mark.parametrize(
    ("act", "hints"),
    [
        (lambda path: (path / "a.txt").unlink(), {Hint((), "a.txt")}),
        (lambda path: (path / "a.txt").rename(path / "b.txt"), {Hint((), "a.txt"), Hint((), "b.txt")}),
        (lambda path: (path / "a.txt").rename(path / "d/a.txt"), {Hint((), "a.txt"), Hint(("d",), "a.txt")}),
        (lambda path: (path / "a.txt").chmod(0o755), {Hint((), "a.txt")}),
        (lambda path: (path / "d").rmdir(), {Hint((), "d")}),
        (lambda path: (path / "e").mkdir(), {Hint((), "e"), Hint(("e",), None)}),
        (lambda path: (path / "a.txt").rename(path.parent / "out"), {Hint((), "a.txt")}),
        (lambda path: (path.parent / "outside.txt").rename(path / "in.txt"), {Hint((), "in.txt")}),
        (lambda path: (path / "l").symlink_to("a.txt"), {Hint((), "l")}),
    ],
)
def test_every_change_is_hinted_at(desk, heard, tmp_path, act, hints):
    desk.write("a.txt", b"a")
    (desk.path / "d").mkdir()
    (tmp_path / "outside.txt").write_bytes(b"x")
    heard.watcher.start()
    act(desk.path)
    assert set(heard.all()) == hints


def test_what_happens_in_our_own_folder_is_nobody_s_business(desk, heard):
    heard.watcher.start()
    desk.stage(b"content")
    desk.write(".govsync/trash/t", b"t")
    desk.write(".govsync/lock", b"")
    assert heard.all() == []


def test_what_this_desk_has_placed_is_not_said_but_what_a_person_does_to_it_is(desk, heard):
    (desk.path / "d").mkdir()
    heard.watcher.start()
    for number in range(3):
        desk.carry_out(desk.install(f"d/{number}.txt", desk.stage(b"ours", f"staged {number}")))
    assert heard.all() == []
    with (desk.path / "d/1.txt").open("ab") as file:
        file.write(b" and theirs")
    assert set(heard.all()) == {Hint(("d",), "1.txt")}


def test_what_a_person_moves_in_while_something_is_placed_is_said(desk, heard, tmp_path):
    """Between the two halves of our rename, before and after it."""
    for name in "abc":
        (tmp_path / name).write_bytes(b"theirs")
    heard.watcher.start()
    (tmp_path / "a").rename(desk.path / "a")
    desk.carry_out(desk.install("ours", desk.stage(b"ours")))
    (tmp_path / "b").rename(desk.path / "b")
    (tmp_path / "c").rename(desk.path / "ours")
    assert set(heard.all()) == {Hint((), "a"), Hint((), "b"), Hint((), "ours")}


def test_placing_goes_unsaid_again_after_staging_was_tidied_away(desk, heard):
    heard.watcher.start()
    shutil.rmtree(desk.path / ".govsync/staging")
    staged = desk.stage(b"content")
    assert heard.all() == []
    desk.carry_out(desk.install("a.txt", staged))
    assert heard.all() == []


def test_a_renamed_folder_is_one_thing_and_is_watched_under_its_new_name(desk, heard):
    for number in range(200):
        desk.write(f"old/sub/{number}.txt", b"x")
    heard.watcher.start()
    (desk.path / "old").rename(desk.path / "new")
    assert set(heard.all()) == {Hint((), "old"), Hint((), "new"), Hint(("new",), None)}
    desk.write("new/sub/1.txt", b"y")
    assert set(heard.all()) == {Hint(("new", "sub"), "1.txt")}


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "listed"])
def test_two_thousand_folders_are_watched(desk, heard, monkeypatch, counted):
    """Whether the disk counts the folders of a folder, so that most need not be listed, or does not."""
    if not counted:
        monkeypatch.setattr(module.linux, "counts_folders", lambda _: False)
    for number in range(2000):
        (desk.path / f"d{number % 50}/s{number}").mkdir(parents=True)
    heard.watcher.start()
    desk.write("d7/s7/a.txt", b"a")
    desk.write("d49/s1999/b.txt", b"b")
    assert set(heard.all()) == {Hint(("d7", "s7"), "a.txt"), Hint(("d49", "s1999"), "b.txt")}


def test_an_overflow_is_said_once_and_the_watch_goes_on(desk, heard):
    """More changes than the kernel's queue holds, while the reader is held up; folders made meanwhile are watched."""
    for number in range(2000):
        (desk.path / f"s{number}").mkdir()
    go_on, held = threading.Event(), threading.Event()
    said = heard.said

    def say(hint):
        if not held.is_set():
            held.set()
            assert go_on.wait(PATIENCE_S)
        said.put(hint)

    heard.watcher = Watcher(str(desk.path), OURS, say)
    heard.watcher.start()
    desk.write("first", b"")
    assert held.wait(PATIENCE_S)
    with open("/proc/sys/fs/inotify/max_queued_events") as limit:
        most = int(limit.read())
    one, two = desk.path / "s1/one", desk.path / "s1/two"
    one.touch()
    for _ in range(most // 2 + 10):
        one.rename(two)
        two.rename(one)
    (desk.path / "unseen").mkdir()
    (desk.path / "s2").rename(desk.path / "renamed unseen")
    go_on.set()
    heard.until(lambda hint: hint == Lost())
    assert Lost() not in heard.all()
    assert heard.watcher.healthy
    desk.write("unseen/a.txt", b"a")
    desk.write("renamed unseen/b.txt", b"b")
    desk.write("s1999/c.txt", b"c")
    assert set(heard.all()) == {
        Hint(("unseen",), "a.txt"), Hint(("renamed unseen",), "b.txt"), Hint(("s1999",), "c.txt"),
    }  # fmt: skip


def test_the_root_s_own_end_is_said(desk, heard, tmp_path):
    heard.watcher.start()
    desk.path.rename(tmp_path / "elsewhere")
    assert Lost(Code.FOLDER_MISSING) in heard.until(lambda hint: isinstance(hint, Lost))


def test_a_root_that_is_not_there_cannot_be_watched(heard, desk, tmp_path):
    open_before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(Failure) as refused:
        Watcher(str(tmp_path / "no"), OURS, heard.said.put).start()
    assert refused.value.code is Code.FOLDER_MISSING
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_kernel_that_gives_no_more_watches_is_said(desk, heard, monkeypatch):
    (desk.path / "a").mkdir()
    (desk.path / "b").mkdir()
    inner = InotifyFD._get_or_create_watch
    left = [2]

    def limited(self, path, mask):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        return inner(self, path, mask)

    monkeypatch.setattr(module._Reader, "_get_or_create_watch", limited)
    heard.watcher.start()
    assert not heard.watcher.healthy
    desk.write("x", b"x")
    hints = heard.until(lambda hint: hint == Hint((), "x"))
    assert hints.count(Lost(Code.WATCH_LIMIT)) == 1
    left[0] = 0
    with pytest.raises(Failure) as refused:
        Watcher(str(desk.path), OURS, heard.said.put).start()
    assert refused.value.code is Code.WATCH_LIMIT


def test_a_reader_that_ends_by_itself_is_said(desk, heard, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda *_: None)

    def fail(self, event):
        raise RuntimeError("a fault of the library")

    monkeypatch.setattr(module._Watches, "on_event", fail)
    healthy = queue.SimpleQueue()
    heard.watcher._say = lambda said: healthy.put((said, heard.watcher.healthy))
    heard.watcher.start()
    assert heard.watcher.healthy
    desk.write("x", b"x")
    assert healthy.get(timeout=PATIENCE_S) == (Lost(Code.UNREADABLE), False)


def test_nothing_is_said_after_the_stop(desk, heard):
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    heard.watcher.start()
    heard.watcher.stop()
    heard.watcher.stop()
    desk.write("a.txt", b"a")
    assert heard.said.empty()
    assert not heard.watcher.healthy
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_folder_that_may_not_be_read_is_no_watch(desk):
    reader = module._opened_reader(str(desk.path), OURS, lambda _: None)
    try:
        monkey = reader._get_or_create_watch
        reader._get_or_create_watch = lambda path, mask: type(monkey(path, mask))(-1, mask, path)
        reader._watch_for_wd[-1] = None
        with pytest.raises(PermissionError):
            reader.add_callback(os.fsencode(desk.path), Mask(0x100), reader.watches, 0)
        assert -1 not in reader._watch_for_wd
    finally:
        reader.abandon()


def test_an_event_of_a_forgotten_watch_is_nothing(desk):
    said = []
    reader = module._opened_reader(str(desk.path), OURS, said.append)
    try:
        reader.watches.on_event(InotifyEvent(99, Mask(InotifyConstants.IN_CREATE), 0, b"x"))
        reader.watches.on_watch_deleted(99)
        assert reader.watches.take() == ()
    finally:
        reader.abandon()


def test_a_folder_made_where_one_was_removed_that_a_program_still_has_open_is_watched(desk, heard):
    (desk.path / "d").mkdir()
    heard.watcher.start()
    kept = os.open(desk.path / "d", os.O_RDONLY | os.O_DIRECTORY)  # Its watch lasts as long as it does.
    try:
        (desk.path / "d").rmdir()
        (desk.path / "d").mkdir()
        heard.all()
        desk.write("d/a.txt", b"a")
        assert Hint(("d",), "a.txt") in heard.all()
    finally:
        os.close(kept)
    heard.all()
    desk.write("d/b.txt", b"b")
    assert Hint(("d",), "b.txt") in heard.all()


def test_two_folders_that_a_program_exchanges_are_watched_under_their_new_names(desk, heard):
    desk.write("a/x.txt", b"x")
    desk.write("b/y.txt", b"y")
    heard.watcher.start()
    with desk.fs.root() as root:
        desk.fs.exchange(root, "a", root, "b")
    assert {Hint((), "a"), Hint((), "b"), Lost()} <= set(heard.all())
    desk.write("a/y.txt", b"new")
    assert Hint(("a",), "y.txt") in heard.all()
    desk.write("b/x.txt", b"new")
    assert Hint(("b",), "x.txt") in heard.all()


@pytest.fixture
def late(desk):
    """A watcher that comes to what happens only when it is told to go on."""
    busy, go_on = threading.Event(), threading.Event()

    def say(_):
        busy.set()
        go_on.wait(PATIENCE_S)

    heard = Heard(desk)
    heard.go_on = go_on
    heard.watcher = Watcher(str(desk.path), OURS, lambda hint: (say(hint), heard.said.put(hint)))

    def begin():
        heard.watcher.start()
        desk.write("first", b"")
        assert busy.wait(PATIENCE_S)

    heard.begin = begin
    yield heard
    go_on.set()
    heard.watcher.stop()


def test_a_folder_found_in_the_place_of_one_that_was_moved_does_not_hide_it(desk, late):
    late.begin()
    (desk.path / "d").mkdir()
    (desk.path / "d").rename(desk.path / "m")
    (desk.path / "d").mkdir()
    late.go_on.set()
    late.all()
    desk.write("m/a.txt", b"a")
    desk.write("d/b.txt", b"b")
    assert {Hint(("m",), "a.txt"), Hint(("d",), "b.txt")} <= set(late.all())


def test_a_folder_that_could_not_be_watched_is_found_after_the_second_move_above_it(desk, late):
    (desk.path / "a/b/c").mkdir(parents=True)
    late.begin()
    (desk.path / "a/b/c/d").mkdir()
    (desk.path / "a").rename(desk.path / "m")
    (desk.path / "m/b/c").rename(desk.path / "n")
    late.go_on.set()
    late.all()
    desk.write("n/d/x.txt", b"x")
    assert Hint(("n", "d"), "x.txt") in late.all()


def test_what_is_in_a_folder_that_was_moved_away_while_it_was_looked_through_is_watched(
    desk, heard, tmp_path, monkeypatch
):
    (tmp_path / "d" / "e").mkdir(parents=True)
    heard.watcher.start()
    listing = os.scandir

    def moved_away(path):
        found = list(listing(path))
        if path == str(desk.path / "d"):
            (desk.path / "d").rename(desk.path / "m")
        return nullcontext(iter(found))

    monkeypatch.setattr(module.os, "scandir", moved_away)
    (tmp_path / "d").rename(desk.path / "d")
    heard.until(
        lambda hint: hint == Hint(("m",), None)
    )  # A cookie might be seen before what the looking did.
    desk.write("m/e/x.txt", b"x")
    assert Hint(("m", "e"), "x.txt") in heard.all()


def test_a_folder_that_is_mounted_in_two_places_does_not_keep_the_watcher_busy(desk, heard):
    for name in ("top/d/e", "top/m"):
        (desk.path / name).mkdir(parents=True)
    mounted = subprocess.run(["mount", "--bind", desk.path / "top/d", desk.path / "top/m"], check=False)
    if mounted.returncode != 0:
        pytest.skip("nothing may be mounted here")
    try:
        heard.watcher.start()
        heard.watcher._reader.watches._missed.add(("top", "lost"))  # So that all of `top` is followed.
        (desk.path / "top").rename(desk.path / "moved")
        assert Hint(("moved",), None) in heard.all()
    finally:
        subprocess.run(["umount", next(desk.path.glob("*/m"))], check=True)
