"""Long lists come in pages, and stay where they are while they change."""

import msgspec
import pytest
from PySide6.QtCore import QModelIndex

from govsync.control.messages import ListActivity, ListProblems
from govsync.desktop.models import PAGE, Rows
from govsync.model.activity import ActivityRow, HoldRow, ProblemRow
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.desktop.samples import NOW, pages_of


def problems(numbers) -> list[ProblemRow]:
    return [
        ProblemRow(
            id=str(number), code="busy", path=f"f{number}", message="m", action="a", since=NOW.isoformat()
        )
        for number in numbers
    ]


def happened(numbers) -> list[ActivityRow]:
    return [
        ActivityRow(id=str(number), at=NOW.isoformat(), kind="put", path=f"f{number}") for number in numbers
    ]


@pytest.fixture
def rows(link) -> Rows:
    return Rows(
        link,
        lambda last: ListProblems(limit=PAGE, after=last and last.id),
        lambda row: f"{row.path}: {row.message}",
    )


def paths(model: Rows) -> list[str]:
    return [model.row(number).path for number in range(model.rowCount())]


def test_a_hundred_thousand_rows_come_as_they_are_looked_at(qtbot, agent, rows):
    everything = problems(range(100_000))
    agent.answers[ListProblems] = pages_of(everything)
    rows.begin()
    qtbot.waitUntil(lambda: rows.rowCount() == PAGE)
    assert len(agent.asked_of(ListProblems)) == 1
    rows.fetchMore(QModelIndex())
    rows.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: rows.rowCount() == 2 * PAGE)
    assert len(agent.asked_of(ListProblems)) == 2, "never two at a time"
    assert rows.canFetchMore(QModelIndex())
    assert paths(rows) == [row.path for row in everything[: 2 * PAGE]]


def test_the_end_is_known(qtbot, agent, rows):
    agent.answers[ListProblems] = pages_of(problems(range(PAGE + 3)))
    rows.begin()
    qtbot.waitUntil(lambda: rows.rowCount() == PAGE)
    rows.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: rows.complete)
    assert rows.rowCount() == PAGE + 3
    assert not rows.canFetchMore(QModelIndex())


def test_what_is_gone_leaves_and_what_is_new_comes_and_nothing_else_moves(qtbot, agent, rows):
    agent.answers[ListProblems] = pages_of(problems(range(10)))
    rows.begin()
    qtbot.waitUntil(lambda: rows.complete)
    resets, removed = [], []
    rows.modelReset.connect(lambda: resets.append(1))
    rows.rowsRemoved.connect(lambda _, first, last: removed.append((first, last)))
    agent.answers[ListProblems] = pages_of(problems([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]))
    rows.refresh()
    qtbot.waitUntil(lambda: rows.rowCount() == 11)
    assert paths(rows) == ["f0", "f1", "f2", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11"]
    assert removed == [(3, 3)]
    assert resets == []


def test_when_nearly_all_is_gone_it_is_read_anew(qtbot, agent, rows):
    agent.answers[ListProblems] = pages_of(problems(range(PAGE)))
    rows.begin()
    qtbot.waitUntil(lambda: rows.rowCount() == PAGE)
    agent.answers[ListProblems] = pages_of(problems([5]))
    rows.refresh()
    qtbot.waitUntil(lambda: paths(rows) == ["f5"])
    assert rows.complete


def long(qtbot, agent, rows, pages: int) -> None:
    """Reads so many pages of a list that is one page longer."""
    agent.answers[ListProblems] = pages_of(problems(range((pages + 1) * PAGE)))
    rows.begin()
    for number in range(1, pages + 1):
        qtbot.waitUntil(lambda number=number: rows.rowCount() == number * PAGE)
        if number < pages:
            rows.fetchMore(QModelIndex())


def test_only_the_page_that_is_looked_at_is_read_again(qtbot, agent, rows):
    long(qtbot, agent, rows, 5)
    rows.look_at(500)
    agent.asked.clear()
    gone = {460, 500, 501, 640}
    agent.answers[ListProblems] = pages_of(problems(n for n in range(6 * PAGE) if n not in gone))
    removed = []
    rows.rowsRemoved.connect(lambda _, first, last: removed.append((first, last)))
    rows.refresh()
    qtbot.waitUntil(lambda: rows.rowCount() == 5 * PAGE - 4)
    assert [each.after for each in agent.asked_of(ListProblems)] == ["449"]
    assert removed == [(640, 640), (500, 501), (460, 460)]
    assert paths(rows) == [f"f{n}" for n in range(5 * PAGE) if n not in gone]


def test_what_changed_elsewhere_is_read_again_when_somebody_gets_there(qtbot, agent, rows):
    long(qtbot, agent, rows, 5)
    gone = {10, 900}
    agent.answers[ListProblems] = pages_of(problems(n for n in range(6 * PAGE) if n not in gone))
    rows.refresh()
    qtbot.waitUntil(lambda: rows.rowCount() == 5 * PAGE - 1)
    assert "f900" in paths(rows)
    rows.look_at(890)
    qtbot.waitUntil(lambda: "f900" not in paths(rows))
    assert paths(rows) == [f"f{n}" for n in range(rows.rowCount() + 2) if n not in gone]


def test_where_all_that_is_seen_is_gone_it_is_read_anew_from_there(qtbot, agent, rows):
    long(qtbot, agent, rows, 4)
    rows.look_at(300)
    agent.answers[ListProblems] = pages_of(problems([*range(250), *range(2000, 2300)]))
    rows.refresh()
    qtbot.waitUntil(lambda: paths(rows) == [f"f{n}" for n in [*range(250), *range(2000, 2000 + PAGE)]])
    assert not rows.complete


def test_what_comes_at_the_end_is_there_for_who_looks_at_the_beginning(qtbot, agent, rows):
    """The list was complete; it grows, out of sight."""
    agent.answers[ListProblems] = pages_of(problems(range(2 * PAGE - 1)))
    rows.begin()
    qtbot.waitUntil(lambda: rows.rowCount() == PAGE)
    rows.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: rows.complete)
    agent.answers[ListProblems] = pages_of(problems(range(2 * PAGE + 9)))
    rows.refresh()
    qtbot.waitUntil(lambda: rows.canFetchMore(QModelIndex()))
    rows.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: rows.complete)
    assert paths(rows) == [f"f{n}" for n in range(2 * PAGE + 9)]


def test_what_is_said_of_a_row_may_change(qtbot, agent, rows):
    agent.answers[ListProblems] = pages_of(problems([1]))
    rows.begin()
    qtbot.waitUntil(lambda: rows.complete)
    agent.answers[ListProblems] = [msgspec.structs.replace(problems([1])[0], message="otherwise")]
    with qtbot.waitSignal(rows.dataChanged):
        rows.refresh()
    assert rows.data(rows.index(0)) == "f1: otherwise"


def test_what_happens_meanwhile_comes_before_all_others_and_leaves_them_where_they_are(qtbot, agent, link):
    model = Rows(
        link,
        lambda last: ListActivity(limit=PAGE, before=last and last.id),
        lambda row: row.path,
        newest_first=True,
    )
    agent.answers[ListActivity] = pages_of(happened(range(500, 0, -1)))
    model.begin()
    qtbot.waitUntil(lambda: model.rowCount() == PAGE)
    model.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: model.rowCount() == 2 * PAGE)
    inserted = []
    model.rowsInserted.connect(lambda _, first, last: inserted.append((first, last)))
    agent.answers[ListActivity] = pages_of(happened(range(503, 0, -1)))
    model.refresh()
    qtbot.waitUntil(lambda: model.rowCount() == 2 * PAGE + 3)
    assert inserted == [(0, 2)]
    assert paths(model)[:4] == ["f503", "f502", "f501", "f500"]


def test_who_was_away_for_more_than_a_page_sees_all_anew(qtbot, agent, link):
    model = Rows(
        link,
        lambda last: ListActivity(limit=PAGE, before=last and last.id),
        lambda row: row.path,
        newest_first=True,
    )
    agent.answers[ListActivity] = pages_of(happened(range(10, 0, -1)))
    model.begin()
    qtbot.waitUntil(lambda: model.complete)
    agent.answers[ListActivity] = pages_of(happened(range(1000, 0, -1)))
    model.refresh()
    qtbot.waitUntil(lambda: model.rowCount() == PAGE)
    assert paths(model)[0] == "f1000"
    assert not model.complete


def test_what_is_asked_for_anew_is_not_mixed_with_the_answer_to_what_was_asked_before(qtbot, agent, rows):
    agent.answers[ListProblems] = pages_of(problems(range(5)))
    rows.begin()
    rows.begin()
    qtbot.waitUntil(lambda: len(agent.asked_of(ListProblems)) == 2 and rows.rowCount() == 5)
    qtbot.wait(30)
    assert rows.rowCount() == 5


def test_rows_that_stand_first_are_exchanged_alone(qtbot, agent, rows):
    agent.answers[ListProblems] = pages_of(problems(range(3)))
    rows.begin()
    qtbot.waitUntil(lambda: rows.complete)
    hold = HoldRow(id="1", kind="deletions", count=3, paths=("a",), since=NOW.isoformat())
    rows.set_head([hold])
    assert rows.rowCount() == 4
    assert rows.row(0) == hold
    assert rows.place(ProblemRow, "1") == 2
    rows.set_head([])
    assert paths(rows) == ["f0", "f1", "f2"]


def test_why_there_are_no_rows_is_known(qtbot, agent, rows):
    agent.answers[ListProblems] = Failure(Code.STORE_DAMAGED)
    with qtbot.waitSignal(rows.loaded):
        rows.begin()
    assert rows.failure is not None
    assert rows.failure.code is Code.STORE_DAMAGED
