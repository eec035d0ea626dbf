"""Opens the database and keeps its transactions: one synchronous call is one transaction.

SQLite has one writer: write transactions queue here, in the order in which they came, instead of failing with "busy" or
overtaking each other, and begin IMMEDIATE so that none has to be raised from reading to writing midway. PostgreSQL runs
them side by side, READ COMMITTED, and what a commit locks is the row of its space. A reading transaction sees one moment
on both.
"""

import shutil
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, create_engine, event, pool, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.db import migrate, tables

CONNECTIONS = 16
LOG_PAGES = 16_384
"""So many pages SQLite's log may have before they are written into the database: pages that many commits change are written
once then, and not after each. What is in the log is as durable as what is in the database."""
ROOM_FOR_LOG = 16
"""On a disk with less free than so many times that log it is kept as short as SQLite does by itself: there the log would be
what the room is wanted for."""
BUSY_MS = 30_000
"""How long a transaction waits for another process that writes into the same SQLite file."""
LOCK_MS = 10_000
"""How long a transaction of PostgreSQL waits for another to let go of a space: much longer than any has one. One that hangs
with it, on whichever replica, takes no more threads from the others than for so long."""
_LATER = ("SQLITE_BUSY", "SQLITE_LOCKED", "40", "55P03")
_FULL = ("SQLITE_FULL", "53100")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_AWAY = ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", *_DAMAGED, "08", "53", "57P", "58")


class Database:
    """The database at a URL: `sqlite:///path`, `sqlite://` (in memory, one connection), `postgresql://…`."""

    def __init__(self, url: str, lock_ms: int = LOCK_MS) -> None:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        in_memory = self.is_sqlite and parsed.database in (None, "", ":memory:")
        self._path = Path(str(parsed.database)) if self.is_sqlite and not in_memory else None
        self._file: tuple[int, int] | None = None
        """Which file of SQLite it was that tables were made in or found in; what has its name since is not the database."""
        self._writers = InOrder() if self.is_sqlite else None
        self._readers = self._writers if in_memory else None
        self._purposes: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        options: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": CONNECTIONS}
        # The one used last knows best what is asked for, and only as many as are used at a time hold a cache.
        options["pool_use_lifo"] = True
        if in_memory:
            options = {"poolclass": pool.StaticPool}
        if self.is_sqlite:
            options["connect_args"] = {"check_same_thread": False}
        self.engine: Engine = create_engine(parsed, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "connect", partial(_set_up_postgres, lock_ms=lock_ms))

    @contextmanager
    def begin(self, write: bool = True) -> Iterator[Connection]:
        """Runs one transaction; it is durable when this ends without an exception.

        Raises Failure(busy_retry) where it met another in an unlucky way and had no effect, or the database is too busy,
        Failure(store_full) where there is no room left, `store_unavailable` where the database cannot be reached or cannot
        store. Whether a transaction that ended
        so had its effect may be unknown; whoever repeats it asks by key (R31).
        """
        turn: AbstractContextManager[object] = (self._writers if write else self._readers) or nullcontext()
        try:
            with turn, self._connected() as connection:
                if self.is_sqlite:
                    connection = connection.execution_options(govsync_write=write)
                elif not write:
                    connection = connection.execution_options(isolation_level="REPEATABLE READ")
                with connection.begin():
                    yield connection
        except NoConnectionFree as error:
            raise Failure(Code.BUSY_RETRY) from error
        except DBAPIError as error:
            code = _code_of(error)
            if code is None:
                raise
            raise Failure(code, what=_what(error)) from error

    @contextmanager
    def alone(self, purpose: str) -> Iterator[bool]:
        """Says whether nobody else is about this purpose; until this ends, nobody else will be.

        Others are all replicas of a PostgreSQL, and all threads of the one process that serves a SQLite file.
        """
        if self.is_sqlite:
            lock = self._purposes[purpose]
            mine = lock.acquire(blocking=False)
            try:
                yield mine
            finally:
                if mine:
                    lock.release()
            return
        query = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:purpose, 0))")
        with self.begin() as tx:
            yield bool(tx.execute(query, {"purpose": f"alone {purpose}"}).scalar())

    def upgrade(self) -> None:
        """Makes the tables, or brings those of an older version up to date; replicas that start together take turns."""
        with self.begin() as tx:
            if not self.is_sqlite:
                tx.execute(text("SET LOCAL lock_timeout = 0"))  # A migration may take long.
            take_turns(tx, "upgrade")
            migrate.upgrade(tx)
        self._file = _identity(self._path) if self._path is not None else None

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Opens a connection once it is this transaction's turn: what waited for it is asked of the file as it is by then."""
        self._require_file()
        with self.engine.connect() as connection:
            yield connection

    def _require_file(self) -> None:
        """Raises Failure(store_unavailable) where the file is not there any more, or another has its name: a connection that
        is open would go on writing where nobody finds it, and a new one would make an empty database (R48)."""
        if self._path is not None and self._file is not None and _identity(self._path) != self._file:
            raise Failure(Code.STORE_UNAVAILABLE, what="the database's file is missing, or another one")

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


_SPACE = select(tables.space).where(tables.space.c.id == bindparam("space")).with_for_update()


def lock_space(tx: Connection, space: bytes) -> Any:
    """Answers the row of a space, locked until the transaction ends; None where there is none."""
    return tx.execute(_SPACE, {"space": space}).one_or_none()


def take_turns(tx: Connection, purpose: str) -> None:
    """Waits until no other transaction is about the same purpose, and makes others wait until this one ends.

    For what has no row of its own that could be locked. Writers of SQLite are alone anyway.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:purpose, 0))"), {"purpose": purpose})


class InOrder:
    """A lock that is handed on in the order in which it was asked for, so that nobody starves."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        gate.acquire()

    def __exit__(self, *_reason: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


def _code_of(error: DBAPIError) -> Code | None:
    """Tells trouble of the database from a mistake of ours; PostgreSQL, Appendix A (error codes), SQLite, result codes."""
    name = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    if name is None:
        return Code.STORE_UNAVAILABLE if error.connection_invalidated or _cannot_connect(error) else None
    if name.startswith(_LATER):
        return Code.BUSY_RETRY
    if name.startswith(_FULL):
        return Code.STORE_FULL
    return Code.STORE_UNAVAILABLE if name.startswith(_AWAY) else None


def _what(error: DBAPIError) -> str:
    name = getattr(error.orig, "sqlite_errorname", None) or ""
    return "the database is damaged" if name.startswith(_DAMAGED) else "the database"


def _cannot_connect(error: DBAPIError) -> bool:
    """The driver gives no state for a server that does not answer at all; nothing was executed then."""
    return error.statement is None


def _identity(path: Path) -> tuple[int, int] | None:
    """Answers which file a path leads to, or None where it leads to none that can be looked at: its disk may have gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Transactions begin where we say so.
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    [(_, _, path)] = cursor.execute("PRAGMA database_list").fetchall()
    [(page_bytes,)] = cursor.execute("PRAGMA page_size").fetchall()
    if path and shutil.disk_usage(Path(path).parent).free >= ROOM_FOR_LOG * LOG_PAGES * page_bytes:
        cursor.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    cursor.close()


def _set_up_postgres(connection: Any, _record: object, lock_ms: int) -> None:
    connection.execute(f"SET lock_timeout = {lock_ms}")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("govsync_write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
