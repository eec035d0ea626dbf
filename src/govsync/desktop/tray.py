"""The icon in the tray: the state as a shape, one sentence, and a menu. It goes where a tray appears, whenever that is."""

from PySide6.QtCore import QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from govsync.control.messages import ListActivity
from govsync.desktop import describe
from govsync.desktop.desk import PAUSES, Desk
from govsync.desktop.icons import state_icon
from govsync.desktop.progress import Progress
from govsync.model.activity import ActivityRow
from govsync.model.problems import Failure
from govsync.model.status import State, Status
from govsync.text import glance
from govsync.text.catalog import counted, said

LOOK_MS = 3_000
"""How often a tray is looked for while there is none: a session may start it after us, or anew."""
_LOOKS_BEFORE_SAID = 4
RECENT = 5
_MOST_RECENT_ROWS = 40


class Tray(QObject):
    """The icon and its menu."""

    opened = Signal()
    """The icon was clicked."""
    page = Signal(str)
    quit = Signal()
    absent = Signal()
    """This desktop shows no such icons; said once."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._icon = QSystemTrayIcon(self)
        self._progress = Progress()
        self._looks = 0
        self.menu = QMenu()
        self._fill()
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._activated)
        self._icon.messageClicked.connect(self.opened)
        self.menu.aboutToShow.connect(self._ask_recent)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.look)
        self.shape = State.OFFLINE
        desk.changed.connect(self._show)
        desk.lost.connect(self._show_lost)
        self._show_all()

    def say_anew(self) -> None:
        """Says everything again, in another language."""
        for each in (self.recent, self._pause):
            each.deleteLater()
        self.menu.clear()
        self._fill()
        self._show_all()

    def _show_all(self) -> None:
        if self._desk.status is not None:
            self._show(self._desk.status)
        elif self._desk.failure is not None:
            self._show_lost(self._desk.failure)
        elif self.shape is State.SIGNED_OUT:
            self.say_signed_out()
        else:
            self._say(State.OFFLINE, said("GovSync starts."))

    def begin(self) -> None:
        """Shows the icon, as soon as there is a tray; harmless where it does."""
        if not self._look.isActive():
            self._look.start()
            self.look()

    def end(self) -> bool:
        """Shows no icon from now on, and says whether it did before."""
        began = self._look.isActive()
        self._look.stop()
        self._icon.hide()
        return began

    def look(self) -> None:
        """Goes where the tray is. An icon that was shown in a tray that is gone is shown anew in the next one."""
        there = QSystemTrayIcon.isSystemTrayAvailable()
        if there and not self._icon.isVisible():
            self._icon.show()
        elif not there and self._icon.isVisible():
            self._icon.hide()
        if not there:
            self._looks += 1
            if self._looks == _LOOKS_BEFORE_SAID:
                self.absent.emit()

    def say_signed_out(self) -> None:
        """Says that there is no desk yet of which anything could be said."""
        self._say(State.SIGNED_OUT, said("Not signed in."))
        for each in (*self._of_a_desk, self._pause.menuAction(), self._resume, self._start):
            each.setVisible(False)

    def is_shown(self) -> bool:
        """Says whether there is an icon that can be clicked."""
        return self._icon.isVisible()

    def place(self) -> QRect:
        """Answers where the icon is on the screen; an empty place where the desktop does not tell."""
        return self._icon.geometry()

    def tooltip(self) -> str:
        """Answers the sentence of the icon."""
        return self._icon.toolTip()

    def notify(self, title: str, text: str) -> None:
        """Has the desktop say something once, beside all windows."""
        if self._icon.isVisible():
            self._icon.showMessage(title, text, self._icon.icon(), 10_000)

    def _fill(self) -> None:
        desk, menu = self._desk, self.menu
        self._line = menu.addAction("")
        self._line.setEnabled(False)
        menu.addSeparator()
        folder = self._add(said("Open folder"), desk.open_folder)
        web = self._add(said("Open on the web"), desk.open_web)
        self.recent = QMenu(said("Recent files"), menu)
        menu.addMenu(self.recent)
        self._problems = self._add(said("Problems"), lambda: self.page.emit("problems"))
        menu.addSeparator()
        self._pause = QMenu(said("Pause"), menu)
        for text, seconds in PAUSES:
            self._pause.addAction(said(text)).triggered.connect(
                lambda _=False, seconds=seconds: desk.pause(seconds)
            )
        menu.addMenu(self._pause)
        self._resume = self._add(said("Resume"), desk.resume)
        self._sign_in = self._add(said("Sign in…"), desk.sign_in.emit)
        self._start = self._add(said("Start GovSync"), desk.restart.emit)
        menu.addSeparator()
        self._add(said("Window"), self.opened.emit)
        sharing = self._add(said("Sharing…"), lambda: self.page.emit("sharing"))
        settings = self._add(said("Settings…"), lambda: self.page.emit("settings"))
        self._of_a_desk = (folder, web, self.recent.menuAction(), self._problems, sharing, settings)
        menu.addSeparator()
        self._add(said("Quit"), self.quit.emit)

    def _add(self, text: str, act: object) -> QAction:
        action = self.menu.addAction(text)
        action.triggered.connect(lambda: act())  # type: ignore[operator]
        return action

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.opened.emit()

    def _ask_recent(self) -> None:
        self._desk.link.ask(
            ListActivity(limit=_MOST_RECENT_ROWS), self._show_recent, lambda _: None, owner=self.menu
        )

    def _show_recent(self, rows: tuple[ActivityRow, ...]) -> None:
        self.recent.clear()
        paths = list(dict.fromkeys(row.path for row in rows if row.kind == "put" and row.detail != "dead"))
        for path in paths[:RECENT]:
            name, _ = describe.name_and_place(path)
            action = self.recent.addAction(name.replace("&", "&&"))
            action.triggered.connect(lambda _=False, path=path: self._desk.show_path(path))
        self.recent.setEnabled(bool(paths))

    def _show(self, status: Status) -> None:
        self._progress = self._progress.after(status)
        text = glance.tooltip(status, self._desk.now())
        seconds = self._progress.seconds_left(status)
        self._say(status.state, text if seconds is None else f"{text[:-1]}, {glance.left(seconds)}.")
        paused, out = status.paused, status.state is State.SIGNED_OUT
        self._pause.menuAction().setVisible(not paused and not out)
        self._resume.setVisible(paused)
        self._sign_in.setVisible(out)
        self._start.setVisible(False)
        for each in self._of_a_desk:
            each.setVisible(True)
        count = status.problems + status.holds
        self._problems.setText(
            counted("Problems ({count})", "Problems ({count})", count) if count else said("Problems")
        )

    def _show_lost(self, failure: Failure) -> None:
        self._say(State.OFFLINE, glance.without_agent(failure.code)[0] + ".")
        for each in (self._pause.menuAction(), self._resume, self._sign_in):
            each.setVisible(False)
        self._start.setVisible(True)
        self._problems.setText(said("Problems"))

    def _say(self, state: State, text: str) -> None:
        if (state, f"GovSync\n{text}") != (self.shape, self._icon.toolTip()) or self._icon.icon().isNull():
            self.shape = state
            self._icon.setIcon(_icon(state))
            self._icon.setToolTip(f"GovSync\n{text}")
            self._line.setText(text.replace("&", "&&"))


def _icon(state: State) -> QIcon:
    dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
    return state_icon(state, dark)
