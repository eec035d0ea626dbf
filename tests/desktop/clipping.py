"""Finds words that have not the room that they need: cut off, not broken into lines, or shortened though they are ours."""

from collections.abc import Iterator

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QPushButton, QWidget

from govsync.desktop.widgets.buttons import RailEntry
from govsync.desktop.widgets.words import Name, Words
from govsync.text import glance
from govsync.text.catalog import translated
from tests.desktop import samples
from tests.text.texts import texts

_BORDER, _CLEAR, _LEADING = 24, 24, 28
"""What a field takes for its edge, and for a sign at its end or its beginning."""
_RAIL = 44 + 48
"""What an entry of the rail takes for its icon and its count."""


def clipped(window: QWidget) -> list[str]:
    """Answers what is cut in a window that is shown, in words for whoever reads a failing test."""
    ours = {translated(text) for text in texts()} | {
        glance.headline(each) for each in samples.STATES.values()
    }
    found = []
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.isVisible():
            found += [f"{type(widget).__name__} {what}" for what in _of(widget, ours)]
            found += _outside(widget)
    return found


def _of(widget: QWidget, ours: set[str]) -> Iterator[str]:
    room = widget.contentsRect().width()
    if isinstance(widget, RailEntry):
        yield from _narrow(widget.text(), widget.fontMetrics(), widget.width() - _RAIL)
    elif isinstance(widget, QPushButton):
        if widget.text() and widget.width() < widget.sizeHint().width():
            yield f"{widget.text()!r}: {widget.width()} of {widget.sizeHint().width()}"
    elif isinstance(widget, Name):
        if widget.text() in ours:
            yield from _narrow(widget.text(), widget._words.fontMetrics(), widget.width())
    elif isinstance(widget, QLabel) and widget.text() and not isinstance(widget.parent(), Name):
        yield from _label(widget, room)
    elif isinstance(widget, QLineEdit):
        taken = _BORDER + (_LEADING if widget.actions() else 0)
        yield from _narrow(widget.placeholderText(), widget.fontMetrics(), widget.width() - taken)


def _label(label: QLabel, room: int) -> Iterator[str]:
    text, metrics = label.text(), label.fontMetrics()
    if label.wordWrap():
        needed = label.heightForWidth(label.width())
        if label.height() < needed:
            yield f"{text!r}: {label.height()} high of {needed}"
        for word in text.split():
            yield from _narrow(word, metrics, room)
    elif isinstance(label, Words) and label.width() < label.sizeHint().width():
        yield f"{text!r}: {label.width()} of {label.sizeHint().width()}"


def _narrow(text: str, metrics: QFontMetrics, room: int) -> Iterator[str]:
    needed = max((metrics.horizontalAdvance(line) for line in text.splitlines()), default=0)
    if needed > room:
        yield f"{text!r}: {room} of {needed}"


def _outside(widget: QWidget) -> Iterator[str]:
    """What reaches beyond the right edge of what it lies in, or of the window, is cut there."""
    seen = widget.visibleRegion().boundingRect()
    if (
        isinstance(widget, QLabel | QAbstractButton | QLineEdit)
        and not seen.isEmpty()
        and seen.right() < widget.width() - 1
    ):
        text = getattr(widget, "text", str)()
        yield f"{type(widget).__name__} {text!r} ends at {seen.right() + 1} of {widget.width()}"
