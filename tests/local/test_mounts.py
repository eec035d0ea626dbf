"""Which folders are mounts is written beside the files, so that it outlives the desk's database (R25, R40)."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govsync.local import mounts
from govsync.local.root import adopt
from govsync.model.codes import Code
from govsync.model.nodes import MountMark
from govsync.model.problems import Failure
from govsync.store import mounts as kept
from govsync.store.database import IN_MEMORY, Store
from tests.foreign import changed, damaged
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


WRITTEN = [
    {"space": "74" * 16, "path": ["Budget"], "ino": 12, "birth_ns": 99},
    {"space": "75" * 16, "path": [], "ino": 1},
]


def wrong(**fields: object) -> bytes:
    return msgspec.json.encode([WRITTEN[0] | fields])


@pytest.mark.parametrize(
    "torn",
    [
        b"", b"[", b"{}", b"\xff" * 90, b"[" * 100_000, wrong(space="zz" * 16), wrong(space="74"), wrong(ino=1 << 63),
        wrong(birth_ns=10**30),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_says_nothing(desk, torn):
    desk.write(".govsync/mounts", torn)
    assert mounts.read(desk.fs) == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changed(WRITTEN).map(msgspec.json.encode) | damaged(msgspec.json.encode(WRITTEN)) | st.binary(max_size=90)
)
def test_any_bytes_are_marks_that_the_memory_takes_or_none(desk, torn):
    desk.write(".govsync/mounts", torn)
    store = Store.open(IN_MEMORY)
    kept.take(store, mounts.read(desk.fs))
    assert all(len(mark.space) == 16 for mark in kept.refreshed(store))
    store.close()


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
