"""The tables of a test's database: all steps make them once in each process, and every further SQLite gets a copy."""

import sqlite3
from functools import cache

from govsync.server.db.connect import Database


def upgrade(database: Database) -> None:
    """Does what `Database.upgrade` does to a new database, at a fraction of its price."""
    if database.is_sqlite:
        _backup(_made(), database)
    database.upgrade()


@cache
def _made() -> Database:
    made = Database("sqlite://")
    made.upgrade()
    return made


def _backup(source: Database, target: Database) -> None:
    read, written = source.engine.raw_connection(), target.engine.raw_connection()
    try:
        connection = read.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        connection.backup(written.driver_connection)
    finally:
        read.close()
        written.close()
