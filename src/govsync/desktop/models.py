"""Lists that are longer than a screen: rows are fetched page by page as one scrolls, and known by their ids.

What happens while one looks does not take the place away: new rows come in where they belong, those that are gone leave, and
everything else stays where it is.
"""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from govsync.control.messages import Request
from govsync.desktop.link import Link
from govsync.model.problems import Failure

PAGE = 200
MOST_REMOVED_SINGLY = 100

Index = QModelIndex | QPersistentModelIndex


class Rows(QAbstractListModel):
    """The rows that `request` answers after a row (None: from the beginning); before them stand those of `set_head`."""

    ROW = Qt.ItemDataRole.UserRole
    loaded = Signal()
    """Rows came, or are known to be none."""

    def __init__(
        self,
        link: Link,
        request: Callable[[Any | None], Request[tuple[Any, ...]]],
        spoken: Callable[[Any], str],
        newest_first: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link, self._request, self._spoken = link, request, spoken
        self._newest_first = newest_first
        self._head: list[Any] = []
        self._rows: list[Any] = []
        self._turn = 0
        self._asking = False
        self._again = False
        self.complete = False
        """Whether there are no more rows than these."""
        self.failure: Failure | None = None
        """Why there are no rows, where they could not be had."""

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802
        """As Qt asks it."""
        return 0 if parent is not None and parent.isValid() else len(self._head) + len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """As Qt asks it: the row itself, or what a reader of the screen says of it."""
        if not index.isValid() or index.row() >= self.rowCount():
            return None
        if role == self.ROW:
            return self.row(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._spoken(self.row(index.row()))
        return None

    def row(self, number: int) -> Any:
        """Answers a row by its place."""
        return self._head[number] if number < len(self._head) else self._rows[number - len(self._head)]

    def place(self, kind: type[Any], id: str) -> int | None:
        """Answers where a row of a kind with an id is."""
        for number in range(self.rowCount()):
            found = self.row(number)
            if isinstance(found, kind) and found.id == id:
                return number
        return None

    def canFetchMore(self, parent: Index) -> bool:  # noqa: N802
        """As Qt asks it."""
        return not parent.isValid() and not self.complete and not self._asking and bool(self._rows)

    def fetchMore(self, parent: Index) -> None:  # noqa: N802
        """As Qt asks it."""
        if self.canFetchMore(parent):
            self._ask(self._rows[-1], self._append)

    def begin(self) -> None:
        """Forgets all rows and reads them from the beginning: something else is asked for."""
        self._turn += 1
        self._asking = False
        self.beginResetModel()
        self._rows, self.complete = [], False
        self.endResetModel()
        self._ask(None, self._append)

    def refresh(self) -> None:
        """Reads again what is shown, and what is new; never twice at a time."""
        if self._asking:
            self._again = True
            return
        self._again = False
        self._collect([], None)

    def set_head(self, rows: Sequence[Any]) -> None:
        """Puts rows before all others, instead of those that were there."""
        rows = list(rows)
        if rows == self._head:
            return
        if self._head:
            self.beginRemoveRows(QModelIndex(), 0, len(self._head) - 1)
            self._head = []
            self.endRemoveRows()
        if rows:
            self.beginInsertRows(QModelIndex(), 0, len(rows) - 1)
            self._head = rows
            self.endInsertRows()
        self.loaded.emit()

    def _ask(self, last: Any | None, then: Callable[[list[Any]], object]) -> None:
        self._asking, turn = True, self._turn

        def take(rows: Sequence[Any]) -> None:
            if turn == self._turn:
                self._asking, self.failure = False, None
                then(list(rows))
                self.loaded.emit()
                if self._again and not self._asking:
                    self.refresh()

        def fail(failure: Failure) -> None:
            if turn == self._turn:
                self._asking, self.failure = False, failure
                self.loaded.emit()

        self._link.ask(self._request(last), take, fail, owner=self)

    def _append(self, rows: list[Any]) -> None:
        self.complete = len(rows) < PAGE
        if rows:
            start = len(self._head) + len(self._rows)
            self.beginInsertRows(QModelIndex(), start, start + len(rows) - 1)
            self._rows.extend(rows)
            self.endInsertRows()

    def _collect(self, found: list[Any], last: Any | None) -> None:
        """Reads pages until there are as many rows as are shown."""

        def take(rows: list[Any]) -> None:
            found.extend(rows)
            if len(rows) < PAGE or self._newest_first or len(found) >= len(self._rows):
                self._become(found, complete=len(rows) < PAGE)
            else:
                self._collect(found, rows[-1])

        self._ask(last, take)

    def _become(self, rows: list[Any], complete: bool) -> None:
        if self._newest_first:
            known = self._rows[0].id if self._rows else None
            new = next((number for number, row in enumerate(rows) if row.id == known), None)
            if new is not None:
                self._insert_first(rows[:new])
                return
        elif not self._drop({row.id for row in rows}):
            self._reset(rows, complete)
            return
        if [row.id for row in self._rows] == [row.id for row in rows[: len(self._rows)]]:
            self._rows[:] = rows[: len(self._rows)]  # What is said of one may have changed.
            if self._rows:
                top = self.index(len(self._head))
                self.dataChanged.emit(top, self.index(self.rowCount() - 1))
            self._append(rows[len(self._rows) :])
            self.complete = complete
        else:
            self._reset(rows, complete)

    def _insert_first(self, rows: list[Any]) -> None:
        if rows:
            self.beginInsertRows(QModelIndex(), len(self._head), len(self._head) + len(rows) - 1)
            self._rows[:0] = rows
            self.endInsertRows()

    def _drop(self, kept: set[str]) -> bool:
        """Takes away what is not kept; answers False where that is so much that all is better read anew."""
        gone = [number for number, row in enumerate(self._rows) if row.id not in kept]
        if len(gone) > MOST_REMOVED_SINGLY:
            return False
        for number in reversed(gone):
            place = len(self._head) + number
            self.beginRemoveRows(QModelIndex(), place, place)
            del self._rows[number]
            self.endRemoveRows()
        return True

    def _reset(self, rows: list[Any], complete: bool) -> None:
        self.beginResetModel()
        self._rows, self.complete = list(rows), complete
        self.endResetModel()
