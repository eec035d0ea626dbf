"""What a person can set, for this desk. What the organisation has fixed is shown locked, and says so.

A value is sent when it is done with, and shown as the agent has it: nothing here counts before the agent has taken it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from govsync.control.messages import ListSettings, SetSetting
from govsync.desktop.commands import Outcome, run
from govsync.desktop.desk import Desk
from govsync.desktop.dialogs.examination import ExaminationDialog
from govsync.desktop.dialogs.leaving import LeavingDialog
from govsync.desktop.dialogs.selecting import SelectingDialog
from govsync.desktop.notices import NOTIFICATIONS
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Button, Choice, Switch
from govsync.desktop.widgets.grounds import Card, Line, Picture, Scrolled, row
from govsync.desktop.widgets.words import Name, Words
from govsync.model.problems import Failure, problem_of
from govsync.model.status import State, Status
from govsync.settings.merge import POLICY, Effective
from govsync.settings.schema import NONE, PAUSE, SYNC, SYSTEM, Value
from govsync.text.catalog import said
from govsync.text.languages import NAMES
from govsync.text.sentences import sentence
from govsync.text.units import size

_FIELD_WIDTH = 136
_ADDRESS_WIDTH = 200
_EXAMPLE = "http://proxy:3128"


class SettingsPage(Scrolled):
    """Sections of settings, each on a card."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.settings: dict[str, Setting] = {}
        self._general()
        self._account()
        self._folder()
        self._network()
        self._questions()
        self._about()
        self.inside.addStretch(1)
        desk.changed.connect(self._show_status)
        if desk.status is not None:
            self._show_status(desk.status)

    def showEvent(self, event: object) -> None:  # noqa: N802
        """As Qt asks it: what is shown is as it is now."""
        del event
        self.look()

    def look(self) -> None:
        """Reads the settings again."""
        self._desk.link.ask(ListSettings(), self._show, lambda _: None, owner=self)

    def _show(self, found: Mapping[str, Effective]) -> None:
        for key, setting in self.settings.items():
            if key in found:
                setting.show_value(found[key])
        lock = found.get("folder.locked")
        fixed = lock is not None and lock.value is True
        self._where.fix(fixed_by(found["folder.locked"]) if fixed else "")
        self._change.setVisible(not fixed)

    def _section(self, title: str) -> Card:
        self.inside.addWidget(Words(title, "section"))
        card = Card(margin=0, gap=0)
        self.inside.addWidget(card)
        self.inside.addSpacing(GRID)
        return card

    def _add(self, card: Card, setting: "Setting") -> None:
        if card.inside.count():
            card.inside.addWidget(Line())
        card.inside.addWidget(setting)
        if setting.key:
            self.settings[setting.key] = setting

    def _general(self) -> None:
        card = self._section(said("General"))
        self._add(
            card,
            SwitchSetting(
                self._desk,
                "app.autostart",
                said("Start with the computer"),
                said("GovSync runs as soon as you sign in."),
            ),
        )
        self._add(
            card,
            SwitchSetting(
                self._desk,
                NOTIFICATIONS,
                said("Notifications"),
                said("When something waits for you, once a day at most. The icon shows it in any case."),
            ),
        )
        self._add(card, LanguageSetting(self._desk))

    def _account(self) -> None:
        card = self._section(said("Account"))
        self._who = Setting(self._desk, "", "", "")
        self._leave = Button(said("Sign out…"), lambda: LeavingDialog(self._desk, self).open())
        self._enter = Button(said("Sign in…"), self._desk.sign_in.emit)
        self._who.put(self._leave)
        self._who.put(self._enter)
        self._add(card, self._who)
        self._device = Setting(self._desk, "", said("This device"), "")
        self._add(card, self._device)

    def _folder(self) -> None:
        card = self._section(said("Folder"))
        self._where = Setting(self._desk, "", said("Synced folder"), "")
        self._where.put(Button(said("Open"), self._desk.open_folder))
        self._change = Button(said("Change…"), self._choose)
        self._where.put(self._change)
        self._add(card, self._where)
        which = Setting(
            self._desk, "", said("Folders on this PC"), said("What you leave out stays on the server.")
        )
        which.put(Button(said("Choose…"), lambda: SelectingDialog(self._desk, self).open()))
        self._add(card, which)
        self._add(
            card,
            TextSetting(
                self._desk,
                "folder.minimum_free",
                said("Leave free"),
                said("Downloads stop before the disk is full."),
                size,
                "1 GiB",
            ),
        )
        self._add(
            card,
            PatternsSetting(
                self._desk,
                "sync.ignore",
                said("Left alone"),
                said(
                    "Names that are not synced, one a line, as in *.tmp. Temporary files of programs are left alone anyway."
                ),
            ),
        )

    def _network(self) -> None:
        card = self._section(said("Network"))
        meaning = said("Bytes a second, such as 2 MB. Empty: as fast as it goes.")
        for key, title in (
            ("network.upload_limit", said("Send at most")),
            ("network.download_limit", said("Fetch at most")),
        ):
            self._add(card, TextSetting(self._desk, key, title, meaning, _limit, said("no limit")))
        self._add(
            card,
            SwitchSetting(
                self._desk,
                "sync.on_metered",
                said("Pause on metered lines"),
                said("While the system says that its line is metered, as that of a phone."),
                PAUSE,
                SYNC,
            ),
        )
        self._add(card, ProxySetting(self._desk))

    def _questions(self) -> None:
        card = self._section(said("Ask before"))
        self._add(
            card,
            TextSetting(
                self._desk,
                "hold.deletions",
                said("Deleting many files"),
                said("So many in ten minutes are a question first."),
                str,
                "200",
            ),
        )
        self._add(
            card,
            TextSetting(
                self._desk,
                "hold.rewrites",
                said("Rewriting many files"),
                said("So many in ten minutes are a question first: a program may be encrypting them."),
                str,
                "1000",
            ),
        )

    def _about(self) -> None:
        card = self._section(said("About"))
        self._version = Setting(self._desk, "", "GovSync", "")
        self._version.put(Button(said("Support file…"), self._write_support))
        self._version.put(Button(said("Examine…"), lambda: ExaminationDialog(self._desk, self).open()))
        self._add(card, self._version)

    def _show_status(self, status: Status) -> None:
        out = status.state is State.SIGNED_OUT
        self._who.say(
            status.account or said("Nobody is signed in"), status.endpoint or said("Sign in to sync.")
        )
        self._leave.setVisible(not out)
        self._enter.setVisible(out)
        self._device.say(said("This device"), status.device)
        self._where.say(said("Synced folder"), status.folder)
        self._version.say("GovSync", said("Version {version}", version=status.version))

    def _choose(self) -> None:
        status = self._desk.status
        found = QFileDialog.getExistingDirectory(
            self, said("Where is the synced folder?"), status.folder if status is not None else ""
        )
        if found:
            run(("folder", "set", found), self._chosen, self)

    def _write_support(self) -> None:
        """Writes what IT support needs into a file of the person's choice, which is never one that is there."""
        proposed = f"govsync-support-{self._desk.now().date().isoformat()}.zip"
        found, _ = QFileDialog.getSaveFileName(
            self, said("Where is the file for IT support to be written?"), str(Path.home() / proposed), "*.zip",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if found:
            run(("support-bundle", "--", found), self._chosen, self)

    def _chosen(self, outcome: Outcome) -> None:
        words = outcome.printed.strip() if outcome.done else outcome.words
        if words:
            self._desk.told.emit(words)


class Setting(QWidget):
    """One line: what it is, what that means, and at the right what can be changed; locked where a policy fixes it."""

    def __init__(self, desk: Desk, key: str, title: str, meaning: str) -> None:
        super().__init__()
        self.desk, self.key = desk, key
        self._title, self._name = title, Name(title, "strong")
        self._meaning = Words(meaning, "caption", wrap=True)
        self.wrong = Words("", "wrong", wrap=True)
        self.wrong.hide()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        for each in (self._name, self._meaning, self.wrong):
            words.addWidget(each)
        words.addStretch(1)
        self.locked = QWidget()
        self._reason = Words("", "caption")
        self.locked.setLayout(row(Picture("lock", desk.palette.ink3, 16), self._reason, gap=6))
        self.locked.hide()
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(20, 14, 20, 14)
        self._line.setSpacing(GRID)
        self._line.addLayout(words, 1)
        self._line.addWidget(self.locked)

    def put(self, widget: QWidget) -> None:
        """Adds what can be changed or pressed."""
        self._line.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def say(self, title: str, meaning: str) -> None:
        """Shows another title and meaning."""
        self._name.say(title)
        self._meaning.say(meaning)

    def show_value(self, found: Effective) -> None:
        """Shows a value, and whether it may be changed."""
        self.fix(fixed_by(found))
        self._fix(bool(found.fixed))
        self._fill(found.value)

    def fix(self, reason: str) -> None:
        """Shows why it cannot be changed, or that it can."""
        self._reason.say(reason)
        self.locked.setVisible(bool(reason))

    def send(self, text: str) -> None:
        """Has the agent take a value."""
        self.desk.link.ask(
            SetSetting(key=self.key, value=text), lambda _: self._done(), self._fail, owner=self
        )

    def _done(self) -> None:
        self.wrong.hide()

    def _fail(self, failure: Failure) -> None:
        self.wrong.say(sentence(problem_of(failure)))
        self.wrong.show()

    def _fix(self, fixed: bool) -> None:
        """Lets it be changed, or not."""

    def _fill(self, value: Value) -> None:
        """Shows a value."""


def fixed_by(found: Effective) -> str:
    """Answers why a value cannot be changed, or nothing."""
    if found.fixed == POLICY:
        return said("Fixed on this PC by your IT")
    return said("Fixed by your organisation") if found.fixed else ""


class SwitchSetting(Setting):
    """On or off, or which of two values."""

    def __init__(
        self, desk: Desk, key: str, title: str, meaning: str, on: str = "true", off: str = "false"
    ) -> None:
        super().__init__(desk, key, title, meaning)
        self._on = on
        self.switch = Switch(desk.palette, title, lambda is_on: self.send(on if is_on else off))
        self.put(self.switch)

    def _fix(self, fixed: bool) -> None:
        self.switch.setEnabled(not fixed)

    def _fill(self, value: Value) -> None:
        self.switch.setChecked(value is True or value == self._on)

    def _fail(self, failure: Failure) -> None:
        super()._fail(failure)
        self.switch.setChecked(not self.switch.isChecked())


class LanguageSetting(Setting):
    """The language of the window, each by its own name; it changes at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk, "app.language", said("Language"), said("The window and this desk's icon speak it.")
        )
        names = [(name, str(language)) for language, name in NAMES.items()]
        options: list[tuple[str, object]] = [(said("As the system"), SYSTEM), *names]
        self._values = [value for _, value in options]
        self.choice = Choice(desk.palette, said("Language"), options, 0)
        self.choice.picked.connect(self._sent)
        self._known, self._sending = 0, False
        self.put(self.choice)

    def _sent(self) -> None:
        self._sending = True
        self.send(str(self.choice.value()))

    def _fix(self, fixed: bool) -> None:
        self.choice.setEnabled(not fixed)

    def _fill(self, value: Value) -> None:
        if not self._sending:  # What was asked for before is older than what was chosen since.
            self._known = self._values.index(value)
            self.choice.choose(self._known)
            self.desk.language.emit(str(value))

    def _done(self) -> None:
        super()._done()
        self._sending = False
        self.desk.language.emit(str(self.choice.value()))

    def _fail(self, failure: Failure) -> None:
        super()._fail(failure)
        self._sending = False
        self.choice.choose(self._known)


class LineSetting(Setting):
    """A line of text, which is marked while what stands in it is refused."""

    field: QLineEdit

    def _done(self) -> None:
        super()._done()
        self._mark(False)

    def _fail(self, failure: Failure) -> None:
        super()._fail(failure)
        self._mark(True)

    def _mark(self, wrong: bool) -> None:
        self.field.setProperty("wrong", wrong)
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)


class ProxySetting(LineSetting):
    """The way to the server: what the system says, none, or an address that is typed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk,
            "network.proxy",
            said("Proxy"),
            said("The way to the server. The system's is what its environment names."),
        )
        options: list[tuple[str, object]] = [
            (said("As the system"), SYSTEM), (said("None"), NONE), (said("Address"), ""),
        ]  # fmt: skip
        self.choice = Choice(desk.palette, said("Proxy"), options, 0)
        self.choice.picked.connect(self._picked)
        self.field = QLineEdit()
        self.field.setFixedWidth(_ADDRESS_WIDTH)
        self.field.setPlaceholderText(_EXAMPLE)
        self.field.setAccessibleName(said("Address of the proxy"))
        self.field.editingFinished.connect(self._typed)
        self.field.hide()
        self._known = SYSTEM
        side = QWidget()
        box = QVBoxLayout(side)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignRight)
        box.addWidget(self.field)
        self.put(side)

    def _picked(self) -> None:
        value = str(self.choice.value())
        self.field.setVisible(not value)
        if value:
            self._known = value
            self.send(value)
        else:
            self.field.setFocus()

    def _typed(self) -> None:
        text = self.field.text().strip()
        if text and text != self._known:
            self._known = text
            self.send(text)

    def _fix(self, fixed: bool) -> None:
        self.choice.setEnabled(not fixed)
        self.field.setEnabled(not fixed)

    def _fill(self, value: Value) -> None:
        if not self.field.hasFocus() and not self.wrong.isVisible():
            self._known = str(value)
            own = self._known not in (SYSTEM, NONE)
            self.choice.choose(2 if own else int(self._known == NONE))
            self.field.setText(self._known if own else "")
            self.field.setVisible(own)


class TextSetting(LineSetting):
    """A text, as the settings read it."""

    def __init__(
        self, desk: Desk, key: str, title: str, meaning: str, write: Callable[[int], str], placeholder: str
    ) -> None:
        super().__init__(desk, key, title, meaning)
        self._write = write
        self._known = ""
        self.field = QLineEdit()
        self.field.setFixedWidth(_FIELD_WIDTH)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setPlaceholderText(placeholder)
        self.field.setAccessibleName(title)
        self.field.editingFinished.connect(self._sent)
        self.put(self.field)

    def _sent(self) -> None:
        text = self.field.text().strip()
        if text != self._known:
            self._known = text
            self.send(text or "0")

    def _fix(self, fixed: bool) -> None:
        self.field.setReadOnly(fixed)
        self.field.setEnabled(not fixed)

    def _fill(self, value: Value) -> None:
        if not self.field.hasFocus() and not self.wrong.isVisible():
            assert isinstance(value, int)
            self._known = self._write(value)
            self.field.setText(self._known)


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
        box = QVBoxLayout()
        box.addWidget(self.field)
        box.addWidget(self.save, 0, Qt.AlignmentFlag.AlignRight)
        side = QWidget()
        box.setContentsMargins(0, 0, 0, 0)
        side.setLayout(box)
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


def _limit(value: int) -> str:
    return size(value) if value else ""
