"""A small ministry to test the server with: one organisation, divisions, people; time and chance are the test's own."""

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from argon2 import PasswordHasher
from sqlalchemy import Connection

from govsync.model.codes import Code
from govsync.model.ids import uuid7
from govsync.model.problems import Failure
from govsync.protocol.limits import DEFAULT
from govsync.protocol.session import DeviceInfo, SignIn, SpaceInfo, SpacesAsked, Tokens
from govsync.server import accounts, directory, passwords, signing, spaces
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.context import Caller, Server
from govsync.server.db.connect import Database
from tests import schema

START_MS = 1_795_000_000_000
PASSWORD = "correct horse"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""A password is slow to hash on purpose; to compare one takes as long as it says itself that hashing it took."""


def code_of(work: Callable[[], object]) -> Code | None:
    """Answers with which code something is refused, None where it is not."""
    try:
        work()
    except Failure as failure:
        return failure.code
    return None


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def time_ms(self) -> int:
        return self.now_ms


class Ids:
    """Ids in the order of their making, and the only source of chance of a test."""

    def __init__(self, clock: Clock, count: int = 0) -> None:
        self._clock, self._random = clock, random.Random(1)
        self._count = count

    def go_on_from(self, other: "Ids") -> None:
        """Makes next what the other would have made next."""
        self._count = other._count
        self._random.setstate(other._random.getstate())

    def new(self) -> bytes:
        self._count += 1
        return uuid7(self._clock.time_ms(), self._count.to_bytes(10, "big"))

    def jitter(self) -> float:
        return self._random.random()

    def chance(self, size_bytes: int) -> bytes:
        return self._random.randbytes(size_bytes)


class People(NamedTuple):
    """The accounts of an office, by login."""

    anna: bytes
    boris: bytes
    clara: bytes


class Founded(NamedTuple):
    """An office to copy: a SQLite in memory, where the ids were when it was done, and who is in it."""

    database: Database
    ids: Ids
    people: People


class Office:
    """A server with Anna and Boris in the division Planning, and Clara in Health, which is another organisation."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.clock = Clock()
        self.ids = Ids(self.clock)
        blobs = FolderBlobs(folder)
        blobs.establish("office")
        self.server = Server(database=database, blobs=blobs, clock=self.clock, ids=self.ids, limits=DEFAULT)
        if database.is_sqlite:
            schema.fill(database, _founded().database)
            self.ids.go_on_from(_founded().ids)
            people = _founded().people
        else:
            schema.upgrade(database)
            people = _found(self.server, self.ids)
        self.anna, self.boris, self.clara = people
        self._without_password = people._asdict()

    def device(self, name: str = "desk") -> DeviceInfo:
        return DeviceInfo(id=self.ids.new(), name=name, machine="machine")

    def sign_in(self, login: str, device: DeviceInfo | None = None, password: str = PASSWORD) -> Tokens:
        user = self._without_password.pop(directory.login_key(login), None)
        if user is not None:
            with self.server.database.begin() as tx:
                _set_password(self.server, tx, user)
        request = SignIn(login=login, password=password, device=device or self.device())
        return accounts.sign_in(self.server, request, self.ids.chance, "192.0.2.1")

    def caller(self, login: str = "anna") -> Caller:
        return accounts.caller_of(self.server, self.sign_in(login).access)

    def spaces(self, caller: Caller, have: tuple[bytes, ...] = ()) -> dict[str, SpaceInfo]:
        """Answers the spaces that a person reaches, by name."""
        answer = spaces.spaces(self.server, caller, SpacesAsked(have=have))
        return {info.name or info.id.hex(): info for info in answer.spaces}


@cache
def _founded() -> Founded:
    clock = Clock()
    ids = Ids(clock)
    database = Database("sqlite://")
    schema.upgrade(database)
    # Nothing is stored by whoever only keeps lists.
    server = Server(
        database=database, blobs=FolderBlobs(Path("/nowhere")), clock=clock, ids=ids, limits=DEFAULT
    )
    return Founded(database, ids, _found(server, ids))


def _found(server: Server, ids: Ids) -> People:
    with server.database.begin() as tx:
        directory.begin_epoch(server, tx)
        signing.make_secret(tx, ids.chance)
        directory.add_organisation(server, tx, "Interior")
        directory.add_organisation(server, tx, "Health")
        directory.add_division(server, tx, "Interior/Planning")
        return People(
            anna=directory.add_user(server, tx, "anna", "Anna", "Interior/Planning"),
            boris=directory.add_user(server, tx, "boris", "Boris", "Interior/Planning"),
            clara=directory.add_user(server, tx, "clara", "Clara", "Health"),
        )


def _set_password(server: Server, tx: Connection, user: bytes) -> None:
    with mock.patch.object(passwords, "_HASHER", _QUICK):
        accounts.set_password(server, tx, user, PASSWORD)
