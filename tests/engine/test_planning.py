"""What is planned, and when it may leave: nothing for a node that is worked on, no deletion in doubt (R3, R10)."""

from collections.abc import Sequence

import pytest

from govsync.content.manifests import manifest_of
from govsync.engine import events, jobs, planning
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.model.steps import Plan
from govsync.model.trees import Trees
from govsync.protocol.commits import Refused
from govsync.store import dirty, local_tree
from tests.engine.bench import LARGE, SPACE, Bench


def test_a_node_that_is_being_read_is_not_planned(bench: Bench) -> None:
    bench.write("a", b"one")
    bench.settle()
    bench.write("a", b"second")
    bench.work(jobs.Read)
    assert bench.under_way(jobs.Read)
    bench.pass_ms(3_000, jobs.Read)
    assert len(bench.asked(ask.Put)) == 1, "only the first version was sent"
    bench.settle()
    assert len(bench.asked(ask.Put)) == 2


def test_a_node_whose_content_is_on_its_way_is_not_planned_again(bench: Bench) -> None:
    bench.write("large", b"x" * LARGE)
    for _ in range(10):
        bench.pass_ms(500, jobs.Upload)
    assert len(bench.under_way(jobs.Upload)) == 1
    assert not bench.asked(ask.Put)
    bench.settle()
    assert (bench.server.uploads, len(bench.asked(ask.Put))) == (1, 1)


def test_other_nodes_go_on_while_one_is_worked_on(bench: Bench) -> None:
    bench.write("large", b"x" * LARGE)
    bench.work(jobs.Upload)
    bench.write("small")
    bench.pass_ms(1_000, jobs.Upload)
    assert "small" in bench.server.alive()
    assert "large" not in bench.server.alive()


def test_what_only_the_next_commit_can_take_is_planned_for_that_one_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.settle()
    planned: list[int] = []

    def noted(trees: Trees, due: Sequence[int]) -> Plan:
        planned.extend(due)
        return reconcile(trees, due)

    reconcile = planning.reconcile
    monkeypatch.setattr(planning, "reconcile", noted)
    bench.write("first")
    bench.work(jobs.Commit)
    bench.write("second")
    bench.pass_ms(1_000, jobs.Commit)
    first, second = bench.lid("first"), bench.lid("second")
    assert (planned.count(first), planned.count(second)) == (1, 0)
    bench.settle()
    assert planned.count(second) == 1
    assert "second" in bench.server.alive()


def test_what_waits_for_a_commit_goes_to_the_space_that_was_made_anew(bench: Bench) -> None:
    bench.settle()
    bench.write("first")
    bench.work(jobs.Commit)
    bench.write("second")
    bench.pass_ms(1_000, jobs.Commit)
    bench.server.begin_anew()
    bench.settle()
    assert set(bench.server.alive()) == {"first", "second"}


def test_a_deletion_waits_until_nothing_vanishes_any_more(bench: Bench) -> None:
    for name in "abc":
        bench.write(name)
    bench.settle()
    for name in "abc":
        bench.delete(name)
        bench.pass_ms(1_500)
        assert not bench.asked(ask.Delete), "something vanished less than two seconds ago"
    bench.settle()
    assert sorted(operation.node for operation in bench.asked(ask.Delete)) == sorted(bench.server.states)


def test_a_deletion_waits_until_nothing_vanishes_in_any_other_folder(bench: Bench) -> None:
    """What vanished in one folder may turn up in another that nobody has looked at yet."""
    for name in "abc":
        (bench.folder / name).mkdir()
        bench.write(f"{name}/of {name}", name.encode())
    bench.settle()
    for name in "abc":
        (bench.folder / name / f"of {name}").unlink()
        bench.hint(name, f"of {name}")
        bench.pass_ms(1_500)
    assert bench.presence("of a") == "missing", "its own folder has been quiet for long enough"
    assert not bench.asked(ask.Delete)
    bench.settle()
    assert len(bench.asked(ask.Delete)) == 3


def test_what_takes_the_name_of_what_is_deleted_is_told_after_the_deletion(bench: Bench) -> None:
    """`rm -r f; mv g f`, while something vanishes elsewhere: nothing is told that the server would have to refuse."""
    for name in "fgh":
        (bench.folder / name).mkdir()
        bench.write(f"{name}/of {name}", name.encode())
    bench.settle()
    (bench.folder / "f" / "of f").unlink()
    (bench.folder / "f").rmdir()
    (bench.folder / "g").rename(bench.folder / "f")
    bench.hint("f")
    bench.hint("g")
    bench.pass_ms(1_500)
    (bench.folder / "h" / "of h").unlink()
    bench.hint("h", "of h")
    bench.pass_ms(1_500)
    assert not bench.asked(ask.Move), "the server has a folder of that name still"
    bench.settle()
    told = [
        type(operation) for operation in bench.server.asked if isinstance(operation, ask.Move | ask.Delete)
    ]
    assert told.index(ask.Delete) < told.index(ask.Move)
    assert bench.names() == ["f", "h"]


def test_a_deletion_does_not_wait_for_ever(bench: Bench) -> None:
    """R3: 30 s at most, however long things go on vanishing."""
    names = [f"f{number:02}" for number in range(100)]
    for name in names:
        bench.write(name)
    bench.settle()
    for name in names[:34]:
        bench.delete(name)
        bench.pass_ms(1_000)
    assert bench.asked(ask.Delete)


def test_a_deletion_wants_a_proof_of_the_folder_that_is_younger_than_itself(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    bench.delete("a")
    bench.pass_ms(6_000, jobs.Prove)
    assert bench.under_way(jobs.Prove), "a new proof was asked for"
    assert not bench.asked(ask.Delete)
    bench.settle()
    assert len(bench.asked(ask.Delete)) == 1


def test_edits_do_not_wait_for_deletions(bench: Bench) -> None:
    bench.write("a")
    bench.write("b")
    bench.settle()
    bench.delete("a")
    bench.write("b", b"edited")
    bench.work(jobs.Prove)
    assert len(bench.asked(ask.Put)) == 3
    assert not bench.asked(ask.Delete)


def test_a_folder_that_is_no_longer_ours_takes_its_deletions_with_it(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    aside = bench.folder.with_name("aside")
    bench.folder.rename(aside)
    bench.folder.mkdir()
    bench.tell(events.HintsLost("renamed"))
    bench.pass_ms(60_000)
    assert not bench.asked(ask.Delete)
    assert bench.report().state == "hold"
    bench.folder.rmdir()
    aside.rename(bench.folder)
    bench.pass_ms(25_000)
    bench.settle()
    assert not bench.asked(ask.Delete)
    assert bench.names() == ["a"]


def test_what_could_not_be_uploaded_is_tried_until_it_can(bench: Bench) -> None:
    """Each attempt waits longer, and each wait ends by itself, whatever else happens or not."""
    bench.settle()
    bench.write("large", b"x" * LARGE)
    attempts = 0
    for _ in range(20):
        bench.pass_ms(2_000, jobs.Upload)
        for job in bench.under_way(jobs.Upload):
            attempts += 1
            assert isinstance(job, jobs.Upload)
            bench.answer(job, jobs.Uploaded((), ((job.files[0].lid, Problem(Code.NO_ACCESS)),)))
    assert attempts >= 4
    bench.pass_ms(60_000, step=2_000)
    assert bench.report().state == "in_sync"
    assert "large" in bench.server.alive()


def test_what_was_moved_from_another_space_to_an_equal_file_is_deleted_there(bench: Bench) -> None:
    """No operation is sent for what is there already, so no answer ends the waiting (R24)."""
    bench.write("source")
    bench.settle()
    bench.server.has("target", b"words")
    bench.beat()
    bench.work(jobs.Fetch)
    bench.write("target", b"words")
    bench.work(jobs.Fetch, jobs.Read)
    wait_for_target(bench)
    bench.settle()
    assert [put.name for put in bench.asked(ask.Put) if isinstance(put, ask.Put)] == ["source"]
    assert waits_for(bench) is None


def test_what_was_moved_from_another_space_is_deleted_there_once_it_is_agreed_on_here(bench: Bench) -> None:
    bench.write("source")
    bench.settle()
    bench.write("target", b"words")
    bench.work(jobs.Commit)
    wait_for_target(bench)
    assert waits_for(bench) == bench.lid("target")
    bench.settle()
    assert waits_for(bench) is None


def test_what_was_moved_into_what_was_agreed_on_long_before_is_deleted_where_it_came_from(
    bench: Bench,
) -> None:
    """A folder that was moved here became one with another of its name (R21, R24)."""
    bench.write("source")
    bench.write("target", b"words")
    bench.settle()
    wait_for_target(bench)
    dirty.add(bench.store, [bench.lid("target")])
    bench.engine.desk.facts_changed()
    bench.settle()
    assert waits_for(bench) is None


def wait_for_target(bench: Bench) -> None:
    with bench.store.transaction():
        bench.store.run(
            "UPDATE node SET after_lid = ? WHERE lid = ?", (bench.lid("target"), bench.lid("source"))
        )


def waits_for(bench: Bench) -> int | None:
    return local_tree.node(bench.store, bench.lid("source")).after


def test_news_is_found_without_asking_again_about_all_that_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on its way is many when a desk reads a long journal; each page costs its own size (I16)."""
    asked: list[int] = []
    is_waiting = planning.Planning._is_waiting
    monkeypatch.setattr(
        planning.Planning, "_is_waiting", lambda self, lid: asked.append(lid) or is_waiting(self, lid)
    )
    bench.settle()
    for number in range(20):
        bench.server.has(f"theirs {number}", b"%d" % number)
    bench.beat()
    bench.work(jobs.Fetch)
    (first,) = bench.under_way(jobs.Fetch)
    assert isinstance(first, jobs.Fetch)
    assert len(first.wants) == 20
    asked.clear()
    bench.server.has("one more", b"x")
    bench.beat()
    bench.work(jobs.Fetch)
    assert asked
    assert set(asked) == {bench.lid("one more")}
    bench.settle()
    assert len(bench.names()) == 21


def test_a_read_and_a_commit_cost_their_own_size_however_much_waits_to_be_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first sync reads far ahead of what it sends: neither the next read nor an answer asks about all of that (I16)."""
    asked: list[int] = []
    is_waiting = planning.Planning._is_waiting
    monkeypatch.setattr(
        planning.Planning, "_is_waiting", lambda self, lid: asked.append(lid) or is_waiting(self, lid)
    )
    bench.settle()
    bench.write("first")
    bench.work(jobs.Commit)
    (commit,) = bench.under_way(jobs.Commit)
    for number in range(20):
        bench.write(f"mine {number}", b"%d" % number)
    bench.work(jobs.Commit)
    bench.write("one more", b"x")
    bench.work(jobs.Read, jobs.Commit)
    bench.engine.desk.looked_through = dirty.turn(bench.store)  # As a look in between would have left it.
    asked.clear()
    bench.work(jobs.Commit)
    assert set(asked) == {bench.lid("one more")}
    asked.clear()
    bench.carry_out(commit)
    bench.work()
    assert asked == []
    assert len(bench.server.alive()) == 22


def test_an_answer_that_settles_not_everything_has_the_list_looked_through_anew(bench: Bench) -> None:
    """What was saved again while it was sent was on the list before, and goes with the next commit."""
    bench.settle()
    bench.write("again", b"first")
    bench.work(jobs.Commit)
    (commit,) = bench.under_way(jobs.Commit)
    bench.write("again", b"second")
    bench.write("other")
    bench.work(jobs.Commit)
    bench.carry_out(commit)
    bench.work()
    again = bench.server.alive()["again"]
    assert again.rev is not None
    assert bench.server.manifests[again.rev] == manifest_of([b"second"])


def test_a_file_that_is_read_again_is_planned_for_though_the_list_was_looked_through(bench: Bench) -> None:
    """It stands on the list from before: a plan must not go on behind it."""
    bench.settle()
    bench.server.judge = lambda _: Refused(code=Code.NO_RIGHT)
    bench.write("refused")
    bench.work()
    bench.server.judge = lambda _: None
    bench.write("refused", b"other words")
    bench.work(jobs.Read)
    bench.write("later")
    bench.work(jobs.Read)
    for read in bench.under_way(jobs.Read):
        bench.carry_out(read)
    bench.pass_ms(600_000)
    bench.settle()
    assert {"refused", "later"} <= bench.server.alive().keys()


def test_what_could_not_be_done_is_tried_again_though_only_news_came_since(bench: Bench) -> None:
    """Two that wait for a job: one fetch fails, one step finds the disk otherwise; the list is looked through anew."""
    bench.settle()
    bench.server.has("blocked", b"theirs")
    bench.server.has("lost", b"x" * LARGE)
    bench.beat()
    bench.work(jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    (bench.folder / "blocked").write_bytes(b"mine")
    bench.server.has("news", b"n")
    bench.beat()
    bench.work(jobs.Change)
    bench.carry_out(change)
    bench.pass_ms(3_000)
    assert {"lost", "news"} <= set(bench.names())
    contents = {(bench.folder / name).read_bytes() for name in bench.names()}
    assert {b"theirs", b"mine"} <= contents


@pytest.mark.parametrize(
    ("event", "anew"),
    [
        (events.Resume(), True), (events.SyncNow(), True), (events.Approve(1), True), (events.StreamLost(Code.OFFLINE), True),
        (events.Hint((), "a"), False), (events.HeadTold(SPACE, 1), False),
    ],
)  # fmt: skip
def test_the_list_is_looked_through_anew_after_whatever_may_let_a_node_go(
    bench: Bench, event: events.AnyEvent, anew: bool
) -> None:
    bench.server.has("theirs", b"x")
    bench.settle()
    bench.engine.desk.looked_through = 7
    bench.tell(event)
    assert (bench.engine.desk.looked_through == 0) == anew


def test_what_is_woken_has_the_list_looked_through_from_where_it_stands(bench: Bench) -> None:
    desk = bench.engine.desk
    lids = [
        bench.store.run(
            "INSERT INTO node (node_id, space, kind) VALUES (?, ?, 'file')", (bench.ids.new(), SPACE)
        )
        for _ in range(3)
    ]
    dirty.add(bench.store, lids)
    turns = [dirty.turn(bench.store, lid) for lid in lids]
    desk.looked_through, desk.stale = turns[2], False
    desk.wake([])
    assert (desk.looked_through, desk.stale) == (turns[2], False)
    desk.wake([lids[2], lids[1]])
    assert (desk.looked_through, desk.stale) == (turns[1] - 1, True)
    desk.wake([lids[2], 1 << 40])
    assert desk.looked_through == turns[1] - 1


def test_news_makes_what_waited_for_another_fact_due_again(bench: Bench) -> None:
    desk = bench.engine.desk
    desk.looked_through = 7
    desk.news()
    assert desk.looked_through == 7
    desk.waiting.add(1)
    desk.news()
    assert (desk.looked_through, desk.waiting) == (0, set())
