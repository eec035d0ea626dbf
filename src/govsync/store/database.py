"""Opens the desk's database, and keeps its transactions (SQLite, write-ahead log, every commit flushed).

`synchronous=FULL` is not a matter of taste: with less, a power cut may forget the intents of a batch whose changes of
the disk it does not forget (R16). A commit costs about half a millisecond.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.store.schema import MIGRATIONS

IN_MEMORY = ":memory:"
_VARIABLES = 500

Row = tuple[Any, ...]


class Store:
    """One connection, used by one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._depth = 0

    @staticmethod
    def open(path: Path | str) -> "Store":
        """Opens or makes a database and brings it to today's schema; raises Failure(store_damaged)."""
        try:
            connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA cache_size=-65536")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != ("ok",):
                raise Failure(Code.STORE_DAMAGED, what=str(found))
            store = Store(connection)
            store._migrate()
        except sqlite3.DatabaseError as error:
            raise Failure(Code.STORE_DAMAGED, what=str(error)) from error
        return store

    def close(self) -> None:
        """Closes the connection; a transaction that is open is rolled back."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Makes everything inside one transaction, durable when the outermost one ends without an exception."""
        if self._depth:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        else:
            self._connection.execute("COMMIT")
        finally:
            self._depth = 0

    def all(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Answers all rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """Answers the first row of a query, or None."""
        row: Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Answers the first column of the first row, or None."""
        row = self.one(sql, parameters)
        return row[0] if row is not None else None

    def run(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Changes something; answers the id of a row that was inserted."""
        return self._connection.execute(sql, parameters).lastrowid or 0

    def changed(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Changes something; answers how many rows were touched."""
        return self._connection.execute(sql, parameters).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Changes something once for each row."""
        self._connection.executemany(sql, rows)

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Yields the rows of a query one by one; nothing may be changed meanwhile."""
        yield from self._connection.execute(sql, parameters)

    def _migrate(self) -> None:
        version = self.value("PRAGMA user_version")
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            self._connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT")


def pieces(values: Sequence[object]) -> Iterator[tuple[str, Sequence[object]]]:
    """Cuts values for `IN (…)` into pieces that one statement can take: the question marks and the values."""
    for start in range(0, len(values), _VARIABLES):
        piece = values[start : start + _VARIABLES]
        yield ",".join("?" * len(piece)), piece
