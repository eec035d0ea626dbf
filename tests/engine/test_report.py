"""In sync is said only when every part of R41 holds: each part is broken in turn, and the word is withheld (I13)."""

from collections.abc import Callable

import msgspec
import pytest

from govsync.content.manifests import manifest_of
from govsync.engine import events, jobs
from govsync.engine.following import BEAT_LASTS_MS
from govsync.engine.report import MOST_TRANSFERS, at_rest
from govsync.local.steps import At
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.model.status import State, Transfer
from govsync.store import dirty, holds, intents, problems
from govsync.store.intents import Intent
from tests.engine.bench import SPACE, Bench


@pytest.fixture
def rested(bench: Bench) -> Bench:
    bench.write("a")
    bench.settle()
    assert at_rest(bench.engine)
    return bench


def unproven(bench: Bench) -> None:
    bench.engine.desk.proven_ms = None


def a_fact_to_decide(bench: Bench) -> None:
    dirty.add(bench.store, [bench.lid("a")])


def an_unread_file(bench: Bench) -> None:
    bench.store.run("UPDATE node SET l_hash = NULL WHERE lid = ?", (bench.lid("a"),))


def an_unanswered_operation(bench: Bench) -> None:
    bench.store.run("INSERT INTO op (key, lid, space, body) VALUES (x'01', 1, ?, x'')", (SPACE,))


def an_unfinished_change(bench: Bench) -> None:
    intents.record(bench.store, [Intent(bench.lid("a"), b"", b"")])


def unknown_outcomes(bench: Bench) -> None:
    bench.engine.placing.recovered = False


def a_hint(bench: Bench) -> None:
    bench.tell(events.Hint((), "a"))


def lost_hints(bench: Bench) -> None:
    bench.tell(events.HintsLost("overflow"))


def a_job_under_way(bench: Bench) -> None:
    job = jobs.Upload(number=10_000, space=SPACE, files=())
    bench.engine.desk.under_way[job.number] = job


def an_open_gap(bench: Bench) -> None:
    (bench.folder / "a").unlink()
    bench.hint("a")
    bench.work()


def news_on_the_server(bench: Bench) -> None:
    bench.server.has("theirs", b"words")
    bench.beat()


def an_old_digest(bench: Bench) -> None:
    bench.steady_ms += BEAT_LASTS_MS + 1
    bench.tell(events.Watching(healthy=True))


def changed_rights(bench: Bench) -> None:
    bench.tell(events.RightsChanged())


def a_history_that_differs(bench: Bench) -> None:
    bench.engine.following.reread(SPACE)


@pytest.mark.parametrize(
    "break_one",
    [
        unproven, a_fact_to_decide, an_unread_file, an_unanswered_operation, an_unfinished_change, unknown_outcomes,
        a_hint, lost_hints, a_job_under_way, an_open_gap, news_on_the_server, an_old_digest, changed_rights,
        a_history_that_differs,
    ],
)  # fmt: skip
def test_in_sync_is_not_said_while_one_part_of_it_is_not_so(
    rested: Bench, break_one: Callable[[Bench], None]
) -> None:
    break_one(rested)
    assert not at_rest(rested.engine)
    assert rested.report().state is State.SYNCING


def a_folder_in_doubt(bench: Bench) -> None:
    bench.engine.root_problem = Problem(Code.FOLDER_MISSING)


def a_problem(bench: Bench) -> None:
    problems.raise_for(bench.store, bench.lid("a"), Problem(Code.QUOTA), 1)


def a_hold(bench: Bench) -> None:
    holds.add(bench.store, holds.opened(bench.store, SPACE, "deletions", 1), [bench.lid("a")])


def a_lost_stream(bench: Bench) -> None:
    bench.tell(events.StreamLost(Code.OFFLINE))


def an_ended_session(bench: Bench) -> None:
    bench.tell(events.SessionEnded())


def a_pause(bench: Bench) -> None:
    bench.tell(events.Pause())


@pytest.mark.parametrize(
    ("break_one", "state"),
    [
        (a_folder_in_doubt, State.HOLD),
        (a_problem, State.PROBLEM),
        (a_hold, State.HOLD),
        (a_lost_stream, State.OFFLINE),
        (an_ended_session, State.SIGNED_OUT),
        (a_pause, State.PAUSED),
    ],
)
def test_what_a_person_must_know_is_said_instead(
    rested: Bench, break_one: Callable[[Bench], None], state: State
) -> None:
    break_one(rested)
    assert rested.report().state is state


def test_a_desk_that_was_never_looked_through_is_not_in_sync(bench: Bench) -> None:
    bench.settle()
    bench.begin()
    bench.beat()
    bench.work(jobs.Look)
    assert not bench.engine.observing.ever_scanned
    assert not at_rest(bench.engine)


def test_a_notice_is_not_a_problem_and_is_counted_apart(rested: Bench) -> None:
    problems.raise_for(rested.store, rested.lid("a"), Problem(Code.OPEN_HERE), 1, waiting=True)
    status = rested.report()
    assert (status.waiting, status.problems) == (1, 0)


def test_what_is_left_alone_forbids_nothing_and_is_counted(rested: Bench) -> None:
    (rested.folder / "link").symlink_to("a")
    rested.hint("link")
    rested.tell(events.HintsLost("look"))
    rested.settle()
    assert rested.report().skipped == 1


def test_the_moment_of_the_last_digest_is_told(rested: Bench) -> None:
    before = rested.report().checked_at
    rested.steady_ms += 5_000
    assert rested.report().checked_at == before
    rested.beat()
    after = rested.report().checked_at
    assert before is not None
    assert after is not None
    assert after > before


def test_a_space_that_was_never_read_is_not_in_sync_though_it_was_empty_when_last_told_of(
    bench: Bench,
) -> None:
    bench.server.fails["changes"] = Code.OFFLINE
    bench.pass_ms(3_000)
    assert bench.engine.following.digest == 0
    assert bench.report().state == "syncing"
    del bench.server.fails["changes"]
    bench.settle()


def sending(bench: Bench, *names: str, size_bytes: int = 100) -> None:
    """Has a job under way that sends files of so many bytes."""
    manifest = manifest_of([bytes(size_bytes)])
    files = tuple(
        jobs.ToUpload(lid=bench.lid(name), at=At((), name), manifest=manifest, growth_bytes=0)
        for name in names
    )
    bench.engine.desk.under_way[10_000] = jobs.Upload(number=10_000, space=SPACE, files=files)


def test_what_moves_is_told_file_by_file_until_all_of_it_has_passed(rested):
    sending(rested, "a")
    assert rested.report().transfers == (), "its turn has not come"
    rested.tools.passing.reach(rested.lid("a"), 40)
    moving = Transfer(path="a", direction="up", done_bytes=40, size_bytes=100)
    assert (rested.report().transfers, rested.report().transferring) == ((moving,), 1)
    rested.tools.passing.reach(rested.lid("a"), 100)
    assert (rested.report().transfers, rested.report().transferring) == ((), 0)


def test_what_is_fetched_is_told_too_but_not_what_came_already(rested):
    lid = rested.lid("a")
    want = jobs.Wanted(lid=lid, rev=b"r" * 16, hash=b"h" * 32, size_bytes=9, mtime_ns=0, exec=False)
    rested.tools.passing.begin([lid])
    for data, told in (
        (None, [Transfer(path="a", direction="down", done_bytes=0, size_bytes=9)]),
        (b"9", []),
    ):
        each = msgspec.structs.replace(want, data=data)
        rested.engine.desk.under_way[10_000] = jobs.Fetch(number=10_000, space=SPACE, wants=(each,))
        assert list(rested.report().transfers) == told


def test_of_many_that_move_some_are_named_and_all_counted(bench):
    names = [f"{number:02}" for number in range(MOST_TRANSFERS + 3)]
    for name in names:
        bench.write(name)
    bench.settle()
    sending(bench, *names)
    bench.tools.passing.begin(map(bench.lid, names))
    found = bench.report()
    assert [each.path for each in found.transfers] == names[:MOST_TRANSFERS]
    assert found.transferring == len(names)


def test_what_a_job_moves_is_not_seen_when_it_has_ended(bench):
    bench.write("large", bytes(300_000))
    bench.settle()
    assert bench.server.uploads == 1
    assert bench.report().transfers == ()
