"""Statements for many rows at once, and rows of which some may be there already."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ClauseElement, Connection, Insert, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

from govsync.server.db.driver import plain, written


def execute_many(tx: Connection, statement: ClauseElement, rows: Sequence[dict[str, Any]]) -> int:
    """Executes a statement that is made once and kept, for each of many rows that all name the same parameters; answers how
    many rows of the table were touched."""
    if not rows:
        return 0
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    if isinstance(statement, Insert):
        # What no row has needs not be told a thousand times.
        columns = {name: values for name, values in columns.items() if values.count(None) < len(values)}
    text, order = written(statement, tx.dialect.name, tuple(columns))
    bound = {name: plain(values, tx.dialect.name) for name, values in columns.items()}
    return tx.exec_driver_sql(text, list(zip(*(bound[name] for name in order), strict=True))).rowcount


def insert_rows(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows that all name the same columns; one that is None in all of them is as it is by itself."""
    execute_many(tx, _insert(table), rows)


@cache
def _insert(table: Table) -> ClauseElement:
    return insert(table)


def insert_new(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows whose primary key is not there yet; the others change nothing."""
    if not rows:
        return
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    tx.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))
