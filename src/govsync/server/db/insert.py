"""Inserting many rows at once, and rows of which some may be there already."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_rows(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows that all name the same columns, with values as both drivers take them.

    Rows go to the driver as they are: what SQLAlchemy does for each value was a fifth of the time of a commit.
    """
    if rows:
        form = "%({})s" if tx.dialect.name == "postgresql" else ":{}"
        tx.exec_driver_sql(_statement(table.name, tuple(rows[0]), form), list(rows))


@cache
def _statement(table: str, columns: tuple[str, ...], form: str) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(map(form.format, columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({values})'  # noqa: S608 - names of our own tables, no values


def insert_new(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows whose primary key is not there yet; the others change nothing."""
    if not rows:
        return
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    tx.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))
