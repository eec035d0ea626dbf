"""One section of the settings: its title, and a card with a line for each thing that can be set or done."""

from collections.abc import Mapping

from PySide6.QtWidgets import QVBoxLayout, QWidget

from govsync.desktop.commands import Outcome, run
from govsync.desktop.desk import Desk
from govsync.desktop.pages.settings.lines import Setting
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.grounds import Card, Line
from govsync.desktop.widgets.words import Words
from govsync.model.status import Status
from govsync.settings.merge import Effective


class Section(QWidget):
    """A section; each kind of it adds its lines, and shows of the desk what they say. It is made where it will stand: Qt dresses
    all that is on a widget anew when that is put elsewhere."""

    def __init__(self, desk: Desk, parent: QWidget | None, title: str) -> None:
        super().__init__(parent)
        self.desk = desk
        self.settings: dict[str, Setting] = {}
        self._card = Card(margin=0, gap=0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(Words(title, "section"))
        column.addWidget(self._card)

    def add(self, setting: Setting) -> None:
        """Adds a line."""
        if self._card.inside.count():
            self._card.inside.addWidget(Line())
        self._card.inside.addWidget(setting)
        if setting.key:
            self.settings[setting.key] = setting

    def show_status(self, status: Status) -> None:
        """Shows how the desk is."""

    def show_values(self, found: Mapping[str, Effective]) -> None:
        """Shows how the settings are, as far as that is known."""
        for key, setting in self.settings.items():
            if key in found:
                setting.show_value(found[key])

    def run(self, *arguments: str) -> None:
        """Has a command do something, and its answer told."""
        run(arguments, self._ran, self)

    def _ran(self, outcome: Outcome) -> None:
        words = outcome.printed.strip() if outcome.done else outcome.words
        if words:
            self.desk.told.emit(words)
