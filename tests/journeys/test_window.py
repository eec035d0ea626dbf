"""The window beside real agents: what people do on the disk is seen in it, and what is clicked in it happens on the disk."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import datetime

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QPushButton

from govsync.desktop.desk import Desk as Shown
from govsync.desktop.dialogs.sharing import SharingDialog
from govsync.desktop.dialogs.trash import TrashDialog
from govsync.desktop.link import Link
from govsync.desktop.pages.concerns import ConflictPane, HoldPane
from govsync.desktop.pages.moving import Moving
from govsync.desktop.pages.room import Room
from govsync.desktop.theme import LIGHT, dress
from govsync.desktop.window import Window
from govsync.model.status import State
from govsync.system.places import places
from tests.desktop.test_window import button, words
from tests.journeys.conftest import Site
from tests.journeys.site import Desk
from tests.journeys.test_quota import allow

pytestmark = pytest.mark.journey
LIMIT_MS = 60_000


@pytest.fixture
def window_of(qtbot, qapp):
    """Answers the window of a desk, when it knows how that is."""
    dress(qapp, LIGHT)
    links = []

    def make(desk: Desk) -> Window:
        link = Link(places({"GOVSYNC_HOME": str(desk.base / "home")}).socket)
        links.append(link)
        shown = Shown(link, LIGHT, lambda: datetime.datetime.now().astimezone())
        window = Window(shown, QSettings(str(desk.base / "window.ini"), QSettings.Format.IniFormat))
        qtbot.addWidget(window)
        window.turn_to("status")
        window.show()
        link.watch()
        qtbot.waitUntil(
            lambda: shown.status is not None and shown.status.state is State.IN_SYNC, timeout=LIMIT_MS
        )
        return window

    yield make
    for link in links:
        link.deleteLater()


def state(window: Window) -> State | None:
    status = window._desk.status
    return None if status is None else status.state


def test_what_happens_on_a_desk_is_seen_in_its_window(qtbot, site: Site, window_of) -> None:
    office = site.desk("office")
    window = window_of(office)
    assert "In sync" in words(window.made("status"))
    office.do("pause")
    qtbot.waitUntil(lambda: "Paused" in words(window), timeout=LIMIT_MS)
    office.write("Plans/budget.txt", "first")
    assert "Nothing waits" not in words(window)
    page = window.made("status")
    qtbot.waitUntil(
        lambda: any(each.text() == "Resume" and each.isVisible() for each in page.findChildren(QPushButton))
    )
    button(window, "Resume").click()
    qtbot.waitUntil(lambda: state(window) is State.IN_SYNC, timeout=LIMIT_MS)
    office.kill()
    qtbot.waitUntil(lambda: "Not running" in words(window), timeout=LIMIT_MS)
    assert "In sync" not in words(window)
    office.start()
    qtbot.waitUntil(lambda: "In sync" in words(window), timeout=LIMIT_MS)


def test_many_deletions_are_taken_back_by_one_click(qtbot, site: Site, window_of) -> None:
    office = site.desk("office")
    office.do("settings", "set", "hold.deletions", "5")
    for number in range(20):
        office.write(f"Reports/{number}.txt", f"report {number}")
    office.wait()
    window = window_of(office)
    for number in range(20):
        (office.folder / f"Reports/{number}.txt").unlink()
    qtbot.waitUntil(lambda: state(window) is State.HOLD, timeout=LIMIT_MS)
    page = window.made("problems")
    qtbot.waitUntil(lambda: bool(page.details.findChildren(HoldPane)), timeout=LIMIT_MS)
    page.details.findChildren(HoldPane)[-1].keep.click()
    qtbot.waitUntil(lambda: state(window) is State.IN_SYNC, timeout=LIMIT_MS)
    office.wait()
    assert len(list((office.folder / "Reports").iterdir())) == 20


def test_two_versions_are_settled_and_a_folder_is_shared_by_clicks(qtbot, site: Site, window_of) -> None:
    office, home = site.desk("office"), site.desk("home")
    boris = site.desk("boris", "boris")
    office.write("Plans/budget.txt", "first")
    office.wait()
    home.wait()
    for desk, content in ((office, "of the office"), (home, "of home")):
        desk.do("pause")
        desk.write("Plans/budget.txt", content)
    for desk in (office, home):
        desk.do("resume")
        desk.wait()
    office.wait()
    window = window_of(office)
    page = window.made("problems")
    qtbot.waitUntil(lambda: bool(page.details.findChildren(ConflictPane)), timeout=LIMIT_MS)
    kept = office.files()["Plans/budget.txt"]
    button(page.details.findChildren(ConflictPane)[-1].theirs, "Keep only this").click()
    qtbot.waitUntil(lambda: page.empty.isVisible(), timeout=LIMIT_MS)
    assert office.files() == {"Plans/budget.txt": kept}
    dialog = SharingDialog(window._desk, "Plans", "", lambda: None)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.who.setText("bor")
    dialog.who.textEdited.emit("bor")
    qtbot.waitUntil(lambda: dialog.found.isVisible(), timeout=LIMIT_MS)
    dialog.found.findChildren(type(dialog.found.layout().itemAt(0).widget()))[0].click()
    dialog.add.click()
    qtbot.waitUntil(lambda: "Boris" in words(dialog), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: boris.files().get("Plans/budget.txt") == kept, timeout=LIMIT_MS)


def test_what_moves_how_full_the_space_is_and_what_was_deleted_are_seen_and_brought_back_by_a_click(
    qtbot, site: Site, window_of
) -> None:
    office = site.desk("office")
    office.write("Plans/budget.txt", "words")
    office.wait()
    (office.folder / "Plans" / "budget.txt").unlink()
    office.wait()
    allow(site, 4_000_000)
    office.do("settings", "set", "network.upload_limit", "300 KB")
    window = window_of(office)
    page = window.made("status")
    room, moving = page.findChild(Room), page.findChild(Moving)
    qtbot.waitUntil(lambda: "0 bytes of 3.8 MiB used" in words(room), timeout=LIMIT_MS)
    office.write("Plans/Large.bin", os.urandom(1_500_000))
    qtbot.waitUntil(lambda: "Large.bin\n0 bytes of 1.4 MiB" in words(moving), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not moving.isVisible(), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: "1.4 MiB of 3.8 MiB used" in words(room), timeout=LIMIT_MS)
    dialog = TrashDialog(window._desk)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 1, timeout=LIMIT_MS)
    dialog.list.selectRow(0)
    dialog.restore.click()
    qtbot.waitUntil(lambda: office.files().get("Plans/budget.txt") == b"words", timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 0, timeout=LIMIT_MS)
