"""Databases for the server's tests: SQLite in a file, SQLite in memory, and a real PostgreSQL, each empty for each test."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete

from govsync.server import accounts
from govsync.server.db import tables
from govsync.server.db.connect import Database
from tests import engines, in_memory
from tests.server import line
from tests.server.desk import Desk
from tests.server.office import Office
from tests.server.serving import serving


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's, in memory: what a power cut leaves is looked at without one (`test_power_cut`)."""
    with in_memory.folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Starts PostgreSQL and answers what makes a new empty database in it and tells its URL."""
    with engines.postgres(tmp_path_factory.mktemp("postgres")) as new:
        yield new


@pytest.fixture(scope="session")
def cleared(postgres: Callable[[], str]) -> Iterator[Callable[[], str]]:
    """Answers what clears all tables of one PostgreSQL database and tells its URL: making one takes longer than most tests."""
    url = postgres()
    with closing(Database(url)) as database:
        database.upgrade()

        def clear() -> str:
            with database.begin() as tx:
                for table in reversed(tables.metadata.sorted_tables):
                    tx.execute(delete(table))
            return url

        yield clear


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def is_sqlite(request: pytest.FixtureRequest) -> bool:
    """Says of which kind the database is, both in turn."""
    return bool(request.param == "sqlite")


@pytest.fixture
def new_url(is_sqlite: bool, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Answers the URL of a database in which nothing was ever made."""
    return f"sqlite:///{tmp_path / 'server.db'}" if is_sqlite else str(request.getfixturevalue("postgres")())


@pytest.fixture
def url(is_sqlite: bool, request: pytest.FixtureRequest) -> str:
    """Answers the URL of a database that holds nothing."""
    return str(request.getfixturevalue("new_url") if is_sqlite else request.getfixturevalue("cleared")())


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """Answers a ministry on both kinds of database in turn."""
    return Office(database, tmp_path / "store")


class Served(msgspec.Struct, frozen=True):
    """A ministry that is served over HTTP, Anna's desk, and her way to call it by hand."""

    office: Office
    desk: Desk
    caller: line.Caller


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Answers a served ministry, on SQLite: what comes in over HTTP is judged before any database."""
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    office = Office(database, tmp_path / "store")
    with serving(office.server) as address:
        token = office.sign_in("anna").access
        desk = Desk(office, caller=accounts.caller_of(office.server, token))
        yield Served(office, desk, line.Caller(address, token))
    database.close()
