"""Words on the screen: always plain text, whatever signs they hold, and always to be selected and copied."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from govsync.desktop.theme import font
from govsync.text.units import shown_name

_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse


class Words(QLabel):
    """A line or a paragraph in a role of the style sheet ("page", "title", "second", "caption", …)."""

    def __init__(self, text: str = "", role: str = "", wrap: bool = False, figures: int = 0) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(_SELECTABLE)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)  # Qt finds out by itself only once there are words.
            self.setSizePolicy(policy)
        if figures:
            self.setFont(font(figures, figures=True))
        self.say(text)

    def say(self, text: str) -> None:
        """Shows a text, in which nothing is a command, a mark or an entity, or turns the line round."""
        text = shown_name(text)
        if text != self.text():
            self.setText(text)


class Name(QWidget):
    """One line that may be longer than its room, such as a path: cut in the middle, whole as a tool tip and to a reader."""

    def __init__(
        self, text: str = "", role: str = "", cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
    ) -> None:
        super().__init__()
        self._words = Words("", role)
        self._words.setParent(self)
        self._cut = cut
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.say(text)

    def say(self, text: str) -> None:
        """Shows a text of strangers, without what turns or breaks a line."""
        self._text = shown_name(text)
        self._words.setAccessibleName(self._text)
        self.setToolTip("")
        self._fit()
        self.updateGeometry()

    def text(self) -> str:
        """Answers the whole text."""
        return self._text

    def _fit(self) -> None:
        room = self._words.fontMetrics().elidedText(self._text, self._cut, max(self.width(), 0))
        self._words.say(room)
        self._words.setGeometry(0, 0, self.width(), self._words.sizeHint().height())
        self._words.setToolTip(_as_text(self._text) if room != self._text else "")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """As Qt asks it: once its style is known, the letters have their true width."""
        self._fit()
        super().paintEvent(event)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As Qt asks it."""
        metrics = self._words.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 2, self._words.sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As Qt asks it."""
        return QSize(48, self._words.sizeHint().height())


def _as_text(text: str) -> str:
    """Answers a tool tip that is shown as it stands: Qt takes what looks like markup for markup."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span>{escaped}</span>"


def draw_cut(painter: QPainter, text: str, x: int, y: int, width: int, cut: Qt.TextElideMode) -> int:
    """Draws a line in the room that there is; answers how much of it was taken. `y` is its base line."""
    shown = painter.fontMetrics().elidedText(text, cut, width)
    painter.drawText(x, y, shown)
    return painter.fontMetrics().horizontalAdvance(shown)
