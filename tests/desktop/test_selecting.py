"""The tree of folders asks for what is opened, and shows a tick as the agent has it."""

import pytest
from PySide6.QtCore import Qt

from govsync.control import messages
from govsync.desktop.dialogs.selecting import SelectingDialog
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.desktop import samples
from tests.desktop.test_window import button, words

CHECKED, PARTLY, OFF = Qt.CheckState.Checked, Qt.CheckState.PartiallyChecked, Qt.CheckState.Unchecked


@pytest.fixture
def dialog(qtbot, desk, agent):
    agent.status = samples.IN_SYNC
    agent.answers = samples.answers()
    desk.link.watch()
    qtbot.waitUntil(lambda: desk.status == samples.IN_SYNC)
    found = SelectingDialog(desk)
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.tree.topLevelItemCount() == 3)
    return found


def rows(item) -> list[tuple[str, str, Qt.CheckState]]:
    children = [item.child(number) for number in range(item.childCount())]
    return [(each.text(0), each.text(1), each.checkState(0)) for each in children]


def asked(agent) -> list[str]:
    return [each.path for each in agent.asked_of(messages.ListFolders)]


def test_what_is_at_the_top_is_listed_with_sizes_and_more_only_when_it_is_opened(qtbot, dialog, agent):
    top = dialog.tree.invisibleRootItem()
    assert rows(top) == [
        ("Archive", "1.9 TiB", OFF),
        ("Planning", "3.0 MiB", PARTLY),
        ("Team", "0 bytes", CHECKED),
    ]
    folder = samples.IN_SYNC.folder
    assert asked(agent) == [folder]
    dialog.tree.expandItem(top.child(1))
    qtbot.waitUntil(lambda: rows(top.child(1)) != [])
    assert rows(top.child(1)) == [("2025", "2.0 MiB", CHECKED), ("2026", "1.0 MiB", OFF)]
    assert asked(agent) == [folder, f"{folder}/Planning"]


def test_a_tick_is_asked_for_and_shown_as_the_agent_has_it(qtbot, dialog, agent):
    top = dialog.tree.invisibleRootItem()
    folder = samples.IN_SYNC.folder
    dialog.tree.expandItem(top.child(1))
    qtbot.waitUntil(lambda: rows(top.child(1)) != [])
    agent.answers[messages.ListFolders] = lambda request: samples.folders(request, everything=True)
    top.child(1).child(1).setCheckState(0, CHECKED)
    qtbot.waitUntil(lambda: top.child(1).checkState(0) is CHECKED)
    assert agent.asked_of(messages.Include) == [messages.Include(path=f"{folder}/Planning/2026")]
    top.child(2).setCheckState(0, OFF)
    qtbot.waitUntil(lambda: top.child(2).checkState(0) is CHECKED)
    assert agent.asked_of(messages.Exclude) == [messages.Exclude(path=f"{folder}/Team")]


def test_what_could_not_be_done_is_said_and_the_tick_is_back(qtbot, dialog, agent):
    agent.answers[messages.Exclude] = Failure(Code.NOT_SENT)
    team = dialog.tree.invisibleRootItem().child(2)
    team.setCheckState(0, OFF)
    qtbot.waitUntil(lambda: team.checkState(0) is CHECKED)
    assert "It has changes that are not on the server yet." in words(dialog)


def test_it_is_opened_from_the_settings(qtbot, shown):
    page = shown("settings").made("settings")
    button(page, "Choose…").click()
    qtbot.waitUntil(lambda: page.findChild(SelectingDialog) is not None)
    page.findChild(SelectingDialog).close()
