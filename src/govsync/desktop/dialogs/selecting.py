"""Which folders lie on this desk, and which on the server alone: a tree with sizes, listed as it is opened (R26).

A tick is asked for at once, and shown as the agent has it then; what could not be done is said, and the tick is back.
"""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from govsync.control.messages import Exclude, Include, ListFolders
from govsync.desktop.desk import Desk
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Banner, Card
from govsync.desktop.widgets.words import Words
from govsync.model.activity import FolderRow
from govsync.model.problems import Failure
from govsync.text.catalog import said
from govsync.text.units import shown_name, size
from govsync.text.window import told

_ROW = Qt.ItemDataRole.UserRole
_ROW_HEIGHT = 32
_TICKS = {
    True: Qt.CheckState.Checked,
    False: Qt.CheckState.Unchecked,
    None: Qt.CheckState.PartiallyChecked,
}


class SelectingDialog(QDialog):
    """The folders that the server has, each with a tick where it is to lie here."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        self._turns: dict[str, int] = {}
        """How often the folders in a folder were asked for: an older answer says nothing any more."""
        self.setWindowTitle(said("Folders on this PC"))
        self.setMinimumSize(420, 320)
        self.resize(560, 520)
        self.banner = Banner(desk.palette, "blue", "info")
        self.banner.say("")
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(said("Folders on this PC"))
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(3 * GRID)
        self._icon = desk.icon("folder", desk.palette.ink2)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.itemExpanded.connect(self._opened)
        self.tree.itemChanged.connect(self._ticked)
        self._lay_out()
        self._list(self.tree.invisibleRootItem())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(12)
        column.addWidget(Words(said("Folders on this PC"), "page"))
        column.addWidget(
            Words(
                said(
                    "A folder without a tick goes from this PC alone, each file once the server has it. Nothing is deleted for"
                    " anybody, and a tick brings it back."
                ),
                "second",
                wrap=True,
            )
        )
        column.addWidget(self.banner)
        ground = Card(margin=8, gap=0)
        ground.inside.addWidget(self.tree)
        column.addWidget(ground, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button(said("Close"), self.close))
        column.addLayout(buttons)

    def _path(self, item: QTreeWidgetItem) -> str:
        """Answers where a folder lies; of all of them, the synced folder."""
        row: FolderRow | None = item.data(0, _ROW)
        status = self._desk.status
        folder = "" if status is None else status.folder
        return folder if row is None else str(Path(folder, row.path))

    def _opened(self, item: QTreeWidgetItem) -> None:
        if not item.childCount():
            self._list(item)

    def _list(self, item: QTreeWidgetItem) -> None:
        """Asks for the folders in a folder, and shows them as they are."""
        path = self._path(item)
        turn = self._turns[path] = self._turns.get(path, 0) + 1

        def show(rows: tuple[FolderRow, ...]) -> None:
            if self._turns[path] == turn:
                with QSignalBlocker(self.tree):
                    self._show(item, rows)

        self._desk.link.ask(ListFolders(path=path), show, self._fail, owner=self)

    def _show(self, item: QTreeWidgetItem, rows: tuple[FolderRow, ...]) -> None:
        known = {child.data(0, _ROW).path: child for child in _children(item)}
        for gone in known.keys() - {row.path for row in rows}:
            item.removeChild(known[gone])
        for number, row in enumerate(rows):
            shown = known.get(row.path)
            if shown is None:
                shown = QTreeWidgetItem()
                shown.setIcon(0, self._icon)
                shown.setSizeHint(0, QSize(0, _ROW_HEIGHT))
                item.insertChild(number, shown)
            _fill(shown, row)
        if item is self.tree.invisibleRootItem() and not rows:
            self.banner.say(said("There are no folders on the server yet."))

    def _ticked(self, item: QTreeWidgetItem, column: int) -> None:
        """Asks for what a person has ticked, or not any more."""
        del column
        here = item.checkState(0) is Qt.CheckState.Checked
        request = (Include if here else Exclude)(path=self._path(item))

        def done(_: None) -> None:
            self.banner.say("")
            self._look_again(item)

        def fail(failure: Failure) -> None:
            self._fail(failure)
            self._look_again(item)

        self._desk.link.ask(request, done, fail, owner=self)

    def _look_again(self, item: QTreeWidgetItem) -> None:
        """Shows how it is now on the way to a folder, and below it."""
        self._list_below(item)
        above = item.parent()
        while above is not None:
            self._list(above)
            above = above.parent()
        self._list(self.tree.invisibleRootItem())

    def _list_below(self, item: QTreeWidgetItem) -> None:
        if item.childCount():
            self._list(item)
            for child in _children(item):
                self._list_below(child)

    def _fail(self, failure: Failure) -> None:
        self.banner.say(told(failure))


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (item.child(number) for number in range(item.childCount()))
    return [child for child in found if child is not None]


def _fill(item: QTreeWidgetItem, row: FolderRow) -> None:
    item.setData(0, _ROW, row)
    item.setText(0, shown_name(row.path.rpartition("/")[2]))
    item.setText(1, size(row.size))
    item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(0, _TICKS[row.here])
    policy = QTreeWidgetItem.ChildIndicatorPolicy
    item.setChildIndicatorPolicy(policy.ShowIndicator if row.folders else policy.DontShowIndicator)
