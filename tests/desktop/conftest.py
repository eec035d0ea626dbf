"""A screen that nobody sees, an agent that says what a test wants, and a desk that hears it."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication

from govsync.desktop import app as module
from govsync.desktop.app import App, Begin
from govsync.desktop.desk import Desk
from govsync.desktop.link import Link
from govsync.desktop.single import Single
from govsync.desktop.theme import LIGHT, dress
from govsync.desktop.window import Window
from govsync.system.places import places
from tests.desktop import samples
from tests.desktop.agent import ScriptedAgent

BEGUN = Begin(endpoint="https://drive.example.gov", login="anna", folder=None, begun=True)


@pytest.fixture(scope="session")
def dressed(qapp):
    dress(qapp, LIGHT)
    return qapp


@pytest.fixture
def agent(dressed, tmp_path) -> ScriptedAgent:
    found = ScriptedAgent(tmp_path / "home" / "control")
    yield found
    found.end()


@pytest.fixture
def link(agent) -> Link:
    found = Link(agent.socket)
    yield found
    found.deleteLater()


@pytest.fixture
def desk(link, agent) -> Desk:
    return Desk(link, LIGHT, lambda: samples.NOW)


@pytest.fixture
def shown(qtbot, agent, desk, tmp_path):
    """Has the agent tell of a desk, and answers its window on a page, when all that it asked for has come."""

    def show(page: str, status=samples.STATUS, also=None) -> Window:
        agent.status = status
        agent.answers = samples.answers(status) | (also or {})
        window = Window(desk, QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
        qtbot.addWidget(window)
        desk.link.watch()
        qtbot.waitUntil(lambda: desk.status == status)
        window.turn_to(page)
        window.show()
        if page == "settings":
            sections = window.made(page).sections
            qtbot.waitUntil(lambda: window.made(page).is_whole() and sections[-1].isVisible())
        qtbot.waitUntil(lambda: not desk.link._under_way and not desk.link._waiting)
        return window

    return show


@pytest.fixture
def home(tmp_path):
    return places({"GOVSYNC_HOME": str(tmp_path / "home")})


@pytest.fixture
def ran(monkeypatch) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "run", lambda arguments, then, owner: found.append(arguments))
    monkeypatch.setattr(module, "RESTART_MS", 20)
    return found


@pytest.fixture
def app(qtbot, dressed, home, agent, ran):
    made: list[App] = []

    def make(begin: Begin = BEGUN, single: Single | None = None) -> App:
        agent.answers = samples.answers()
        agent.status = samples.STATUS
        found = App(home, lambda: samples.NOW, begin, single)
        made.append(found)
        found.begin()
        return found

    yield make
    # Windows that were made anew first: an answer to one of them would come to a desk that is gone.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for each in made:
        each.end()  # It is to start no agent any more.
