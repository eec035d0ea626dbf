"""Activity is searched by the agent, settings are what the agent has, and a desk is left without loss."""

import msgspec
import pytest
from PySide6.QtCore import Qt, QTimer

from govsync.control import messages
from govsync.desktop.commands import Outcome
from govsync.desktop.dialogs.examination import ExaminationDialog
from govsync.desktop.dialogs.leaving import LeavingDialog
from govsync.desktop.dialogs.versions import VersionsDialog
from govsync.desktop.pages import room
from govsync.desktop.pages.moving import Moving
from govsync.desktop.pages.room import Room
from govsync.desktop.pages.settings import about, section
from govsync.desktop.pages.settings.page import SECTIONS, SettingsPage
from govsync.desktop.widgets.emblem import Bar
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import Transfer
from govsync.settings.merge import Effective
from tests.desktop import samples
from tests.desktop.test_window import button, words

WRITTEN = Outcome(True, "Written: /tmp/s.zip\n")


def test_activity_is_listed_newest_first(shown):
    page = shown("activity").made("activity")
    assert page.model.row(0).path == "Planning/Budget.xlsx"
    assert (
        page.model.data(page.model.index(0))
        == "Budget.xlsx. Planning. Saved · Boris Petrović · boris-office. 14:02"
    )


def test_what_is_typed_is_searched_for_by_the_agent_over_all_that_is_kept(qtbot, shown, agent):
    page = shown("activity").made("activity")
    agent.answers[messages.ListActivity] = lambda request: (
        samples.ACTIVITY[5:6] if request.matching == "보고" else ()
    )
    page.search.insert("보고")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    assert agent.asked_of(messages.ListActivity)[-1].matching == "보고"
    page.search.setText("nothing like it")
    qtbot.waitUntil(lambda: "Nothing is called so" in words(page))


def test_new_activity_appears_when_the_desk_changes(qtbot, shown, agent):
    page = shown("activity").made("activity")
    new = msgspec.structs.replace(samples.ACTIVITY[0], id="2000", path="New.docx")
    agent.answers[messages.ListActivity] = samples.pages_of([new, *samples.ACTIVITY])
    agent.become(msgspec.structs.replace(samples.STATUS, last_change=samples.at(14, 21)))
    qtbot.waitUntil(lambda: page.model.row(0).path == "New.docx")


def test_what_was_done_here_by_many_at_once_is_one_row_that_counts_and_leads_to_its_folder(shown):
    page = shown("activity").made("activity")
    (many, whole) = (row for row in samples.ACTIVITY if row.kind == "put_many")
    lines = [page.model.data(page.model.index(number)) for number in range(page.model.rowCount())]
    assert "Harbour. Pictures. Saved 4312 files · here. 13:52" in lines
    assert any(line.startswith("GovSync. Saved 1 file · here. ") for line in lines), (
        "the synced folder itself"
    )
    texts = [[action.text() for action in page.menu_of(row).actions()] for row in (many, whole)]
    assert texts[0] == texts[1]
    assert not {"Versions…", "Open"} & set(texts[0])


def test_ones_own_save_leads_to_its_versions(qtbot, shown, agent):
    page = shown("activity").made("activity")
    mine = next(row for row in samples.ACTIVITY if row.kind == "put" and not row.user)
    next(each for each in page.menu_of(mine).actions() if each.text() == "Versions…").trigger()
    qtbot.waitUntil(lambda: bool(agent.asked_of(messages.ListVersions)))
    (asked,) = agent.asked_of(messages.ListVersions)
    assert asked.path.endswith(mine.path)


def test_a_row_of_activity_can_be_copied(qtbot, shown, dressed):
    page = shown("activity").made("activity")
    menu = page.menu_of(samples.ACTIVITY[0])
    next(each for each in menu.actions() if each.text() == "Copy path").trigger()
    assert dressed.clipboard().text() == "/home/anna/GovSync/Planning/Budget.xlsx"


def test_what_a_policy_fixes_is_locked_and_says_so(shown):
    page = shown("settings").made("settings")
    fixed = page.settings["app.autostart"]
    assert fixed.locked.isVisible()
    assert not fixed.switch.isEnabled()
    assert fixed.switch.isChecked()
    free = page.settings["network.upload_limit"]
    assert free.locked is None
    assert free.field.isEnabled()


def test_what_is_fixed_no_longer_is_no_longer_locked(qtbot, shown, agent):
    page = shown("settings").made("settings")
    setting = page.settings["app.autostart"]
    assert setting.locked.isVisible()
    agent.answers[messages.ListSettings] = samples.settings()
    agent.become(msgspec.structs.replace(agent.status, settings=1))
    qtbot.waitUntil(lambda: setting.locked is None)
    assert setting.switch.isEnabled()


def test_no_click_waits_until_the_whole_page_of_settings_is_made(qtbot, desk, monkeypatch):
    """One section is there at once; the others follow, and the event loop turns between two of them."""
    page = SettingsPage(desk)
    qtbot.addWidget(page)
    made = [len(page.sections)]
    turns = QTimer(page, interval=0)
    turns.timeout.connect(lambda: made.append(len(page.sections)))
    turns.start()
    qtbot.waitUntil(page.is_whole)
    qtbot.waitUntil(lambda: made[-1] == len(SECTIONS))
    assert {*made} == {*range(1, len(SECTIONS) + 1)}


def test_it_says_who_has_fixed_it_and_locks_the_folder_with_its_lock(shown):
    found = samples.settings(sync__on_metered="sync", folder__locked=True)
    found["network.upload_limit"] = Effective(2_000_000, "endpoint", "endpoint")
    page = shown("settings", also={messages.ListSettings: found}).made("settings")
    reasons = {key: words(page.settings[key].locked) for key in ("sync.on_metered", "network.upload_limit")}
    assert "Fixed on this PC by your IT" in reasons["sync.on_metered"]
    assert "Fixed by your organisation" in reasons["network.upload_limit"]
    assert page.settings["network.upload_limit"].field.isReadOnly()
    folder = page.sections[2]
    assert "Fixed on this PC by your IT" in words(folder.where.locked)
    assert not folder.change.isVisible()


def test_a_folder_that_nothing_locks_can_be_changed(shown):
    folder = shown("settings").made("settings").sections[2]
    assert folder.change.isVisible()
    assert folder.where.locked is None


@pytest.mark.parametrize("fixed", [False, True])
def test_notifications_are_turned_off_by_a_switch_unless_a_policy_fixes_them(qtbot, shown, agent, fixed):
    also = {messages.ListSettings: samples.settings(**({"app__notifications": True} if fixed else {}))}
    setting = shown("settings", also=also).made("settings").settings["app.notifications"]
    assert setting.switch.isChecked()
    assert (setting.locked is not None) is fixed
    setting.switch.click()
    if not fixed:
        sent = messages.SetSetting(key="app.notifications", value="false")
        qtbot.waitUntil(lambda: agent.asked_of(messages.SetSetting) == [sent])
    else:
        assert setting.switch.isChecked()


def test_a_value_is_sent_once_when_it_is_done_with(qtbot, shown, agent):
    page = shown("settings").made("settings")
    setting = page.settings["network.upload_limit"]
    assert setting.field.text() == ""
    setting.field.setText("2 MB")
    qtbot.keyClick(setting.field, Qt.Key.Key_Return)
    setting.field.editingFinished.emit()
    sent = messages.SetSetting(key="network.upload_limit", value="2 MB")
    qtbot.waitUntil(lambda: agent.asked_of(messages.SetSetting) == [sent])


def test_the_proxy_is_chosen_or_typed(qtbot, shown, agent):
    page = shown("settings").made("settings")
    setting = page.settings["network.proxy"]
    assert setting.choice.value() == "system"
    assert not setting.field.isVisible()
    actions = {action.text(): action for action in setting.choice.menu().actions()}
    actions["None"].trigger()
    actions["Address"].trigger()
    setting.field.setText("http://proxy:3128")
    setting.field.editingFinished.emit()
    sent = [messages.SetSetting(key="network.proxy", value=value) for value in ("none", "http://proxy:3128")]
    qtbot.waitUntil(lambda: agent.asked_of(messages.SetSetting) == sent)


def test_a_proxy_of_the_organisation_s_is_shown_and_locked(shown):
    policy = samples.settings(network__proxy="http://proxy:3128", sync__on_metered="sync")
    page = shown("settings", also={messages.ListSettings: policy}).made("settings")
    proxy, metered = page.settings["network.proxy"], page.settings["sync.on_metered"]
    assert (proxy.field.text(), proxy.field.isEnabled(), proxy.choice.isEnabled()) == (
        "http://proxy:3128",
        False,
        False,
    )
    assert (metered.switch.isChecked(), metered.switch.isEnabled()) == (False, False)
    assert proxy.locked.isVisible()
    assert metered.locked.isVisible()


def test_a_metered_line_pauses_or_does_not(qtbot, shown, agent):
    page = shown("settings").made("settings")
    switch = page.settings["sync.on_metered"].switch
    assert switch.isChecked()
    switch.click()
    sent = messages.SetSetting(key="sync.on_metered", value="sync")
    qtbot.waitUntil(lambda: agent.asked_of(messages.SetSetting) == [sent])


def test_a_value_that_cannot_be_is_said_beside_its_field(qtbot, shown):
    bad = Failure(Code.SETTING_BAD, name="network.upload_limit", value="fast")
    page = shown("settings", also={messages.SetSetting: bad}).made("settings")
    setting = page.settings["network.upload_limit"]
    setting.field.setText("fast")
    setting.field.editingFinished.emit()
    qtbot.waitUntil(lambda: "fast is no value for network.upload_limit." in words(setting))
    assert setting.field.property("wrong")


def test_a_switch_that_the_agent_refuses_goes_back(qtbot, shown):
    also = {
        messages.ListSettings: samples.settings(),
        messages.SetSetting: Failure(Code.SETTING_FIXED, name="x"),
    }
    page = shown("settings", also=also).made("settings")
    switch = page.settings["app.autostart"].switch
    assert switch.isChecked()
    switch.click()
    qtbot.waitUntil(lambda: switch.isChecked())


def test_who_leaves_is_told_what_is_not_sent_and_stays_unless_it_is_meant(qtbot, desk, agent):
    agent.status = samples.SYNCING
    desk.link.watch()
    qtbot.waitUntil(lambda: desk.status is not None)
    ran = []
    dialog = LeavingDialog(desk, runs=lambda arguments, then, *_: ran.append((arguments, then)))
    qtbot.addWidget(dialog)
    dialog.show()
    assert "24 changes are not on the server yet." in words(dialog)
    assert dialog.stay.isDefault()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert ran == []
    dialog = LeavingDialog(desk, runs=lambda arguments, then, *_: ran.append((arguments, then)))
    dialog.show()
    dialog.leave.click()
    assert ran[0][0] == ("logout",)
    ran[0][1](Outcome(False, "", "GovSync is running already."))
    assert "GovSync is running already." in words(dialog)
    ran[0][1](Outcome(True, ""))


def test_who_leaves_may_have_the_files_removed_and_sees_what_stays(qtbot, desk):
    ran = []
    dialog = LeavingDialog(desk, runs=lambda arguments, then, *_: ran.append((arguments, then)))
    dialog.show()
    assert dialog.keep.isChecked()
    dialog.remove.click()
    dialog.leave.click()
    assert ran[0][0] == ("logout", "--remove-files")
    ran[0][1](Outcome(True, "Signed out. 3 files were removed. 1 stays here.\nStays: new.txt\n"))
    assert "Stays: new.txt" in words(dialog)
    assert dialog.isVisible()
    assert not dialog.leave.isEnabled()
    with qtbot.waitSignal(dialog.destroyed):
        dialog.stay.click()


def test_a_version_is_brought_back_and_the_one_that_is_there_is_not_offered(qtbot, desk, agent):
    agent.answers, agent.status = samples.answers(), samples.STATUS
    desk.link.watch()
    qtbot.waitUntil(lambda: desk.status is not None)
    dialog = VersionsDialog(desk, "Planning/Budget.xlsx")
    dialog.show()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 3)
    dialog.list.setCurrentIndex(dialog.model.index(0))
    assert not dialog.restore.isEnabled()
    dialog.list.setCurrentIndex(dialog.model.index(2))
    dialog.restore.click()
    asked = messages.Restore(path="/home/anna/GovSync/Planning/Budget.xlsx", revision="2")
    qtbot.waitUntil(lambda: agent.asked_of(messages.Restore) == [asked])


@pytest.mark.parametrize("printed", ["", "[", '[{"check":1}]', "Traceback"])
def test_an_examination_that_says_nothing_is_said(qtbot, desk, printed):
    dialog = ExaminationDialog(desk, runs=lambda *_: None)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.show_outcome(Outcome(False, printed, ""))
    assert "It could not be examined." in words(dialog)


@pytest.mark.parametrize(
    ("chosen", "commands"), [("/tmp/s.zip", [("support-bundle", "--", "/tmp/s.zip")]), ("", [])]
)
def test_a_file_for_support_is_written_where_the_person_says(shown, monkeypatch, chosen, commands):
    proposed, ran, told = [], [], []
    window = shown("settings")
    page = window.made("settings")
    monkeypatch.setattr(
        about.QFileDialog,
        "getSaveFileName",
        lambda *given, **_: (proposed.append(given[2]), (chosen, ""))[1],
    )
    monkeypatch.setattr(section, "run", lambda arguments, then, _: (ran.append(arguments), then(WRITTEN)))
    page._desk.told.connect(told.append)
    button(page, "Support file…").click()
    assert proposed[0].endswith("/govsync-support-2026-11-24.zip")
    assert ran == commands
    assert told == (["Written: /tmp/s.zip"] if chosen else [])


def test_shared_folders_say_whose_they_are_and_what_one_may(shown):
    text = words(shown("sharing").made("sharing"))
    assert "Planning" in text
    assert "your division's · can edit" in text
    assert "shared folder · can view" in text


def moving(count: int, **also):
    """A desk that moves so many files."""
    transfers = tuple(
        Transfer(
            path=f"Planning/{number}.tif", direction="down", done_bytes=number << 20, size_bytes=16 << 20
        )
        for number in range(min(count, 6))
    )
    return msgspec.structs.replace(samples.SYNCING, transfers=transfers, transferring=count, **also)


def card_of(qtbot, shown, status) -> Moving:
    """Answers the card of what moves, as soon as it shows all for which it has room."""
    card = shown("status", status).made("status").findChild(Moving)
    qtbot.waitUntil(lambda: card.rows[min(len(status.transfers), len(card.rows)) - 1].isVisible())
    return card


def test_rows_that_are_shown_for_the_first_time_keep_the_window_from_nothing_else(qtbot, desk):
    """Each is shown in a turn of its own, and what is not shown yet is said to be more."""
    card = Moving(desk.palette)
    qtbot.addWidget(card)

    def look() -> tuple[int, bool]:
        return sum(each.isVisible() for each in card.rows), card.more.isVisible()

    card.show_status(moving(5))
    seen = [look()]
    turns = QTimer(card, interval=0)
    turns.timeout.connect(lambda: seen.append(look()))
    turns.start()
    qtbot.waitUntil(lambda: seen[-1][0] == 5)
    assert dict(seen) == {1: True, 2: True, 3: True, 4: True, 5: False}


def test_what_moves_now_is_shown_file_by_file_and_of_many_the_first_five(qtbot, shown):
    card = card_of(qtbot, shown, moving(19))
    text = words(card)
    assert [f"{number}.tif" in text for number in range(6)] == [True] * 5 + [False]
    assert "4.0 MiB of 16.0 MiB" in text
    assert "and 14 more" in text
    assert card.rows[4].findChild(Bar).share() == 0.25


def test_as_many_as_there_is_room_for_leave_nothing_unsaid(qtbot, shown):
    text = words(card_of(qtbot, shown, moving(5)))
    assert "4.tif" in text
    assert "more" not in text


def test_what_has_passed_is_not_shown_any_longer(qtbot, shown, agent):
    card = card_of(qtbot, shown, moving(3))
    agent.become(moving(1))
    qtbot.waitUntil(lambda: not card.rows[1].isVisible())
    assert card.rows[0].isVisible()
    agent.become(moving(0))
    qtbot.waitUntil(lambda: not card.isVisible(), timeout=10_000)
    agent.become(moving(2))
    qtbot.waitUntil(card.isVisible)
    agent.become(samples.IN_SYNC)
    qtbot.waitUntil(lambda: not card.isVisible())


def test_how_full_a_space_is_can_be_seen_and_read_where_it_may_hold_only_so_much(shown):
    card = shown("status").made("status").findChild(Room)
    assert [bar.share() for bar in card.findChildren(Bar)] == [0.7, 0.97]
    text = words(card)
    assert "14.0 GiB of 20.0 GiB used" in text
    assert "6.0 GiB left" in text
    assert "Your own files" in text
    assert "Nearly full: 3.0 GiB left" in text
    assert "Elections 2027" not in text


@pytest.mark.parametrize(
    "rows", [(), samples.ROOM[2:], Failure(Code.AGENT_DIFFERS)], ids=["none", "no quota", "not known"]
)
def test_where_there_is_no_quota_nothing_is_shown_of_it(shown, rows):
    assert not shown("status", also={messages.ListRoom: rows}).made("status").findChild(Room).isVisible()


def test_a_space_that_is_full_says_so(shown):
    full = msgspec.structs.replace(samples.ROOM[0], used_bytes=21 << 30)
    card = shown("status", also={messages.ListRoom: (full,)}).made("status").findChild(Room)
    assert "Full: what makes it fuller waits here." in words(card)


def test_the_server_is_asked_how_full_it_is_when_something_has_changed_and_only_then(
    qtbot, shown, agent, desk, monkeypatch
):
    monkeypatch.setattr(room, "LOOK_AGAIN_MS", 10)
    window = shown("status")
    card = window.made("status").findChild(Room)

    def become(status) -> int:
        """Answers how often the server had been asked when the desk was so and nothing was left to come of it."""
        agent.become(status)
        qtbot.waitUntil(lambda: desk.status == status)
        qtbot.waitUntil(
            lambda: not card._again.isActive() and not desk.link._under_way and not desk.link._waiting
        )
        return len(agent.asked_of(messages.ListRoom))

    def changed(minute: int):
        return msgspec.structs.replace(samples.STATUS, last_change=samples.at(14, minute))

    assert become(moving(1)) == become(samples.STATUS) == 1
    assert become(changed(21)) == 2
    assert become(samples.OFFLINE) == 2
    assert not card.isVisible()
    assert become(samples.STATUS) == 3
    assert card.isVisible()
    window.hide()
    assert become(changed(25)) == 3, "nobody looks"
    window.show()
    qtbot.waitUntil(lambda: len(agent.asked_of(messages.ListRoom)) == 4)
