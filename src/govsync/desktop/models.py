"""Lists that are longer than a screen: rows are fetched page by page as one scrolls, and known by their ids.

What happens while one looks does not take the place away: new rows come in where they belong, those that are gone leave, and
everything else stays where it is. Only the page that one looks at is read again, so a change costs as much in a list of
a hundred thousand rows as in one of ten; another one is read again when one scrolls to it.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from govsync.control.messages import Request
from govsync.desktop.link import Link
from govsync.model.problems import Failure

PAGE = 200
MARGIN = PAGE // 4
"""So many rows before the first one that is seen are read again with it."""
SETTLED_MS = 150
"""So long after it was scrolled a list stands still."""

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
        self._first = 0
        self._stale = False
        """Whether rows that are not seen may be otherwise by now."""
        self._scrolled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._scrolled.timeout.connect(self.refresh)
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
        every = chain(self._head, self._rows)
        return next((n for n, row in enumerate(every) if row.id == id and isinstance(row, kind)), None)

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
        self._rows, self.complete, self._stale = [], False, False
        self.endResetModel()
        self._ask(None, self._append)

    def look_at(self, first: int) -> None:
        """Takes in which row is the first one that is seen."""
        self._first = first
        if self._stale:
            self._scrolled.start()

    def refresh(self) -> None:
        """Reads again what is seen, or, of what happened, what is new; never twice at a time."""
        if self._asking:
            self._again = True
            return
        self._again = False
        seen = 0 if self._newest_first else min(self._first - len(self._head), len(self._rows))
        start = max(0, seen - MARGIN)
        self._stale = len(self._rows) > PAGE and not self._newest_first
        self._ask(self._rows[start - 1] if start else None, lambda rows: self._become(start, rows))

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
        self._insert(len(self._rows), rows)

    def _become(self, start: int, rows: list[Any]) -> None:
        """Puts what was read again in the place of what stood there, from a row on: row by row, so that what stays keeps its
        place on the screen."""
        said = {row.id: row for row in rows}
        ended = len(rows) < PAGE
        end = len(self._rows) if ended else self._after_last(start, said)
        if end is None or not self._in_order(start, end, rows):
            self._reset([*self._rows[:start], *rows], ended)
            return
        for first, last in reversed(list(self._runs(start, end, said))):
            place = len(self._head) + first
            self.beginRemoveRows(QModelIndex(), place, place + last - first)
            del self._rows[first : last + 1]
            self.endRemoveRows()
        at = start
        new: list[Any] = []
        for row in rows:
            if at < len(self._rows) and self._rows[at].id == row.id:
                at = self._insert(at, new)
                new = []
                self._say(at, row)
                at += 1
            else:
                new.append(row)
        at = self._insert(at, new)
        self.complete = ended

    def _after_last(self, start: int, said: dict[str, Any]) -> int | None:
        """Answers the place after the last row that was read again; None where that is none of those that stood there."""
        near = range(min(start + 2 * PAGE, len(self._rows)) - 1, start - 1, -1)
        last = next((number for number in near if self._rows[number].id in said), None)
        return None if last is None else last + 1

    def _in_order(self, start: int, end: int, rows: list[Any]) -> bool:
        before = [row.id for row in self._rows[start:end]]
        there, said = set(before), {row.id for row in rows}
        return [each for each in before if each in said] == [row.id for row in rows if row.id in there]

    def _runs(self, start: int, end: int, said: dict[str, Any]) -> Iterator[tuple[int, int]]:
        """Yields where rows stand that are gone: the first and the last of neighbours."""
        first: int | None = None
        for number in range(start, end):
            if self._rows[number].id not in said:
                first = number if first is None else first
            elif first is not None:
                yield first, number - 1
                first = None
        if first is not None:
            yield first, end - 1

    def _say(self, number: int, row: Any) -> None:
        """Says of a row what is true now."""
        if row != self._rows[number]:
            self._rows[number] = row
            index = self.index(len(self._head) + number)
            self.dataChanged.emit(index, index)

    def _insert(self, number: int, rows: list[Any]) -> int:
        """Puts rows in before one; answers where that one stands now."""
        if rows:
            place = len(self._head) + number
            self.beginInsertRows(QModelIndex(), place, place + len(rows) - 1)
            self._rows[number:number] = rows
            self.endInsertRows()
        return number + len(rows)

    def _reset(self, rows: list[Any], complete: bool) -> None:
        self.beginResetModel()
        self._rows, self.complete = rows, complete
        self.endResetModel()
