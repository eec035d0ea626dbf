"""Opens the database and keeps its transactions: one synchronous call is one transaction.

SQLite has one writer: write transactions queue for a lock of our own, in order, instead of failing with "busy", and
begin IMMEDIATE so that none has to be raised from reading to writing midway. PostgreSQL runs them side by side, and the
row of a space is what a commit locks.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, pool, select

from govsync.server.db import tables

READERS = 16


class Database:
    """The database at a URL: `sqlite:///path`, `sqlite://` (in memory, one connection), `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.is_sqlite = url.startswith("sqlite")
        self._in_memory = url in ("sqlite://", "sqlite:///:memory:")
        self._writer = threading.Lock() if self.is_sqlite else None
        options: dict[str, Any] = {"pool_size": READERS, "max_overflow": READERS}
        if self._in_memory:
            options = {"poolclass": pool.StaticPool, "connect_args": {"check_same_thread": False}}
        elif self.is_sqlite:
            options["connect_args"] = {"check_same_thread": False, "timeout": 30}
        self.engine: Engine = create_engine(url, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def begin(self, write: bool = True) -> Iterator[Connection]:
        """Runs one transaction; it is durable when this ends without an exception."""
        lock = self._writer if self._writer is not None and (write or self._in_memory) else nullcontext()
        with lock, self.engine.connect() as connection:
            connection = connection.execution_options(govsync_write=write)
            with connection.begin():
                yield connection

    def create(self) -> None:
        """Makes all tables that are missing."""
        tables.metadata.create_all(self.engine)

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def lock_space(tx: Connection, space: bytes) -> Any:
    """Answers the row of a space, locked until the transaction ends; None where there is none."""
    query = select(tables.space).where(tables.space.c.id == space).with_for_update()
    return tx.execute(query).one_or_none()


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Transactions begin where we say so.
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("govsync_write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
