"""Statements for many rows at once, and rows of which some may be there already."""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection, Dialect, Insert, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.compiler import SQLCompiler


def execute_many(tx: Connection, statement: ClauseElement, rows: Sequence[dict[str, Any]]) -> int:
    """Executes a statement that is made once and kept, for each of many rows that all name the same parameters; answers how
    many rows of the table were touched.

    Values go to the driver as they are: what SQLAlchemy does for each of them was a third of the time of a commit.
    """
    if not rows:
        return 0
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    if isinstance(statement, Insert):
        # What no row has needs not be told a thousand times.
        columns = {name: values for name, values in columns.items() if values.count(None) < len(values)}
    text, order = _text(statement, tx.dialect.name, tuple(columns))
    bound = columns if tx.dialect.name != "sqlite" else {n: _plain(values) for n, values in columns.items()}
    return tx.exec_driver_sql(text, list(zip(*(bound[name] for name in order), strict=True))).rowcount


def insert_rows(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows that all name the same columns; one that is None in all of them is as it is by itself."""
    execute_many(tx, _insert(table), rows)


@cache
def _insert(table: Table) -> ClauseElement:
    return insert(table)


@cache
def _text(statement: ClauseElement, dialect: str, parameters: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Answers a statement as the driver takes it, and which parameter stands in each of its places."""
    compiled = cast(SQLCompiler, statement.compile(dialect=_DIALECTS[dialect], column_keys=parameters))
    return str(compiled), tuple(compiled.positiontup or ())


def _plain(values: list[Any]) -> list[Any]:
    """Answers values as SQLite's driver binds them at once: for `bytes` and `bool` it looks for an adapter, each time anew,
    which takes twice as long as all the rest."""
    kinds = set(map(type, values))
    if bytes in kinds:
        return [bytearray(value) if type(value) is bytes else value for value in values]
    return list(map(int, values)) if kinds == {bool} else values


_DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}


def insert_new(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows whose primary key is not there yet; the others change nothing."""
    if not rows:
        return
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    tx.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))
