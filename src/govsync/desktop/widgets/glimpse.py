"""One row on its own, drawn like those of a list; it can be pressed."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QStyle

from govsync.desktop.theme import Palette
from govsync.desktop.widgets.rows import HEIGHT, RowPainter, Shown


class Glimpse(QAbstractButton):
    """A row that is not in a list."""

    def __init__(self, palette: Palette, shown: Shown, act: Callable[[], object]) -> None:
        super().__init__()
        self._painter, self._shown = RowPainter(palette, lambda row: row), shown
        self._painter.setParent(self)
        self.setAccessibleName(shown.spoken())
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(lambda: act())

    def shown(self) -> Shown:
        """Answers what it shows."""
        return self._shown

    def sizeHint(self) -> QSize:  # noqa: N802
        """As Qt asks it."""
        return QSize(200, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        painter = QPainter(self)
        state = QStyle.StateFlag.State_Enabled
        if self.underMouse():
            state |= QStyle.StateFlag.State_MouseOver
        if self.hasFocus():
            state |= QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_KeyboardFocusChange
        self._painter.draw(painter, self.rect(), state, self._shown)
