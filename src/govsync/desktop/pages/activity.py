"""Who did what, where and when: everything that is kept, newest first, searched by the agent."""

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QMenu, QStackedLayout, QVBoxLayout, QWidget

from govsync.control.messages import MOST_LETTERS, ListActivity
from govsync.desktop import describe
from govsync.desktop.desk import Desk
from govsync.desktop.dialogs.earlier import EarlierDialog
from govsync.desktop.dialogs.trash import TrashDialog
from govsync.desktop.dialogs.versions import VersionsDialog
from govsync.desktop.models import PAGE, Rows
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Card, Empty
from govsync.desktop.widgets.layouts import Flow
from govsync.desktop.widgets.rows import RowList, RowPainter
from govsync.model.activity import ActivityRow
from govsync.model.status import Status
from govsync.text.catalog import said
from govsync.text.glance import did
from govsync.text.sentences import is_count

_TYPED_MS = 200
_LOOK_AGAIN_MS = 500


class ActivityPage(QWidget):
    """The list of what happened."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.model = Rows(
            desk.link,
            self._request,
            lambda each: describe.activity(desk, each).spoken(),
            newest_first=True,
            parent=self,
        )
        self.search = QLineEdit()
        self.search.setPlaceholderText(said("Search for a file, a person or a device"))
        self.search.setAccessibleName(said("Search in activity"))
        self.search.setMaxLength(MOST_LETTERS)
        self.search.setClearButtonEnabled(True)
        self.search.addAction(
            desk.icon("search", desk.palette.ink3), QLineEdit.ActionPosition.LeadingPosition
        )
        for tool in self.search.findChildren(QAbstractButton):
            tool.setAccessibleName(said("Search"))
        self._typed = QTimer(self, singleShot=True, interval=_TYPED_MS)
        self._typed.timeout.connect(self.model.begin)
        self.search.textChanged.connect(self._typed.start)
        painter = RowPainter(desk.palette, lambda each: describe.activity(desk, each))
        self.list = RowList(self.model, painter, said("Activity"))
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.activated.connect(lambda _: self._show_current())
        self._empty = Empty(desk.palette, "activity", "grey", "", "")
        ground = Card(margin=4, gap=0)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        ground.inside.addLayout(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 0, 4 * GRID, 4 * GRID)
        column.setSpacing(2 * GRID)
        self.trash = Button(said("Trash…"), lambda: TrashDialog(desk, self).open(), icon=desk.icon("trash"))
        self.earlier = Button(
            said("Earlier…"), lambda: EarlierDialog(desk, "", parent=self).open(), icon=desk.icon("history")
        )
        column.addWidget(self.search)
        back = Flow()
        back.addWidget(self.earlier)
        back.addWidget(self.trash)
        column.addLayout(back)
        column.addWidget(ground, 1)
        self._seen: Status | None = None
        self._look = QTimer(self, singleShot=True, interval=_LOOK_AGAIN_MS)
        self._look.timeout.connect(self.model.refresh)
        self.model.loaded.connect(self._show)
        desk.changed.connect(self._changed)
        if desk.status is not None:
            self._changed(desk.status)

    def _request(self, last: ActivityRow | None) -> ListActivity:
        before = None if last is None else last.id
        return ListActivity(limit=PAGE, before=before, matching=self.search.text().strip())

    def _changed(self, status: Status) -> None:
        if self._seen is None:
            self.model.begin()
        elif self._seen.last_change != status.last_change and not self._look.isActive():
            self._look.start()
        self._seen = status

    def _show(self) -> None:
        if self.model.rowCount():
            self._stack.setCurrentWidget(self.list)
            return
        if self.search.text().strip():
            self._empty.say(
                said("Nothing is called so"),
                said("Names of files and folders, people and devices are searched."),
            )
        elif self.model.complete:
            self._empty.say(
                said("Nothing has happened yet"),
                said("What you and your colleagues save, move or delete is listed here."),
            )
        self._stack.setCurrentWidget(self._empty)

    def start_search(self) -> None:
        """Lets somebody type what is searched for."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _show_current(self) -> None:
        found = self.list.current()
        if isinstance(found, ActivityRow):
            self._desk.show_path(found.path)

    def _menu(self, at: QPoint) -> None:
        index = self.list.indexAt(at)
        row = index.data(Rows.ROW) if index.isValid() else None
        if isinstance(row, ActivityRow):
            self.menu_of(row).exec(self.list.viewport().mapToGlobal(at))

    def menu_of(self, row: ActivityRow) -> QMenu:
        """Answers what can be done about something that happened."""
        menu = QMenu(self)
        desk = self._desk
        menu.addAction(said("Show in folder")).triggered.connect(lambda: desk.show_path(row.path))
        folder = row.path
        if not is_count(row):
            folder = row.path.rpartition("/")[0]
            menu.addAction(said("Open")).triggered.connect(lambda: desk.open_file(row.path))
            menu.addAction(said("Versions…")).triggered.connect(
                lambda: VersionsDialog(desk, row.path, self).open()
            )
        menu.addAction(said("The folder as it was then…")).triggered.connect(
            lambda: EarlierDialog(desk, folder, row.at, self).open()
        )
        menu.addSeparator()
        menu.addAction(said("Copy path")).triggered.connect(
            lambda: desk.copy(str(desk.path(row.path) or row.path))
        )
        menu.addAction(said("Copy line")).triggered.connect(
            lambda: desk.copy(f"{row.at}\t{did(row)}\t{row.path}")
        )
        return menu
