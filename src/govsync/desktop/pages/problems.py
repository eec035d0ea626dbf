"""What a person has to know or decide: questions, files of which both versions were kept, and problems, each with its actions.

The list is at the left, what was chosen at the right. The answer that keeps everything is the highlighted one; nothing here is
urgent, and nothing is decided by closing it.
"""

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QSplitter, QStackedLayout, QVBoxLayout, QWidget

from govsync.control.messages import ListConflicts, ListHolds, ListProblems
from govsync.desktop import describe
from govsync.desktop.desk import Desk
from govsync.desktop.models import PAGE, Rows
from govsync.desktop.pages.concerns import pane_of
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.grounds import Card, Empty, Scrolled, clear
from govsync.desktop.widgets.rows import RowList, RowPainter
from govsync.model.activity import ConflictRow, HoldRow, ProblemRow
from govsync.model.problems import Failure
from govsync.model.status import Status
from govsync.text.catalog import said

_LOOK_AGAIN_MS = 300


class ProblemsPage(QWidget):
    """List and details."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._holds: tuple[HoldRow, ...] = ()
        self._conflicts: tuple[ConflictRow, ...] = ()
        self._shown: Any = None
        self._seen: tuple[object, ...] | None = None
        self.model = Rows(
            desk.link, _request, lambda each: describe.concern(desk, each).spoken(), parent=self
        )
        self.list = RowList(
            self.model, RowPainter(desk.palette, lambda each: describe.concern(desk, each)), said("Problems")
        )
        self.list.setMinimumWidth(200)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_current())
        self.model.loaded.connect(self._loaded)
        left = Card(margin=4, gap=0)
        left.inside.addWidget(self.list)
        self.details = Scrolled()
        self.details.inside.setContentsMargins(2 * GRID, 0, 0, 0)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setChildrenCollapsible(False)
        both.setHandleWidth(1)
        both.addWidget(left)
        both.addWidget(self.details)
        both.setStretchFactor(0, 4)
        both.setStretchFactor(1, 5)
        both.setSizes([300, 372])
        self.empty = Empty(
            desk.palette, "shield", "green", said("Nothing needs you"),
            said("If a file cannot be synced, it is listed here, with what you can do."),
        )  # fmt: skip
        self._stack = QStackedLayout()
        self.unknown = Empty(
            desk.palette, "cloud-off", "grey", said("Not known now"),
            said("What needs you is shown again as soon as GovSync runs."),
        )  # fmt: skip
        for each in (both, self.empty, self.unknown):
            self._stack.addWidget(each)
        self._stack.setCurrentWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GRID, 0, 4 * GRID, 4 * GRID)
        column.addLayout(self._stack)
        self._both = both
        self._look = QTimer(self, singleShot=True, interval=_LOOK_AGAIN_MS)
        self._look.timeout.connect(self.look)
        desk.changed.connect(self._changed)
        desk.lost.connect(self._lost)
        if desk.status is not None:
            self._changed(desk.status)

    def _changed(self, status: Status) -> None:
        seen = (status.problems, status.holds, status.last_change, status.checked_at)
        if self._seen is None:
            self._seen = seen
            self.look()
        elif seen != self._seen and not self._look.isActive():
            self._seen = seen
            self._look.start()

    def _lost(self, _: Failure) -> None:
        self._seen = None
        self._look.stop()
        self._stack.setCurrentWidget(self.unknown)

    def look(self) -> None:
        """Reads everything again that is shown."""
        ask = self._desk.link.ask
        ask(ListHolds(), self._take_holds, lambda _: None, owner=self)
        ask(ListConflicts(), self._take_conflicts, lambda _: None, owner=self)
        self.model.refresh()

    def _take_holds(self, rows: tuple[HoldRow, ...]) -> None:
        self._holds = rows
        self._set_head()

    def _take_conflicts(self, rows: tuple[ConflictRow, ...]) -> None:
        self._conflicts = rows
        self._set_head()

    def _set_head(self) -> None:
        """Questions and second versions stand first; what was chosen stays chosen."""
        chosen = self._shown
        self.model.set_head([*self._holds, *self._conflicts])
        self._choose(chosen)

    def _choose(self, row: Any) -> None:
        if row is not None and self.list.current() == row:
            return  # It has kept its place.
        place = None if row is None else self.model.place(type(row), row.id)
        if place is not None:
            self.list.setCurrentIndex(self.model.index(place))
        elif self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))

    def _loaded(self) -> None:
        if self._desk.status is None:
            return  # What was known is no longer true.
        there_are = self.model.rowCount() > 0
        self._stack.setCurrentWidget(self._both if there_are else self.empty)
        if there_are and (not self.list.currentIndex().isValid() or self.list.current() != self._shown):
            self._choose(self._shown)
        self._show_current()

    def _show_current(self) -> None:
        row = self.list.current()
        if row == self._shown and self.details.inside.count():
            return
        self._shown = row
        clear(self.details.inside)
        if row is not None:
            self.details.inside.addWidget(pane_of(self._desk, row, self.look))
        self.details.inside.addStretch(1)


def _request(last: ProblemRow | None) -> ListProblems:
    return ListProblems(limit=PAGE, after=None if last is None else last.id)
