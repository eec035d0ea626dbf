"""A server and two desks of one person for each journey."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.faults import FaultyLine
from tests.journeys.programs import Forks, Programs
from tests.journeys.site import COMMANDS, Desk, Server


class Site:
    """What a journey has at hand."""

    def __init__(self, base: Path, populated: Path, programs: Programs = COMMANDS) -> None:
        self.base, self._programs = base, programs
        shutil.copytree(populated, base / "server", dirs_exist_ok=True)
        self.server = Server(base, programs=programs)
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
        self.server.stop()


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


@pytest.fixture
def site(tmp_path: Path, populated: Path, programs: Programs) -> Iterator[Site]:
    made = Site(tmp_path, populated, programs)
    yield made
    made.close()
