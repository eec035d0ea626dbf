"""What all pages share: how the desk is, the colours, the clock, and what a person can do anywhere."""

import datetime
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QIcon

from govsync.control import messages
from govsync.control.messages import Request
from govsync.desktop.followed import Followed
from govsync.desktop.icons import icon
from govsync.desktop.link import Link
from govsync.desktop.theme import Palette
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import Status
from govsync.text.catalog import Text, said
from govsync.text.units import near_moment
from govsync.text.window import told

Clock = Callable[[], datetime.datetime]
"""Answers the moment, in the person's zone."""

PAUSES: tuple[tuple[Text, int | None], ...] = (
    ("30 minutes", 30 * 60),
    ("2 hours", 2 * 3_600),
    ("Until I resume", None),
)


class Desk(QObject):
    """One desk as the app sees it."""

    changed = Signal(object)
    """The desk is so now (`Status`)."""
    lost = Signal(object)
    """Nobody tells any more how it is (`Failure`)."""
    turn_to = Signal(str)
    """Somebody wants to see a page."""
    told = Signal(str)
    """Something did not work, in words."""
    sign_in = Signal()
    """Somebody wants to sign in."""
    restart = Signal()
    """Somebody wants the agent to be started, or started anew."""

    def __init__(self, link: Link, palette: Palette, now: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.link, self.palette, self.now = link, palette, now
        self.failure: Failure | None = None
        self.settings = Followed(link, self)
        link.status.connect(self._seen)
        link.gone.connect(self._gone)
        link.failed.connect(self.complain)

    @property
    def status(self) -> Status | None:
        """Answers how the desk is, or None where nobody knows."""
        return self.link.seen

    def _seen(self, status: Status) -> None:
        self.failure = None
        self.changed.emit(status)

    def _gone(self, failure: Failure) -> None:
        self.failure = failure
        self.lost.emit(failure)

    def complain(self, failure: Failure) -> None:
        """Tells what did not work."""
        self.told.emit(told(failure))

    def do(self, request: Request[None], then: Callable[[], object] | None = None) -> None:
        """Has the agent do something; what does not work is told."""
        self.link.ask(request, (lambda _: then()) if then is not None else None)

    def path(self, relative: str) -> Path | None:
        """Answers where something of the folder lies on this disk."""
        return None if self.status is None else Path(self.status.folder) / relative

    def open_folder(self) -> None:
        """Opens the folder in the file manager."""
        self.show_path("")

    def show_path(self, relative: str) -> None:
        """Opens what lies there: a folder itself, of a file the folder that it lies in."""
        path = self.path(relative)
        if path is None:
            return
        while not path.is_dir():
            path = path.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def open_file(self, relative: str) -> None:
        """Opens a file in its program."""
        path = self.path(relative)
        if path is not None and path.exists():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
        else:
            self.told.emit(said("It is not on this disk any more."))

    def open_web(self) -> None:
        """Opens the endpoint in the browser."""
        if self.status is not None and self.status.endpoint.startswith(("https://", "http://")):
            QDesktopServices.openUrl(QUrl(self.status.endpoint))

    def pause(self, seconds: int | None) -> None:
        """Pauses for a while, or until somebody resumes."""
        self.do(messages.Pause(seconds=seconds))

    def resume(self) -> None:
        """Ends a pause."""
        self.do(messages.Resume())

    def sync_now(self) -> None:
        """Has everything looked at now."""
        self.do(messages.SyncNow())

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """Answers an icon in the colour of words, or in another."""
        return icon(name, colour or self.palette.ink, self.palette.ink3)

    def near(self, moment: str) -> str:
        """Answers a moment as people speak of it now."""
        return near_moment(moment, self.now())

    def copy(self, text: str) -> None:
        """Puts a text into the clipboard."""
        QGuiApplication.clipboard().setText(text)


def lacks_agent(failure: Failure) -> bool:
    """Says whether there is no agent at all, rather than one that cannot be understood or does not answer."""
    return failure.code is Code.AGENT_NOT_RUNNING
