"""What can be pressed: buttons, a switch, and the entries of the rail."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QIcon, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QMenu, QPushButton, QSizePolicy

from govsync.desktop.icons import icon, picture
from govsync.desktop.theme import Palette, font

_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class Button(QPushButton):
    """A button of a kind: "first" (the one thing to do), "" (others), "quiet" and "plain" (without an edge)."""

    def __init__(
        self, text: str, act: Callable[[], object] | None = None, kind: str = "", icon: QIcon | None = None
    ) -> None:
        super().__init__()
        self.setProperty("kind", kind)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        if icon is not None:
            self.setIcon(icon)
            self.setIconSize(QSize(16, 16))
        self.say(text)
        if act is not None:
            self.clicked.connect(lambda: act())

    def say(self, text: str) -> None:
        """Shows another text."""
        gap = " " if text and not self.icon().isNull() else ""  # Qt leaves less than the grid does.
        self.setText(gap + text.replace("&", "&&"))
        self.setAccessibleName(text)


class Choice(Button):
    """One of a few, which a menu offers."""

    picked = Signal()
    """Somebody has taken another one."""

    def __init__(
        self, palette: Palette, name: str, options: Sequence[tuple[str, object]], chosen: int
    ) -> None:
        super().__init__("", icon=icon("down", palette.ink2))
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # The arrow stands behind the word.
        self._name, self._options = name, options
        menu = QMenu(self)
        menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        for number, (text, _) in enumerate(options):
            menu.addAction(text).triggered.connect(lambda _=False, number=number: self._pick(number))
        self.setMenu(menu)
        self.choose(chosen)

    def _pick(self, number: int) -> None:
        self.choose(number)
        self.picked.emit()

    def choose(self, number: int) -> None:
        """Shows one of them as chosen."""
        self._chosen = number
        text = self._options[number][0]
        self.setText(f"{text} ")
        self.setAccessibleName(f"{self._name}: {text}")

    def value(self) -> object:
        """Answers what is chosen."""
        return self._options[self._chosen][1]


class Switch(QCheckBox):
    """On or off, at once."""

    def __init__(self, palette: Palette, name: str, act: Callable[[bool], object]) -> None:
        super().__init__()
        self._palette = palette
        self.setAccessibleName(name)
        self.setFixedSize(44, 28)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: act(self.isChecked()))

    def sizeHint(self) -> QSize:  # noqa: N802
        """As Qt asks it."""
        return QSize(44, 28)

    def hitButton(self, pos: object) -> bool:  # noqa: N802
        """As Qt asks it: all of it can be pressed."""
        del pos
        return True

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, ground = self.isChecked(), self._palette
        track = QRectF(3, 4, 38, 20)
        painter.setPen(Qt.PenStyle.NoPen if on else QPen(QColor(ground.edge), 1.5))
        colour = ground.accent if on else ground.surface
        painter.setBrush(QColor(colour if self.isEnabled() else (ground.edge if on else ground.sunken)))
        painter.drawRoundedRect(track, 10, 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground.on_accent if on else ground.edge))
        radius = 7.0 if on else 6.0
        centre = track.right() - 10 if on else track.left() + 10
        painter.drawEllipse(QRectF(centre - radius, track.center().y() - radius, 2 * radius, 2 * radius))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(ground.ink), 2))
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 12, 12)


class RailEntry(QAbstractButton):
    """One page of the window in the rail: an icon, its name, and how many things there need a person."""

    HEIGHT = 40

    def __init__(self, palette: Palette, icon: str, text: str, shortcut: str) -> None:
        super().__init__()
        self._palette, self._icon = palette, icon
        self._count, self._tone = 0, palette.red
        self._by_key = False
        self.setText(text)
        self.setToolTip(shortcut)
        self.setCheckable(True)
        self.setFixedHeight(self.HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def count(self, number: int) -> None:
        """Shows how many, nothing for 0."""
        self._count = number
        self.setAccessibleName(f"{self.text()} ({number})" if number else self.text())
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """As Qt asks it: who comes by a key sees where that is."""
        self._by_key = event.reason() in _KEYS
        super().focusInEvent(event)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As Qt asks it."""
        return QSize(160, self.HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """As Qt asks it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, here = self._palette, self.isChecked()
        box = QRectF(self.rect()).adjusted(0, 1, 0, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if here or self.underMouse():
            painter.setBrush(QColor(colours.selected if here else colours.hover))
            painter.drawRoundedRect(box, 8, 8)
        if self.hasFocus() and self._by_key:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 7, 7)
        ink = colours.accent_ink if here else colours.ink2
        middle = self.height() / 2
        painter.drawPixmap(12, round(middle - 10), picture(self._icon, ink, 20, self.devicePixelRatioF()))
        painter.setFont(font(13, QFont.Weight.DemiBold if here else QFont.Weight.Medium))
        painter.setPen(QColor(ink if here else colours.ink))
        painter.drawText(
            box.adjusted(44, 0, -48, 0),
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
            self.text(),
        )
        if self._count:
            self._draw_count(painter, middle)

    def _draw_count(self, painter: QPainter, middle: float) -> None:
        text = str(self._count) if self._count <= 999 else "999+"
        painter.setFont(font(12, QFont.Weight.DemiBold, figures=True))
        width = max(20, painter.fontMetrics().horizontalAdvance(text) + 12)
        box = QRectF(self.width() - width - 10, middle - 10, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._tone.tint))
        painter.drawRoundedRect(box, 10, 10)
        painter.setPen(QColor(self._tone.ink))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
