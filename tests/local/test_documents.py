"""A lock file says that a document is open, unless whoever wrote it is surely gone (R13)."""

import os

import pytest

from govsync.local.documents import LOCK_LASTS_NS, open_here
from govsync.local.ignore import Ignore
from govsync.local.scanner import look

NOW_NS = 1_795_000_000_000_000_000
HOUR_NS = 3600 * 1_000_000_000


def found(desk, booted_ns=0):
    seen = look(desk.fs, desk.root, (), Ignore(), NOW_NS)
    return open_here(desk.fs, (), seen.entries, NOW_NS, booted_ns)


def locked(desk, age_ns):
    desk.write("x.odt", b"words")
    desk.write(".~lock.x.odt#", b"anna", mtime_ns=NOW_NS - age_ns)


@pytest.mark.parametrize(
    ("age_ns", "booted_ns", "open_documents"),
    [
        (HOUR_NS, 0, ("x.odt",)),
        (LOCK_LASTS_NS - HOUR_NS, 0, ("x.odt",)),
        (LOCK_LASTS_NS + HOUR_NS, 0, ()),
        (HOUR_NS, NOW_NS - 2 * HOUR_NS, ("x.odt",)),
        (3 * HOUR_NS, NOW_NS - 2 * HOUR_NS, ()),
    ],
)
def test_a_lock_from_before_the_start_or_half_a_day_ago_says_nothing(desk, age_ns, booted_ns, open_documents):
    locked(desk, age_ns)
    assert found(desk, booted_ns) == open_documents


def test_an_old_lock_that_a_program_still_holds_counts(desk):
    locked(desk, 2 * LOCK_LASTS_NS)
    with (desk.path / ".~lock.x.odt#").open("r+b"):
        assert found(desk) == ("x.odt",)
    assert found(desk) == ()


def test_an_old_lock_that_cannot_be_asked_about_counts(desk):
    desk.write("x.odt", b"words")
    os.symlink("nowhere", desk.path / ".~lock.x.odt#")
    os.utime(desk.path / ".~lock.x.odt#", ns=(0, 0), follow_symlinks=False)
    assert found(desk) == ("x.odt",)
