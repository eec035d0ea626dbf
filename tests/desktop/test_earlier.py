"""A folder as it was: which one, when, and what came of it."""

import datetime

import pytest
from PySide6.QtCore import QDateTime

from govsync.control.messages import RestoreFolder
from govsync.desktop.dialogs.earlier import EarlierDialog
from govsync.model.activity import FolderBack
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.desktop import samples
from tests.desktop.test_window import button, words

BACK = FolderBack(path=f"{samples.STATUS.folder}/Plans (as of)", count=3, left=1, left_paths=("gone",))


@pytest.fixture
def dialog(qtbot, shown, desk):
    def show(answer, moment=None):
        shown("status", also={RestoreFolder: answer})
        found = EarlierDialog(desk, "Plans", moment)
        qtbot.addWidget(found)
        found.show()
        return found

    return show


def test_a_folder_and_a_moment_are_asked_for_and_what_came_is_said(qtbot, dialog, agent):
    found = dialog(BACK)
    at = samples.NOW - datetime.timedelta(days=1)
    assert found.moment.dateTime() == QDateTime(at.year, at.month, at.day, at.hour, at.minute, 0)
    found.bring.click()
    qtbot.waitUntil(lambda: "3 files are on their way" in found.banner.text())
    assert "1 thing of then cannot come along" in found.banner.text()
    assert found.show_it.isVisible()
    (asked,) = agent.asked_of(RestoreFolder)
    assert asked.path == f"{samples.STATUS.folder}/Plans"
    assert datetime.datetime.fromisoformat(asked.at) == at.replace(second=0, microsecond=0)


def test_the_moment_of_what_happened_is_proposed_and_none_that_is_to_come(dialog):
    moment = samples.NOW - datetime.timedelta(days=9)
    found = dialog(BACK, moment.isoformat())
    assert found.moment.dateTime().toString("dd HH:mm") == f"{moment:%d %H:%M}"
    assert found.moment.maximumDateTime().toString("dd HH:mm") == f"{samples.NOW:%d %H:%M}"


def test_what_cannot_be_done_is_said(qtbot, dialog):
    found = dialog(Failure(Code.NOT_THEN))
    found.bring.click()
    qtbot.waitUntil(lambda: "This folder was not there then." in words(found))
    assert found.bring.isEnabled()
    assert not found.show_it.isVisible()


def test_it_is_opened_from_the_activity_for_all_and_for_the_folder_of_a_row(qtbot, shown):
    page = shown("activity").made("activity")
    button(page, "Earlier…").click()
    qtbot.waitUntil(lambda: page.findChild(EarlierDialog) is not None)
    page.findChild(EarlierDialog).close()
    texts = [action.text() for action in page.menu_of(samples.ACTIVITY[0]).actions()]
    assert "The folder as it was then…" in texts
