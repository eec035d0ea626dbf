"""Rows of a list, drawn: an icon on its ground, a name and where it is, a second line, and something at the right.

All are equally high, so a list of a hundred thousand costs as much as what is seen of it.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from govsync.desktop.icons import picture
from govsync.desktop.models import Rows
from govsync.desktop.theme import Palette, font, tone
from govsync.desktop.widgets.words import draw_cut

HEIGHT = 56


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn of a row; `title` is cut as `cut` says, `where` is said beside it."""

    icon: str
    tone: str
    title: str
    where: str = ""
    second: str
    right: str = ""
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle

    def spoken(self) -> str:
        """Answers all of it in one line."""
        return ". ".join(part for part in (self.title, self.where, self.second, self.right) if part)


class RowPainter(QStyledItemDelegate):
    """Draws rows as a function describes them."""

    def __init__(self, palette: Palette, describe: Callable[[Any], Shown], tile: int = 36) -> None:
        super().__init__()
        self._palette, self._describe, self._tile = palette, describe, tile

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """As Qt asks it."""
        return QSize(200, HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """As Qt asks it."""
        row = index.data(Rows.ROW)
        if row is None:
            return
        state: QStyle.StateFlag = option.state
        rect: QRect = option.rect
        self.draw(painter, rect, state, self._describe(row))

    def draw(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag, shown: Shown) -> None:
        """Draws one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ground(painter, rect, state)
        tile = QRectF(rect.left() + 12, rect.top() + (HEIGHT - self._tile) / 2, self._tile, self._tile)
        colours = tone(self._palette, shown.tone)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.tint))
        painter.drawRoundedRect(tile, 8, 8)
        ratio = painter.device().devicePixelRatioF()
        at = tile.center().toPoint()
        painter.drawPixmap(at.x() - 9, at.y() - 9, picture(shown.icon, colours.ink, 18, ratio))
        self._draw_words(painter, rect.adjusted(24 + self._tile, 0, -16, 0), shown)
        painter.restore()

    def _draw_ground(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        ground = QRectF(rect).adjusted(4, 1, -4, -1)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._palette.selected if chosen else self._palette.sunken))
            painter.drawRoundedRect(ground, 8, 8)
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._palette.accent), 2))
            painter.drawRoundedRect(ground.adjusted(1, 1, -1, -1), 8, 8)

    def _draw_words(self, painter: QPainter, room: QRect, shown: Shown) -> None:
        first, second = room.top() + 24, room.top() + 42
        right = 0
        if shown.right:
            painter.setFont(font(12, figures=True))
            painter.setPen(QColor(self._palette.ink3))
            right = painter.fontMetrics().horizontalAdvance(shown.right)
            painter.drawText(room.right() - right, first, shown.right)
            right += 16
        width = room.width() - right
        painter.setFont(font(13, QFont.Weight.DemiBold))
        painter.setPen(QColor(self._palette.ink))
        taken = draw_cut(painter, shown.title, room.left(), first, width, shown.cut)
        if shown.where and width - taken > 60:
            painter.setFont(font(12))
            painter.setPen(QColor(self._palette.ink3))
            place = room.left() + taken + 8
            draw_cut(painter, shown.where, place, first, width - taken - 8, Qt.TextElideMode.ElideMiddle)
        painter.setFont(font(12))
        painter.setPen(QColor(self._palette.ink2))
        draw_cut(painter, shown.second, room.left(), second, room.width(), Qt.TextElideMode.ElideRight)


class RowList(QTableView):
    """A list of such rows. It is a table of one column, whose layout asks nothing of a row that is not seen; that of a list
    asks for each of a hundred thousand."""

    def __init__(self, model: Rows, painter: RowPainter, name: str) -> None:
        super().__init__()
        self._painter = painter  # A view does not own it.
        painter.setParent(self)
        self.setProperty("role", "rows")
        self.setAccessibleName(name)
        self.setModel(model)
        self.setItemDelegate(painter)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.horizontalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(HEIGHT)
        self.verticalHeader().setDefaultSectionSize(HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalScrollBar().setSingleStep(HEIGHT // 2)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.verticalScrollBar().valueChanged.connect(lambda _: model.look_at(max(0, self.rowAt(0))))

    def current(self) -> Any | None:
        """Answers the row that is chosen."""
        index = self.currentIndex()
        return index.data(Rows.ROW) if index.isValid() else None
