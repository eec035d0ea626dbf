"""How full the spaces are that may hold only so much, on the first page. Where none has a quota there is nothing to see.

The server is asked when the page comes up and after something has changed, never on a clock.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout

from govsync.control.messages import ListRoom
from govsync.desktop.desk import Desk
from govsync.desktop.widgets.emblem import Bar
from govsync.desktop.widgets.grounds import Card, clear, row
from govsync.desktop.widgets.words import Name, Words
from govsync.model.activity import RoomRow
from govsync.model.status import Status
from govsync.text.catalog import said
from govsync.text.glance import kind_of_space
from govsync.text.units import size

LOOK_AGAIN_MS = 3_000
NEARLY = 0.9
"""From which share on a space is nearly full."""


class Room(Card):
    """A bar for each space that has a quota; `watched` says whether anybody looks."""

    def __init__(self, desk: Desk, watched: Callable[[], bool]) -> None:
        super().__init__(gap=12)
        self._desk, self._watched = desk, watched
        self._shown: tuple[RoomRow, ...] = ()
        self._online = False
        self._last_change: str | None = None
        self._stale = True
        self._again = QTimer(self, singleShot=True, interval=LOOK_AGAIN_MS)
        self._again.timeout.connect(self.look)
        self.hide()

    def show_status(self, status: Status) -> None:
        """Asks anew where something has changed, or the server is there again."""
        back = status.online and not self._online
        self._online = status.online
        if back or status.last_change != self._last_change:
            self._last_change = status.last_change
            self._stale = True
        if not status.online:
            self._show(())
        elif back:
            self.look()
        elif self._stale and not self._again.isActive():
            self._again.start()

    def look(self) -> None:
        """Asks how full the spaces are, if that may have changed and somebody sees it."""
        if self._stale and self._online and self._watched():
            self._stale = False
            self._desk.link.ask(ListRoom(), self._show, lambda _: self._show(()), owner=self)

    def _show(self, rows: Sequence[RoomRow]) -> None:
        limited = tuple(each for each in rows if each.quota_bytes)
        if limited != self._shown:
            self._shown = limited
            clear(self.inside)
            self.inside.addWidget(Words(said("Room on the server"), "section"))
            for each in limited:
                self.inside.addLayout(self._line(each))
        self.setVisible(bool(limited))

    def _line(self, space: RoomRow) -> QVBoxLayout:
        share = space.used_bytes / space.quota_bytes
        bar = Bar(self._desk.palette, "blue" if share < NEARLY else "amber")
        bar.show_share(share)
        used = said("{used} of {all} used", used=size(space.used_bytes), all=size(space.quota_bytes))
        line = QVBoxLayout()
        line.setSpacing(6)
        own = space.kind == "personal"
        name = Name(said("Your own files") if own else space.name, "strong")
        words = row(name, Words("" if own else kind_of_space(space.kind), "caption"), gap=12)
        words.setStretch(0, 1)
        line.addLayout(words)
        line.addWidget(bar)
        line.addLayout(
            row(Words(used, "caption", figures=12), None, Words(_left(space), "caption", figures=12))
        )
        return line


def _left(space: RoomRow) -> str:
    left_bytes = space.quota_bytes - space.used_bytes
    if left_bytes <= 0:
        return said("Full: what makes it fuller waits here.")
    if space.used_bytes >= NEARLY * space.quota_bytes:
        return said("Nearly full: {left} left", left=size(left_bytes))
    return said("{left} left", left=size(left_bytes))
