"""The first start: three steps, by keys alone, with what is wrong beside the field that it is about."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from govsync.desktop.commands import Outcome
from govsync.desktop.dialogs.first import ADDRESS, DONE, FOLDER, NOTHING, PERSON, FirstStart, Known
from govsync.desktop.theme import LIGHT
from govsync.model.codes import Code
from tests.desktop.test_window import words

DONE_WELL = Outcome(True, "")


class Commands:
    """Commands that end as the test says."""

    def __init__(self) -> None:
        self.ran: list[tuple[tuple[str, ...], str]] = []
        self.ends: list[Outcome] = []

    def run(self, arguments, then, owner, stdin):
        self.ran.append((arguments, stdin))
        if self.ends:
            then(self.ends.pop(0))


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def first(qtbot, dressed, commands, tmp_path):
    def make(
        endpoint: str = "",
        login: str = "",
        begun: bool = False,
        folder: Path | None = None,
        known: Known = NOTHING,
    ) -> FirstStart:
        window = FirstStart(
            LIGHT, endpoint, login, folder or tmp_path / "GovSync", begun, known, commands.run
        )
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(lambda: window.focusWidget() is not None and window.focusWidget().hasFocus())
        return window

    return make


def type_(text: str) -> None:
    """Types where the cursor is, and presses Enter."""
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_from_address_to_folder_with_the_keyboard_alone(qtbot, first, commands, tmp_path):
    window = first()
    commands.ends = [DONE_WELL, DONE_WELL, DONE_WELL]
    type_("drive.example.gov")
    assert window.step == PERSON
    QTest.keyClicks(QApplication.focusWidget(), "anna")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    type_("secret")
    assert window.step == FOLDER
    type_(str(tmp_path / "Work"))
    assert window.step == DONE
    assert commands.ran == [
        (
            (
                "login",
                "--endpoint",
                "https://drive.example.gov",
                "--user",
                "anna",
                "--password-stdin",
                "--folder-later",
            ),
            "secret\n",
        ),
        (("folder", "set", str(tmp_path / "Work")), ""),
        (("start",), ""),
    ]
    with qtbot.waitSignal(window.finished):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)


def test_no_password_is_in_an_argument(first, commands):
    window = first("https://drive.example.gov", "anna")
    window.turn_to(PERSON)
    type_("secret")
    assert "secret" not in " ".join(commands.ran[0][0])


@pytest.mark.parametrize("text", ["", "   ", "ftp://x", "https://", "two words"])
def test_an_address_that_is_none_is_said_beside_it(first, commands, text):
    window = first()
    window.address.edit.setText(text)
    window.go_on()
    assert window.step == ADDRESS
    assert "An address looks like" in words(window.address)
    assert window.address.edit.accessibleDescription()


def test_the_address_that_the_organisation_has_set_is_there_already(first):
    assert first("https://drive.example.gov").address.text() == "https://drive.example.gov"


@pytest.mark.parametrize(
    ("code", "step"),
    [
        (Code.WRONG_PASSWORD, PERSON), (Code.TOO_MANY_REQUESTS, PERSON), (None, PERSON), (Code.OFFLINE, ADDRESS),
        (Code.CERTIFICATE, ADDRESS), (Code.PROXY, ADDRESS), (Code.NOT_OUR_SERVER, ADDRESS),
    ],
)  # fmt: skip
def test_what_went_wrong_is_said_beside_what_can_mend_it(first, commands, code, step):
    window = first("https://drive.example.gov", "anna")
    window.turn_to(PERSON)
    commands.ends = [Outcome(False, "", "So it is.", code)]
    type_("secret")
    assert window.step == step
    assert "So it is." in words(window.address if step == ADDRESS else window.password)
    assert window.next.isEnabled()
    assert window.password.text() == "secret", "nothing has to be typed again"


def test_while_a_command_runs_nothing_is_begun_twice(first, commands):
    window = first("https://drive.example.gov", "anna")
    window.turn_to(PERSON)
    type_("secret")
    assert not window.next.isEnabled()
    assert "Signing in…" in words(window)
    window.go_on()
    assert len(commands.ran) == 1


def test_what_is_in_the_folder_already_stays_and_that_is_said(first, tmp_path):
    folder = tmp_path / "Old"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).touch()
    window = first("https://drive.example.gov", "anna", folder=folder)
    window.turn_to(FOLDER)
    text = words(window)
    assert "There are 3 things in it already. They stay, and are joined with what the server has." in text
    assert "are free there." in text
    window.folder.edit.setText(str(tmp_path / "not there yet"))
    assert "in it already" not in words(window)


def test_a_folder_that_cannot_serve_is_said_beside_it(first, commands):
    window = first("https://drive.example.gov", "anna")
    window.turn_to(FOLDER)
    commands.ends = [Outcome(False, "", "This folder belongs to another device.", Code.FOLDER_TAKEN)]
    window.go_on()
    assert window.step == FOLDER
    assert "This folder belongs to another device." in words(window.folder)


def test_who_only_signs_in_again_is_not_asked_for_a_folder(first, commands):
    window = first("https://drive.example.gov", "anna", begun=True)
    assert window.step == PERSON
    commands.ends = [DONE_WELL, DONE_WELL]
    type_("secret")
    assert [arguments[0] for arguments, _ in commands.ran] == ["login", "start"]
    assert "--folder-later" not in commands.ran[0][0]
    assert window.step == DONE


def test_escape_goes_back(first):
    window = first("https://drive.example.gov", "anna")
    window.turn_to(PERSON)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.step == ADDRESS


def test_what_is_fixed_is_not_asked_for_and_the_sign_in_takes_it(qtbot, first, commands):
    window = first("https://drive.example.gov", known=Known(address=True, folder=True))
    assert window.step == PERSON
    assert not window.back.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.step == PERSON
    commands.ends = [Outcome(False, "", "Nobody answers.", Code.OFFLINE)]
    QTest.keyClicks(QApplication.focusWidget(), "anna")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    type_("secret")
    assert window.step == PERSON, "there is no address that could be mended"
    assert "Nobody answers." in words(window)
    commands.ends = [DONE_WELL, DONE_WELL]
    type_("secret")
    assert window.step == DONE
    login = ("login", "--endpoint", "https://drive.example.gov", "--user", "anna", "--password-stdin")
    assert [arguments for arguments, _ in commands.ran] == [login, login, ("start",)]


@pytest.mark.parametrize(
    ("known", "steps"), [(Known(address=True), [PERSON, FOLDER]), (Known(folder=True), [ADDRESS, PERSON])]
)
def test_only_what_is_not_fixed_is_asked_for(first, commands, known, steps):
    window = first("https://drive.example.gov", "anna", known=known)
    seen = [window.step]
    commands.ends = [DONE_WELL, DONE_WELL, DONE_WELL]
    while window.step != DONE:
        window.password.edit.setText("secret")
        window.go_on()
        seen.append(window.step)
    assert seen == [*steps, DONE]
