"""Who may only read gives nothing back to a server that was emptied, and loses nothing by it (R35)."""

import msgspec
import pytest

from govsync.engine import awaiting, events, jobs
from govsync.engine.awaiting import PROBLEM_AFTER_MS
from govsync.engine.report import kept_back_only
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Place
from govsync.model.problems import Problem
from govsync.protocol.commits import Done, Outcome, Refused
from govsync.protocol.session import Role
from govsync.store import local_tree, lost, pending, problems, spaces
from tests.engine.bench import EPOCH, Bench


def lose(bench: Bench, name: str, offered: bool = True) -> None:
    """The server has lost a file that desk and server had agreed on."""
    node = local_tree.node(bench.store, bench.lid(name))
    assert node.baseline is not None
    row = lost.Lost(
        lid=node.lid, place=Place(node.baseline.place.parent, name), place_key=node.baseline.place_key, epoch=EPOCH, seq=1,
        rev=node.baseline.rev, hash=node.baseline.hash, offered=offered,
    )  # fmt: skip
    with bench.store.transaction():
        lost.keep(bench.store, row)
    bench.server.forgotten |= {row.rev, row.place_key}


@pytest.mark.parametrize("role", [Role.VIEWER])
def test_offers_wait_for_somebody_who_may_change_the_space(bench: Bench, role: Role) -> None:
    def judge(operation: ask.AnyOperation) -> Outcome | None:
        return Refused(code=Code.NODE_DEAD) if isinstance(operation, ask.Offer) else None

    bench.write("a")
    bench.settle()
    bench.server.judge, bench.server.role = judge, role
    bench.tell(events.RightsChanged())
    bench.pass_ms(1_000)
    lose(bench, "a")
    bench.pass_ms(60_000, step=2_000)
    assert not bench.asked(ask.Offer)
    assert bench.names() == ["a"]
    assert bench.report().state != "in_sync"
    bench.server.role = Role.EDITOR
    bench.tell(events.RightsChanged())
    bench.pass_ms(5_000)
    assert bench.asked(ask.Offer)
    bench.pass_ms(10_000)
    assert waits(bench) == [], "it is this desk's own turn now"


def waits(bench: Bench) -> list[tuple[Code, bool]]:
    return [(row.problem.code, row.waiting) for row in problems.listed(bench.store)]


@pytest.fixture
def viewer(bench: Bench) -> Bench:
    """A desk of somebody who may only read, and which alone has `a` and `b` after a restore."""
    bench.write("a")
    bench.write("b")
    bench.settle()
    bench.server.role = Role.VIEWER
    bench.tell(events.RightsChanged())
    bench.pass_ms(1_000)
    for name in ("a", "b"):
        lose(bench, name)
    bench.pass_ms(20_000)
    return bench


def test_who_may_give_nothing_back_is_told_so_and_waits_for_nothing_else(viewer: Bench) -> None:
    status = viewer.report()
    assert (status.state, status.waiting, status.problems) == ("syncing", 1, 0)
    assert (kept_back_only(viewer.engine), waits(viewer)) == (True, [(Code.NOT_GIVEN_BACK, True)])
    viewer.server.fails["download"] = Code.OFFLINE
    viewer.server.has("c", b"news")
    viewer.pass_ms(1_000)
    assert not kept_back_only(viewer.engine), "what comes is waited for"
    del viewer.server.fails["download"]
    viewer.pass_ms(10_000)
    assert (viewer.names(), kept_back_only(viewer.engine)) == (["a", "b", "c"], True)


def test_after_a_day_it_is_a_problem_and_stays_one(viewer: Bench) -> None:
    for _ in range(3):
        viewer.steady_ms += PROBLEM_AFTER_MS - 60_000
        viewer.pass_ms(20_000)
    assert waits(viewer) == [(Code.NOT_GIVEN_BACK, False)]
    assert (viewer.report().state, kept_back_only(viewer.engine)) == ("problem", True)


def test_another_trouble_of_the_space_is_said_first(viewer: Bench) -> None:
    root = spaces.personal_root(viewer.store)
    assert root is not None
    problems.raise_for(viewer.store, root, Problem(Code.NO_ACCESS), 1)
    viewer.pass_ms(20_000)
    assert waits(viewer) == [(Code.NO_ACCESS, False)]


def test_what_somebody_else_gave_back_is_agreed_on_again(viewer: Bench) -> None:
    """It may have been given back into the history, under something newer."""
    node = local_tree.node(viewer.store, viewer.lid("a"))
    viewer.server.has("a", b"newer", node=node.node_id)
    viewer.pass_ms(30_000)
    assert (viewer.folder / "a").read_bytes() == b"words", "nobody has told the server of it"
    viewer.server.forgotten.clear()
    viewer.server.has("c", b"news")
    viewer.pass_ms(30_000)
    assert viewer.names() == ["a", "b", "c"], "no copies of what nobody has edited"
    assert (viewer.folder / "a").read_bytes() == b"newer"
    assert viewer.report().state == "in_sync"
    assert not viewer.asked(ask.Offer)
    assert waits(viewer) == []


def test_what_was_given_back_and_deleted_goes(viewer: Bench) -> None:
    known = viewer.server.alive()["a"]
    viewer.server.forgotten.clear()
    viewer.server.tell(msgspec.structs.replace(known, dead=True), b"D" * 16)
    viewer.pass_ms(30_000)
    assert viewer.names() == ["b"]


def test_what_was_given_back_after_the_journal_was_read_is_taken_in_with_it(viewer: Bench) -> None:
    """The trees do not show yet what is newer than what the answer is about."""
    questions = []
    known = viewer.server.known
    viewer.server.known = lambda space, question: questions.append(question) or known(space, question)  # type: ignore[func-returns-value]
    viewer.server.has("c", b"news")
    viewer.pass_ms(20_000)
    assert [question.until for question in questions] == [len(viewer.server.journal)]
    viewer.pass_ms(60_000)
    assert len(questions) == 1, "nothing has changed since"
    viewer.server.fails["known"] = Code.OFFLINE
    viewer.server.has("d", b"news")
    viewer.pass_ms(30_000)
    del viewer.server.fails["known"], questions[:]
    viewer.pass_ms(60_000)
    assert len(questions) == 1, "what failed is asked again"


def test_who_may_give_it_back_does_so_and_says_nothing(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    lose(bench, "a")
    assert pending.undecided_but_kept_back(bench.store, 0) == 1, "it is to be offered yet"
    bench.store.run("UPDATE node SET l_hash = NULL WHERE l_name = 'a'")
    bench.pass_ms(30_000, jobs.Read)
    assert lost.any_offers(bench.store), "it is read first"
    assert waits(bench) == []


@pytest.mark.parametrize("how", ["another life", "not shown yet"])
def test_an_answer_that_says_nothing_about_what_is_shown_changes_nothing(viewer: Bench, how: str) -> None:
    viewer.server.forgotten.clear()
    viewer.server.has("c", b"news")
    viewer.pass_ms(12_000, jobs.Ask)
    row = spaces.all_spaces(viewer.store)[0]
    assert row.cursor is not None
    if how == "another life":
        spaces.set_cursor(viewer.store, row.id, msgspec.structs.replace(row.cursor, epoch=b"another"))
    else:
        viewer.store.run("UPDATE node SET r_parent = NULL WHERE l_name IN ('a', 'b')")
    (question,) = viewer.under_way(jobs.Ask)
    viewer.carry_out(question)
    assert len(lost.offers(viewer.store, row.id, 10)) == 2


def test_more_than_one_question_can_hold_is_asked_bit_by_bit(
    viewer: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = msgspec.structs.replace(awaiting.LIMITS, keys_per_question=1)
    monkeypatch.setattr(awaiting, "LIMITS", few)
    viewer.server.forgotten.clear()
    viewer.server.has("c", b"news")
    viewer.pass_ms(60_000)
    assert viewer.report().state == "in_sync"


def asked_back(bench: Bench, name: str) -> events.Wanted:
    node = local_tree.node(bench.store, bench.lid(name))
    assert node.remote is not None
    return events.Wanted(node.space, ((node.node_id, node.remote.rev or b""),))


def test_what_a_server_asks_back_is_offered_once_as_what_it_was(bench: Bench) -> None:
    def judge(operation: ask.AnyOperation) -> Outcome | None:
        known = bench.server.states[operation.node] if isinstance(operation, ask.Offer) else None
        return Done(seq=known.seq, state=known) if known is not None else None

    bench.write("a")
    bench.settle()
    bench.server.judge = judge
    wanted = asked_back(bench, "a")
    bench.tell(wanted)
    bench.tell(wanted)
    bench.settle()
    [offer] = bench.asked(ask.Offer)
    node = local_tree.node(bench.store, bench.lid("a"))
    assert node.baseline is not None
    assert (offer.node, offer.rev, offer.hash) == (node.node_id, node.baseline.rev, node.baseline.hash)
    assert bench.report().state == "in_sync"


@pytest.mark.parametrize("how", ["edited", "deleted", "another version", "another node", "viewer"])
def test_what_the_disk_does_not_show_unchanged_is_not_given_back(bench: Bench, how: str) -> None:
    bench.write("a")
    bench.settle()
    wanted = asked_back(bench, "a")
    [(node, rev)] = wanted.versions
    if how == "edited":
        bench.write("a", b"something else")
        bench.hint("a")
        bench.pass_ms(5_000)
    elif how == "deleted":
        bench.delete("a")
        bench.hint("a")
        bench.pass_ms(60_000, step=2_000)
    elif how == "viewer":
        bench.server.role = Role.VIEWER
        bench.tell(events.RightsChanged())
        bench.pass_ms(1_000)
    other = {"another version": ((node, bytes(16)),), "another node": ((bytes(16), rev),)}
    bench.tell(events.Wanted(wanted.space, other.get(how, wanted.versions)))
    bench.pass_ms(10_000, step=1_000)
    assert not bench.asked(ask.Offer)
