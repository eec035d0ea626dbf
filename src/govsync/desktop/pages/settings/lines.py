"""The kinds of lines in a section: what it is, what that means, and what can be changed, locked where that is fixed."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from govsync.control.messages import SetSetting
from govsync.desktop.desk import Desk
from govsync.desktop.theme import GRID
from govsync.desktop.widgets.buttons import Switch
from govsync.desktop.widgets.grounds import Picture, row
from govsync.desktop.widgets.words import Name, Words
from govsync.model.problems import Failure, problem_of
from govsync.settings.merge import POLICY, Effective
from govsync.settings.schema import Value
from govsync.text.catalog import said
from govsync.text.sentences import sentence

_FIELD_WIDTH = 136


class Setting(QWidget):
    """One line: what it is, what that means, and at the right what can be changed; locked where a policy fixes it.

    What few lines ever say is made when they say it: it would be half of all that the page is made of.
    """

    locked: QWidget | None = None
    """What says why it cannot be changed."""
    wrong: Words | None = None
    """What says why a value was not taken."""

    def __init__(self, desk: Desk, key: str, title: str, meaning: str) -> None:
        super().__init__()
        self.desk, self.key = desk, key
        self._title, self._name = title, Name(title, "strong")
        self._meaning = Words(meaning, "caption", wrap=True)
        self._words = QVBoxLayout()
        self._words.setSpacing(2)
        self._words.addStretch(1)
        self._words.addWidget(self._name)
        self._words.addWidget(self._meaning)
        self._words.addStretch(1)
        self._reason = ""
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(20, 14, 20, 14)
        self._line.setSpacing(GRID)
        self._line.addLayout(self._words, 1)

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
        if reason == self._reason:
            return
        self._reason = reason
        if self.locked is not None:
            self.locked.deleteLater()
            self.locked = None
        if reason:
            self.locked = QWidget()
            lock = Picture("lock", self.desk.palette.ink3, 16)
            self.locked.setLayout(row(lock, Words(reason, "caption"), gap=6))
            self._line.insertWidget(1, self.locked)

    def send(self, text: str) -> None:
        """Has the agent take a value."""
        self.desk.link.ask(
            SetSetting(key=self.key, value=text), lambda _: self._done(), self._fail, owner=self
        )

    def _done(self) -> None:
        if self.wrong is not None:
            self.wrong.hide()

    def _fail(self, failure: Failure) -> None:
        if self.wrong is None:
            self.wrong = Words("", "wrong", wrap=True)
            self._words.insertWidget(self._words.count() - 1, self.wrong)
        self.wrong.say(sentence(problem_of(failure)))
        self.wrong.show()

    def is_refused(self) -> bool:
        """Says whether what stands in it was not taken."""
        return self.wrong is not None and self.wrong.isVisible()

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
        if not self.field.hasFocus() and not self.is_refused():
            assert isinstance(value, int)
            self._known = self._write(value)
            self.field.setText(self._known)
