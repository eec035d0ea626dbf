"""What is being sent and fetched at this moment, file by file, on the first page."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from govsync.desktop import describe
from govsync.desktop.theme import Palette
from govsync.desktop.widgets.emblem import Bar
from govsync.desktop.widgets.grounds import Card, Picture
from govsync.desktop.widgets.words import Name, Words
from govsync.model.status import State, Status, Transfer
from govsync.text.catalog import counted, said
from govsync.text.units import size

MOST = 5
LINGER_MS = 1_000
"""So long it stays though nothing moves: between two batches of small files the page would leap."""
APART_MS = 16
"""So long after one row the next is shown for the first time: to dress and place five at once keeps the window for 30 ms."""
_BAR_WIDTH = 120
_SIZES_WIDTH = 160


class Moving(Card):
    """The first files that move, and how many more do."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(gap=12)
        self.inside.addWidget(Words(said("On the way now"), "section"))
        self.rows = [_Row(palette) for _ in range(MOST)]
        for each in self.rows:
            self.inside.addWidget(each)
            each.hide()
        self._shown: tuple[Transfer, ...] = ()
        self._count = 0
        self._dressed = 0
        """How many rows were shown ever."""
        self._growing = QTimer(self, singleShot=True, interval=APART_MS)
        self._growing.timeout.connect(self._show_rows)
        self.more = Words("", "caption")
        self.inside.addWidget(self.more)
        self._leaving = QTimer(self, singleShot=True, interval=LINGER_MS)
        self._leaving.timeout.connect(self.hide)
        self.hide()

    def show_status(self, status: Status) -> None:
        """Shows what moves, if anything does."""
        if not status.transfers:
            if status.state is not State.SYNCING:
                self.hide()
            elif self.isVisible() and not self._leaving.isActive():
                self._leaving.start()
            return
        self._leaving.stop()
        self._shown, self._count = status.transfers[:MOST], status.transferring
        self._show_rows()
        self.show()

    def _show_rows(self) -> None:
        rows = min(len(self._shown), self._dressed + 1)
        self._dressed = max(self._dressed, rows)
        for number, each in enumerate(self.rows):
            if number < rows:
                each.show_transfer(self._shown[number])
            each.setVisible(number < rows)
        more = self._count - rows
        self.more.setVisible(more > 0)
        self.more.say(counted("and {count} more", "and {count} more", more))
        if rows < len(self._shown):
            self._growing.start()


class _Row(QWidget):
    """One file: which way it goes, its name, how much of it has passed."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._icons = {
            way: Picture(icon, palette.ink2, 16) for way, icon in (("up", "send"), ("down", "fetch"))
        }
        self._name, self._bar = Name("", "strong"), Bar(palette)
        self._bar.setFixedWidth(_BAR_WIDTH)
        self._sizes = Words("", "caption", figures=12)
        self._sizes.setMinimumWidth(_SIZES_WIDTH)
        self._sizes.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        for icon in self._icons.values():
            line.addWidget(icon)
        line.addWidget(self._name, 1)
        line.addWidget(self._bar)
        line.addWidget(self._sizes)

    def show_transfer(self, transfer: Transfer) -> None:
        """Shows a file."""
        title, where = describe.name_and_place(transfer.path)
        for way, icon in self._icons.items():
            icon.setVisible(way == transfer.direction)
        if title != self._name.text():
            self._name.say(title)
        self._name.setToolTip(where)
        self._bar.show_share(transfer.done_bytes / transfer.size_bytes)
        self._sizes.say(
            said("{done} of {all}", done=size(transfer.done_bytes), all=size(transfer.size_bytes))
        )
