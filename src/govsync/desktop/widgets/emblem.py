"""The state as a large emblem, progress as a bar, and the steps of a way. What moves says that something does."""

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from govsync.desktop.icons import state_picture
from govsync.desktop.theme import TONES, Palette, tone
from govsync.model.status import State
from govsync.text.catalog import said

_TURN_MS = 40
_STEP_DEGREES = 6.0


class Emblem(QWidget):
    """A state's shape on a round ground of its tone; the arrows of syncing turn."""

    def __init__(self, palette: Palette, size: int = 72) -> None:
        super().__init__()
        self._palette, self._state = palette, State.OFFLINE
        self._angle = 0.0
        self.setFixedSize(size, size)
        self._turning = QTimer(self, interval=_TURN_MS)
        self._turning.timeout.connect(self._turn)

    def show_state(self, state: State) -> None:
        """Shows a state."""
        self._state = state
        self._move()
        self.update()

    def _move(self) -> None:
        moves = self._state is State.SYNCING and self.isVisible()
        if moves != self._turning.isActive():
            self._turning.start() if moves else self._turning.stop()

    def _turn(self) -> None:
        self._angle = (self._angle + _STEP_DEGREES) % 360
        self.update()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        self._move()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        self._turning.stop()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone(self._palette, TONES[self._state]).tint))
        painter.drawEllipse(self.rect())
        size = round(self.width() * 0.5)
        painter.translate(self.width() / 2, self.height() / 2)
        if self._state is State.SYNCING:
            painter.rotate(self._angle)
        shape = state_picture(self._state, self._palette, size, self.devicePixelRatioF())
        painter.drawPixmap(round(-size / 2), round(-size / 2), shape)


class Bar(QWidget):
    """A share of a whole, as a bar."""

    def __init__(self, palette: Palette, colour: str = "blue") -> None:
        super().__init__()
        self._palette, self._colour, self._share = palette, tone(palette, colour).mark, 0.0
        self.setFixedHeight(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float) -> None:
        """Shows a share from 0 to 1."""
        self._share = min(max(share, 0.0), 1.0)
        self.setAccessibleName(f"{round(self._share * 100)} %")
        self.update()

    def share(self) -> float:
        """Answers what it shows."""
        return self._share

    def sizeHint(self) -> QSize:  # noqa: N802
        """As Qt asks it."""
        return QSize(160, 8)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.hover))
        painter.drawRoundedRect(self.rect(), 4, 4)
        if self._share > 0:
            painter.setBrush(QColor(self._colour))
            painter.drawRoundedRect(QRectF(0, 0, max(8.0, self.width() * self._share), 8), 4, 4)


class Steps(QWidget):
    """Which step of how many: a bar in as many pieces."""

    def __init__(self, palette: Palette, count: int) -> None:
        super().__init__()
        self._palette, self._count, self._step = palette, count, 0
        self.setFixedHeight(4)

    def show_step(self, step: int) -> None:
        """Shows a step, counted from 0; with all of them done every piece is full."""
        self._step = step
        self.setAccessibleName(
            said("Step {step} of {count}", step=min(step + 1, self._count), count=self._count)
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        gap = 6
        width = (self.width() - gap * (self._count - 1)) / self._count
        for number in range(self._count):
            done = number <= self._step
            painter.setBrush(QColor(self._palette.accent if done else self._palette.hover))
            painter.drawRoundedRect(QRectF(number * (width + gap), 0, width, 4), 2, 2)
