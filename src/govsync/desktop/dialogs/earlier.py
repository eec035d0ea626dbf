"""A folder as it was at an earlier moment: which folder, which moment, and what came of it. It comes as a new folder beside."""

import datetime
from pathlib import Path

from PySide6.QtCore import QDate, QDateTime, Qt, QTime
from PySide6.QtWidgets import QDateTimeEdit, QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from govsync.control.messages import RestoreFolder
from govsync.desktop.desk import Desk
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Banner
from govsync.desktop.widgets.words import Name, Words
from govsync.model.activity import FolderBack
from govsync.model.problems import Failure
from govsync.text.catalog import said
from govsync.text.sentences import folder_back
from govsync.text.units import shown_name
from govsync.text.window import told

_WIDTH = 440


class EarlierDialog(QDialog):
    """Asks for folder and moment; `moment` (RFC 3339) is proposed, or yesterday."""

    def __init__(
        self, desk: Desk, folder: str, moment: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        self._folder = desk.path(folder) or Path(folder)
        self._came: Path | None = None
        self.setWindowTitle(said("A folder as it was"))
        now = desk.now()
        then = now - datetime.timedelta(days=1)
        if moment is not None:
            then = datetime.datetime.fromisoformat(moment).astimezone(now.tzinfo)
        self.moment = QDateTimeEdit(_shown(min(then, now)))
        self.moment.setMaximumDateTime(_shown(now))
        self.moment.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.moment.setCalendarPopup(True)
        self.moment.setAccessibleName(said("Moment"))
        self.name = Name(self._folder.name, "strong")
        self.banner = Banner(desk.palette, "blue", "info")
        self.banner.hide()
        self.bring = Button(said("Bring it back beside"), self._bring, "first")
        self.show_it = Button(said("Show in folder"), self._open)
        self.show_it.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(Words(said("A folder as it was"), "page"))
        lead = Words(
            said("It comes as a new folder beside what there is now. Nothing that you have is changed."),
            "second",
            wrap=True,
        )
        lead.setFixedWidth(_WIDTH)
        column.addWidget(lead)
        self.choose = Button(said("Choose…"), self._choose)
        self._row(column, self.name, self.choose)
        self._row(column, Words(said("As it was on")), self.moment)
        column.addWidget(self.banner)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button(said("Close"), self.close))
        buttons.addWidget(self.show_it)
        buttons.addWidget(self.bring)
        column.addLayout(buttons)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)

    @staticmethod
    def _row(column: QVBoxLayout, left: QWidget, right: QWidget) -> None:
        line = QHBoxLayout()
        line.addWidget(left, 1)
        line.addWidget(right)
        column.addLayout(line)

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, said("Choose a folder"), str(self._folder))
        if chosen:
            self.take(Path(chosen))

    def take(self, folder: Path) -> None:
        """Takes another folder."""
        self._folder = folder
        self.name.say(self._folder.name)

    def _bring(self) -> None:
        at = self.moment.dateTime().toPython()
        assert isinstance(at, datetime.datetime)
        self.bring.setEnabled(False)
        self.banner.say(said("The server is asked…"))
        at = at.replace(tzinfo=self._desk.now().tzinfo)
        asked = RestoreFolder(path=str(self._folder), at=at.isoformat())
        self._desk.link.ask(asked, self._brought, self._fail, owner=self)

    def _brought(self, back: FolderBack) -> None:
        self._came = Path(back.path)
        self.banner.say(f"{shown_name(self._came.name)}: {folder_back(back)}")
        self.show_it.show()
        self.bring.setEnabled(True)

    def _fail(self, failure: Failure) -> None:
        self.banner.say(told(failure))
        self.bring.setEnabled(True)

    def _open(self) -> None:
        status = self._desk.status
        if self._came is not None and status is not None:
            self._desk.show_path(str(self._came.parent.relative_to(status.folder)))


def _shown(moment: datetime.datetime) -> QDateTime:
    return QDateTime(QDate(moment.year, moment.month, moment.day), QTime(moment.hour, moment.minute))
