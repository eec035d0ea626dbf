"""A log may say where a bug was, and not what it was about."""

import pytest

from govsync.text.discreet import trace


def read(path: str) -> None:
    open(path)  # noqa: SIM115 - it is not there


def wrap(path: str) -> None:
    try:
        read(path)
    except OSError as error:
        raise ValueError(f"cannot read {path}") from error


def test_kinds_and_places_are_there_and_names_of_files_are_not(tmp_path):
    secret = tmp_path / "Dismissal of Kim.docx"
    with pytest.raises(ValueError) as raised:
        wrap(str(secret))
    text = trace(raised.value)
    assert "Dismissal" not in text
    assert str(tmp_path) not in text
    lines = text.splitlines()
    assert lines[0] == "FileNotFoundError"
    assert lines[lines.index("which led to") + 1] == "ValueError"
    assert any(line.endswith(" read") and __file__ in line for line in lines)


def stumble(hide: bool) -> None:
    try:
        raise LookupError("first")
    except LookupError:
        if hide:
            raise KeyError("second") from None
        raise KeyError("second")  # noqa: B904 - this is the case


def test_what_was_raised_while_another_was_handled_is_told_after_it_unless_that_was_hidden():
    with pytest.raises(KeyError) as raised:
        stumble(hide=False)
    assert trace(raised.value).startswith("LookupError")
    with pytest.raises(KeyError) as raised:
        stumble(hide=True)
    assert trace(raised.value).startswith("KeyError")
