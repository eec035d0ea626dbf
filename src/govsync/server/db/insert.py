"""Statements for many rows at once, and rows of which some may be there already."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg


def execute_many(tx: Connection, statement: ClauseElement, rows: Sequence[dict[str, Any]]) -> int:
    """Executes a statement that is made once and kept, for each of many rows that all name the same parameters; answers how
    many rows of the table were touched.

    Values go to the driver as they are: what SQLAlchemy does for each of them was a third of the time of a commit.
    """
    if not rows:
        return 0
    text = _text(statement, tx.dialect.name, tuple(rows[0]))
    return tx.exec_driver_sql(text, list(rows)).rowcount


def insert_rows(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows that all name the same columns."""
    execute_many(tx, _insert(table), rows)


@cache
def _insert(table: Table) -> ClauseElement:
    return insert(table)


@cache
def _text(statement: ClauseElement, dialect: str, parameters: tuple[str, ...]) -> str:
    return str(statement.compile(dialect=_DIALECTS[dialect], column_keys=parameters))


_DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
}


def insert_new(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows whose primary key is not there yet; the others change nothing."""
    if not rows:
        return
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    tx.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))
