"""Turns of the engine: recovery first, never a look beside a change, nothing while paused or while the folder is in doubt."""

import random
import shutil

import pytest

from govsync.engine import events, jobs
from govsync.engine.report import root_question
from govsync.engine.work import run
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.store import intents
from tests.engine.bench import Bench

AT_THE_DISK = (jobs.Look, jobs.Recheck, jobs.Read, jobs.Change, jobs.Recover, jobs.Clean)


def test_nothing_is_done_before_the_folder_is_proven(bench: Bench) -> None:
    bench.beat()
    (prove,) = bench.start()
    assert isinstance(prove, jobs.Prove)
    assert bench.start() == []
    bench.carry_out(prove)
    assert bench.start()


@pytest.mark.parametrize("code", [Code.FOLDER_MISSING, Code.FOLDER_REPLACED, Code.FOLDER_TAKEN])
def test_while_the_folder_is_not_ours_nothing_is_looked_at_sent_or_placed(bench: Bench, code: Code) -> None:
    bench.write("a")
    bench.settle()
    bench.server.has("theirs", b"from a colleague")
    bench.write("b")
    bench.tell(events.Woke())
    for _ in range(5):
        bench.beat()
        new = bench.start()
        assert all(isinstance(job, jobs.Prove) for job in new)
        for prove in new:
            bench.answer(prove, jobs.Proven(Problem(code)))
        bench.steady_ms += 30_000
    assert "b" not in bench.server.alive()
    assert bench.names() == ["a", "b"]
    assert bench.report().state == ("problem" if code is Code.FOLDER_TAKEN else "hold")
    bench.settle()
    assert bench.names() == ["a", "b", "theirs"]
    assert "b" in bench.server.alive()


def test_the_folder_is_looked_through_again_when_it_came_back(bench: Bench) -> None:
    bench.settle()
    bench.tell(events.Woke())
    bench.start()
    (prove,) = [job for job in bench.waiting if isinstance(job, jobs.Prove)]
    bench.answer(prove, jobs.Proven(Problem(Code.FOLDER_MISSING)))
    (bench.folder / "while away").write_bytes(b"no hint tells")
    bench.steady_ms += 30_000
    bench.settle()
    assert "while away" in bench.server.alive()


def test_what_became_of_a_change_is_found_out_before_anything_is_looked_at(bench: Bench) -> None:
    """R16: the disk has changed, the process ended before it was recorded."""
    bench.settle()
    state = bench.server.has("theirs", b"from a colleague")
    bench.beat()
    bench.work(jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    run(change, bench.tools)
    assert bench.names() == ["theirs"]
    bench.begin()
    bench.beat()
    bench.work(jobs.Recover)
    assert bench.under_way(jobs.Recover)
    assert not bench.under_way(jobs.Look, jobs.Read, jobs.Commit, jobs.Change, jobs.Fetch)
    bench.settle()
    assert intents.all_intents(bench.store) == []
    assert bench.asked(ask.Put) == [], "what we placed ourselves is nobody's new file"
    assert bench.server.states[state.node] == state
    assert bench.names() == ["theirs"]


def test_a_change_without_a_result_is_found_out_about_like_after_a_crash(bench: Bench) -> None:
    bench.settle()
    bench.server.has("theirs", b"from a colleague")
    bench.beat()
    bench.work(jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    bench.waiting.remove(change)
    bench.tell(events.JobFailed(change, Code.UNREADABLE, {}))
    bench.work(jobs.Recover)
    assert bench.under_way(jobs.Recover)
    assert not bench.under_way(jobs.Look, jobs.Change)
    bench.settle()
    assert bench.names() == ["theirs"]


@pytest.mark.parametrize("seed", range(8))
def test_looks_never_overlap_changes_of_the_disk(bench: Bench, seed: int) -> None:
    """A look beside a change takes our own work for a person's: twins, and a storm of conflict names."""
    chance = random.Random(seed)
    bench.settle()
    for turn in range(60):
        if turn % 3 == 0:
            bench.server.has(f"theirs {turn}", b"%d" % turn)
            bench.tell(events.Hint((), None))
        if turn % 4 == 0:
            bench.write(f"mine {turn}", b"%d" % turn)
        bench.beat()
        bench.start()
        looking = bench.under_way(jobs.Look, jobs.Recheck)
        changing = bench.under_way(jobs.Change, jobs.Recover)
        assert not (looking and changing)
        assert len(looking) <= 1
        assert len(changing) <= 1
        if bench.waiting:
            bench.carry_out(chance.choice(bench.waiting))
        bench.steady_ms += chance.choice((0, 10, 700))
    bench.settle()
    assert bench.names() == sorted(bench.server.alive())
    assert not [name for name in bench.names() if "conflict" in name]
    assert len(bench.server.journal) == 20 + 15


def test_looks_and_changes_take_turns(bench: Bench) -> None:
    """Neither starves the other, however much there is of both."""
    bench.settle()
    done: list[type[jobs.Job]] = []
    for turn in range(40):
        bench.server.has(f"theirs {turn}", b"%d" % turn)
        bench.tell(events.Hint((), None))
        bench.beat()
        bench.start()
        for job in list(bench.waiting):
            bench.carry_out(job)
            done.append(type(job))
    assert done.count(jobs.Look) > 5
    assert done.count(jobs.Change) > 5


def test_a_paused_desk_begins_nothing_and_goes_on_where_it_was(bench: Bench) -> None:
    bench.settle()
    bench.tell(events.Pause())
    bench.write("a")
    bench.server.has("theirs", b"from a colleague")
    bench.pass_ms(60_000, step=5_000)
    assert (bench.names(), bench.asked(ask.Put)) == (["a"], [])
    assert bench.report().state == "paused"
    bench.tell(events.Resume())
    bench.settle()
    assert bench.names() == ["a", "theirs"]
    assert "a" in bench.server.alive()


def test_a_desk_on_a_costly_line_is_paused_until_there_is_another(bench: Bench) -> None:
    bench.settle()
    bench.tell(events.Line(costly=True))
    bench.write("a")
    bench.pass_ms(60_000, step=5_000)
    assert bench.asked(ask.Put) == []
    assert (bench.report().state, bench.report().paused, bench.report().metered) == ("paused", True, True)
    bench.tell(events.Line(costly=False))
    bench.settle()
    assert "a" in bench.server.alive()
    assert not bench.report().metered


def test_a_person_goes_on_over_a_costly_line_and_a_pause_of_theirs_outlasts_it(bench: Bench) -> None:
    bench.settle()
    bench.tell(events.Line(costly=True))
    bench.tell(events.Resume())
    bench.write("a")
    bench.settle()
    assert "a" in bench.server.alive()
    bench.tell(events.Pause())
    bench.tell(events.Line(costly=True))
    bench.tell(events.Line(costly=False))
    assert (bench.engine.paused, bench.report().metered) == (True, False)


def test_a_pause_ends_by_itself_when_its_time_is_over(bench: Bench) -> None:
    bench.settle()
    bench.tell(events.Pause(bench.now().wall_ms + 60_000))
    bench.write("a")
    bench.pass_ms(59_000, step=1_000)
    assert not bench.asked(ask.Put)
    bench.pass_ms(2_000)
    assert bench.asked(ask.Put)


def test_a_pause_outlives_a_restart(bench: Bench) -> None:
    bench.settle()
    bench.tell(events.Pause())
    bench.begin()
    bench.write("a")
    bench.pass_ms(10_000)
    assert bench.engine.paused
    assert not bench.asked(ask.Put)


def test_without_a_session_or_a_line_nothing_goes_to_the_server(bench: Bench) -> None:
    bench.settle()
    bench.tell(events.SessionEnded())
    bench.write("a")
    bench.work()
    assert not bench.under_way(jobs.Commit, jobs.Pull, jobs.AskSpaces, jobs.AskHeads)
    assert bench.report().state == "signed_out"
    bench.tell(events.SessionBegun())
    bench.work()
    assert not bench.asked(ask.Put), "the stream is not back yet"
    assert bench.report().state == "offline"
    bench.settle()
    assert "a" in bench.server.alive()


def test_the_engine_asks_to_be_woken_for_everything_that_waits(bench: Bench) -> None:
    """Whoever drives it may sleep until `next_wake`: nothing is missed by that."""
    bench.settle()
    bench.write("a")
    bench.settle()
    bench.delete("a")
    for _ in range(20):
        bench.work()
        at = bench.engine.next_wake()
        assert at is not None
        bench.steady_ms = max(bench.steady_ms, at)
        bench.beat()
    assert len(bench.asked(ask.Delete)) == 1


def test_a_folder_without_its_marker_is_known_again_by_what_lies_in_it(bench: Bench) -> None:
    for number in range(20):
        bench.write(f"{number}.txt")
    bench.settle()
    shutil.rmtree(bench.folder / ".govsync")
    bench.steady_ms += 30_000
    bench.settle()
    assert (bench.folder / ".govsync" / "root").exists()
    for number in range(3):
        (bench.folder / f"{number}.txt").unlink()
    shutil.rmtree(bench.folder / ".govsync")
    bench.steady_ms += 30_000
    bench.pass_ms(5_000)
    assert bench.engine.root_problem == Problem(Code.FOLDER_REPLACED)
    assert not (bench.folder / ".govsync").exists()
    assert len(bench.server.alive()) == 20


def test_what_a_person_said_of_the_folder_holds_until_it_is_back(bench: Bench) -> None:
    bench.settle()
    elsewhere = bench.folder.with_name("elsewhere")
    bench.folder.rename(elsewhere)
    bench.pass_ms(30_000, step=5_000)
    assert root_question(bench.engine) is Code.FOLDER_MISSING
    bench.engine.leave_folder()
    assert root_question(bench.engine) is None
    assert bench.report().state == "problem"
    bench.begin()
    bench.pass_ms(30_000, step=5_000)
    assert root_question(bench.engine) is None
    elsewhere.rename(bench.folder)
    bench.steady_ms += 30_000
    bench.settle()
    bench.folder.rename(elsewhere)
    bench.pass_ms(30_000, step=5_000)
    assert root_question(bench.engine) is Code.FOLDER_MISSING


def test_our_marker_in_another_folder_is_told_to_whoever_can_join_it(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    copy = bench.folder.with_name("copy")
    shutil.copytree(bench.folder, copy)
    (copy / "a").unlink()
    shutil.rmtree(bench.folder)
    copy.rename(bench.folder)
    bench.pass_ms(30_000, step=5_000)
    assert bench.engine.folder_moved
    assert "a" in bench.server.alive()
    assert bench.names() == []
