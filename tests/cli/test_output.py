"""How commands end and what they show."""

import json

import click
import pytest

from govsync.cli import output
from govsync.cli.output import failures, plain, show_json, show_line, show_rows
from govsync.model.activity import DifferenceRow
from govsync.model.codes import Code
from govsync.model.problems import Failure


@pytest.mark.parametrize(
    ("code", "ends_with"),
    [
        (Code.NOT_FOUND, 1),
        (Code.OFFLINE, 1),
        (Code.TIMED_OUT, 2),
        (Code.AGENT_NOT_RUNNING, 3),
        (Code.AGENT_DIFFERS, 1),
    ],
)
def test_a_failure_ends_with_its_exit_code_and_one_line(capsys, code, ends_with):
    @failures
    def command():
        raise Failure(code, path="a\nb\x1b[2J")

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == ends_with
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "\x1b" not in said.err
    assert said.err.endswith(f"[{code} path=a\\x0ab\\x1b[2J]\n")


def test_what_the_system_refuses_ends_with_a_line_too(capsys, tmp_path):
    @failures
    def command():
        (tmp_path / "none" / "file").write_text("x")

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"[gone what={tmp_path}/none/file errno=ENOENT]" in said


def test_a_part_that_is_not_installed_is_named(capsys):
    @failures
    def command():
        raise ModuleNotFoundError("No module named 'sqlalchemy.orm'", name="sqlalchemy.orm")

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 1
    assert (
        capsys.readouterr().err
        == "govsync: sqlalchemy.orm is not installed; install govsync[server] for this\n"
    )


def test_a_part_of_ours_that_is_missing_is_a_bug():
    @failures
    def command():
        raise ModuleNotFoundError("No module named 'govsync.fly'", name="govsync.fly")

    with pytest.raises(ModuleNotFoundError):
        command()


def test_columns_are_aligned_also_below_hangul_and_a_last_one_has_no_end(capsys):
    show_rows([{"path": "회의록.docx", "size": 3}, {"path": "a.txt", "size": 2048}], ("path", "size"), "")
    assert capsys.readouterr().out == "회의록.docx  3 bytes\na.txt        2.0 KiB\n"


def test_where_there_is_nothing_a_sentence_says_so(capsys):
    show_rows([], ("path",), "There are no problems.")
    assert capsys.readouterr().out == "There are no problems.\n"


def test_moments_are_shown_without_their_fractions_and_nothing_as_nothing(capsys):
    show_rows([{"since": "2026-11-24T14:00:00.123Z", "path": None}], ("since", "path"), "")
    shown = capsys.readouterr().out
    assert shown.startswith("2026-11-2")
    assert ".123" not in shown
    assert "None" not in shown


def test_a_name_that_commands_the_terminal_is_disarmed(capsys):
    show_rows([DifferenceRow(path="a\x1b]0;pwned\x07\nb", difference="content")], ("path",), "")
    assert capsys.readouterr().out == "a\\x1b]0;pwned\\x07\\x0ab\n"


def test_json_is_exactly_one_value_whatever_a_name_holds(capsys):
    show_json((DifferenceRow(path="a\nb 회의", difference="content"),))
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == [{"path": "a\nb 회의", "difference": "content"}]


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (5, "5"), (0.5, "0.5"), (("*.tmp", "/b/"), "*.tmp, /b/"), ((), "")]
)
def test_a_setting_is_shown_as_it_could_be_set(value, text):
    assert plain(value) == text


def test_colour_is_for_terminals_that_want_it(monkeypatch):
    said: list[dict[str, object]] = []
    monkeypatch.setattr(click, "secho", lambda _, **style: said.append(style))
    monkeypatch.delenv("NO_COLOR", raising=False)
    show_line("FAIL  folder", "FAIL")
    monkeypatch.setenv("NO_COLOR", "1")
    show_line("FAIL  folder", "FAIL")
    assert [style["fg"] for style in said] == ["red", None]


def test_what_is_no_terminal_sees_no_colour(capsys):
    assert output._COLOURS["FAIL"] == "red"
    show_line("FAIL  folder", "FAIL")
    assert capsys.readouterr().out == "FAIL  folder\n"
