"""Operations on their way: frozen once sent, refused ones slower each time, lacking contents sent again (R18, R32, R36)."""

import itertools

import msgspec
import pytest

from govsync.engine import events, jobs
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.protocol.changes import Cursor
from govsync.protocol.commits import Outcome, Refused
from govsync.store import ops, problems
from tests.engine.bench import CHAIN, EPOCH, LARGE, SPACE, Bench


def refuse_puts(bench: Bench, code: Code) -> None:
    def judge(operation: ask.AnyOperation) -> Outcome | None:
        return Refused(code=code) if isinstance(operation, ask.Put) else None

    bench.server.judge = judge


def accept(bench: Bench) -> None:
    bench.server.judge = lambda _: None


def test_what_a_person_must_mend_is_a_problem_at_once_and_tried_ever_more_rarely(bench: Bench) -> None:
    bench.settle()
    refuse_puts(bench, Code.QUOTA)
    bench.write("a")
    asked_at = []
    for _ in range(120):
        before = len(bench.server.asked)
        bench.pass_ms(500)
        if len(bench.server.asked) > before:
            asked_at.append(bench.steady_ms)
    (row,) = problems.listed(bench.store)
    assert (row.path, row.problem.code) == ("a", Code.QUOTA)
    assert bench.report().state == "problem"
    waits = [later - earlier for earlier, later in itertools.pairwise(asked_at)]
    assert 3 <= len(waits) <= 6
    assert waits == sorted(waits)
    accept(bench)
    bench.pass_ms(120_000, step=2_000)
    assert problems.listed(bench.store) == []
    assert bench.report().state == "in_sync"


@pytest.mark.parametrize("longer", [-1, 0, 1])
def test_in_a_full_space_only_an_edit_that_makes_a_file_longer_is_kept_back(
    bench: Bench, longer: int
) -> None:
    bench.write("a", b"1" * LARGE)
    bench.settle()
    bench.server.quota_left = 0
    bench.write("a", b"2" * (LARGE + longer))
    bench.pass_ms(5_000)
    kept_back = {row.path: row.problem.code for row in problems.listed(bench.store)}
    assert kept_back == ({"a": Code.QUOTA} if longer > 0 else {})
    assert bench.server.alive()["a"].size_bytes == LARGE + min(longer, 0)


def test_a_quick_refusal_becomes_a_problem_only_when_it_lasts(bench: Bench) -> None:
    bench.settle()
    refuse_puts(bench, Code.STALE_REV)
    bench.write("a")
    bench.work()
    asked = len(bench.server.asked)
    assert asked == 4, "three times at once, then it waits"
    (row,) = problems.listed(bench.store)
    assert row.problem.code is Code.STALE_REV
    accept(bench)
    bench.pass_ms(40_000, step=2_000)
    assert problems.listed(bench.store) == []
    assert "a" in bench.server.alive()


def test_a_refused_node_does_not_stop_the_others(bench: Bench) -> None:
    """I10."""
    bench.settle()
    bench.write("bad")
    bench.write("good")

    def judge(operation: ask.AnyOperation) -> Outcome | None:
        bad = isinstance(operation, ask.Put) and operation.name == "bad"
        return Refused(code=Code.NAME_ILLEGAL) if bad else None

    bench.server.judge = judge
    bench.work()
    assert "good" in bench.server.alive()
    assert [row.path for row in problems.listed(bench.store)] == ["bad"]


def test_contents_that_the_server_lacks_are_uploaded_again(bench: Bench) -> None:
    bench.settle()
    bench.write("large", b"x" * LARGE)
    bench.work(jobs.Commit)
    (commit,) = bench.under_way(jobs.Commit)
    bench.server.chunks.clear()
    bench.carry_out(commit)
    bench.settle()
    assert bench.server.uploads == 2
    assert "large" in bench.server.alive()


def test_a_small_content_that_the_server_lacks_is_uploaded(bench: Bench) -> None:
    """It travelled inside the commit; the second time it goes by itself."""
    bench.settle()
    bench.write("small")
    bench.work(jobs.Commit)
    (commit,) = bench.under_way(jobs.Commit)
    assert isinstance(commit, jobs.Commit)
    bench.waiting.remove(commit)
    empty = msgspec.structs.replace(commit, inline=())
    answer = bench.server.commit(SPACE, empty.epoch, empty.operations, ())
    bench.tell(events.JobDone(commit, jobs.Committed(answer)))
    bench.settle()
    assert bench.server.uploads == 1
    assert "small" in bench.server.alive()


def test_after_a_lost_answer_the_same_operation_goes_again_although_the_file_changed(bench: Bench) -> None:
    bench.settle()
    bench.server.loses["commit"] = Code.OFFLINE
    bench.write("a", b"first")
    bench.work()
    (first,) = bench.server.asked
    bench.write("a", b"second version")
    bench.pass_ms(3_000)
    assert len(bench.server.asked) > 1
    assert all(operation == first for operation in bench.server.asked), "frozen until its outcome is known"
    bench.server.loses.clear()
    bench.settle()
    last = bench.server.asked[-1]
    assert isinstance(last, ask.Put)
    assert (last.node, last.base_rev) == (first.node, first.key), "the second version follows upon the first"
    assert bench.names() == ["a"], "no conflict with oneself"
    assert len(bench.server.journal) == 2


def test_after_a_crash_the_same_operation_goes_again(bench: Bench) -> None:
    bench.settle()
    bench.write("a")
    bench.work(jobs.Commit)
    (commit,) = bench.under_way(jobs.Commit)
    assert isinstance(commit, jobs.Commit)
    bench.server.commit(SPACE, commit.epoch, commit.operations, commit.inline)
    bench.begin()
    bench.settle()
    assert [operation.key for operation in bench.server.asked] == [commit.operations[0].key] * 2
    assert len(bench.server.journal) == 1


def test_an_operation_is_durable_before_it_is_sent(bench: Bench) -> None:
    bench.settle()
    bench.write("a")
    bench.work(jobs.Commit)
    (commit,) = bench.under_way(jobs.Commit)
    assert isinstance(commit, jobs.Commit)
    assert tuple(row.operation for row in ops.sent(bench.store, SPACE)) == commit.operations


def test_one_commit_a_space_is_under_way_at_a_time(bench: Bench) -> None:
    bench.settle()
    for name in "abc":
        bench.write(name)
        bench.work(jobs.Commit)
        assert len(bench.under_way(jobs.Commit)) == 1


@pytest.mark.parametrize("code", [Code.TOO_MANY_OPERATIONS, Code.NO_RIGHT])
def test_a_commit_that_was_refused_as_a_whole_leaves_nothing_frozen(bench: Bench, code: Code) -> None:
    bench.settle()
    bench.server.fails["commit"] = code
    bench.write("a")
    bench.work(jobs.Commit)
    (commit,) = bench.under_way(jobs.Commit)
    bench.carry_out(commit)
    assert not ops.any_sent(bench.store, SPACE)


@pytest.mark.parametrize("code", [Code.TOO_MANY_OPERATIONS, Code.NO_RIGHT])
def test_a_commit_that_was_refused_as_a_whole_is_asked_again_ever_more_rarely(
    bench: Bench, code: Code
) -> None:
    bench.settle()
    bench.server.fails["commit"] = code
    bench.write("a")
    bench.work()
    bench.pass_ms(60_000)
    assert 3 <= bench.server.commits <= 8
    bench.server.fails.clear()
    bench.pass_ms(70_000, step=2_000)
    assert "a" in bench.server.alive()


@pytest.mark.parametrize("code", [Code.OFFLINE, Code.INTERNAL, Code.TIMED_OUT, Code.NOT_OUR_SERVER])
def test_a_commit_whose_effect_is_not_known_stays_frozen(bench: Bench, code: Code) -> None:
    bench.settle()
    bench.server.fails["commit"] = code
    bench.write("a")
    bench.work()
    assert ops.any_sent(bench.store, SPACE)


def test_a_file_that_changed_under_its_upload_is_read_again(bench: Bench) -> None:
    bench.settle()
    bench.write("large", b"x" * LARGE)
    bench.work(jobs.Upload)
    (bench.folder / "large").write_bytes(b"y" * LARGE)
    bench.settle()
    assert bench.server.alive()["large"].size_bytes == LARGE
    (put,) = bench.asked(ask.Put)
    assert isinstance(put, ask.Put)
    assert bench.server.chunks[bench.server.manifests[put.key].chunks[0].hash].startswith(b"y")


# One history (R33, R34)


def test_a_commit_names_the_head_that_the_answer_before_it_told_of(bench: Bench) -> None:
    """So no answer hides that an earlier one was taken back by a restore: it is given in the same history, or not at all."""
    bench.settle()
    bench.write("a")
    bench.work(jobs.Pull)
    bench.write("b")
    bench.work(jobs.Pull, jobs.Commit)
    [commit] = bench.under_way(jobs.Commit)
    assert isinstance(commit, jobs.Commit)
    assert commit.after == Cursor(EPOCH, 1, CHAIN)


def test_nothing_is_sent_while_an_answer_may_have_been_given_in_another_history(bench: Bench) -> None:
    """The journal was read beyond the head that it told of, without going through it."""
    bench.settle()
    bench.write("a")
    bench.settle()
    bench.store.run("UPDATE space SET told_seq = cursor_seq, told_chain = cursor_chain")
    bench.write("b")
    bench.work(jobs.Pull)
    assert bench.under_way(jobs.Commit) == []
    assert len(bench.asked(ask.Put)) == 1
    bench.settle()
    assert len(bench.asked(ask.Put)) == 2


def test_a_large_file_that_goes_with_a_small_one_is_not_read_again(bench: Bench) -> None:
    bench.settle()
    bench.write("large", b"x" * LARGE)
    bench.work(jobs.Upload)
    bench.write("first")
    bench.work(jobs.Upload, jobs.Commit)
    bench.write("small")
    bench.work(jobs.Commit)
    commits, reads = bench.server.commits, bench.done(jobs.Read)
    bench.settle()
    assert bench.server.commits == commits + 2, "the first one, and one for both"
    assert bench.done(jobs.Read) == reads


def test_what_was_forgotten_while_its_operation_was_under_way_waits_for_nothing(bench: Bench) -> None:
    bench.settle()
    bench.engine.sending._keep_back(4711, Problem(Code.NODE_IN_SPACE))
    assert not problems.listed(bench.store)
