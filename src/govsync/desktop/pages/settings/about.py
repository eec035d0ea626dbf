"""Which version this is, and what IT support asks for."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from govsync.desktop.desk import Desk
from govsync.desktop.pages.settings.lines import Setting
from govsync.desktop.pages.settings.section import Section
from govsync.desktop.widgets.buttons import Button
from govsync.model.status import Status
from govsync.text.catalog import said


class AboutSection(Section):
    """The last section."""

    def __init__(self, desk: Desk, parent: QWidget | None) -> None:
        super().__init__(desk, parent, said("About"))
        self._version = Setting(desk, "", "GovSync", "")
        self._version.put(Button(said("Support file…"), self._write_support))
        self._version.put(Button(said("Examine…"), self._examine))
        self.add(self._version)

    def show_status(self, status: Status) -> None:
        """Shows the version."""
        self._version.say("GovSync", said("Version {version}", version=status.version))

    def _write_support(self) -> None:
        """Writes what IT support needs into a file of the person's choice, which is never one that is there."""
        proposed = f"govsync-support-{self.desk.now().date().isoformat()}.zip"
        found, _ = QFileDialog.getSaveFileName(
            self, said("Where is the file for IT support to be written?"), str(Path.home() / proposed), "*.zip",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if found:
            self.run("support-bundle", "--", found)

    def _examine(self) -> None:
        from govsync.desktop.dialogs.examination import ExaminationDialog

        ExaminationDialog(self.desk, self).open()
