"""The window says what the agent says, on every page, and does what is asked of it."""

from itertools import pairwise

import msgspec
import pytest
from PySide6.QtCore import QPoint, QRect, QSettings, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QPushButton

from govsync.control import messages
from govsync.desktop.desk import Desk
from govsync.desktop.link import Link
from govsync.desktop.theme import LIGHT
from govsync.desktop.window import PAGES, Window
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import State
from govsync.text import glance
from tests.desktop import samples
from tests.desktop.samples import STATES


def words(widget) -> str:
    """Answers what can be read: of what is cut for want of room, the whole, as a reader of the screen has it."""
    labels = [label for label in widget.findChildren(QLabel) if label.isVisible()]
    return "\n".join(label.accessibleName() or label.text() for label in labels)


def button(widget, text: str) -> QPushButton:
    found = [
        each
        for each in widget.findChildren(QPushButton)
        if each.text().strip() == text and each.isVisibleTo(widget)
    ]
    assert found, f"{text!r} is not among {[each.text() for each in widget.findChildren(QPushButton)]}"
    return found[0]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_each_state_is_said_in_words_that_are_true(shown, state):
    status = STATES[state]
    window = shown("status", status)
    text = words(window.made("status"))
    assert glance.headline(status) in text
    assert glance.meaning(status) in text
    assert ("In sync" in text) is (state is State.IN_SYNC), "it is said only when it is so"


def test_the_state_changes_with_the_desk(qtbot, shown, agent, desk):
    window = shown("status")
    page = window.made("status")
    agent.become(STATES[State.PAUSED])
    qtbot.waitUntil(lambda: "Paused" in words(page))
    assert "In sync" not in words(window)


def test_an_agent_that_goes_takes_in_sync_with_it(qtbot, shown, agent, desk):
    window = shown("status")
    agent.end()
    qtbot.waitUntil(lambda: "Not running" in words(window.made("status")))
    assert "In sync" not in words(window)
    qtbot.waitUntil(lambda: button(window, "Start GovSync").isVisible())  # Qt shows what is new a turn later.
    with qtbot.waitSignal(desk.restart):
        button(window, "Start GovSync").click()


def test_progress_says_how_much_is_left_and_how_long_it_takes(qtbot, shown, agent):
    window = shown("status", samples.SYNCING)
    assert "0 of 136 done, 358.0 MiB left" in words(window)
    pending = msgspec.structs.replace(samples.SYNCING.pending, up=0, bytes_up=0, down=34, bytes_down=90 << 20)
    agent.become(msgspec.structs.replace(samples.SYNCING, pending=pending))
    qtbot.waitUntil(lambda: "102 of 136 done, 90.0 MiB left" in words(window))
    assert "less than a minute left" in words(window)


def test_what_desk_and_server_say_to_each_other_is_no_file_that_moves(qtbot, shown, agent):
    talk = msgspec.structs.replace(samples.SYNCING.rate, up=700, down=90_000)
    window = shown("status", msgspec.structs.replace(samples.IN_SYNC, rate=talk))
    assert "Everything is sent." in words(window)
    assert "/s" not in words(window)
    pending = msgspec.structs.replace(samples.SYNCING.pending, down=0, bytes_down=0)
    agent.become(msgspec.structs.replace(samples.SYNCING, rate=talk, pending=pending))
    qtbot.waitUntil(lambda: "18.0 MiB" in words(window))
    assert "min left" not in words(window), "nothing is sent yet that could tell"


def test_figures_that_are_not_known_are_no_nothing(qtbot, shown, agent):
    window = shown("status", samples.OFFLINE)
    assert "Not known while offline." in words(window)
    assert "Everything is here." not in words(window)
    paused = msgspec.structs.replace(
        samples.PAUSED, pending=msgspec.structs.replace(samples.PAUSED.pending, up=0, bytes_up=0)
    )
    agent.become(paused)
    qtbot.waitUntil(lambda: "Not looked at while paused." in words(window))
    assert "Nothing waits" not in words(window)
    assert "Everything is sent." not in words(window)
    agent.become(msgspec.structs.replace(paused, state=State.SIGNED_OUT, paused=False))
    qtbot.waitUntil(lambda: "Not known now." in words(window))
    assert "Everything is sent." not in words(window), "what was saved since is sent by nobody"


def test_what_waits_is_named_with_what_to_do(shown):
    text = words(shown("status", samples.SYNCING))
    assert "Budget.xlsx" in text
    assert "Close it to get the newer version." in text


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_by_its_key(qtbot, shown, page):
    window = shown("status")
    window.activateWindow()
    qtbot.keyClick(
        window, getattr(Qt.Key, f"Key_{PAGES.index(page) + 1}"), Qt.KeyboardModifier.ControlModifier
    )
    qtbot.waitUntil(lambda: window.page == page)
    assert window.entries[page].isChecked()


def test_space_opens_the_page_to_which_one_went(qtbot, shown):
    window = shown("status")
    window.activateWindow()
    qtbot.keyClick(window.entries["activity"], Qt.Key.Key_Space)
    qtbot.keyClick(window.entries["activity"], Qt.Key.Key_Space)
    assert window.page == "activity"
    assert [name for name, entry in window.entries.items() if entry.isChecked()] == ["activity"]


def test_f5_checks_now_and_ctrl_f_searches_and_escape_closes(qtbot, shown, agent):
    window = shown("status")
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: len(agent.asked_of(messages.SyncNow)) == 1)
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.page == "activity" and window.made("activity").search.hasFocus())
    with qtbot.waitSignal(window.closed):
        qtbot.keyClick(window, Qt.Key.Key_Escape)


@pytest.mark.parametrize("state", [State.HOLD, State.PROBLEM, State.SIGNED_OUT, State.PAUSED], ids=str)
def test_every_action_can_be_reached_by_keys_and_has_a_name(shown, state):
    for page in PAGES:
        window = shown(page, STATES[state])
        for each in window.findChildren(QAbstractButton):
            if each.isVisible() and not each.objectName().startswith("qt_"):
                assert each.accessibleName() or each.text(), (
                    f"{each} on {page} says nothing to a reader of the screen"
                )
                in_field = isinstance(each.parent(), QLineEdit)  # The key that deletes does as well.
                assert in_field or each.focusPolicy() & Qt.FocusPolicy.TabFocus, (
                    f"{each.text()} cannot be reached"
                )


@pytest.mark.parametrize("page", PAGES)
def test_keys_go_through_a_page_as_the_eye_does(qtbot, shown, agent, page):
    window = shown(page, samples.HOLD)
    agent.become(samples.PROBLEM)  # Buttons of the first page are made anew.
    qtbot.waitUntil(lambda: window._desk.status == samples.PROBLEM)
    if page == "status":
        qtbot.waitUntil(lambda: button(window, "Show what to do").isVisible())

    def in_order() -> None:
        chain, here = [], window.entries["settings"]
        while (here := here.nextInFocusChain()) is not window.entries["status"]:
            inside = window._stack.isAncestorOf(here) and not isinstance(here.parent(), QLineEdit)
            if inside and here.isVisible() and here.focusPolicy() & Qt.FocusPolicy.TabFocus:
                chain.append(QRect(here.mapTo(window, QPoint(0, 0)), here.size()))
        assert chain
        for one, following in pairwise(chain):
            assert following.bottom() > one.top(), "it goes back up"
            assert following.top() >= one.bottom() or following.left() >= one.right(), "it goes back"

    qtbot.waitUntil(in_order)


def test_each_action_of_the_menu_has_its_key(shown):
    window = shown("status")
    actions = [each for each in window.menu.actions() if not each.isSeparator() and each.menu() is None]
    assert all(not each.shortcut().isEmpty() for each in actions), [each.text() for each in actions]
    keys = [
        each.shortcut().toString() for each in window.findChildren(QAction) if not each.shortcut().isEmpty()
    ]
    assert len(keys) == len(set(keys))


def test_what_needs_a_person_is_counted_in_the_rail(qtbot, shown, agent):
    window = shown("status", samples.HOLD)
    assert window.entries["problems"].accessibleName() == "Problems (5)"
    agent.become(samples.IN_SYNC)
    qtbot.waitUntil(lambda: window.entries["problems"].accessibleName() == "Problems")


def test_what_the_agent_refuses_is_said_and_can_be_closed(qtbot, shown, agent, desk):
    window = shown("status", also={messages.SyncNow: Failure(Code.OFFLINE)})
    desk.sync_now()
    qtbot.waitUntil(lambda: "The server cannot be reached." in words(window))
    button(window.banner, "Close").click()
    assert not window.banner.isVisible()


def test_the_window_comes_back_where_it_was(shown, desk, tmp_path, qtbot):
    window = shown("status")
    window.resize(780, 561)
    window.close()
    again = Window(desk, QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    assert (again.width(), again.height()) == (780, 561)


def test_a_window_without_an_agent_says_so_and_nothing_else(qtbot, dressed, tmp_path):
    desk = Desk(Link(tmp_path / "nothing"), LIGHT, lambda: samples.NOW)
    window = Window(desk, QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(window)
    desk.link.watch()
    window.turn_to("status")
    window.show()
    qtbot.waitUntil(lambda: "Nothing is synced now." in words(window))
    for page in PAGES:
        window.turn_to(page)


@pytest.mark.parametrize(
    "name", samples.HOSTILE, ids=["markup", "right-to-left", "long", "emoji", "control", "entity"]
)
def test_a_name_is_shown_as_text_whatever_it_holds(qtbot, shown, name):
    row = msgspec.structs.replace(samples.ACTIVITY[0], path=f"d/{name}", user=name, device=name)
    problem = msgspec.structs.replace(samples.PROBLEMS[0], path=f"d/{name}", message=name)
    status = msgspec.structs.replace(
        samples.PROBLEM, notices=(problem,), waiting=1, account=name, device=name, folder=f"/home/{name}",
        spaces=(msgspec.structs.replace(samples.SPACES[1], name=name),),
    )  # fmt: skip
    also = {
        messages.ListActivity: samples.pages_of([row]),
        messages.ListProblems: samples.pages_of([problem]),
    }
    for page in PAGES:
        window = shown(page, status, also)
        qtbot.wait(20)
        for label in window.findChildren(QLabel):
            assert label.textFormat() is Qt.TextFormat.PlainText or not label.text(), (
                f"{label.text()!r} may be markup"
            )
        for letter in "\n\x1b‮":
            said = [
                each.text()
                for each in window.findChildren(QLabel)
                if letter in each.text() and name in each.text()
            ]
            assert said == [], f"{letter!r} reached the screen on {page}"
        assert window.width() <= 1000, "no name makes the window wider"
        window.grab()
