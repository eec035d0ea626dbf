"""The desk's own trash: looked at again, purged when it may be, and given up for what finds the disk full (R11, R17)."""

from pathlib import Path

import pytest

from govsync.engine import events, jobs
from govsync.engine.cleaning import LOOK_AGAIN_MS, PURGE_EVERY_MS, SWEEP_EVERY_MS
from govsync.engine.work import STAGED_KEPT_MS
from govsync.local.trash import LEAST_AGE_MS, MOST_AGE_MS
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.store import activity, problems, trash
from tests.engine.bench import Bench


def displaced(bench: Bench, *names: str) -> list[str]:
    """A colleague's versions displace files here; answers their names in the trash."""
    for name in names:
        bench.write(name, b"one")
    bench.settle()
    for name in names:
        bench.server.has(name, b"two", node=bench.server.alive()[name].node)
    bench.settle()
    return [row.name for row in trash.listed(bench.store)]


def in_trash(bench: Bench) -> list[Path]:
    return sorted((bench.folder / ".govsync" / "trash").iterdir())


def test_what_is_held_open_is_looked_at_until_it_is_closed(bench: Bench) -> None:
    (name,) = displaced(bench, "a")
    with (bench.folder / ".govsync" / "trash" / name).open("r+b") as late:
        bench.pass_ms(3 * LOOK_AGAIN_MS, step=5_000)
        late.write(b"written late")
        late.flush()
        bench.pass_ms(LOOK_AGAIN_MS, step=5_000)
        assert bench.names() == ["a"], "nobody knows yet whether this is all"
    bench.pass_ms(LOOK_AGAIN_MS + 5_000, step=5_000)
    assert {(bench.folder / each).read_bytes() for each in bench.names()} == {b"two", b"written late"}


def test_a_look_that_failed_is_made_again(bench: Bench) -> None:
    (name,) = displaced(bench, "a")
    (bench.folder / ".govsync" / "trash" / name).write_bytes(b"written late")
    bench.pass_ms(LOOK_AGAIN_MS + 5_000, jobs.Clean, step=5_000)
    (job,) = bench.under_way(jobs.Clean)
    bench.waiting.remove(job)
    bench.tell(events.JobFailed(job, Code.UNREADABLE, {}))
    bench.pass_ms(2 * LOOK_AGAIN_MS, step=5_000)
    assert len(bench.names()) == 2


def test_the_trash_is_purged_by_age_and_by_the_size_of_the_disk(bench: Bench) -> None:
    displaced(bench, "a", "b")
    bench.engine.disk_bytes = 30  # Its tenth holds one of them.
    bench.pass_ms(LEAST_AGE_MS // 2, step=60_000)
    assert len(in_trash(bench)) == 2, "never within the hour"
    bench.pass_ms(LEAST_AGE_MS, step=60_000)
    assert len(in_trash(bench)) == 1
    bench.engine.disk_bytes = 1 << 40
    bench.steady_ms += MOST_AGE_MS
    bench.pass_ms(20 * 60_000, step=60_000)
    assert in_trash(bench) == []
    assert trash.listed(bench.store) == []


@pytest.mark.parametrize("room", [True, False])
def test_a_full_disk_is_a_problem_only_when_the_trash_gives_no_room(bench: Bench, room: bool) -> None:
    displaced(bench, "a")
    if room:
        bench.pass_ms(LEAST_AGE_MS, step=60_000)
    bench.server.has("large", b"from a colleague")
    said: set[Code] = set()
    for _ in range(8):
        bench.pass_ms(500, jobs.Fetch)
        for fetch in bench.under_way(jobs.Fetch):
            assert isinstance(fetch, jobs.Fetch)
            if in_trash(bench):
                (want,) = fetch.wants
                bench.answer(fetch, jobs.Fetched((), ((want.lid, Problem(Code.DISK_FULL)),)))
            else:
                bench.carry_out(fetch)
        bench.pass_ms(1_500, jobs.Fetch)
        said.update(row.problem.code for row in problems.listed(bench.store))
    assert ("large" in bench.names()) is room
    assert said == (set() if room else {Code.DISK_FULL})


def test_what_happened_is_remembered_as_far_as_there_is_room_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "KEPT", 3)
    bench.settle()
    for number in range(10):
        activity.note(bench.store, number, "saved", str(number))
    bench.pass_ms(2 * PURGE_EVERY_MS, step=60_000)
    assert [row[3] for row in activity.latest(bench.store, 100)] == ["9", "8", "7"]


def test_what_was_left_half_done_long_ago_goes_also_where_nothing_was_displaced(bench: Bench) -> None:
    bench.settle()
    left = bench.folder / ".govsync" / "staging" / "left"
    left.write_bytes(b"half of a download that nobody wants any more")
    written_ms = left.stat().st_ctime_ns // 1_000_000
    for age_ms, stays in ((STAGED_KEPT_MS // 2, True), (2 * STAGED_KEPT_MS, False)):
        bench.wall_ms = written_ms + age_ms - bench.steady_ms
        bench.pass_ms(SWEEP_EVERY_MS, step=SWEEP_EVERY_MS // 4)
        assert left.exists() == stays
