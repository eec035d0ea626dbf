"""A server and the desks of its people for each journey, on a small server's engines or on a large one's."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import engines
from tests.journeys.faults import FaultyLine
from tests.journeys.programs import Forks, Programs
from tests.journeys.site import COMMANDS, Desk, Server


class Site:
    """What a journey has at hand: one server or its replicas, and a line to the first of them."""

    def __init__(self, base: Path, replicas: Sequence[Server], programs: Programs = COMMANDS) -> None:
        self.base, self._programs = base, programs
        self.replicas = tuple(replicas)
        self.server = replicas[0]
        self.line = FaultyLine(self.server.port)
        self.desks: list[Desk] = []

    def desk(self, name: str, login: str = "anna", port: int | None = None) -> Desk:
        """Adds a desk; `port` of the line instead of the server's where the line will be cut."""
        desk = Desk(self.base, name, port or self.server.port, login, self._programs)
        self.desks.append(desk)
        return desk

    def close(self) -> None:
        """Ends everything."""
        for desk in self.desks:
            desk.stop()
        self.line.close()
        for server in self.replicas:
            server.stop()


class Large(NamedTuple):
    """A large server's engines, running."""

    new_database: Callable[[], str]
    s3: engines.S3

    def replicas(self, base: Path, programs: Programs) -> tuple[str, list[Server]]:
        """Starts two replicas that know their people, over a database and a store of their own; answers the database too."""
        database = self.new_database()
        options = ("--database", database, "--blobs", self.s3.new())
        replicas = []
        for name in ("one", "two"):
            (base / name).mkdir()
            replicas.append(Server(base / name, *options, programs=programs))
        replicas[0].populate()
        return database, replicas


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    made = Forks(tmp_path_factory.getbasetemp())
    yield made
    made.close()


@pytest.fixture
def programs(request: pytest.FixtureRequest, forks: Forks) -> Programs:
    """How this journey starts its processes."""
    return COMMANDS if request.node.get_closest_marker("commands") else forks


@pytest.fixture(scope="session")
def populated(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    """The data of a server that knows its people, made once: each journey goes on from a copy of its own."""
    server = Server(tmp_path_factory.mktemp("populated"), programs=forks)
    server.populate()
    server.stop()
    return server.data


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    """PostgreSQL and a store that speaks S3, started once."""
    s3 = engines.S3(tmp_path_factory.mktemp("s3"))
    with engines.postgres(tmp_path_factory.mktemp("postgres")) as new:
        yield Large(new, s3)
    s3.end()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, programs: Programs) -> Iterator[Site]:
    """A server over SQLite and a folder; the same of two replicas over the `large` engines, if the journey asks for it."""
    if getattr(request, "param", "small") == "large":
        large: Large = request.getfixturevalue("large")
        _, replicas = large.replicas(tmp_path, programs)
    else:
        shutil.copytree(request.getfixturevalue("populated"), tmp_path / "server")
        replicas = [Server(tmp_path, programs=programs)]
    made = Site(tmp_path, replicas, programs)
    yield made
    made.close()
