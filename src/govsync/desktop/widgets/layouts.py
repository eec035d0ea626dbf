"""Layouts that give way where there is little room: a language with long words, a small window, a screen that shows all twice as
large."""

from collections.abc import Iterator

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from govsync.desktop.theme import GRID


class _Places(QLayout):
    """Where things stand follows from the width alone: `places` says it."""

    def __init__(self, gap: int = GRID) -> None:
        super().__init__()
        self.items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(gap)

    def places(self, width: int) -> Iterator[tuple[QLayoutItem, QRect]]:
        """Yields what is shown, and where it stands in so much room."""
        raise NotImplementedError

    def addItem(self, arg__1: QLayoutItem) -> None:  # noqa: N802
        """As Qt asks it."""
        self.items.append(arg__1)

    def count(self) -> int:
        """As Qt asks it."""
        return len(self.items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """As Qt asks it."""
        return self.items[index] if 0 <= index < len(self.items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """As Qt asks it."""
        return self.items.pop(index) if 0 <= index < len(self.items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        """As Qt asks it."""
        return Qt.Orientation.Horizontal

    def sizeHint(self) -> QSize:  # noqa: N802
        """As Qt asks it: all in one line."""
        sizes = [item.sizeHint() for item in self.items]
        width = sum(size.width() for size in sizes) + self.spacing() * max(len(sizes) - 1, 0)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802
        """As Qt asks it: as wide as the widest of them."""
        sizes = [item.minimumSize() for item in self.items]
        widest = max((size.width() for size in sizes), default=0)
        return QSize(widest, max((size.height() for size in sizes), default=0))

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """As Qt asks it."""
        return True

    def heightForWidth(self, arg__1: int) -> int:  # noqa: N802
        """As Qt asks it."""
        return max((place.bottom() + 1 for _, place in self.places(arg__1)), default=0)

    def setGeometry(self, arg__1: QRect) -> None:  # noqa: N802
        """As Qt asks it."""
        super().setGeometry(arg__1)
        for item, place in self.places(arg__1.width()):
            item.setGeometry(place.translated(arg__1.topLeft()))


class Beside(_Places):
    """Things beside each other, equally wide, where each has the room that it needs; else under each other."""

    def places(self, width: int) -> Iterator[tuple[QLayoutItem, QRect]]:
        """Yields where they stand, all equally high in a line."""
        each = (width - self.spacing() * (len(self.items) - 1)) // max(len(self.items), 1)
        if all(item.minimumSize().width() <= each for item in self.items):
            height = max((_height(item, each) for item in self.items), default=0)
            for number, item in enumerate(self.items):
                yield item, QRect(number * (each + self.spacing()), 0, each, height)
            return
        top = 0
        for item in self.items:
            height = _height(item, width)
            yield item, QRect(0, top, width, height)
            top += height + self.spacing()


class Flow(_Places):
    """Things as wide as they are, in as many lines as they need; what was put to the right stands at the end of the last one."""

    def __init__(self, gap: int = GRID) -> None:
        super().__init__(gap)
        self._right: QWidget | None = None

    def add_right(self, widget: QWidget) -> None:
        """Adds the last one, at the right."""
        self._right = widget
        self.addWidget(widget)

    def places(self, width: int) -> Iterator[tuple[QLayoutItem, QRect]]:
        """Yields where they stand."""
        left, top, height = 0, 0, 0
        for item in self.items:
            size = item.sizeHint()
            if left and left + size.width() > width:
                left, top, height = 0, top + height + self.spacing(), 0
            if item.widget() is self._right:
                left = max(left, width - size.width())
            yield item, QRect(left, top, size.width(), size.height())
            left += size.width() + self.spacing()
            height = max(height, size.height())


def _height(item: QLayoutItem, width: int) -> int:
    wanted = item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
    return max(wanted, item.minimumSize().height())
