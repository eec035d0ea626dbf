"""Statements and values as the drivers take them: what SQLAlchemy does anew for each of them, each time, was a third of the
time of a commit of a thousand files. SQLAlchemy still writes the statements, once each."""

from functools import cache
from typing import Any, cast

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}
MARK = {"sqlite": "?", "postgresql": "%s"}
"""What stands for a value, in its place."""


@cache
def written(
    statement: ClauseElement, dialect: str, parameters: tuple[str, ...] = ()
) -> tuple[str, tuple[str, ...]]:
    """Answers a statement's text, and which parameter stands in each of its places."""
    compiled = cast(
        SQLCompiler, statement.compile(dialect=_DIALECTS[dialect], column_keys=parameters or None)
    )
    return str(compiled), tuple(compiled.positiontup or ())


def plain(values: list[Any], dialect: str) -> list[Any]:
    """Answers values of one kind as the driver binds them at once: for `bytes` and `bool`, SQLite's looks for an adapter,
    each time anew, which takes twice as long as all the rest."""
    if dialect != "sqlite":
        return values
    kinds = set(map(type, values))
    if bytes in kinds:
        return [bytearray(value) if type(value) is bytes else value for value in values]
    return list(map(int, values)) if kinds == {bool} else values
