"""Damage is not an edit, and what nobody saw change is found in the end (R4, R5, R44, R47)."""

import os
from collections.abc import Callable

import pytest

from govsync.engine import events, jobs
from govsync.engine.checking import ROUND_MS
from govsync.engine.reading import NEVER_QUIET_MS, TRY_EVERY_MS
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.store import activity, meta, problems
from govsync.store.damage import QUIET_MS
from tests.engine.bench import LARGE, WALL_MS, Bench

OLD_NS = (WALL_MS - 3_600_000) * 1_000_000
WORDS = b"minutes of the council " * 10


def keep_time(bench: Bench, name: str, words: bytes, mtime_ns: int = OLD_NS) -> None:
    """Puts bytes into a file and sets its modification time."""
    with (bench.folder / name).open("r+b" if (bench.folder / name).exists() else "wb") as file:
        file.truncate(0)
        file.write(words)
    os.utime(bench.folder / name, ns=(mtime_ns, mtime_ns))
    bench.hint(name)


def agreed(bench: Bench, name: str = "a", words: bytes = WORDS) -> None:
    keep_time(bench, name, words)
    bench.settle()
    bench.server.asked.clear()


def settle(bench: Bench) -> None:
    bench.settle()
    bench.pass_ms(5_000)
    bench.settle()


@pytest.mark.parametrize("odd", [b"", b"\0" * len(WORDS), b"\0" * 20, b"\0" * 1000])
def test_zeros_with_the_old_time_are_fetched_again_and_never_sent(bench: Bench, odd: bytes) -> None:
    agreed(bench)
    keep_time(bench, "a", odd)
    settle(bench)
    assert (bench.folder / "a").read_bytes() == WORDS
    assert not bench.asked(ask.Put)
    assert bench.names() == ["a"]
    assert ("damaged", "a") in [(row[2], row[3]) for row in activity.latest(bench.store, 20)]


def test_a_shortened_file_with_the_old_time_is_fetched_again_and_its_rest_is_rescued(bench: Bench) -> None:
    agreed(bench)
    keep_time(bench, "a", b"half of it")
    settle(bench)
    assert (bench.folder / "a").read_bytes() == WORDS
    assert (bench.rescued / "a").read_bytes() == b"half of it"
    assert not bench.asked(ask.Put)


def test_damage_that_was_looked_at_before_a_crash_is_still_damage(bench: Bench) -> None:
    agreed(bench)
    keep_time(bench, "a", b"")
    bench.work(jobs.Read)
    bench.begin()
    settle(bench)
    assert (bench.folder / "a").read_bytes() == WORDS
    assert not bench.asked(ask.Put)


@pytest.mark.parametrize(
    ("words", "mtime_ns"),
    [
        (WORDS[::-1], OLD_NS),
        (WORDS + b"more", OLD_NS),
        (b"short", OLD_NS + 1),
        (b"", OLD_NS + 1),
    ],
)
def test_whatever_a_tool_or_a_person_may_have_saved_is_an_edit(
    bench: Bench, words: bytes, mtime_ns: int
) -> None:
    agreed(bench)
    keep_time(bench, "a", words, mtime_ns)
    settle(bench)
    assert len(bench.asked(ask.Put)) == 1
    assert (bench.folder / "a").read_bytes() == words
    assert not bench.rescued.exists()


def test_a_save_within_the_same_step_of_a_coarse_clock_is_an_edit(bench: Bench) -> None:
    """Even if it is read only when that step is long past."""
    bench.settle()
    now_ns = (WALL_MS + bench.steady_ms) * 1_000_000
    keep_time(bench, "a", WORDS, now_ns)
    bench.settle()
    keep_time(bench, "a", b"short", now_ns)
    bench.pass_ms(2 * QUIET_MS, jobs.Read, step=10_000)
    settle(bench)
    assert bench.server.alive()["a"].size_bytes == len(b"short")


def test_what_only_this_desk_has_is_never_called_damaged(bench: Bench) -> None:
    agreed(bench)
    bench.server.fails["commit"] = Code.OFFLINE
    keep_time(bench, "a", WORDS + WORDS, OLD_NS + 1)
    bench.pass_ms(5_000)
    keep_time(bench, "a", b"short", OLD_NS + 1)
    bench.pass_ms(5_000)
    del bench.server.fails["commit"]
    settle(bench)
    assert bench.server.alive()["a"].size_bytes == len(b"short")


def test_a_save_after_damage_is_an_edit(bench: Bench) -> None:
    agreed(bench)
    keep_time(bench, "a", b"")
    bench.work(jobs.Read)
    keep_time(bench, "a", b"short", OLD_NS + 1)
    bench.pass_ms(1_000, jobs.Read)
    settle(bench)
    assert bench.server.alive()["a"].size_bytes == len(b"short")


# What the look does not show


def unseen(bench: Bench, name: str, words: bytes) -> None:
    """Changes a file's bytes and lets its remembered look be that of now, as a disk does that forgets bytes."""
    keep_time(bench, name, words)
    stat = os.stat(bench.folder / name)
    bench.store.run("UPDATE node SET ctime_ns = ?, racy = 0 WHERE l_name = ?", (stat.st_ctime_ns, name))


@pytest.mark.parametrize("words", [WORDS[::-1], b"\0" * len(WORDS)])
def test_a_change_that_no_look_shows_is_found_within_thirty_days(bench: Bench, words: bytes) -> None:
    agreed(bench)
    bench.pass_ms(20_000, step=5_000)
    unseen(bench, "a", words)
    bench.pass_ms(60_000, step=5_000)
    assert not bench.asked(ask.Put), "nothing has shown it yet"
    bench.steady_ms += ROUND_MS
    bench.pass_ms(60_000, step=5_000)
    if words.strip(b"\0"):
        assert len(bench.asked(ask.Put)) == 1
    else:
        assert not bench.asked(ask.Put)
        assert (bench.folder / "a").read_bytes() == WORDS


def checks(bench: Bench) -> list[jobs.Check]:
    return [job for job in bench.under_way(jobs.Check) if isinstance(job, jobs.Check)]


def test_a_round_goes_on_where_it_was_in_bounded_pieces(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govsync.engine.checking.FILES", 2)
    for name in "abcde":
        bench.write(name)
    bench.settle()
    bench.pass_ms(20_000, step=5_000)
    bench.steady_ms += ROUND_MS
    bench.pass_ms(5_000, jobs.Check, step=1_000)
    (first,) = checks(bench)
    assert len(first.files) == 2
    assert bench.report().state == "in_sync", "a check takes nothing away from what is known"
    bench.carry_out(first)
    bench.begin()
    bench.pass_ms(15_000, jobs.Check, step=1_000)
    (second,) = checks(bench)
    assert [lid for lid, _ in second.files] == [first.files[-1][0] + 1, first.files[-1][0] + 2]
    bench.pass_ms(60_000, step=5_000)
    assert meta.get(bench.store, "check_position") is None
    bench.pass_ms(60_000, jobs.Check, step=5_000)
    assert not checks(bench), "the next round begins in thirty days"


# Files that are kept open


@pytest.fixture
def kept_open(bench: Bench) -> Callable[[bytes], None]:
    bench.settle()
    file = (bench.folder / "log").open("wb", buffering=0)

    def write(words: bytes) -> None:
        file.write(words)
        bench.hint("log")

    return write


def test_a_file_kept_open_for_hours_is_tried_now_and_then(
    bench: Bench, kept_open: Callable[[bytes], None]
) -> None:
    kept_open(b"one line\n")
    bench.pass_ms(TRY_EVERY_MS - 30_000, step=10_000)
    assert "log" not in bench.server.alive()
    bench.pass_ms(60_000, step=10_000)
    assert bench.server.alive()["log"].size_bytes == len(b"one line\n")
    kept_open(b"another\n")
    bench.pass_ms(TRY_EVERY_MS + 60_000, step=10_000)
    assert bench.server.alive()["log"].size_bytes == len(b"one line\nanother\n")


def test_a_document_that_its_program_keeps_open_is_read_when_it_is_still(
    bench: Bench, kept_open: Callable[[bytes], None]
) -> None:
    """An office program keeps the document open for writing between two savings (R5, R13)."""
    bench.write(".~lock.log#", b"anna")
    for _ in range(8):
        kept_open(b"a part, ")
        os.utime(bench.folder / "log", ns=(0, (bench.wall_ms + bench.steady_ms) * 1_000_000))
        bench.hint("log")
        bench.pass_ms(1_000, step=250)
    assert "log" not in bench.server.alive(), "its program is saving it"
    bench.pass_ms(5_000, step=1_000)
    assert bench.server.alive()["log"].size_bytes == 8 * len(b"a part, ")
    kept_open(b"and saved again")
    bench.pass_ms(10_000, step=1_000)
    assert bench.server.alive()["log"].size_bytes == len(8 * b"a part, " + b"and saved again")


def test_a_try_during_which_somebody_wrote_does_not_count(
    bench: Bench, kept_open: Callable[[bytes], None]
) -> None:
    kept_open(b"x" * LARGE)
    bench.pass_ms(TRY_EVERY_MS - 30_000, step=10_000)
    tries = 0
    for _ in range(10):
        bench.pass_ms(10_000, jobs.Read, step=10_000)
        for job in bench.under_way(jobs.Read):
            assert isinstance(job, jobs.Read)
            if job.despite_writers:
                tries += 1
                failed = jobs.FileUnread(lid=job.files[0][0], problem=problems.Problem(Code.CHANGED))
                bench.answer(job, jobs.FilesRead((failed,)))
            else:
                bench.carry_out(job)
    assert (tries, "log" in bench.server.alive()) == (1, False)
    bench.pass_ms(TRY_EVERY_MS + 60_000, step=10_000)
    assert "log" in bench.server.alive(), "the next try counts"


def test_a_file_that_is_never_quiet_is_a_problem_after_a_day(
    bench: Bench, kept_open: Callable[[bytes], None]
) -> None:
    kept_open(b"x")
    for _ in range(30):
        bench.steady_ms += NEVER_QUIET_MS // 24
        bench.beat()
        for _ in range(3):
            bench.work(jobs.Read)
            for job in bench.under_way(jobs.Read):
                assert isinstance(job, jobs.Read)
                busy = jobs.FileUnread(lid=job.files[0][0], problem=problems.Problem(Code.BUSY))
                bench.answer(job, jobs.FilesRead((busy,)))
    assert [row.problem.code for row in problems.listed(bench.store)] == [Code.NEVER_QUIET]
    bench.tell(events.SyncNow())
