"""The settings as the agent has them, followed by the app: asked for when a desk is first seen, and whenever they have changed,
whoever has changed them.
"""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from govsync.control.messages import ListSettings
from govsync.desktop.link import Link
from govsync.model.problems import Failure
from govsync.model.status import Status
from govsync.settings.merge import Effective


class Followed(QObject):
    """Tells the settings of one desk."""

    changed = Signal(object)
    """They are so now (`Mapping[str, Effective]`); told after each question, too."""

    def __init__(self, link: Link, parent: QObject) -> None:
        super().__init__(parent)
        self._link = link
        self._known: int | None = None
        """Which change of them was asked about."""
        self._asked = 0
        link.status.connect(self._hear)
        link.gone.connect(self._forget)

    def ask(self) -> None:
        """Asks for them now."""
        self._asked += 1
        asked = self._asked
        self._link.ask(ListSettings(), lambda found: self._take(asked, found), self._forget, owner=self)

    def _hear(self, status: Status) -> None:
        if status.settings != self._known:
            self._known = status.settings
            self.ask()

    def _take(self, asked: int, found: Mapping[str, Effective]) -> None:
        if asked == self._asked:  # What a later question has overtaken may be older.
            self.changed.emit(found)

    def _forget(self, _: Failure) -> None:
        self._known = None
