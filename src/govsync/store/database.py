"""Opens the desk's database, and keeps its transactions (SQLite, write-ahead log, every commit flushed).

`synchronous=FULL` is not a matter of taste: with less, a power cut may forget the intents of a batch whose changes of
the disk it does not forget (R16). A commit costs about half a millisecond.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from govsync.model.codes import Code
from govsync.model.nodes import Kind, Presence
from govsync.model.problems import Failure
from govsync.store.schema import MIGRATIONS
from govsync.system.durable import private_file

IN_MEMORY = ":memory:"
BUSY_S = 5.0
"""How long another program (a copy being made, a virus scanner) is waited for before it is said."""
_VARIABLES = 500
_ROWS = 50
_CODES = {
    sqlite3.SQLITE_CORRUPT: Code.STORE_DAMAGED,
    sqlite3.SQLITE_NOTADB: Code.STORE_DAMAGED,
    sqlite3.SQLITE_FULL: Code.DISK_FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: Code.DISK_FULL,
    sqlite3.SQLITE_BUSY: Code.BUSY,
    sqlite3.SQLITE_LOCKED: Code.BUSY,
    sqlite3.SQLITE_PROTOCOL: Code.BUSY,
    sqlite3.SQLITE_READONLY: Code.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Code.NO_ACCESS,
    sqlite3.SQLITE_PERM: Code.NO_ACCESS,
    sqlite3.SQLITE_IOERR: Code.UNREADABLE,
}
"""What the errors of SQLite mean that the world can cause; any other is a bug of ours."""

Row = tuple[Any, ...]

# For a value of any kind but `int`, `float`, `str` and `bytearray` the driver looks for a way to adapt it, each time anew,
# and that it finds none takes longer than to bind it: so it finds one, which changes nothing.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(bool, int)
sqlite3.register_adapter(type(None), lambda nothing: nothing)
sqlite3.register_adapter(Kind, str.__str__)
sqlite3.register_adapter(Presence, str.__str__)


class StoreFailure(Failure):
    """Says that the database failed, and nothing of the transaction is in it: what is in memory is dropped with it,
    and read anew (R16). Only `store_damaged` means that it can never be read again."""


class Store:
    """One connection, used by one thread. Every method raises StoreFailure where the disk does not do its part."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._depth = 0

    @staticmethod
    def open(path: Path | str) -> "Store":
        """Opens or makes a database and brings it to today's schema.

        Raises StoreFailure(store_damaged) only where what it holds is lost; disk_full, busy, read_only, no_access and
        unreadable pass, and store_newer is the work of a newer GovSync: then it is left as it is.
        """
        if path != IN_MEMORY:
            _make_private(Path(path))
        with _meaning():
            connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, cached_statements=512)
        try:
            with _meaning():
                store = Store(connection)
                store._begin()
        except BaseException:
            connection.close()
            raise
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
        self._execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # A full disk has ended it already.
                self._execute("ROLLBACK")
            raise
        finally:
            self._depth = 0

    def all(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Answers all rows of a query."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise _failure(error) from error

    def one(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """Answers the first row of a query, or None."""
        try:
            row: Row | None = self._connection.execute(sql, parameters).fetchone()
        except sqlite3.DatabaseError as error:
            raise _failure(error) from error
        return row

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Answers the first column of the first row, or None."""
        row = self.one(sql, parameters)
        return row[0] if row is not None else None

    def run(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Changes something; answers the id of a row that was inserted."""
        return self._execute(sql, parameters).lastrowid or 0

    def changed(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Changes something; answers how many rows were touched."""
        return self._execute(sql, parameters).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Changes something once for each row."""
        with _meaning():
            self._connection.executemany(sql, rows)

    def insert(self, into: str, rows: Sequence[Sequence[object]]) -> None:
        """Inserts rows `into` a table (columns), many by one statement: to begin one, and to count the numbers of an
        AUTOINCREMENT on, costs as much as a row does."""
        if not rows:
            return
        row = f"({', '.join('?' * len(rows[0]))})"
        for start in range(0, len(rows), _ROWS):
            some = rows[start : start + _ROWS]
            self._execute(
                f"INSERT INTO {into} VALUES {', '.join([row] * len(some))}", list(chain.from_iterable(some))
            )

    def next_id(self, table: str) -> int:
        """Answers the number that the next row of a table with AUTOINCREMENT gets, for whoever inserts many rows and has to
        know theirs; inside a transaction nobody else can take it."""
        last: int | None = self.value("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        return (last or 0) + 1

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Yields the rows of a query one by one; nothing may be changed meanwhile."""
        with _meaning():
            yield from self._connection.execute(sql, parameters)

    def _execute(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, parameters)
        except sqlite3.DatabaseError as error:
            raise _failure(error) from error

    def _begin(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        # On macOS a flush ends at the drive, which may still hold it back, but for this; elsewhere it changes nothing.
        self._connection.execute("PRAGMA fullfsync=ON")
        self._connection.execute("PRAGMA cache_size=-16384")
        found = self.value("PRAGMA quick_check(1)")
        if found != "ok":
            raise StoreFailure(Code.STORE_DAMAGED, what=found)
        self._migrate()

    def _migrate(self) -> None:
        version = self.value("PRAGMA user_version")
        if version > len(MIGRATIONS):
            raise StoreFailure(Code.STORE_NEWER)
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            self._connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT")


def _make_private(path: Path) -> None:
    """Makes the file, where it is missing, for its owner alone; SQLite gives the files beside it the same mode."""
    with suppress(OSError):  # SQLite says the same, and what it means.
        private_file(path)


@contextmanager
def _meaning() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _failure(error) from error


def _failure(error: sqlite3.DatabaseError) -> Exception:
    """Answers what an error of SQLite means, or the error itself where it is a bug of ours."""
    number = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    code = _CODES.get(number) or _CODES.get(number & 0xFF)
    return error if code is None else StoreFailure(code, what=str(error))


def pieces(values: Sequence[object]) -> Iterator[tuple[str, Sequence[object]]]:
    """Cuts values for `IN (…)` into pieces that one statement can take: the question marks and the values."""
    for start in range(0, len(values), _VARIABLES):
        piece = values[start : start + _VARIABLES]
        yield ",".join("?" * len(piece)), piece
