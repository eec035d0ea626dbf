"""Grounds to put things on: cards, banners, lines, scrolled pages, and the empty state."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from govsync.desktop.icons import picture
from govsync.desktop.theme import GRID, Palette, tone
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.words import Words


class Card(QFrame):
    """A ground with round corners, whose content lies under each other."""

    def __init__(self, margin: int = 2 * GRID + 4, gap: int = GRID, role: str = "card") -> None:
        super().__init__()
        self.setProperty("role", role)
        self.inside = QVBoxLayout(self)
        self.inside.setContentsMargins(margin, margin, margin, margin)
        self.inside.setSpacing(gap)


class Line(QFrame):
    """A thin line between two things."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "line")
        self.setFixedHeight(1)


class Banner(QFrame):
    """Something to know, in one tone: a picture, words, and what can be done."""

    def __init__(self, palette: Palette, colour: str, icon: str) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        self.setProperty("tone", colour)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        self._palette, self._tone = palette, tone(palette, colour)
        self._shape = Picture(icon, self._tone.ink, 20)
        self._words = Words("", wrap=True)
        row.addWidget(self._shape, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._words, 1, Qt.AlignmentFlag.AlignVCenter)
        self._row = row

    def say(self, text: str) -> None:
        """Says it, and shows itself; with nothing to say it hides."""
        self._words.say(text)
        self.setVisible(bool(text))

    def text(self) -> str:
        """Answers what it says."""
        return self._words.text()

    def offer(self, text: str, act: Callable[[], object]) -> Button:
        """Adds what can be done."""
        button = Button(text, act)
        self._row.addWidget(button)
        return button


class Picture(QLabel):
    """An icon of lines."""

    def __init__(self, name: str, colour: str, size: int) -> None:
        super().__init__()
        self.setFixedSize(size, size)
        self.setPixmap(picture(name, colour, size, 2.0))
        self.setScaledContents(True)


class Empty(QWidget):
    """What a page shows when there is nothing: a picture, what that means, what can be done."""

    def __init__(self, palette: Palette, icon: str, colour: str, title: str, text: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6 * GRID)
        column.setSpacing(GRID)
        column.addStretch(1)
        column.addWidget(Medal(palette, icon, colour, 72), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(GRID)
        self.title, self.text = Words(title, "title"), Words(text, "second")
        for each in (self.title, self.text):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(each)
        column.addStretch(1)
        self._column = column

    def say(self, title: str, text: str) -> None:
        """Says something else."""
        self.title.say(title)
        self.text.say(text)

    def offer(self, text: str, act: Callable[[], object]) -> Button:
        """Adds what can be done."""
        button = Button(text, act)
        self._column.insertSpacing(self._column.count() - 1, GRID)
        self._column.insertWidget(self._column.count() - 1, button, 0, Qt.AlignmentFlag.AlignHCenter)
        return button


class Medal(QLabel):
    """An icon of lines on a round ground of its tone."""

    def __init__(self, palette: Palette, icon: str, colour: str, size: int) -> None:
        super().__init__()
        found = tone(palette, colour)
        self.setFixedSize(size, size)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet(f"background: {found.tint}; border-radius: {size // 2}px;")
        drawn = picture(icon, found.ink, round(size * 0.45), 2.0)
        self.setPixmap(drawn)


class Scrolled(QScrollArea):
    """A page that may be longer than its window; its content lies under each other, no wider than is read well."""

    def __init__(self, widest: int = 760) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        ground = _Ground()
        ground.setObjectName("inside")
        row = QHBoxLayout(ground)
        row.setContentsMargins(0, 0, 0, 0)
        column = QWidget()
        column.setMaximumWidth(widest)
        column.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(column, 1)
        row.addStretch(0)
        self.inside = QVBoxLayout(column)
        self.inside.setContentsMargins(4 * GRID, 0, 4 * GRID, 4 * GRID)
        self.inside.setSpacing(2 * GRID)
        self.setWidget(ground)
        self.verticalScrollBar().rangeChanged.connect(self._make_room)

    def _make_room(self, least: int, most: int) -> None:
        """Lets the bar stand in the margin, so that a page which grows longer than its window is as wide as before."""
        taken = self.verticalScrollBar().sizeHint().width() if most > least else 0
        self.inside.setContentsMargins(4 * GRID, 0, 4 * GRID - taken, 4 * GRID)


class _Ground(QWidget):
    """What is put on it, whenever that is, is gone through by keys as the eye goes: not as it was made."""

    def __init__(self) -> None:
        super().__init__()
        self._order: list[QWidget] = []

    def event(self, event: QEvent) -> bool:
        """As Qt asks it."""
        if event.type() == QEvent.Type.LayoutRequest:
            order = list(_held(self))
            if order != self._order:
                self._order = order
                for one, following in pairwise(order):
                    QWidget.setTabOrder(one, following)
        return super().event(event)


def _held(ground: QWidget) -> Iterator[QWidget]:
    """Answers what can have the keyboard, in the order of the layouts."""
    layout = ground.layout()
    if ground.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield ground
    elif layout is not None:
        yield from _laid(layout)


def _laid(layout: QLayout) -> Iterator[QWidget]:
    for number in range(layout.count()):
        item = layout.itemAt(number)
        assert item is not None, "it has so many"
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield from _held(widget)
        elif inner is not None:
            yield from _laid(inner)


def clear(layout: QLayout) -> None:
    """Takes everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def row(*widgets: QWidget | int | None, gap: int = GRID) -> QHBoxLayout:
    """Puts things beside each other; a number is a distance, None takes the room that is left."""
    found = QHBoxLayout()
    found.setContentsMargins(0, 0, 0, 0)
    found.setSpacing(gap)
    for each in widgets:
        if each is None:
            found.addStretch(1)
        elif isinstance(each, int):
            found.addSpacing(each)
        else:
            found.addWidget(each)
    return found
