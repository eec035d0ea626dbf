"""A look says what is there; a scan misses nothing, whatever moves meanwhile (R6, R9, R27)."""

import os
import socket
import time

import pytest
from msgspec.structs import replace

from govsync.local.ignore import Ignore, Skip
from govsync.local.scanner import TICK_NS, Ended, Looked, births, is_fresh, look, look_at, scan
from govsync.local.steps import At
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.local.desk import OLD_NS, once

NOTHING = Ignore()


def later_ns() -> int:
    """A clock that runs a minute ahead: every change of the test's own making is old."""
    return time.time_ns() + 60_000_000_000


def looks(desk, setting=NOTHING, clock_ns=later_ns, start=()):
    """Runs a scan to its end; answers the last look at each folder, and the end."""
    *looked, ended = scan(desk.fs, desk.root, setting, clock_ns, start)
    assert isinstance(ended, Ended)
    return {each.path: each for each in looked}, ended


def names(looked: Looked) -> dict[str, Skip | None]:
    return {seen.name: seen.skip for seen in looked.entries}


@pytest.mark.parametrize(("after_s", "fresh"), [(-1.0, False), (-0.01, True), (5.0, True), (86_400.0, False)])
def test_a_folder_that_changed_just_now_is_looked_at_again_and_one_from_the_future_is_not(
    after_s: float, fresh: bool
) -> None:
    assert is_fresh(10**18 + int(after_s * 1e9), 10**18) is fresh


def test_a_look_shows_a_folder_and_not_our_own(desk):
    desk.write("d/a.txt", b"a")
    desk.write("b.txt", b"b")
    looked = look(desk.fs, desk.root, (), NOTHING, later_ns())
    assert names(looked) == {"d": None, "b.txt": None}
    assert looked.complete
    assert not looked.changed
    assert looked.folder.ino == desk.root.ino
    assert {seen.name: seen.stat.size_bytes for seen in looked.entries}["b.txt"] == 1


def test_a_look_at_names_shows_those_that_are_there(desk):
    desk.write("d/a.txt", b"a")
    desk.write("d/a.tmp", b"a")
    found = look_at(desk.fs, desk.root, ("d",), NOTHING, ["a.txt", "gone", "a.tmp"])
    assert names(found) == {"a.txt": None, "a.tmp": Skip.TEMPORARY}
    assert not found.complete
    assert look_at(desk.fs, desk.root, (), NOTHING, [".govsync"]).entries == ()
    assert look_at(desk.fs, desk.root, ("no",), NOTHING, ["a"]).problem.code is Code.GONE


def test_what_cannot_be_synced_is_named_with_the_reason(desk, tmp_path):
    desk.write("plain.txt", b"a")
    (desk.path / "link").symlink_to(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(desk.path / "socket"))
    os.mkfifo(desk.path / "pipe")
    (desk.path / "foreign/.govsync").mkdir(parents=True)
    (desk.path / ".govsync.old").mkdir()
    open(os.fsencode(desk.path) + b"/caf\xe9", "w").close()
    desk.write(".govsyncignore", b"*.log\n")
    desk.write("a.log", b"log")
    assert names(look(desk.fs, desk.root, (), NOTHING, later_ns())) == {
        "plain.txt": None,
        "link": Skip.LINK,
        "socket": Skip.SPECIAL,
        "pipe": Skip.SPECIAL,
        "foreign": Skip.FOREIGN,
        ".govsync.old": Skip.RESERVED,
        "caf\udce9": Skip.NOT_TEXT,
        ".govsyncignore": None,
        "a.log": Skip.PATTERN,
    }


def test_skipped_folders_are_not_descended_into(desk, tmp_path):
    (tmp_path / "outside").mkdir()
    desk.write("foreign/.govsync/x", b"x")
    desk.write("out/x", b"x")
    desk.write("in/x", b"x")
    (desk.path / "link").symlink_to(tmp_path / "outside")
    found, _ = looks(desk, Ignore.of_setting(["out/"]))
    assert set(found) == {(), ("in",)}


def test_another_disk_below_is_a_mount(desk):
    class Disks:
        """The real disk, where everything called `usb` is said to lie on another one."""

        def __init__(self, fs):
            self._fs = fs

        def __getattr__(self, name):
            return getattr(self._fs, name)

        def list(self, folder):
            listing = self._fs.list(folder)
            entries = tuple(
                replace(entry, stat=replace(entry.stat, dev=-1)) if entry.name == "usb" else entry
                for entry in listing.entries
            )
            return replace(listing, entries=entries)

    (desk.path / "usb").mkdir()
    desk.fs = Disks(desk.fs)
    assert names(look(desk.fs, desk.root, (), NOTHING, later_ns())) == {"usb": Skip.MOUNT}


def test_patterns_of_folders_above_hold_for_a_single_look(desk):
    desk.write("p/.govsyncignore", b"*.log\n!\n")
    desk.write("p/q/a.log", b"log")
    assert names(look(desk.fs, desk.root, ("p", "q"), NOTHING, later_ns())) == {"a.log": Skip.PATTERN}
    assert look(desk.fs, desk.root, ("p",), NOTHING, later_ns()).refused == ("!",)
    assert look(desk.fs, desk.root, ("p", "q"), NOTHING, later_ns()).refused == ()


def test_a_link_in_place_of_the_pattern_file_is_not_followed(desk, tmp_path):
    (tmp_path / "patterns").write_bytes(b"*\n")
    (desk.path / ".govsyncignore").symlink_to(tmp_path / "patterns")
    desk.write("a.txt", b"a")
    assert names(look(desk.fs, desk.root, (), NOTHING, later_ns()))["a.txt"] is None


@pytest.mark.parametrize("path", [("gone",), ("a.txt",), ("link",)])
def test_a_folder_that_is_none_says_so_and_nothing_of_its_entries(desk, tmp_path, path):
    desk.write("a.txt", b"a")
    (desk.path / "link").symlink_to(tmp_path)
    looked = look(desk.fs, desk.root, path, NOTHING, later_ns())
    assert not looked.complete
    assert looked.entries == ()
    assert looked.problem.code in (Code.GONE, Code.NOT_A_FOLDER, Code.LINK_IN_THE_WAY)


def test_a_folder_that_changes_under_the_look_is_not_complete(desk):
    desk.write("a.txt", b"a")
    os.utime(desk.path, ns=(OLD_NS, OLD_NS))
    inner = desk.fs

    class Busy:
        def __getattr__(self, name):
            return getattr(inner, name)

        def list(self, folder):
            return replace(inner.list(folder), changed=True)

    desk.fs = Busy()
    looked = look(desk.fs, desk.root, (), NOTHING, later_ns())
    assert looked.changed
    assert not looked.complete
    assert names(looked) == {"a.txt": None}


def test_nothing_is_looked_at_in_a_folder_that_is_not_proven(desk, tmp_path):
    desk.path.rename(tmp_path / "elsewhere")
    desk.path.mkdir()
    with pytest.raises(Failure) as refused:
        list(scan(desk.fs, desk.root, NOTHING, later_ns))
    assert refused.value.code is Code.FOLDER_REPLACED


def test_a_scan_comes_to_every_folder_parents_first(desk):
    for name in ("a/b/c/x", "a/d/x", "e/x", "x"):
        desk.write(name, b"x")
    *looked, ended = scan(desk.fs, desk.root, NOTHING, later_ns)
    order = [each.path for each in looked]
    assert sorted(order) == [(), ("a",), ("a", "b"), ("a", "b", "c"), ("a", "d"), ("e",)]
    assert all(path[:-1] in order[:number] for number, path in enumerate(order) if path)
    assert ended.unsettled == ()


def test_a_scan_can_begin_below(desk):
    desk.write("p/.govsyncignore", b"*.log\n")
    desk.write("p/q/r/a.log", b"x")
    found, _ = looks(desk, start=("p", "q"))
    assert set(found) == {("p", "q"), ("p", "q", "r")}
    assert names(found[("p", "q", "r")]) == {"a.log": Skip.PATTERN}


def test_move_during_scan(desk):
    """What moves from a folder not yet listed into one already listed is seen, for the latter is listed again."""
    desk.write("x/f.txt", b"f")
    desk.write("y/g.txt", b"g")
    found: dict[tuple[str, ...], Looked] = {}
    moved = False
    for each in scan(desk.fs, desk.root, NOTHING, later_ns):
        if isinstance(each, Ended):
            assert each.unsettled == ()
            break
        found[each.path] = each
        if not moved and each.path in (("x",), ("y",)):
            moved = True
            there, other = each.path[0], "x" if each.path == ("y",) else "y"
            file = "f.txt" if other == "x" else "g.txt"
            (desk.path / other / file).rename(desk.path / there / file)
    seen = {name for looked in found.values() for name in names(looked)}
    assert {"f.txt", "g.txt"} <= seen


def test_a_folder_moved_in_during_a_scan_is_scanned_too(desk):
    desk.write("x/new/deep/f.txt", b"f")
    desk.write("y/g.txt", b"g")
    found = {}
    for each in scan(desk.fs, desk.root, NOTHING, later_ns):
        if isinstance(each, Looked):
            found[each.path] = each
            if len(each.path) == 1 and (desk.path / "x/new").exists() and each.path == ("y",):
                (desk.path / "x/new").rename(desk.path / "y/new")
    assert any("f.txt" in names(looked) for looked in found.values())


def test_a_folder_that_never_rests_is_named_at_the_end(desk):
    desk.write("busy/a", b"")
    turn = 0

    def act(primitive, arguments):
        nonlocal turn
        if primitive == "identity":
            turn += 1
            desk.write(f"busy/{turn}", b"")

    desk.before(act)
    _, ended = looks(desk)
    assert ("busy",) in ended.unsettled


def test_a_folder_that_changed_just_before_its_listing_is_named_at_the_end(desk):
    (desk.path / "old").mkdir()
    (desk.path / "fresh").mkdir()
    os.utime(desk.path, ns=(OLD_NS, OLD_NS))
    os.utime(desk.path / "old", ns=(OLD_NS, OLD_NS))
    os.utime(desk.path / "fresh", ns=(OLD_NS + TICK_NS, OLD_NS + TICK_NS))
    _, ended = looks(desk, clock_ns=lambda: OLD_NS + TICK_NS + TICK_NS // 2)
    assert ended.unsettled == (("fresh",),)


def test_a_folder_removed_during_a_scan_ends_nothing(desk):
    desk.write("x/f.txt", b"f")
    desk.before(once("list", lambda: (desk.path / "x/f.txt").unlink(), turn=2))
    found, _ = looks(desk)
    assert names(found[("x",)]) == {}


def test_births_are_known_for_what_is_there(desk):
    desk.write("d/a.txt", b"a")
    ino = (desk.path / "d/a.txt").stat().st_ino
    first, second, third = births(
        desk.fs, desk.root, [(At(("d",), "a.txt"), ino), (At(("d",), "no"), ino), (At(("no",), "a"), ino)]
    )
    assert first is not None
    assert (second, third) == (None, None)
    assert births(desk.fs, desk.root, [(At(("d",), "a.txt"), ino + 1)]) == (None,), "it is another's"


def test_a_large_tree_needs_few_open_folders(desk):
    for number in range(600):
        (desk.path / f"f{number}").mkdir()
    before = len(os.listdir("/proc/self/fd"))
    most = 0
    for _ in scan(desk.fs, desk.root, NOTHING, later_ns):
        most = max(most, len(os.listdir("/proc/self/fd")))
    assert most - before <= 210
    assert len(os.listdir("/proc/self/fd")) == before
