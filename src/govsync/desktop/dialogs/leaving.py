"""Leaving a desk: what is not sent yet, and whether files stay; what is not on the server stays in any case."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from govsync.desktop.commands import Outcome, Run, run
from govsync.desktop.desk import Desk
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Banner
from govsync.desktop.widgets.words import Words
from govsync.text.catalog import counted, said

_WIDTH = 400
_MOST_LINES = 12


class LeavingDialog(QDialog):
    """Asks once, with the number that matters; staying is the default."""

    def __init__(self, desk: Desk, parent: QWidget | None = None, runs: Run = run) -> None:
        super().__init__(parent)
        self._run = runs
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(said("Sign out"))
        unsent = desk.status.pending.up if desk.status is not None else 0
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(2 * GRID)
        title = Words(said("Sign out of this device?"), "page")
        title.ensurePolished()
        column.addWidget(title)
        lead = Words(
            said("Nothing is sent or fetched until somebody signs in again."),
            "lead",
            wrap=True,
        )
        lead.setFixedWidth(max(_WIDTH, title.sizeHint().width()))
        column.addWidget(lead)
        self.keep = QRadioButton(said("Keep all files on this device"))
        self.keep.setChecked(True)
        self.remove = QRadioButton(said("Remove the files that are safely on the server"))
        column.addWidget(self.keep)
        column.addWidget(self.remove)
        self.banner = Banner(desk.palette, "amber", "info")
        self.banner.say(
            counted(
                "{count} change is not on the server yet. It stays on this device.",
                "{count} changes are not on the server yet. They stay on this device.",
                unsent,
            )
            if unsent
            else ""
        )
        column.addWidget(self.banner)
        self.stay = Button(said("Stay signed in"), self.close, "first")
        self.stay.setDefault(True)
        self.leave = Button(said("Sign out"), self._leave)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.stay)
        column.addLayout(buttons)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        self.stay.setFocus()

    def _leave(self) -> None:
        self.leave.setEnabled(False)
        more = ("--remove-files",) if self.remove.isChecked() else ()
        self._run(("logout", *more), self._left, self, "")

    def _left(self, outcome: Outcome) -> None:
        lines = outcome.printed.splitlines()
        if outcome.done and len(lines) <= 1:
            self.close()
        elif outcome.done:  # Something stays that was to go: it is shown before the window goes.
            for each in (self.keep, self.remove, self.leave):
                each.setEnabled(False)
            self.stay.setText(said("Close"))
            self.banner.say("\n".join(lines[:_MOST_LINES]))
        else:
            self.leave.setEnabled(True)
            self.banner.say(outcome.words)
