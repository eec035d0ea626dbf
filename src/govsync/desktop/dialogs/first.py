"""The first start, in three steps: the server's address, who one is, the folder. Also signing in again: then the first two.

Each step is one question; Enter goes on, Escape goes back. What is wrong is said in words beside the field that it is about.
"""

import re
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QDir, QStorageInfo, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from govsync.desktop.commands import Outcome, Run, run
from govsync.desktop.icons import product_icon, product_picture
from govsync.desktop.theme import GRID, Palette
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.emblem import Steps
from govsync.desktop.widgets.grounds import Banner, Medal, row
from govsync.desktop.widgets.words import Name, Words
from govsync.model.codes import Code
from govsync.text.catalog import counted, said
from govsync.text.units import size

ADDRESS, PERSON, FOLDER, DONE = range(4)
_WIDTH = 392
_ADDRESS = re.compile(r"https?://[^\s/?#]+(/\S*)?")
_OF_THE_ADDRESS = {
    Code.OFFLINE, Code.NOT_OUR_SERVER, Code.CERTIFICATE, Code.PROXY, Code.BAD_REQUEST, Code.CLIENT_TOO_OLD, Code.TIMED_OUT,
    Code.NOT_FOUND,
}  # fmt: skip
"""Failures to sign in that a name and a password cannot mend."""


class Known(NamedTuple):
    """What the first start need not ask for, since it is fixed."""

    address: bool = False
    folder: bool = False


NOTHING = Known()


class FirstStart(QWidget):
    """The window of the first start."""

    finished = Signal(bool)
    """The desk is signed in, has its folder, and runs; whether its window is to be seen now."""
    closed = Signal()
    """It was closed before that."""

    def __init__(
        self,
        palette: Palette,
        endpoint: str,
        login: str,
        folder: Path | None,
        begun: bool,
        known: Known = NOTHING,
        runs: Run = run,
    ) -> None:
        """`folder` is what is proposed; with `begun` the desk has one already and only signs in. Of what is `known` nothing is
        asked, and the command takes the folder that is fixed."""
        super().__init__()
        self.setObjectName("first")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("GovSync")
        self.setWindowIcon(product_icon())
        self.setMinimumSize(560, 620)
        self.resize(600, 660)
        self._palette, self._begun, self._run, self._known = palette, begun, runs, known
        asked = [not known.address, True, not (begun or known.folder)]
        self._first = PERSON if known.address or (begun and endpoint) else ADDRESS
        self.address = Field(
            said("Address of your organisation's server"), "https://drive.example.gov", endpoint
        )
        self.login = Field(said("Account name"), said("as your organisation gave it to you"), login)
        self.password = Field(said("Password"), "")
        self.password.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.folder = Field(said("Folder"), "", str(folder or Path.home() / "GovSync"))
        self.next = Button(said("Next"), self.go_on, "first")
        self.back = Button(said("Back"), self.go_back, "plain")
        self.next.setMinimumWidth(112)
        self._steps = Steps(palette, sum(asked))
        self._pages = QStackedWidget()
        for page in (self._address_page(), self._person_page(), self._folder_page(), self._done_page()):
            self._pages.addWidget(page)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addSpacing(7 * GRID)
        mark = QLabel()
        mark.setFixedSize(56, 56)
        mark.setPixmap(product_picture(56, 2.0))
        column.addWidget(mark)
        column.addSpacing(3 * GRID)
        column.addWidget(self._steps)
        column.addSpacing(2 * GRID)
        column.addWidget(self._pages, 1)
        column.addSpacing(2 * GRID)
        self._busy = Words("", "caption")
        column.addLayout(row(self.back, self._busy, None, self.next))
        column.addSpacing(6 * GRID)
        holder = QWidget()
        holder.setFixedWidth(_WIDTH)
        holder.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        whole = QHBoxLayout(self)
        whole.addStretch(1)
        whole.addWidget(holder)
        whole.addStretch(1)
        self.folder.edit.textChanged.connect(self._tell_folder)
        self.step = -1
        self.turn_to(self._first)

    def _address_page(self) -> QWidget:
        return _page(
            said("Welcome to GovSync"),
            said("Your files on this computer and in your organisation's cloud, always the same."),
            self.address,
        )

    def _person_page(self) -> QWidget:
        self._server = Words("", "lead", wrap=True)
        page = _page(said("Sign in"), "", self.login, self.password)
        layout = page.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(1, self._server)
        return page

    def _folder_page(self) -> QWidget:
        choose = Button(said("Choose another folder…"), self._choose, "quiet")
        self._free = Words("", "second", wrap=True)
        self._there = Banner(self._palette, "blue", "info")
        self._there.hide()
        return _page(
            said("Where should your files be?"),
            said("Everything in this folder is synced. You can move it later."),
            self.folder,
            choose,
            self._free,
            self._there,
        )

    def _done_page(self) -> QWidget:
        self._final = Name("", "second")
        return _page(
            said("All set"),
            said(
                "You can close this: GovSync goes on in the background, and its icon always says how things are."
            ),
            Medal(self._palette, "check", "green", 64),
            self._final,
        )

    def turn_to(self, step: int) -> None:
        """Shows a step."""
        self.step = step
        self._pages.setCurrentIndex(step)
        self._steps.show_step(step - self._known.address)
        self.back.setVisible(step in (PERSON, FOLDER) and not (self._known.address and step == PERSON))
        self.next.say(
            {ADDRESS: said("Next"), PERSON: said("Sign in"), FOLDER: said("Start")}.get(
                step, said("Open GovSync")
            )
        )
        self._server.say(self.address.text())
        first = {
            ADDRESS: self.address,
            PERSON: self.password if self.login.text() else self.login,
            FOLDER: self.folder,
        }
        if step in first:
            first[step].edit.setFocus()
        else:
            self.next.setFocus()
        if step == FOLDER:
            self._tell_folder()
        self._wait("")

    def go_back(self) -> None:
        """Shows the step before."""
        if self.step in (PERSON, FOLDER) and self.next.isEnabled() and not self.back.isHidden():
            self.turn_to(self.step - 1)

    def go_on(self) -> None:
        """Does what the step is about, and shows the next one."""
        if not self.next.isEnabled():
            return
        match self.step:
            case 0:
                self._take_address()
            case 1:
                self._sign_in()
            case 2:
                self._take_folder()
            case _:
                self.finished.emit(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """As Qt asks it: Enter goes on, Escape goes back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go_on()
        elif event.key() == Qt.Key.Key_Escape:
            self.go_back()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """As Qt asks it: after the last step there is nothing left to do."""
        event.accept()
        if self.step == DONE:
            self.finished.emit(False)
        else:
            self.closed.emit()

    def _take_address(self) -> None:
        text = self.address.text().strip()
        if text and "://" not in text:
            text = f"https://{text}"
        if not _ADDRESS.fullmatch(text):
            self.address.complain(
                said("An address looks like https://drive.example.gov. Your IT support knows it.")
            )
            return
        self.address.edit.setText(text.rstrip("/"))
        self.address.complain("")
        self.turn_to(PERSON)

    def _sign_in(self) -> None:
        login, password = self.login.text().strip(), self.password.text()
        self.login.complain("" if login else said("Type your name."))
        self.password.complain("" if password else said("Type your password."))
        if login and password:
            self._wait(said("Signing in…"))
            options = () if self._begun or self._known.folder else ("--folder-later",)
            command = (
                "login",
                "--endpoint",
                self.address.text(),
                "--user",
                login,
                "--password-stdin",
                *options,
            )
            self._run(command, self._signed_in, self, f"{password}\n")

    def _signed_in(self, outcome: Outcome) -> None:
        self._wait("")
        if not outcome.done:
            if outcome.code in _OF_THE_ADDRESS and not self._known.address:
                self.turn_to(ADDRESS)
                self.address.complain(outcome.words)
            else:
                self.password.complain(outcome.words)
                self.password.edit.selectAll()
                self.password.edit.setFocus()
            return
        self.password.edit.clear()
        if self._begun or self._known.folder:
            self._start()
        else:
            self.turn_to(FOLDER)

    def _choose(self) -> None:
        found = QFileDialog.getExistingDirectory(
            self, said("Where should your files be?"), self.folder.text()
        )
        if found:
            self.folder.edit.setText(found)

    def _tell_folder(self) -> None:
        """Says how much room there is, and what becomes of files that are there already."""
        path = Path(self.folder.text()).expanduser()
        there = path
        while not there.exists() and there != there.parent:
            there = there.parent
        free = QStorageInfo(str(there)).bytesAvailable()
        self._free.say(said("{free} are free there.", free=size(free)) if free >= 0 else "")
        count = QDir(str(path)).count() - 2 if path.is_dir() else 0  # "." and ".." are no content.
        self._there.say(
            counted(
                "There is {count} thing in it already. It stays, and is joined with what the server has.",
                "There are {count} things in it already. They stay, and are joined with what the server has.",
                count,
            )
            if count > 0
            else ""
        )

    def _take_folder(self) -> None:
        text = self.folder.text().strip()
        if not text:
            self.folder.complain(said("Choose a folder."))
            return
        self._wait(said("Looking at the folder…"))
        self._run(("folder", "set", text), self._has_folder, self, "")

    def _has_folder(self, outcome: Outcome) -> None:
        if not outcome.done:
            self._wait("")
            self.folder.complain(outcome.words)
            return
        self.folder.complain("")
        self._start()

    def _start(self) -> None:
        self._wait(said("Starting…"))
        self._run(("start",), self._started, self, "")

    def _started(self, outcome: Outcome) -> None:
        self._wait("")
        if outcome.done:
            self._final.say(self.folder.text() if not self._begun else self.address.text())
            self.turn_to(DONE)
        else:
            asked = self.password if self._begun or self._known.folder else self.folder
            asked.complain(outcome.words)

    def _wait(self, text: str) -> None:
        self._busy.say(text)
        for each in (self.next, self.back):
            each.setEnabled(not text)


class Field(QWidget):
    """A question, where to answer it, and what is wrong with the answer."""

    def __init__(self, title: str, placeholder: str, text: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        label = Words(title, "strong")
        self.edit = QLineEdit(text)
        self.edit.setPlaceholderText(placeholder)
        self.edit.setAccessibleName(title)
        self.wrong = Words("", "wrong", wrap=True)
        self.wrong.hide()
        label.setBuddy(self.edit)
        for each in (label, self.edit, self.wrong):
            column.addWidget(each)

    def text(self) -> str:
        """Answers what was typed."""
        return self.edit.text()

    def complain(self, text: str) -> None:
        """Says what is wrong, or that nothing is."""
        self.wrong.say(text)
        self.wrong.setVisible(bool(text))
        self.edit.setAccessibleDescription(text)
        self.edit.setProperty("wrong", bool(text))
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)


def _page(title: str, lead: str, *content: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2 * GRID)
    column.addWidget(Words(title, "state", wrap=True))
    if lead:
        column.addWidget(Words(lead, "lead", wrap=True))
    column.addSpacing(GRID)
    for each in content:
        if isinstance(each, Button | Medal):
            column.addWidget(each, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            column.addWidget(each)
    column.addStretch(1)
    return page
