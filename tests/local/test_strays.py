"""What lies hidden and is remembered by nobody is found, file by file, and nothing of it is taken away (R17, R40)."""

from contextlib import suppress

from govsync.local import strays
from tests.local.desk import Crash, at_each

TAG = "t"
NOTHING: frozenset[str] = frozenset()


def find(desk, trashed=NOTHING, parked=NOTHING):
    return sorted(strays.find(desk.fs, desk.root, trashed, parked, TAG))


def test_only_what_is_not_remembered_is_a_stray(desk):
    desk.write(".govsync/trash/1~known.txt", b"known")
    desk.write(".govsync/trash/2~lost.txt", b"lost")
    (desk.path / ".govsync/trash/litter").mkdir()
    assert find(desk, trashed=frozenset({"1~known.txt"})) == ["2~lost.txt"]


def test_what_was_parked_is_found_under_the_name_that_it_had(desk):
    desk.write(".govsync/parking/7~a.txt", b"a")
    desk.write(".govsync/parking/8~d/e/보고서.hwp", b"b")
    desk.write(".govsync/parking/9~mine.txt", b"on its way")
    found = find(desk, parked=frozenset({"9~mine.txt"}))
    assert {name.partition("~")[2] for name in found} == {"a.txt", "보고서.hwp"}
    assert sorted(desk.hidden("trash")) == found
    assert sorted(desk.hidden("trash").values()) == [b"a", b"b"]
    assert [each.name for each in (desk.path / ".govsync/parking").iterdir()] == ["9~mine.txt"]


def test_a_link_that_was_parked_is_moved_and_not_followed(desk):
    outside = desk.path.parent / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"somebody's")
    (desk.path / ".govsync/parking/7~d").mkdir()
    (desk.path / ".govsync/parking/7~d/link").symlink_to(outside)
    assert find(desk) == []
    assert (outside / "file").read_bytes() == b"somebody's"
    assert [each.is_symlink() for each in (desk.path / ".govsync/trash").iterdir()] == [True]


def test_names_that_a_disk_can_hardly_hold_are_kept_as_far_as_they_fit(desk):
    long = "가" * 83 + ".hwp"
    desk.write(f".govsync/parking/{long}", b"long")
    (name,) = find(desk)
    assert name.startswith("t.1~가")
    assert name.endswith("가.hwp")


def test_cut_off_anywhere_the_next_look_finds_all(desk):
    def crash() -> None:
        raise Crash

    ended = False
    for stop_at in range(1, 100):
        turn = f"{stop_at}"
        desk.write(f".govsync/parking/7~a{turn}", b"a" + turn.encode())
        desk.write(f".govsync/parking/8~d/b{turn}", b"b" + turn.encode())
        desk.write(f".govsync/parking/8~d/e/c{turn}", b"c" + turn.encode())
        before = desk.contents()
        hook, reached = at_each(stop_at, crash)
        desk.before(hook)
        with suppress(Crash):  # the last turn reaches the end
            strays.find(desk.fs, desk.root, NOTHING, NOTHING, f"cut{turn}")
            ended = len(reached) < stop_at
        desk.undisturbed()
        strays.find(desk.fs, desk.root, NOTHING, NOTHING, f"again{turn}")
        assert desk.contents() == before
        assert list((desk.path / ".govsync/parking").iterdir()) == []
        if ended:
            break
    assert ended
    assert stop_at > 8
