"""What only Windows' watcher has to do: entries taken apart, short names, lost answers, a root that stays (I11, R43)."""

import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.system.hints import Cookie, Hidden, Hint, Lost
from govsync.system.watcher import Watcher
from govsync.system.windows.changes import ADDED, MODIFIED, REMOVED, RENAMED_FROM, RENAMED_TO, Told, entries
from tests.system.test_watcher import OURS, PATIENCE_S, Heard

pytestmark = pytest.mark.windows
there = pytest.mark.skipif(sys.platform != "win32", reason="asks Windows")

HIDDEN = Hidden(".govsync", "cookie.", "staging")
ROOT = r"\\?\C:\Users\kim\GovSync"


def answer(*changes: tuple[int, str]) -> bytes:
    """Writes entries as the kernel does, each at a multiple of four bytes."""
    raw = b""
    for number, (action, name) in enumerate(changes, 1):
        text = name.encode("utf-16-le", "surrogatepass")
        size = 12 + len(text)
        room = -size % 4
        step = 0 if number == len(changes) else size + room
        raw += b"".join(each.to_bytes(4, "little") for each in (step, action, len(text))) + text + bytes(room)
    return raw


def refuse(path: str) -> str:
    raise AssertionError(f"{path} has no short name in it")


def hints(*changes, folders=(), long_path=refuse):
    return Told(ROOT, HIDDEN, lambda path: path in folders, long_path).hints(answer(*changes))


names = st.text(st.characters(exclude_characters="\0\\", exclude_categories=()), min_size=1, max_size=40)


@given(st.lists(st.tuples(st.integers(1, 5), names), min_size=1, max_size=20))
def test_entries_are_what_the_kernel_wrote(changes):
    assert list(entries(answer(*changes))) == changes


def test_folders_are_told_from_files():
    folders = {ROOT + r"\d", ROOT + r"\d\e"}
    changes = (ADDED, r"d\e"), (ADDED, r"d\a.txt"), (MODIFIED, r"d\a.txt"), (MODIFIED, "d")
    assert hints(*changes, folders=folders) == (
        Hint(("d",), "e"),
        Hint(("d", "e"), None),
        Hint(("d",), "a.txt"),
    )
    changes = (RENAMED_FROM, "c"), (RENAMED_TO, "d"), (REMOVED, "x"), (ADDED, "x")
    assert hints(*changes, folders=folders) == (
        Hint((), "c"),
        Hint((), "d"),
        Hint(("d",), None),
        Hint((), "x"),
    )


def test_of_our_own_folder_only_cookies_are_said():
    said = hints(
        (ADDED, r".govsync\cookie.7"), (MODIFIED, r".govsync\cookie.7"), (REMOVED, r".govsync\cookie.6"),
        (ADDED, r".govsync\staging\cookie.5"), (MODIFIED, ".govsync"), (REMOVED, ".govsync"),
    )  # fmt: skip
    assert said == (Cookie("7"),)


def test_a_short_name_has_its_folder_looked_at():
    def long_path(path):
        if "GONE~1" in path:
            raise FileNotFoundError(path)
        return path.replace("ABOUTT~1", "About the budget")

    for name, path in (
        (r"ABOUTT~1\BERICH~1.DOC", ("About the budget",)),
        (r"ABOUTT~1\a.txt", ("About the budget",)),
        (r"d\GONE~1\a.txt", ("d",)),
        (r"GONE~1\a.txt", ()),
        ("REPORT~1.TXT", ()),
    ):
        assert hints((MODIFIED, name), long_path=long_path) == (Hint(path, None),), name


@there
def test_a_lost_answer_is_said_and_the_watch_goes_on(tmp_path):
    go_on, held = threading.Event(), threading.Event()
    root = tmp_path / "folder"
    root.mkdir()
    heard = Heard(root)

    def say(hint):
        if not held.is_set():
            held.set()
            assert go_on.wait(PATIENCE_S)
        heard.said.put(hint)

    heard.watcher = Watcher(str(root), OURS, say)
    heard.start()
    heard.write("first.txt")
    try:
        assert held.wait(PATIENCE_S)
        for number in range(500):
            (root / f"{number} {'of a long name ' * 6}.txt").touch()
        go_on.set()
        said = heard.said.get(timeout=PATIENCE_S)
        while said != Lost():
            said = heard.said.get(timeout=PATIENCE_S)
        while heard.all():
            pass
        assert heard.watcher.healthy
        heard.write("after.txt")
        assert set(heard.all()) == {Hint((), "after.txt")}
    finally:
        go_on.set()
        heard.watcher.stop()


@there
def test_nobody_moves_the_root_away_while_it_is_watched(tmp_path):
    root = tmp_path / "folder"
    root.mkdir()
    heard = Heard(root)
    heard.watcher.start()
    with pytest.raises(PermissionError):
        root.rename(tmp_path / "elsewhere")
    heard.watcher.stop()
    root.rename(tmp_path / "elsewhere")


@there
def test_a_root_that_a_program_holds_to_itself_is_watched_all_the_same(tmp_path):
    from govsync.system.windows import kernel

    root = tmp_path / "folder"
    root.mkdir()
    delete, all_but = 0x0001_0000, 0x7
    held = kernel.open_handle(str(root), delete, all_but, 0x0200_0000)
    try:
        heard = Heard(root)
        heard.start()
        heard.write("a.txt")
        assert Hint((), "a.txt") in heard.all()
        heard.watcher.stop()
    finally:
        kernel.close_handle(held)


@there
@pytest.mark.parametrize(("error", "code"), [(5, "unreadable"), (1022, None)])
def test_a_watch_that_ends_by_itself_is_said_and_a_lost_answer_is_none(tmp_path, monkeypatch, error, code):
    from govsync.system.windows import watcher
    from govsync.system.windows.kernel import UnderWay, failed

    root = tmp_path / "folder"
    root.mkdir()
    heard = Heard(root)
    healthy = []
    heard.watcher._say = lambda said: (healthy.append(heard.watcher.healthy), heard.said.put(said))
    heard.watcher.start()
    end = UnderWay.end

    def once(self):
        end(self)
        monkeypatch.setattr(watcher.UnderWay, "end", end)
        raise failed(error)

    monkeypatch.setattr(watcher.UnderWay, "end", once)
    heard.write("a.txt")
    assert heard.said.get(timeout=PATIENCE_S) == Lost(code)
    assert healthy[0] is (code is None)
    heard.watcher.stop()
