"""The page of settings: its sections, made from the top down, one a picture of the screen.

Made at once they would keep the window from everything else for a tenth of a second and more; and nobody sees the last of them
before the eye has passed the first.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from govsync.desktop.desk import Desk
from govsync.desktop.pages.settings.about import AboutSection
from govsync.desktop.pages.settings.account import AccountSection
from govsync.desktop.pages.settings.folder import FolderSection
from govsync.desktop.pages.settings.general import GeneralSection
from govsync.desktop.pages.settings.lines import Setting
from govsync.desktop.pages.settings.network import NetworkSection
from govsync.desktop.pages.settings.questions import QuestionsSection
from govsync.desktop.pages.settings.section import Section
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.grounds import Scrolled
from govsync.model.status import Status
from govsync.settings.merge import Effective

SECTIONS: tuple[Callable[[Desk, QWidget | None], Section], ...] = (
    GeneralSection, AccountSection, FolderSection, NetworkSection, QuestionsSection, AboutSection,
)  # fmt: skip


APART_MS = 16
"""So long after one section the next is made: what was clicked meanwhile, and what is to be painted, has its turn."""


class SettingsPage(Scrolled):
    """Sections of settings under each other."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.inside.setSpacing(3 * GRID)
        self.inside.addStretch(1)
        self._desk = desk
        self._found: Mapping[str, Effective] = {}
        self.sections: list[Section] = []
        self._making = QTimer(self, interval=APART_MS)
        self._making.timeout.connect(self._make_next)
        self._make_next()
        self._making.start()
        desk.changed.connect(self._show_status)
        desk.settings.changed.connect(self._show)

    @property
    def settings(self) -> dict[str, Setting]:
        """Answers the lines of all sections that are there, by the key of what they set."""
        return {key: each for section in self.sections for key, each in section.settings.items()}

    def is_whole(self) -> bool:
        """Says whether all sections are there."""
        return len(self.sections) == len(SECTIONS)

    def showEvent(self, event: object) -> None:  # noqa: N802
        """As Qt asks it: what is shown is as it is now."""
        del event
        self._desk.settings.ask()

    def _make_next(self) -> None:
        section = SECTIONS[len(self.sections)](self._desk, self.inside.parentWidget())
        self.inside.insertWidget(len(self.sections), section)
        self.sections.append(section)
        if self._desk.status is not None:
            section.show_status(self._desk.status)
        section.show_values(self._found)
        if self.is_whole():
            self._making.stop()

    def _show_status(self, status: Status) -> None:
        for each in self.sections:
            each.show_status(status)

    def _show(self, found: Mapping[str, Effective]) -> None:
        self._found = found
        for each in self.sections:
            each.show_values(found)
