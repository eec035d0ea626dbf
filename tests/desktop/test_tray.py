"""The icon says in a shape and a sentence what the agent says, and goes where the tray is."""

import datetime

import msgspec
import pytest
from PySide6.QtWidgets import QSystemTrayIcon

from govsync.control import messages
from govsync.desktop import tray as module
from govsync.desktop.notices import Notices
from govsync.desktop.tray import Tray
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import State
from govsync.settings.merge import Effective
from tests.desktop import samples
from tests.desktop.samples import STATES

SENTENCES = {
    State.IN_SYNC: "In sync. Last change 14:02.",
    State.SYNCING: "Syncing: 136 changes, 358.0 MiB left, about 1 min left.",
    State.OFFLINE: "Offline. 14 changes wait.",
    State.PAUSED: "Paused. 3 changes wait.",
    State.HOLD: "A question for you.",
    State.PROBLEM: "4 things need you.",
    State.SIGNED_OUT: "Not signed in.",
}


@pytest.fixture
def tray(desk, agent) -> Tray:
    agent.answers = samples.answers()
    found = Tray(desk)
    desk.link.watch()
    yield found
    found.deleteLater()


def texts(menu) -> list[str]:
    return [each.text() for each in menu.actions() if each.isVisible() and not each.isSeparator()]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_each_state_has_its_shape_and_its_sentence(qtbot, agent, tray, state):
    agent.become(STATES[state])
    qtbot.waitUntil(lambda: tray.tooltip() == f"GovSync\n{SENTENCES[state]}")
    assert tray.shape is state
    assert not tray._icon.icon().isNull()


def test_an_agent_that_goes_takes_in_sync_with_it(qtbot, agent, tray):
    agent.become(samples.IN_SYNC)
    qtbot.waitUntil(lambda: tray.shape is State.IN_SYNC)
    agent.end()
    qtbot.waitUntil(lambda: "Not running" in tray.tooltip())
    assert tray.shape is State.OFFLINE
    assert "Start GovSync" in texts(tray.menu)


def test_the_menu_offers_what_makes_sense(qtbot, agent, tray):
    agent.become(samples.PAUSED)
    qtbot.waitUntil(lambda: tray.shape is State.PAUSED)
    assert "Resume" in texts(tray.menu)
    assert "Pause" not in texts(tray.menu)
    agent.become(samples.SIGNED_OUT)
    qtbot.waitUntil(lambda: "Sign in…" in texts(tray.menu))
    agent.become(samples.PROBLEM)
    qtbot.waitUntil(lambda: "Problems (4)" in texts(tray.menu))
    assert {"Open folder", "Open on the web", "Recent files", "Pause", "Settings…", "Quit"} <= set(
        texts(tray.menu)
    )


def test_before_there_is_a_desk_the_menu_offers_nothing_of_one(qtbot, agent, tray):
    tray.say_signed_out()
    assert texts(tray.menu) == ["Not signed in.", "Sign in…", "Window", "Quit"]
    agent.become(samples.IN_SYNC)
    qtbot.waitUntil(lambda: {"Open folder", "Problems", "Settings…"} <= set(texts(tray.menu)))


def test_a_pause_is_asked_for_in_seconds_or_until_somebody_resumes(qtbot, agent, tray):
    for each in tray._pause.actions():
        each.trigger()
    qtbot.waitUntil(lambda: len(agent.asked_of(messages.Pause)) == 3)
    assert [each.seconds for each in agent.asked_of(messages.Pause)] == [1800, 7200, None]


def test_recent_files_are_the_last_five_that_were_saved_each_once(qtbot, agent, tray):
    again = [msgspec.structs.replace(samples.ACTIVITY[0], id=str(number)) for number in (3000, 2999)]
    agent.answers[messages.ListActivity] = samples.pages_of([*again, *samples.ACTIVITY])
    tray.menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: bool(texts(tray.recent)))
    names = ["Budget.xlsx", "Site visit.docx", "회의록.hwp", samples.MARKUP.replace("&", "&&")]
    assert texts(tray.recent) == names


def test_the_icon_goes_where_a_tray_appears_and_anew_where_it_comes_again(tray, monkeypatch):
    there = [False]
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: there[0])
    said = []
    tray.absent.connect(lambda: said.append(1))
    for _ in range(3 * module._LOOKS_BEFORE_SAID):
        tray.look()
    assert said == [1], "said once"
    assert not tray.is_shown()
    there[0] = True
    tray.look()
    assert tray.is_shown()
    there[0] = False
    tray.look()
    assert not tray.is_shown()
    there[0] = True
    tray.look()
    assert tray.is_shown()


def test_what_needs_a_person_is_said_once_a_day_and_nothing_else_is():
    now = [datetime.datetime(2026, 11, 24, 9, 0, tzinfo=datetime.UTC)]
    told = []
    notices = Notices(lambda title, _: told.append(title), lambda then: then(True), lambda: now[0])
    for number in range(1, 5_000):
        notices.hear(msgspec.structs.replace(samples.PROBLEM, problems=number))
    for state in (State.SYNCING, State.IN_SYNC, State.OFFLINE, State.PROBLEM, State.IN_SYNC, State.PROBLEM):
        notices.hear(STATES[state])
    assert told == ["One thing needs you"]
    now[0] += datetime.timedelta(days=1)
    notices.hear(STATES[State.IN_SYNC])
    notices.hear(STATES[State.PROBLEM])
    notices.hear(STATES[State.HOLD])
    assert told == ["One thing needs you", "4 things need you", "A question for you"]


def test_what_nobody_wants_to_be_told_is_not_told_and_counts_as_untold():
    told, answers = [], []
    now = datetime.datetime(2026, 11, 24, 9, 0, tzinfo=datetime.UTC)
    notices = Notices(lambda title, _: told.append(title), lambda then: answers.append(then), lambda: now)

    def hear_problem_again() -> None:
        notices.hear(STATES[State.IN_SYNC])
        notices.hear(STATES[State.PROBLEM])

    hear_problem_again()
    answers.pop()(False)
    assert told == []
    hear_problem_again()
    hear_problem_again()
    for answer in answers:
        answer(True)
    assert told == ["4 things need you"], "though it was asked twice before it was said"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (samples.settings(), True),
        ({**samples.settings(), "app.notifications": Effective(False, "user")}, False),
        (samples.settings(app__notifications=False), False),
        ({}, True),
        (Failure(Code.AGENT_NOT_RUNNING), False),
    ],
    ids=["default", "off", "off by policy", "an earlier agent", "no answer"],
)
def test_what_the_setting_says_counts_whoever_has_set_it(qtbot, agent, app, monkeypatch, settings, said):
    told = []
    monkeypatch.setattr(Tray, "notify", lambda _, title, __: told.append(title))
    found = app()
    agent.answers[messages.ListSettings] = settings
    agent.become(samples.STATES[State.PROBLEM])
    qtbot.waitUntil(lambda: found.tray.shape is State.PROBLEM)
    qtbot.waitUntil(lambda: not found.link._under_way and not found.link._waiting)
    assert told == (["4 things need you"] if said else [])
