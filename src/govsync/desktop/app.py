"""The app: puts tray, window and first start together, and keeps the agent running.

An agent that was killed leaves its socket behind and is started again; one that was asked to stop takes it away and is left
alone, for somebody meant it.
"""

import gc
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QRect, QSettings, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from govsync.control.messages import Stop
from govsync.desktop.commands import Outcome, finish, run
from govsync.desktop.desk import Clock, Desk, lacks_agent
from govsync.desktop.icons import product_icon
from govsync.desktop.languages import Interpreter, wanted
from govsync.desktop.link import Link
from govsync.desktop.notices import Notices, wanted_by
from govsync.desktop.single import Single, tell_first
from govsync.desktop.theme import DARK, LIGHT, Palette, dress
from govsync.desktop.tray import Tray
from govsync.desktop.window import Window
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import Status
from govsync.settings.merge import Effective
from govsync.settings.schema import SYSTEM
from govsync.system.places import Places
from govsync.system.process import asked_to_end, asked_to_renew, begin_anew, environment
from govsync.text.catalog import said, spoken

if TYPE_CHECKING:
    from govsync.desktop.dialogs.first import FirstStart

RESTART_MS = 3_000
"""So long after it has gone, an agent that was killed is started again: who restarts it is not disturbed."""
COMMAND_MS = 15_000
"""How long a command that is under way is waited for when the app ends."""
_TOLD_NO_TRAY = "told/no-tray"
_LANGUAGE, _TRAY = "app.language", "app.show_tray"


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """How the app begins: what is known of the desk, and what was asked for."""

    endpoint: str
    login: str
    folder: Path | None
    begun: bool
    """Whether the desk has an account and a folder."""
    page: str = ""
    minimized: bool = False
    language: str = SYSTEM
    """The value of `app.language`."""
    known_address: bool = False
    """Whether address and folder are fixed, so that the first start asks for neither."""
    known_folder: bool = False
    tray: bool = True
    """Whether there is to be an icon."""


class App(QObject):
    """One running app."""

    def __init__(self, places: Places, now: Clock, begin: Begin, single: Single | None = None) -> None:
        super().__init__()
        self._places, self._begin = places, begin
        self.remembered = QSettings(str(places.home / "window.ini"), QSettings.Format.IniFormat)
        self.link = Link(places.socket, self)
        self._now = now
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._application = application
        self._interpreter = Interpreter(application)
        self._interpreter.speak(wanted(begin.language, environment()))
        self.palette = _palette()
        self.desk = Desk(self.link, self.palette, now, self)
        self.tray = Tray(self.desk, self)
        self.window: Window | None = None
        self.first: FirstStart | None = None
        self._starting = False
        self._looking = False
        """Whether it is not known yet whether an agent runs: a command that only finds that it does costs as much as the window."""
        self._again = QTimer(self, singleShot=True, interval=RESTART_MS)
        self._again.timeout.connect(self._start_again)
        self._notices = Notices(self.tray.notify, wanted_by(self.link), now)
        self.desk.changed.connect(self._notices.hear)
        self.desk.lost.connect(self._lost)
        self.desk.changed.connect(self._heard)
        self.desk.sign_in.connect(self.sign_in)
        self.desk.restart.connect(self.start_agent)
        # Afterwards: whoever hears it, too, may stand in the window that is made anew.
        self.desk.settings.changed.connect(self._follow, Qt.ConnectionType.QueuedConnection)
        self.tray.opened.connect(lambda: self.show("", self.tray.place()))
        self.tray.page.connect(self.show)
        self.tray.quit.connect(self.quit)
        self.tray.absent.connect(self._tell_no_tray)
        if single is not None:
            single.wanted.connect(self.show)
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: self._dress_anew())

    def begin(self) -> None:
        """Shows what is to be seen first, and has the agent run."""
        if self._begin.tray:
            self.tray.begin()
        if not self._begin.begun:
            self.tray.say_signed_out()
            self.sign_in()
            return
        self._looking = True
        self.link.watch()
        if not self._begin.minimized:
            self.show(self._begin.page)

    def show(self, page: str, icon: QRect | None = None) -> None:
        """Brings the window up, on a page or where it was, at the icon if that was clicked; before there is a desk, the first
        start."""
        if self.first is not None:
            self.first.show()
            self.first.raise_()
            self.first.activateWindow()
            return
        if self.window is None:
            self.window = Window(self.desk, self.remembered)
            self.window.quit.connect(self.quit)
            self.window.closed.connect(self._closed)
        what, about, path = page.partition(":")
        if page and not about:
            self.window.turn_to(page)
        self.window.bring_up(icon)
        if about:
            self.window.show_about(what, path)

    def sign_in(self) -> None:
        """Shows the first start, or only its signing in."""
        if self.first is None:
            from govsync.desktop.dialogs.first import FirstStart, Known  # Most starts are no first ones.

            status, known = self.desk.status, self._begin
            told = status.endpoint if status is not None and not known.known_address else ""
            self.first = FirstStart(
                self.palette,
                told or known.endpoint,
                status.account if status is not None else known.login,
                known.folder,
                known.begun,
                Known(known.known_address, known.known_folder),
            )
            self.first.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
            self.first.finished.connect(self._first_done)
            self.first.closed.connect(self._closed)
        self.first.show()
        self.first.raise_()

    def _first_done(self, show: bool) -> None:
        assert self.first is not None
        first, self.first = self.first, None
        first.hide()
        first.deleteLater()
        self._begin = msgspec.structs.replace(self._begin, begun=True)
        self.link.watch()
        if show:
            self.show("status")
        else:
            self._closed()

    def start_agent(self) -> None:
        """Starts the agent, or one of this version instead of another."""
        if self._starting:
            return
        self._starting = True
        failure = self.desk.failure
        anew = failure is not None and failure.code in (Code.AGENT_DIFFERS, Code.TIMED_OUT)
        run(("restart",) if anew else ("start",), self._started, self)

    def _started(self, outcome: Outcome) -> None:
        self._starting = False
        self.link.watch()
        if not outcome.done and self.desk.status is None:
            self.desk.told.emit(outcome.words)

    def _heard(self, _: Status) -> None:
        self._looking = False
        self._again.stop()

    def _lost(self, failure: Failure) -> None:
        looked, self._looking = self._looking, False
        if lacks_agent(failure) and self.first is None:
            if looked:
                self.start_agent()
            else:
                self._again.start()

    def _start_again(self) -> None:
        if self.desk.status is None and self._places.socket.exists():
            self.start_agent()

    def _tell_no_tray(self) -> None:
        if self.remembered.value(_TOLD_NO_TRAY) is None:
            self.remembered.setValue(_TOLD_NO_TRAY, True)
            self.desk.told.emit(
                said(
                    "This desktop shows no icons of programs. You find GovSync among the programs, and it syncs all the same."
                )
            )

    def _closed(self) -> None:
        self._end_unseen(closed=self.sender())

    def _end_unseen(self, closed: QObject | None = None) -> None:
        """Without an icon or a window nobody could find the app again: it ends, and the agent goes on."""
        others = (each for each in (self.window, self.first) if each is not None and each is not closed)
        if not self.tray.is_shown() and not any(each.isVisible() for each in others):
            QApplication.quit()

    def _dress_anew(self) -> None:
        """Follows the desktop from light to dark and back."""
        palette = _palette()
        if palette == self.palette:
            return
        self.palette = palette
        self.desk.palette = palette
        dress(self._application, palette)
        self._window_anew()

    def _follow(self, found: Mapping[str, Effective]) -> None:
        """Follows what of the settings is about the app, whoever has set it; an agent of another version may not know them."""
        if _TRAY in found:
            self._show_icon(found[_TRAY].value is True)
        if _LANGUAGE in found:
            self._speak_anew(str(found[_LANGUAGE].value))

    def _show_icon(self, wanted: bool) -> None:
        """Has an icon in the tray from now on, or none."""
        if wanted:
            self.tray.begin()
        elif self.tray.end():
            self._end_unseen()

    def _speak_anew(self, setting: str) -> None:
        """Speaks another language at once, if it is another one."""
        language = wanted(setting, environment())
        if language is not spoken():
            self._interpreter.speak(language)
            self.tray.say_anew()
            self._window_anew()

    def _window_anew(self) -> None:
        """Makes the window anew, on the page where it was."""
        window, self.window = self.window, None
        if window is not None:
            page, visible = window.page, window.isVisible()
            window.closed.disconnect()
            window.close()
            window.deleteLater()
            if visible:
                self.show(page)

    def end(self) -> None:
        """Takes everything off the screen. Widgets that outlive the application would be taken apart in no order."""
        for each in (self.window, self.first, self.tray.menu):
            if each is not None:
                delete(each)
        delete(self)

    def quit(self) -> None:
        """Ends the agent and the app: nobody would see any more that it works."""
        self.link.ask(Stop(), lambda _: QApplication.quit(), lambda _: QApplication.quit())


def _palette() -> Palette:
    return DARK if QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT


def main(places: Places, now: Clock, begin: Begin) -> int:
    """Runs the app of a home until it is quit; a second one hands over what is wanted and ends."""
    try:
        single = Single(places.home)
    except Failure as failure:
        if failure.code is Code.HOME_IN_USE and tell_first(places.home, begin.page):
            return 0
        raise
    application = QApplication(sys.argv[:1])
    application.setApplicationName("govsync")
    application.setApplicationDisplayName("GovSync")
    application.setDesktopFileName("govsync")
    application.setWindowIcon(QIcon(product_icon()))
    application.setQuitOnLastWindowClosed(False)
    dress(application, _palette())
    single.listen()
    app = App(places, now, begin, single)
    gc.freeze()  # What was imported stays for ever: to look through it again and again keeps the event loop for 50 ms.
    QTimer.singleShot(0, app, app.begin)
    with asked_to_end(lambda *_: application.quit()), asked_to_renew(application.quit) as renewal:
        code = application.exec()
    finish(application, COMMAND_MS)
    app.end()
    single.release()
    if renewal.asked:
        begin_anew()
    return code
