"""The app hears of every change, waits for nothing, and says at once when there is nobody to ask."""

import msgspec
from PySide6.QtCore import QObject

from govsync.control.messages import GetStatus, ListProblems, SyncNow, Watch
from govsync.desktop import link as module
from govsync.desktop.link import Link
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import State
from tests.desktop.agent import STATUS

PAUSED = msgspec.structs.replace(STATUS, state=State.PAUSED, paused=True)


def test_the_status_is_told_at_first_and_whenever_it_changes(qtbot, agent, link):
    told = []
    link.status.connect(told.append)
    link.watch()
    qtbot.waitUntil(lambda: told == [STATUS])
    qtbot.waitUntil(lambda: len(agent.asked_of(Watch)) == 2)
    agent.become(PAUSED)
    qtbot.waitUntil(lambda: told == [STATUS, PAUSED])
    assert [each.seen for each in agent.asked_of(Watch)] == [None, STATUS]


def test_a_status_that_is_as_it_was_is_not_told_again(qtbot, agent, link, monkeypatch):
    told = []
    link.status.connect(told.append)
    agent.answers[GetStatus] = STATUS
    link.watch()
    qtbot.waitUntil(lambda: told == [STATUS])
    link._saw(STATUS)
    assert told == [STATUS]


def test_an_agent_that_goes_is_told_once_and_found_again_when_it_is_back(qtbot, agent, link, monkeypatch):
    monkeypatch.setattr(module, "RETRY_MS", 10)
    told, gone = [], []
    link.status.connect(told.append)
    link.gone.connect(gone.append)
    link.watch()
    qtbot.waitUntil(lambda: link.seen == STATUS)
    agent.end()
    qtbot.waitUntil(lambda: len(gone) == 1)
    assert gone[0].code is Code.AGENT_NOT_RUNNING
    assert link.seen is None, "what was seen last is no longer true"
    qtbot.wait(50)
    assert len(gone) == 1
    agent.begin()
    qtbot.waitUntil(lambda: told == [STATUS, STATUS])


def test_an_agent_that_says_nothing_for_long_counts_as_gone(qtbot, agent, monkeypatch):
    monkeypatch.setattr(module, "SILENCE_MS", 50)
    link, gone = Link(agent.socket), []
    link.gone.connect(gone.append)
    link.watch()
    qtbot.waitUntil(lambda: len(agent.asked_of(Watch)) == 2)
    qtbot.waitUntil(lambda: len(gone) == 1)
    assert gone[0].code is Code.TIMED_OUT
    assert link.seen is None


def test_an_answer_reaches_who_asked_and_a_failure_too(qtbot, agent, link):
    agent.answers = {ListProblems: (), SyncNow: Failure(Code.OFFLINE)}
    rows, failures = [], []
    link.ask(ListProblems(), rows.append)
    link.ask(SyncNow(), None, failures.append)
    qtbot.waitUntil(lambda: rows == [()] and [each.code for each in failures] == [Code.OFFLINE])


def test_a_failure_that_nobody_takes_is_told_to_all(qtbot, agent, link):
    agent.answers[SyncNow] = Failure(Code.OFFLINE)
    with qtbot.waitSignal(link.failed) as told:
        link.ask(SyncNow())
    assert told.args[0].code is Code.OFFLINE


def test_a_request_without_an_agent_fails_and_does_not_wait(qtbot, tmp_path, qapp):
    link = Link(tmp_path / "nothing")
    with qtbot.waitSignal(link.failed) as told:
        link.ask(SyncNow())
    assert told.args[0].code is Code.AGENT_NOT_RUNNING


def test_many_requests_go_a_few_at_a_time_and_all_are_answered(qtbot, agent, link):
    agent.answers[ListProblems] = ()
    rows = []
    for _ in range(40):
        link.ask(ListProblems(), rows.append)
    assert len(link._under_way) == module.MOST_AT_ONCE
    qtbot.waitUntil(lambda: len(rows) == 40)
    assert not link._under_way


def test_nobody_is_told_any_more_who_is_gone(qtbot, agent, link):
    agent.answers[ListProblems] = ()
    rows = []
    owner = QObject()
    link.ask(ListProblems(), rows.append, owner=owner)
    owner.deleteLater()
    qtbot.waitUntil(lambda: not link._under_way)
    link.ask(ListProblems(), rows.append)
    qtbot.waitUntil(lambda: bool(rows))
    assert rows == [()]
