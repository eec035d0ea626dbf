"""How commands end and what they show: exit codes, JSON, aligned columns, one line on standard error."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import click

from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem

DONE, FAILED, TIMED_OUT, NOT_RUNNING, KEPT_BACK, USAGE = 0, 1, 2, 3, 4, 64

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
            from govsync.text.sentences import action, sentence

            facts = {name: str(fact) for name, fact in failure.facts.items()}
            problem = Problem(failure.code, facts)
            click.echo(f"govsync: {sentence(problem)} {action(problem)} [{failure.code}]", err=True)
            codes = {Code.AGENT_NOT_RUNNING: NOT_RUNNING, Code.TIMED_OUT: TIMED_OUT}
            end(codes.get(failure.code, FAILED))

    return command


def show_json(value: object) -> None:
    """Prints exactly one JSON value."""
    click.echo(json.dumps(value, ensure_ascii=False))


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], nothing: str) -> None:
    """Prints rows in aligned columns, or a sentence where there are none."""
    if not rows:
        click.echo(nothing)
        return
    texts = [[str(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(len(text[number]) for text in texts) for number in range(len(columns))]
    for text in texts:
        click.echo("  ".join(each.ljust(width) for each, width in zip(text, widths, strict=True)).rstrip())


def password_from_stdin() -> str:
    """Reads a password from standard input; raises Failure(bad_request) where there is none."""
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise Failure(Code.BAD_REQUEST, what="password")
    return password
