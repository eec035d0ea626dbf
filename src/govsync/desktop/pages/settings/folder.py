"""Where the synced folder lies, and what of the server's and of the person's files is in it."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QVBoxLayout, QWidget

from govsync.desktop.desk import Desk
from govsync.desktop.pages.settings.lines import Setting, TextSetting, fixed_by
from govsync.desktop.pages.settings.section import Section
from govsync.desktop.widgets.buttons import Button
from govsync.model.status import Status
from govsync.settings.merge import Effective
from govsync.settings.schema import Value
from govsync.text.catalog import said
from govsync.text.units import size


class FolderSection(Section):
    """The folder, which an organisation may have locked."""

    def __init__(self, desk: Desk, parent: QWidget | None) -> None:
        super().__init__(desk, parent, said("Folder"))
        self.where = Setting(desk, "", said("Synced folder"), "")
        self.where.put(Button(said("Open"), desk.open_folder))
        self.change = Button(said("Change…"), self._choose)
        self.where.put(self.change)
        self.add(self.where)
        which = Setting(desk, "", said("Folders on this PC"), said("What you leave out stays on the server."))
        which.put(Button(said("Choose…"), self._select))
        self.add(which)
        free = said("Leave free"), said("Downloads stop before the disk is full.")
        self.add(TextSetting(desk, "folder.minimum_free", *free, size, "1 GiB"))
        alone = (
            said("Left alone"),
            said("Names that are not synced, one a line, as in *.tmp. Temporary files of programs are left alone anyway."),
        )  # fmt: skip
        self.add(PatternsSetting(desk, "sync.ignore", *alone))

    def show_status(self, status: Status) -> None:
        """Shows where it lies."""
        self.where.say(said("Synced folder"), status.folder)

    def show_values(self, found: Mapping[str, Effective]) -> None:
        """Shows the values, and whether it may lie elsewhere."""
        super().show_values(found)
        lock = found.get("folder.locked")
        fixed = lock is not None and lock.value is True
        self.where.fix(fixed_by(found["folder.locked"]) if fixed else "")
        self.change.setVisible(not fixed)

    def _choose(self) -> None:
        status = self.desk.status
        found = QFileDialog.getExistingDirectory(
            self, said("Where is the synced folder?"), status.folder if status is not None else ""
        )
        if found:
            self.run("folder", "set", found)

    def _select(self) -> None:
        from govsync.desktop.dialogs.selecting import SelectingDialog

        SelectingDialog(self.desk, self).open()


class PatternsSetting(Setting):
    """Several texts, one a line."""

    def __init__(self, desk: Desk, key: str, title: str, meaning: str) -> None:
        super().__init__(desk, key, title, meaning)
        self._known = ""
        self.field = QPlainTextEdit()
        self.field.setFixedSize(240, 76)
        self.field.setTabChangesFocus(True)
        self.field.setAccessibleName(title)
        self.field.setPlaceholderText("*.tmp")
        self.save = Button(said("Save"), self._sent)
        self.save.hide()
        self.field.textChanged.connect(lambda: self.save.setVisible(self._text() != self._known))
        side = QWidget()
        box = QVBoxLayout(side)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.field)
        box.addWidget(self.save, 0, Qt.AlignmentFlag.AlignRight)
        self.put(side)

    def _text(self) -> str:
        return self.field.toPlainText().strip()

    def _sent(self) -> None:
        self._known = self._text()
        self.save.hide()
        self.send(self._known)

    def _fix(self, fixed: bool) -> None:
        self.field.setEnabled(not fixed)

    def _fill(self, value: Value) -> None:
        if not self.field.hasFocus():
            assert isinstance(value, tuple)
            self._known = "\n".join(value)
            self.field.setPlainText(self._known)
            self.save.hide()
