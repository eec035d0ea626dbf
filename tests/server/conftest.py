"""Databases for the server's tests: SQLite in a file, SQLite in memory, and a real PostgreSQL, each empty for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govsync.server.db.connect import Database
from tests import engines
from tests.server.office import Office


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Starts PostgreSQL and answers what makes a new empty database in it and tells its URL."""
    with engines.postgres(tmp_path_factory.mktemp("postgres")) as new:
        yield new


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Answers the URL of a new database, of both kinds in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'server.db'}"
    return str(request.getfixturevalue("postgres")())


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """Answers a ministry on both kinds of database in turn."""
    return Office(database, tmp_path / "store")
