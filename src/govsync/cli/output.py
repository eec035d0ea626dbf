"""How commands end and what they show: exit codes, JSON, aligned columns, one line on standard error.

Names come from strangers: whatever a terminal would obey, or that would break the line, is shown as its number.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import click
import msgspec

from govsync.model.codes import Code
from govsync.model.languages import Language
from govsync.model.problems import Failure, problem_of
from govsync.system.failures import failure_of
from govsync.system.process import environment
from govsync.text.catalog import Text, said, speak
from govsync.text.units import shown_moment, shown_name, size, width

DONE, FAILED, TIMED_OUT, NOT_RUNNING, KEPT_BACK, USAGE = 0, 1, 2, 3, 4, 64

_ENDS = {Code.AGENT_NOT_RUNNING: NOT_RUNNING, Code.TIMED_OUT: TIMED_OUT, Code.OPEN_HERE: KEPT_BACK}
_COLOURS = {
    "PASS": "green", "WARN": "yellow", "FAIL": "red",
    "in_sync": "green", "hold": "yellow", "problem": "red", "signed_out": "red",
}  # fmt: skip


def _plainly(_: click.Context, __: click.Parameter, as_json: bool) -> bool:
    """What programs read is never translated, nor what such a command complains of."""
    if as_json:
        speak(Language.ENGLISH)
    return as_json


as_json = click.option(
    "--json", "as_json", is_flag=True, is_eager=True, callback=_plainly, help="Print JSON."
)

P = ParamSpec("P")


def end(code: int) -> NoReturn:
    """Ends the command with an exit code."""
    raise SystemExit(code)


def failures(function: Callable[P, Any]) -> Callable[P, Any]:
    """Ends a command that fails with one line on standard error and the failure's exit code."""

    @wraps(function)
    def command(*arguments: P.args, **options: P.kwargs) -> Any:
        try:
            return function(*arguments, **options)
        except Failure as failure:
            complain(failure)
            end(_ENDS.get(failure.code, FAILED))
        except ChildProcessError as error:
            click.echo(error, err=True)  # It has said itself what is wrong.
            end(FAILED)
        except BrokenPipeError:
            raise  # Whoever reads our output has enough, as `head` does: the command ends without a word.
        except OSError as error:
            complain(failure_of(error, error.filename or function.__name__))
            end(FAILED)
        except ModuleNotFoundError as error:
            if (error.name or "govsync").split(".")[0] == "govsync":
                raise
            missing = said("{name} is not installed; install govsync[server] for this", name=error.name)
            click.echo(f"govsync: {missing}", err=True)
            end(FAILED)

    return command


def complain(failure: Failure) -> None:
    """Says on standard error, in one line, what failed, what can be done, and the code with what else is known."""
    from govsync.text.sentences import action, sentence, unsaid

    problem = problem_of(failure)
    more = "".join(f" {name}={fact}" for name, fact in unsaid(problem).items())
    click.echo(shown_name(f"govsync: {sentence(problem)} {action(problem)} [{failure.code}{more}]"), err=True)


def show_json(value: object) -> None:
    """Prints exactly one JSON value."""
    click.echo(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))


def show_rows(rows: Sequence[object], columns: Sequence[str], nothing: Text) -> None:
    """Prints rows in columns as wide as their widest text; a sentence where there are none."""
    if not rows:
        click.echo(said(nothing))
    tables: list[Mapping[str, Any]] = [msgspec.to_builtins(row) for row in rows]
    texts = [[_shown(column, row.get(column)) for column in columns] for row in tables]
    widths = [max((width(text[number]) for text in texts), default=0) for number in range(len(columns))]
    for text in texts:
        cells = [each + " " * (most - width(each)) for each, most in zip(text, widths, strict=True)]
        show_line("  ".join(cells).rstrip(), text[0])


def show_line(line: str, kind: str) -> None:
    """Prints a line in the colour of its kind: on a terminal alone, and there unless NO_COLOR says otherwise."""
    colour = None if environment().get("NO_COLOR") else _COLOURS.get(kind)
    click.secho(line, fg=colour)


def _shown(column: str, value: object) -> str:
    """Writes a value as people read what stands in such a column."""
    if value is None:
        return ""
    if column in ("at", "since", "deleted", "expires", "seen", "reported", "in_sync"):
        return shown_moment(str(value), None)
    if column in ("size", "used_bytes", "quota_bytes") and isinstance(value, int):
        return size(value)
    return shown_name(plain(value))


def plain(value: object) -> str:
    """Writes a setting's value as it could be set: `true`, `5000000`, `*.tmp, /build/`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(value)


def password_from_stdin() -> str:
    """Reads a password from standard input; raises UsageError where there is none."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("there is no password on standard input")
    return password
