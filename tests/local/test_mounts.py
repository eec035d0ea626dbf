"""Which folders are mounts is written beside the files, so that it outlives the desk's database (R25, R40)."""

from contextlib import suppress

import pytest

from govsync.local import mounts
from govsync.local.root import adopt
from govsync.model.codes import Code
from govsync.model.nodes import MountMark
from govsync.model.problems import Failure
from tests.local.desk import Crash, at_each

MARKS = (MountMark(b"t" * 16, ("Budget",), 12, 99), MountMark(b"u" * 16, ("예산", "a\\b"), 13, None))


def test_what_was_written_is_read_again(desk):
    assert mounts.read(desk.fs) == ()
    mounts.write(desk.fs, desk.root, MARKS)
    assert mounts.read(desk.fs) == MARKS
    mounts.write(desk.fs, desk.root, MARKS[:1])
    assert mounts.read(desk.fs) == MARKS[:1]
    assert sorted(each.name for each in (desk.path / ".govsync").iterdir()) == [
        "mounts", "parking", "root", "staging", "trash",
    ]  # fmt: skip


@pytest.mark.parametrize("torn", [b"", b"[", b"{}", b'[{"space": "zz", "path": [], "ino": 1}]', b"\xff" * 90])
def test_what_cannot_be_understood_says_nothing(desk, torn):
    desk.write(".govsync/mounts", torn)
    assert mounts.read(desk.fs) == ()


def test_nothing_is_written_into_a_folder_that_is_not_ours(desk):
    adopt(desk.fs, b"another folder 1", b"e" * 16)
    with pytest.raises(Failure) as failed:
        mounts.write(desk.fs, desk.root, MARKS)
    assert failed.value.code is Code.FOLDER_REPLACED
    assert mounts.read(desk.fs) == ()


def test_after_a_crash_at_any_primitive_the_old_or_the_new_is_there(desk):
    def crash():
        raise Crash

    mounts.write(desk.fs, desk.root, MARKS)
    stop_at, reached = 0, []
    while len(reached) >= stop_at:
        stop_at += 1
        wanted = MARKS[stop_at % 2 :]
        hook, reached = at_each(stop_at, crash)
        before = mounts.read(desk.fs)
        desk.before(hook)
        with suppress(Crash):  # the last turn reaches the end
            mounts.write(desk.fs, desk.root, wanted)
        desk.undisturbed()
        assert mounts.read(desk.fs) in (before, wanted)
    assert stop_at > 8
    assert mounts.read(desk.fs) == wanted
