"""A small ministry to test the server with: one organisation, divisions, people; time and chance are the test's own."""

import random
from pathlib import Path
from unittest import mock

from argon2 import PasswordHasher
from sqlalchemy import Connection

from govsync.model.ids import uuid7
from govsync.protocol.limits import DEFAULT
from govsync.protocol.session import DeviceInfo, SignIn, SpaceInfo, SpacesAsked, Tokens
from govsync.server import accounts, directory, spaces
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.context import Caller, Server
from govsync.server.db.connect import Database
from tests import schema

START_MS = 1_795_000_000_000
PASSWORD = "correct horse"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""A password is slow to hash on purpose; to compare one takes as long as it says itself that hashing it took."""


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

    def new(self) -> bytes:
        self._count += 1
        return uuid7(self._clock.time_ms(), self._count.to_bytes(10, "big"))

    def jitter(self) -> float:
        return self._random.random()

    def chance(self, size_bytes: int) -> bytes:
        return self._random.randbytes(size_bytes)


class Office:
    """A server with Anna and Boris in the division Planning, and Clara in Health, which is another organisation."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.clock = Clock()
        self.ids = Ids(self.clock)
        blobs = FolderBlobs(folder)
        blobs.establish("office")
        self.server = Server(database=database, blobs=blobs, clock=self.clock, ids=self.ids, limits=DEFAULT)
        schema.upgrade(database)
        with database.begin() as tx:
            directory.begin_epoch(self.server, tx)
            accounts.make_secret(tx, self.ids.chance)
            directory.add_organisation(self.server, tx, "Interior")
            directory.add_organisation(self.server, tx, "Health")
            directory.add_division(self.server, tx, "Interior/Planning")
            self.anna = directory.add_user(self.server, tx, "anna", "Anna", "Interior/Planning")
            self.boris = directory.add_user(self.server, tx, "boris", "Boris", "Interior/Planning")
            self.clara = directory.add_user(self.server, tx, "clara", "Clara", "Health")
        self._without_password = {"anna": self.anna, "boris": self.boris, "clara": self.clara}

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


def _set_password(server: Server, tx: Connection, user: bytes) -> None:
    with mock.patch.object(accounts, "_HASHER", _QUICK):
        accounts.set_password(server, tx, user, PASSWORD)
