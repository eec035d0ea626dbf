"""One app a home; it finds the agent, starts one that was killed, and leaves one alone that was asked to stop."""

import os
import subprocess
import sys

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from govsync.control.messages import ListSettings, Stop
from govsync.desktop.app import Begin
from govsync.desktop.commands import Outcome
from govsync.desktop.dialogs.earlier import EarlierDialog
from govsync.desktop.dialogs.first import DONE
from govsync.desktop.dialogs.sharing import SharingDialog
from govsync.desktop.dialogs.versions import VersionsDialog
from govsync.desktop.place import MARGIN
from govsync.desktop.single import Single, tell_first
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import State
from tests.desktop import samples
from tests.desktop.conftest import BEGUN
from tests.desktop.test_window import words


def test_it_starts_the_agent_where_none_runs_and_shows_the_window(qtbot, app, agent, ran):
    agent.end()
    found = app()
    assert found.window is not None
    qtbot.waitUntil(lambda: ran == [("start",)])
    agent.begin()
    found._started(Outcome(True, ""))
    qtbot.waitUntil(lambda: "In sync" in words(found.window))
    assert ran == [("start",)]


def test_an_agent_that_runs_is_not_started(qtbot, app, ran):
    found = app()
    qtbot.waitUntil(lambda: "In sync" in words(found.window))
    assert ran == []


def test_minimized_it_shows_no_window_until_somebody_wants_it(qtbot, app, ran):
    found = app(Begin(endpoint="", login="anna", folder=None, begun=True, minimized=True))
    assert found.window is None
    found.tray.opened.emit()
    assert found.window is not None
    assert found.window.isVisible()


def test_the_icon_opens_the_window_beside_itself_and_leaves_one_alone_that_is_seen(app, ran, monkeypatch):
    found = app(Begin(endpoint="", login="anna", folder=None, begun=True, minimized=True))
    screen = QGuiApplication.primaryScreen().availableGeometry()
    icon = QRect(screen.right() - 30, screen.bottom() - 30, 24, 24)
    monkeypatch.setattr(found.tray, "place", lambda: icon)
    found.tray.opened.emit()
    assert found.window.x() == MARGIN, "it has no more room"
    assert 0 < found.window.geometry().bottom() < icon.top()
    found.window.move(1, 2)
    found.tray.opened.emit()
    assert found.window.pos().toTuple() == (1, 2)
    monkeypatch.setattr(found.tray, "place", QRect)  # Not every desktop tells.
    found.window.close()
    found.tray.opened.emit()
    assert found.window.pos().toTuple() == (1, 2)


def test_before_there_is_a_desk_it_asks_for_one(app, ran):
    found = app(Begin(endpoint="https://drive.example.gov", login="", folder=None, begun=False))
    assert found.first is not None
    assert found.first.isVisible()
    assert found.first.address.text() == "https://drive.example.gov"
    assert ran == []
    assert found.tray.shape is State.SIGNED_OUT
    found.first.finished.emit(True)
    assert found.first is None
    assert found.window is not None


def test_a_first_start_that_is_closed_when_all_is_done_leaves_the_icon_alone(qtbot, app, ran, monkeypatch):
    found = app(Begin(endpoint="https://drive.example.gov", login="", folder=None, begun=False))
    monkeypatch.setattr(found.tray, "is_shown", lambda: True)
    found.first.turn_to(DONE)
    found.first.close()
    assert found.first is None
    assert found.window is None
    qtbot.waitUntil(lambda: found.tray.shape is State.IN_SYNC)


def test_a_first_start_that_is_given_up_ends_the_app_where_nobody_would_find_it(app, ran, monkeypatch):
    quits = []
    monkeypatch.setattr(QApplication, "quit", lambda: quits.append(1))
    found = app(Begin(endpoint="", login="", folder=None, begun=False))
    found.first.close()
    assert quits == [1]
    monkeypatch.setattr(found.tray, "is_shown", lambda: True)
    found.first.show()
    found.first.close()
    assert quits == [1]


def test_an_agent_that_was_killed_is_started_again(qtbot, app, agent, ran, home):
    found = app()
    qtbot.waitUntil(lambda: found.desk.status is not None)
    agent.end()
    home.socket.touch()  # What a process leaves that had no time to tidy up.
    qtbot.waitUntil(lambda: ran == [("start",)])


def test_an_agent_that_was_asked_to_stop_stays_stopped(qtbot, app, agent, ran, home):
    found = app()
    qtbot.waitUntil(lambda: found.desk.status is not None)
    agent.end()
    home.socket.unlink(missing_ok=True)
    qtbot.waitUntil(lambda: found.desk.failure is not None)
    qtbot.wait(100)
    assert ran == []
    found.desk.restart.emit()
    assert ran == [("start",)]


def test_an_agent_of_another_version_is_started_anew(qtbot, app, ran):
    found = app()
    found._starting = False
    found.desk.failure = Failure(Code.AGENT_DIFFERS)
    found.desk.restart.emit()
    assert ran[-1] == ("restart",)


def test_a_second_app_hands_over_what_is_wanted_and_ends(qtbot, app, ran, home):
    single = Single(home.home)
    single.listen()
    found = app(single=single)
    with pytest.raises(Failure) as failed:
        Single(home.home)
    assert failed.value.code is Code.HOME_IN_USE
    found.window.hide()
    assert tell_first(home.home, "problems")
    qtbot.waitUntil(lambda: found.window.isVisible() and found.window.page == "problems")
    assert tell_first(home.home, "no such page")
    qtbot.waitUntil(lambda: found.window.page == "status")
    single.release()
    Single(home.home).release()


BEGINS = """
import sys
from govsync.desktop import app

NOT_YET = ("httpx", "govsync.engine.desk", "govsync.store", "govsync.desktop.pages.settings", "govsync.desktop.dialogs")
app.main = lambda *_: print([name for name in NOT_YET if name in sys.modules]) or 0
sys.argv = ["govsync", "app"]
from govsync.cli.main import main
main()
"""


def test_the_window_waits_for_nothing_that_only_its_agent_or_another_page_needs(tmp_path):
    """What asks servers takes as long to import as a third of all others, the engine as a fourth."""
    env = {**os.environ, "GOVSYNC_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", BEGINS], env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


HEARS = """
import sys
from pathlib import Path
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from govsync.desktop import app, single
from govsync.system.places import places

class Hears(QObject):
    def __init__(self, home, now, begin, single):
        super().__init__()
        single.wanted.connect(lambda page: (print("heard", page), QApplication.quit()))

    def begin(self):
        print("ready", flush=True)

    def end(self):
        pass

app.App = Hears
sys.exit(app.main(places({"GOVSYNC_HOME": sys.argv[1]}), None, app.Begin(endpoint="", login="", folder=None, begun=True)))
"""


def test_an_app_of_its_own_process_hears_what_another_one_wants(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HEARS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "ready\n"
        assert tell_first(tmp_path, "problems")
        assert first.stdout.read() == "heard problems\n"
        assert first.wait(60) == 0


ENDS = """
import datetime, sys
from PySide6.QtCore import QTimer
from govsync.desktop import app
from govsync.system.places import places

app.run = lambda *_: None
begin = app.App.begin

def begin_and_quit(self):
    begin(self)
    for page in ("status", "activity", "problems", "sharing", "settings"):
        self.window.turn_to(page)
    self.sign_in()
    QTimer.singleShot(200, app.QApplication.quit)

app.App.begin = begin_and_quit
now = lambda: datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
begun = app.Begin(endpoint="https://x", login="anna", folder=None, begun=True)
sys.exit(app.main(places({"GOVSYNC_HOME": sys.argv[1]}), now, begun))
"""


def test_an_app_that_is_quit_ends_well_with_every_page_open(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ENDS, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("This plugin does not")]
    assert (done.returncode, said) == (0, [])


def test_where_no_app_is_nobody_is_told(home):
    assert not tell_first(home.home, "status")


def test_quit_ends_the_agent_too(qtbot, app, agent, ran, monkeypatch):
    quits = []
    monkeypatch.setattr(QApplication, "quit", lambda: quits.append(1))
    found = app()
    found.tray.quit.emit()
    qtbot.waitUntil(lambda: bool(quits))
    assert len(agent.asked_of(Stop)) == 1


def test_without_a_tray_a_closed_window_ends_the_app_and_not_the_agent(qtbot, app, agent, ran, monkeypatch):
    quits = []
    monkeypatch.setattr(QApplication, "quit", lambda: quits.append(1))
    found = app()
    qtbot.waitUntil(found.window.isActiveWindow)  # Keys come to no other.
    qtbot.keyClick(found.window, Qt.Key.Key_Escape)
    assert quits == [1]
    assert agent.asked_of(Stop) == []


def test_that_there_is_no_tray_is_said_once_for_all_days(qtbot, app, ran, home):
    found = app()
    found.tray.absent.emit()
    assert "This desktop shows no icons of programs." in words(found.window)
    found.window.tell("")
    found.tray.absent.emit()
    assert "This desktop shows no icons" not in words(found.window)
    found.remembered.sync()
    again = app()
    again.tray.absent.emit()
    assert "This desktop shows no icons" not in words(again.window)


@pytest.mark.parametrize(
    ("what", "path", "dialog"),
    [
        ("versions", "Planning/Budget.xlsx", VersionsDialog),
        ("earlier", "Planning", EarlierDialog),
        ("share", "Planning", SharingDialog),
    ],
)
def test_what_is_wanted_of_a_path_opens_as_soon_as_the_desk_is_known(qtbot, app, ran, what, path, dialog):
    found = app(
        Begin(
            endpoint="", login="anna", folder=None, begun=True, page=f"{what}:{samples.STATUS.folder}/{path}"
        )
    )

    def opened() -> list[object]:
        return found.window.findChildren(dialog)

    qtbot.waitUntil(lambda: len(opened()) == 1)
    opened()[0].close()
    found.show(f"{what}:/somewhere/else")
    qtbot.waitUntil(lambda: "outside the synced folder" in found.window.banner.text())


def follows(agent, **values) -> None:
    """Has the agent say that settings are otherwise now."""
    agent.answers[ListSettings] = samples.settings(**values)
    agent.become(replace(agent.status, settings=agent.status.settings + 1))


@pytest.fixture
def tray(monkeypatch) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)


def test_an_icon_comes_and_goes_with_its_setting_whoever_sets_it(qtbot, app, agent, ran, tray):
    found = app()
    qtbot.waitUntil(lambda: found.desk.status is not None and found.tray.is_shown())
    follows(agent, app__show_tray=False)
    qtbot.waitUntil(lambda: not found.tray.is_shown())
    assert found.window.isVisible()
    found.tray.look()
    follows(agent, app__show_tray=True)
    qtbot.waitUntil(found.tray.is_shown)


def test_an_icon_that_goes_leaves_no_app_that_nobody_finds(qtbot, app, agent, ran, tray, monkeypatch):
    """As at its next start: the agent works without it."""
    quits = []
    monkeypatch.setattr(QApplication, "quit", lambda: quits.append(1))
    found = app(replace(BEGUN, minimized=True))
    qtbot.waitUntil(lambda: found.desk.status is not None and found.tray.is_shown())
    follows(agent, app__show_tray=False)
    qtbot.waitUntil(lambda: bool(quits))
    assert agent.asked_of(Stop) == []


def test_a_language_that_it_sets_is_spoken_though_no_window_is_open(qtbot, app, agent, ran, tray):
    found = app(replace(BEGUN, minimized=True))
    qtbot.waitUntil(lambda: found.desk.status is not None)
    follows(agent, app__language="ko")
    qtbot.waitUntil(lambda: "동기화됨" in found.tray.tooltip())
    follows(agent)
    qtbot.waitUntil(lambda: "In sync" in found.tray.tooltip())


def test_settings_are_asked_for_when_they_have_changed_and_not_each_time_that_the_desk_has(
    qtbot, app, agent, ran
):
    found = app()
    qtbot.waitUntil(lambda: len(agent.asked_of(ListSettings)) == 1)
    agent.become(samples.SYNCING)
    agent.become(samples.IN_SYNC)
    follows(agent)
    qtbot.waitUntil(lambda: len(agent.asked_of(ListSettings)) == 2)
    agent.end()
    qtbot.waitUntil(lambda: found.desk.status is None)
    agent.begin()  # Another agent counts from the beginning again.
    qtbot.waitUntil(lambda: len(agent.asked_of(ListSettings)) == 3)


def test_where_no_icon_is_wanted_there_is_none_and_the_window_ends_the_app(qtbot, app, ran, monkeypatch):
    ended = []
    monkeypatch.setattr(QApplication, "quit", lambda: ended.append(1))
    found = app(Begin(endpoint="", login="anna", folder=None, begun=True, tray=False))
    assert not found.tray._look.isActive()
    assert not found.tray.is_shown()
    found.window.close()
    assert ended == [1]
