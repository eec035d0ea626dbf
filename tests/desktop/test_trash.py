"""What was deleted is found and brought back, and nothing is said to be back that is not."""

import pytest
from PySide6.QtCore import QItemSelectionModel

from govsync.control import messages
from govsync.desktop.dialogs.trash import TrashDialog
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.desktop import samples
from tests.desktop.test_window import button, words


@pytest.fixture
def trash(qtbot, desk, agent):
    def open_(also=None) -> TrashDialog:
        agent.answers = samples.answers() | (also or {})
        dialog = TrashDialog(desk)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: "The server is asked…" not in words(dialog))
        return dialog

    return open_


def ids(dialog) -> list[str]:
    return [dialog.model.row(number).id for number in range(dialog.model.rowCount())]


def choose(dialog, *numbers: int) -> None:
    for number in numbers:
        dialog.list.selectionModel().select(
            dialog.model.index(number), QItemSelectionModel.SelectionFlag.Select
        )


def test_it_is_listed_newest_first_over_all_spaces(trash):
    dialog = trash()
    assert ids(dialog) == ["03", "01", "02"]
    assert not dialog.banner.isVisible()
    spoken = dialog.model.data(dialog.model.index(1))
    assert spoken == "Site 3.png. Pictures. 11:15 · 이지은 · jieun-laptop. 1.3 MiB"


@pytest.mark.parametrize(
    ("typed", "found"),
    [("site", ["01"]), ("PETROVIĆ", ["02"]), ("회의", ["03"]), ("minsu-desk", ["03"]), ("none", []), ("", ["03", "01", "02"])],
)  # fmt: skip
def test_it_is_searched_for_files_people_and_devices(trash, typed, found):
    dialog = trash()
    dialog.search.setText(typed)
    assert ids(dialog) == found


def test_what_is_chosen_is_brought_back_and_leaves_the_list(qtbot, trash, agent):
    dialog = trash()
    assert not dialog.restore.isEnabled()
    choose(dialog, 0, 2)
    agent.answers[messages.ListTrash] = samples.TRASH[:1]
    dialog.restore.click()
    qtbot.waitUntil(lambda: ids(dialog) == ["01"])
    assert [set(each.ids) for each in agent.asked_of(messages.RestoreFromTrash)] == [{"02", "03"}]
    assert "2 things are on their way back." in words(dialog)
    assert not dialog.restore.isEnabled()


def test_what_is_hidden_by_a_search_is_not_brought_back(qtbot, trash, agent):
    dialog = trash()
    choose(dialog, 0)
    dialog.search.setText("site")
    assert not dialog.restore.isEnabled()
    choose(dialog, 0)
    dialog.restore.click()
    asked = messages.RestoreFromTrash(ids=("01",))
    qtbot.waitUntil(lambda: agent.asked_of(messages.RestoreFromTrash) == [asked])


def test_what_cannot_be_brought_back_is_said_and_stays(qtbot, trash):
    dialog = trash({messages.RestoreFromTrash: Failure(Code.OFFLINE)})
    choose(dialog, 0)
    dialog.restore.click()
    qtbot.waitUntil(lambda: "The server cannot be reached." in words(dialog))
    assert "back" not in dialog.banner.text()
    assert len(ids(dialog)) == 3
    assert dialog.restore.isEnabled()


def test_an_empty_trash_and_one_that_cannot_be_seen_are_two_things(trash):
    assert "The trash is empty." in words(trash({messages.ListTrash: ()}))
    unseen = words(trash({messages.ListTrash: Failure(Code.OFFLINE)}))
    assert "The server cannot be reached." in unseen
    assert "empty" not in unseen


def test_it_is_opened_from_the_activity(qtbot, shown, agent):
    page = shown("activity").made("activity")
    button(page, "Trash…").click()
    qtbot.waitUntil(lambda: page.findChild(TrashDialog) is not None)
    qtbot.waitUntil(lambda: ids(page.findChild(TrashDialog)) == ["03", "01", "02"])
    page.findChild(TrashDialog).close()
