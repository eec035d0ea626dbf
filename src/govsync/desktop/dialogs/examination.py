"""The examination of a desk (`govsync doctor`): one line a check, to be read and copied."""

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from govsync.desktop.commands import Outcome, Run, run
from govsync.desktop.desk import Desk
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Banner, Scrolled, clear
from govsync.desktop.widgets.words import Words
from govsync.model.documents import from_json
from govsync.model.problems import MALFORMED
from govsync.text import findings
from govsync.text.catalog import Text, said

_CHIPS: dict[str, Text] = {"PASS": "good", "WARN": "look at it", "FAIL": "not good"}
_TONES = {"PASS": "green", "WARN": "amber", "FAIL": "red"}


class Finding(msgspec.Struct, frozen=True):
    """One line of `govsync doctor --json`."""

    check: str
    result: str
    detail: str
    key: str = ""
    facts: dict[str, str] = {}

    def said(self) -> str:
        """Answers what was found, in the language of the window."""
        return findings.detail(self.key, self.facts, self.detail)


class ExaminationDialog(QDialog):
    """Runs all checks, and shows what they found."""

    def __init__(self, desk: Desk, parent: QWidget | None = None, runs: Run = run) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        self.setWindowTitle(said("Examination"))
        self.setMinimumSize(420, 320)
        self.resize(560, 520)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 3 * GRID, 0, 2 * GRID)
        column.setSpacing(12)
        head = QVBoxLayout()
        head.setContentsMargins(4 * GRID, 0, 4 * GRID, 0)
        head.addWidget(Words(said("Examination"), "page"))
        self.banner = Banner(desk.palette, "blue", "wait")
        self.banner.say(said("Folder, disk, clock, certificate, proxy, server and keyring are looked at…"))
        head.addWidget(self.banner)
        column.addLayout(head)
        self.found = Scrolled()
        column.addWidget(self.found, 1)
        self._text = ""
        buttons = QHBoxLayout()
        buttons.setContentsMargins(4 * GRID, 0, 4 * GRID, 0)
        self.copy = Button(said("Copy"), lambda: desk.copy(self._text), icon=desk.icon("copy"))
        self.copy.setEnabled(False)
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        close = Button(said("Close"), self.close, "first")
        buttons.addWidget(close)
        column.addLayout(buttons)
        close.setFocus()
        runs(("doctor", "--json"), self.show_outcome, self, "")

    def show_outcome(self, outcome: Outcome) -> None:
        """Shows what was found; a check that failed ends the command as failed, and is shown all the same."""
        try:
            rows = from_json(outcome.printed.encode(), list[Finding])
        except MALFORMED:
            self.banner.say(outcome.words or said("It could not be examined."))
            return
        self.banner.say("")
        clear(self.found.inside)
        for each in rows:
            chip = Words(said(_CHIPS.get(each.result, each.result)), "chip")
            chip.setProperty("tone", _TONES.get(each.result, "grey"))
            chip.setAlignment(Qt.AlignmentFlag.AlignCenter)
            chip.setFixedWidth(96)
            words = QVBoxLayout()
            words.setSpacing(2)
            words.addWidget(Words(findings.check(each.check), "strong", wrap=True))
            words.addWidget(Words(each.said(), "second", wrap=True))
            line = QHBoxLayout()
            line.setSpacing(2 * GRID)
            line.addWidget(chip, 0, Qt.AlignmentFlag.AlignTop)
            line.addLayout(words, 1)
            self.found.inside.addLayout(line)
        self.found.inside.addStretch(1)
        self._text = "\n".join(f"{each.result}\t{each.check}\t{each.said()}" for each in rows)
        self.copy.setEnabled(True)
