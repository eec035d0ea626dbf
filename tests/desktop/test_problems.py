"""Questions, second versions and problems: what is said, what is highlighted, and what a click does."""

import msgspec
import pytest
from PySide6.QtCore import QModelIndex, Qt

from govsync.control import messages
from govsync.desktop.models import PAGE
from govsync.desktop.pages.concerns import ConflictPane, HoldPane, ProblemPane
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.text.sentences import _HOLDS
from tests.desktop import samples
from tests.desktop.test_window import button, words


def chosen(page, kind):
    return page.details.findChildren(kind)[-1]


def test_questions_and_second_versions_stand_before_problems(shown):
    page = shown("problems", samples.HOLD).made("problems")
    kinds = [type(page.model.row(number)).__name__ for number in range(page.model.rowCount())]
    assert kinds == ["HoldRow", "ConflictRow", *["ProblemRow"] * 4]


def test_where_nothing_needs_anybody_that_is_said(shown):
    assert "Nothing needs you" in words(shown("problems").made("problems"))


@pytest.mark.parametrize("kind", _HOLDS)
def test_of_each_question_the_answer_that_keeps_everything_is_the_one_that_enter_gives(
    qtbot, shown, agent, kind
):
    hold = msgspec.structs.replace(samples.HOLDS[0], kind=kind)
    page = shown("problems", samples.HOLD, {messages.ListHolds: (hold,)}).made("problems")
    pane = chosen(page, HoldPane)
    assert pane.keep.isDefault()
    assert pane.keep.property("kind") == "first"
    assert not pane.go.isDefault()
    assert not pane.go.property("kind")
    pane.keep.click()
    qtbot.waitUntil(lambda: agent.asked_of(messages.Reject) == [messages.Reject(id="7")])
    assert agent.asked_of(messages.Approve) == []


def test_a_question_shows_its_files_and_how_many_more(shown):
    text = words(shown("problems", samples.HOLD).made("problems"))
    assert "412 files were deleted here." in text
    assert "Report 01.docx" in text
    assert "and 404 more" in text
    assert "Nothing is deleted on the server until you say so." in text


def test_letting_go_is_a_click_too(qtbot, shown, agent):
    page = shown("problems", samples.HOLD).made("problems")
    chosen(page, HoldPane).go.click()
    qtbot.waitUntil(lambda: agent.asked_of(messages.Approve) == [messages.Approve(id="7")])


def test_what_does_not_work_is_said_beside_it(qtbot, shown):
    page = shown("problems", samples.HOLD, {messages.Reject: Failure(Code.OFFLINE)}).made("problems")
    pane = chosen(page, HoldPane)
    pane.keep.click()
    qtbot.waitUntil(lambda: "The server cannot be reached." in words(pane))


@pytest.mark.parametrize(("press", "keep"), [("theirs", "theirs"), ("mine", "mine"), ("both", "both")])
def test_two_versions_are_settled_by_one_click(qtbot, shown, agent, press, keep):
    page = shown("problems", samples.HOLD).made("problems")
    page.list.setCurrentIndex(page.model.index(1))
    pane = chosen(page, ConflictPane)
    assert pane.both.property("kind") == "first", "both stay by default"
    if press == "both":
        pane.both.click()
    else:
        button(getattr(pane, press), "Keep only this").click()
    qtbot.waitUntil(lambda: agent.asked_of(messages.Resolve) == [messages.Resolve(id="3", keep=keep)])


def test_a_name_that_is_not_allowed_is_changed_here_and_nothing_is_replaced(qtbot, shown, tmp_path):
    (tmp_path / "Planning").mkdir()
    old = tmp_path / samples.PROBLEMS[0].path
    old.write_text("mine")
    (tmp_path / "Planning" / "taken.docx").write_text("theirs")
    status = msgspec.structs.replace(samples.PROBLEM, folder=str(tmp_path))
    page = shown("problems", status).made("problems")
    pane = chosen(page, ProblemPane)
    pane.name.setText("taken.docx")
    qtbot.keyClick(pane.name, Qt.Key.Key_Return)
    assert "perhaps something else has this name" in words(pane)
    assert (tmp_path / "Planning" / "taken.docx").read_text() == "theirs"
    pane.name.setText("../../out.docx")
    button(pane, "Rename").click()
    assert old.exists()
    pane.name.setText("Offer.docx")
    button(pane, "Rename").click()
    assert (tmp_path / "Planning" / "Offer.docx").read_text() == "mine"
    assert not old.exists()


def test_a_hundred_thousand_problems_are_one_page_at_first(qtbot, shown, agent):
    rows = [
        msgspec.structs.replace(samples.PROBLEMS[1], id=str(number), path=f"f{number}")
        for number in range(100_000)
    ]
    status = msgspec.structs.replace(samples.PROBLEM, problems=len(rows))
    window = shown("problems", status, {messages.ListProblems: samples.pages_of(rows)})
    page = window.made("problems")
    assert page.model.rowCount() == PAGE
    assert window.entries["problems"].accessibleName() == "Problems (100000)"
    page.list.scrollToBottom()
    page.model.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: page.model.rowCount() == 2 * PAGE)


def test_what_was_chosen_stays_chosen_while_others_come_and_go(qtbot, shown, agent):
    page = shown("problems", samples.PROBLEM).made("problems")
    page.list.setCurrentIndex(page.model.index(2))
    assert page.list.current().path == "보고서/예산.xlsx"
    agent.answers[messages.ListHolds] = samples.HOLDS
    agent.answers[messages.ListProblems] = samples.pages_of(samples.PROBLEMS[1:])
    page.look()
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    qtbot.waitUntil(lambda: page.list.current().path == "보고서/예산.xlsx")


def test_without_an_agent_no_problem_is_shown_that_may_be_gone(qtbot, shown, agent):
    page = shown("problems", samples.PROBLEM).made("problems")
    agent.end()
    qtbot.waitUntil(lambda: page.unknown.isVisible())
    assert "Interview.mov" not in words(page)
    agent.begin()
    page._desk.link._pause.start(0)
    qtbot.waitUntil(lambda: page.list.isVisible())


def test_when_the_last_problem_is_gone_the_page_is_calm(qtbot, shown, agent):
    page = shown("problems", samples.PROBLEM).made("problems")
    agent.answers[messages.ListProblems] = ()
    page.look()
    qtbot.waitUntil(lambda: page.empty.isVisible())


def test_where_one_has_scrolled_to_is_what_is_read_again(qtbot, shown, agent):
    many = [
        msgspec.structs.replace(samples.PROBLEMS[1], id=str(number), path=f"d/{number}.txt")
        for number in range(3 * PAGE - 1)
    ]
    answers = {messages.ListProblems: samples.pages_of(many)}
    page = shown("problems", samples.PROBLEM, answers).made("problems")
    for pages in (2, 3):
        page.model.fetchMore(QModelIndex())
        qtbot.waitUntil(lambda pages=pages: page.model.rowCount() >= pages * PAGE - 1)
    page.list.scrollToBottom()
    agent.asked.clear()
    agent.become(msgspec.structs.replace(samples.PROBLEM, last_change=samples.at(14, 59)))
    qtbot.waitUntil(lambda: bool(agent.asked_of(messages.ListProblems)))
    (asked,) = agent.asked_of(messages.ListProblems)
    assert int(asked.after) > 2 * PAGE
