"""From how many files on a deletion or a change is a question first."""

from PySide6.QtWidgets import QWidget

from govsync.desktop.desk import Desk
from govsync.desktop.pages.settings.lines import TextSetting
from govsync.desktop.pages.settings.section import Section
from govsync.text.catalog import said


class QuestionsSection(Section):
    """The two thresholds."""

    def __init__(self, desk: Desk, parent: QWidget | None) -> None:
        super().__init__(desk, parent, said("Ask before"))
        deletions = said("Deleting many files"), said("So many in ten minutes are a question first.")
        self.add(TextSetting(desk, "hold.deletions", *deletions, str, "200"))
        rewrites = (
            said("Rewriting many files"),
            said("So many in ten minutes are a question first: a program may be encrypting them."),
        )
        self.add(TextSetting(desk, "hold.rewrites", *rewrites, str, "1000"))
