"""The tables of a test's database, at a fraction of their price: what each process has made once is not made again.

All steps are taken once, and every further SQLite gets a copy. A statement is put into SQL once, too, and not anew for each
database, which SQLAlchemy would do as each has an engine of its own.
"""

import sqlite3
from functools import cache

from sqlalchemy import Engine

from govsync.server.db.connect import Database

_FIRST: dict[bool, Engine] = {}
"""The first engine of each kind: SQLite, and PostgreSQL."""


def upgrade(database: Database) -> None:
    """Does what `Database.upgrade` does to a new database."""
    if database.is_sqlite:
        fill(database, _made())
    else:
        share_statements(database)
        database.upgrade()


def fill(target: Database, source: Database) -> None:
    """Makes a new SQLite equal to another one."""
    share_statements(target)
    _copy(source, target)
    target.upgrade()


def _copy(source: Database, target: Database) -> None:
    read, written = source.engine.raw_connection(), target.engine.raw_connection()
    try:
        connection = read.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        connection.backup(written.driver_connection)
    finally:
        read.close()
        written.close()


def share_statements(database: Database) -> None:
    """Lets a database find the statements that were put into SQL for another of its kind: they are kept by dialect."""
    with database.engine.connect():
        pass  # The first connection tells the dialect which version is at its other end.
    first = _FIRST.setdefault(database.is_sqlite, database.engine)
    database.engine.dialect = first.dialect
    database.engine._compiled_cache = first._compiled_cache


@cache
def _made() -> Database:
    made = Database("sqlite://")
    made.upgrade()
    return made
