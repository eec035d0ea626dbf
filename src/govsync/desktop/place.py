"""Where a window opens that was asked for by the icon: beside it, and whole on its screen. Pure: places and sizes are handed in."""

from PySide6.QtCore import QPoint, QRect, QSize

MARGIN = 8


def beside(icon: QRect, window: QSize, screen: QRect) -> QPoint:
    """Answers the corner of a window: above an icon in the lower half of the screen, else below it, at its middle."""
    room = screen.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    below = icon.center().y() < screen.center().y()
    x = icon.center().x() - window.width() // 2
    y = icon.bottom() + 1 + MARGIN if below else icon.top() - MARGIN - window.height()
    return QPoint(
        max(min(x, room.right() + 1 - window.width()), room.left()),
        max(min(y, room.bottom() + 1 - window.height()), room.top()),
    )
