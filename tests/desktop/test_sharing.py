"""Sharing by typing a name: two people of one name are told apart, and nobody is added who was not chosen."""

import pytest
from PySide6.QtWidgets import QLabel
from shiboken6 import isValid

from govsync.control import messages
from govsync.desktop.dialogs.sharing import SharingDialog
from govsync.desktop.widgets.glimpse import Glimpse
from govsync.model.codes import Code
from govsync.model.problems import Failure
from tests.desktop import samples
from tests.desktop.test_window import button, words

PATH = "/home/anna/GovSync/Planning"


@pytest.fixture
def dialog(qtbot, desk, agent):
    made: list[SharingDialog] = []

    def make(role: str = "manager", also=None) -> SharingDialog:
        agent.answers, agent.status = samples.answers() | (also or {}), samples.STATUS
        desk.link.watch()
        qtbot.waitUntil(lambda: desk.status is not None)
        found = SharingDialog(desk, "Planning", role, lambda: None)
        made.append(found)
        found.show()
        qtbot.waitUntil(lambda: not desk.link._under_way)
        return found

    yield make
    for each in made:
        if isValid(each):  # One that was left has closed itself, and is gone.
            each.close()


def test_members_are_shown_with_where_they_belong_and_what_they_may(qtbot, dialog):
    shown = dialog()
    for said in (
        "Anna Kim (you)",
        "Ministry / Planning · boris",
        "Јелена Ђорђевић",
        "Statistics Office / Survey · jelena",
    ):
        qtbot.waitUntil(lambda said=said: said in words(shown))


def test_two_people_of_one_name_are_told_apart_and_the_chosen_one_is_added(qtbot, dialog, agent):
    shown = dialog()
    shown.who.setText("김민")
    shown.who.textEdited.emit("김민")
    qtbot.waitUntil(lambda: len(shown.found.findChildren(Glimpse)) == 2)
    assert agent.asked_of(messages.FindMembers) == [messages.FindMembers(text="김민")]
    first, second = shown.found.findChildren(Glimpse)
    assert first.shown().title == second.shown().title
    assert first.accessibleName() != second.accessibleName()
    second.click()
    shown.add.click()
    added = messages.AddShare(path=PATH, who="kim.minsu2", role="editor")
    qtbot.waitUntil(lambda: agent.asked_of(messages.AddShare) == [added])
    qtbot.waitUntil(lambda: shown.focusWidget() is shown.who)  # The next name may follow.


def test_what_was_only_typed_is_shared_with_nobody(qtbot, dialog, agent):
    shown = dialog()
    shown.who.setText("kim.minsu")
    shown.who.textEdited.emit("kim.minsu")
    assert not shown.add.isEnabled()
    shown._add()
    qtbot.waitUntil(lambda: bool(shown.found.findChildren(Glimpse)))
    shown.found.findChildren(Glimpse)[0].click()
    assert shown.add.isEnabled()
    shown.who.textEdited.emit("kim.minsuu")
    assert not shown.add.isEnabled(), "it is another name now"
    assert agent.asked_of(messages.AddShare) == []


def test_one_letter_asks_nobody(qtbot, dialog, agent):
    shown = dialog()
    shown.who.setText("k")
    shown.who.textEdited.emit("k")
    qtbot.waitUntil(lambda: not shown._typed.isActive())
    assert agent.asked_of(messages.FindMembers) == []


@pytest.mark.parametrize(("role", "may", "manages"), [("viewer", False, False), ("editor", True, False), ("manager", True, True), ("", True, True)])  # fmt: skip
def test_what_one_may_not_do_is_not_offered(dialog, role, may, manages):
    shown = dialog(role)
    assert shown.who.isVisible() is may
    assert shown.link.isVisible() is may
    changing = [each for each in samples.MEMBERS if f"{each.title}: " in accessible(shown)]
    assert bool(changing) is (manages and role != "")


def accessible(widget) -> str:
    return "\n".join(
        each.accessibleName() for each in widget.findChildren(object) if hasattr(each, "accessibleName")
    )


def test_a_role_is_changed_and_taken_away_from_the_menu_of_a_member(qtbot, dialog, agent):
    menu = dialog().menu_of(samples.MEMBERS[1])
    next(each for each in menu.actions() if each.text() == "can view").trigger()
    asked = messages.AddShare(path=PATH, who="boris", role="viewer")
    qtbot.waitUntil(lambda: agent.asked_of(messages.AddShare) == [asked])
    menu.actions()[-1].trigger()
    qtbot.waitUntil(
        lambda: agent.asked_of(messages.RemoveShare) == [messages.RemoveShare(path=PATH, who="boris")]
    )


def test_a_refusal_is_said_in_words_and_nothing_is_lost_of_what_was_typed(qtbot, dialog):
    shown = dialog(also={messages.AddShare: Failure(Code.SHARE_OUTSIDE)})
    shown.choose(samples.FOUND[0])
    shown.add.click()
    qtbot.waitUntil(lambda: "The rules of the organisations" in words(shown))
    assert shown.who.text() == "김민수"
    assert shown.add.isEnabled()


def test_a_link_is_copied_and_its_address_is_told_this_once(qtbot, dialog, agent, dressed):
    shown = dialog()
    shown.password.setText("secret")
    shown.link.click()
    qtbot.waitUntil(lambda: "The link is copied" in words(shown))
    assert dressed.clipboard().text() == "https://drive.example.gov/l/x7Yk2"
    assert agent.asked_of(messages.AddLink) == [
        messages.AddLink(path=PATH, seconds=7 * 86_400, password="secret")
    ]
    assert shown.password.text() == ""


def test_a_folder_that_is_not_shared_yet_says_how(dialog):
    assert "Nobody else has this folder yet." in words(dialog(""))


def test_leaving_is_asked_of_the_agent(qtbot, dialog, agent):
    shown = dialog("viewer")
    button(shown, "Leave this folder").click()
    qtbot.waitUntil(lambda: agent.asked_of(messages.LeaveShare) == [messages.LeaveShare(path=PATH)])


def test_only_folders_that_are_synced_are_shared(qtbot, shown):
    window = shown("sharing")
    page = window.made("sharing")
    page.share_folder("/etc")
    assert "Only folders in /home/anna/GovSync can be shared." in words(window)
    page.share_folder("/home/anna/GovSync")
    assert page.findChildren(SharingDialog) == []
    page.share_folder("/home/anna/GovSync/Planning")
    (opened,) = page.findChildren(SharingDialog)
    assert opened._shared


def test_links_that_open_something_are_listed_and_ended(qtbot, shown, agent):
    page = shown("sharing").made("sharing")
    qtbot.waitUntil(lambda: "until 30 Nov, 10:00" in words(page))
    assert "with a password · 3 downloads left" in words(page)
    button(page, "End").click()
    qtbot.waitUntil(lambda: agent.asked_of(messages.RemoveLink) == [messages.RemoveLink(id="ab")])


@pytest.mark.parametrize(
    "name", samples.HOSTILE, ids=["markup", "right-to-left", "long", "emoji", "control", "entity"]
)
def test_a_member_with_a_strange_name_is_shown_as_text(qtbot, desk, dialog, name):
    import msgspec

    member = msgspec.structs.replace(samples.MEMBERS[1], title=name, detail=name, with_=name)
    found = msgspec.structs.replace(samples.FOUND[0], title=name, detail=name, with_=name)
    shown = dialog(also={messages.ListShares: (member,), messages.FindMembers: (found,)})
    shown._show_found((found,))
    shown.grab()
    assert all("\x1b" not in each.text() and "\n" not in each.text() for each in shown.findChildren(QLabel))
    assert shown.width() <= 700
