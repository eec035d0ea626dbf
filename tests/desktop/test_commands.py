"""A command's last words become words beside a field."""

import pytest
from PySide6.QtCore import QObject

from govsync.desktop.commands import Outcome, outcome, run
from govsync.model.codes import Code


@pytest.mark.parametrize(
    ("complaint", "words", "code"),
    [
        ("govsync: Name or password is wrong. Try again. [wrong_password]\n", "Name or password is wrong. Try again.", Code.WRONG_PASSWORD),
        ("a warning\ngovsync: Taken. [folder_unfit what=a b]", "Taken.", Code.FOLDER_UNFIT),
        ("govsync: From tomorrow's version. [brand_new]", "From tomorrow's version.", None),
        ("Traceback [most recent]", "Traceback [most recent]", None),
        ("", "", None),
    ],
)  # fmt: skip
def test_what_a_command_complains_of_is_read(complaint, words, code):
    assert outcome(False, "", complaint) == Outcome(False, "", words, code)


def test_a_command_runs_beside_the_window_and_its_outcome_is_told(qtbot, qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("GOVSYNC_HOME", str(tmp_path))
    owner, told = QObject(), []
    run(("pause",), told.append, owner)
    run(("--version",), told.append, owner)
    qtbot.waitUntil(lambda: len(told) == 2, timeout=60_000)
    assert {each.done for each in told} == {True, False}
    assert [each.code for each in told if not each.done] == [Code.AGENT_NOT_RUNNING]
