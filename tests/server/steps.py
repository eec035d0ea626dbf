"""A server's work in steps: each statement, each end of a transaction, and whatever is done to the store, before, halfway and
after. At any one of them the server ends, as if its process was killed, or stands still while another replica works.

What the killed one had written stays, its open transaction is rolled back, and none of its clean-up happens.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, event, func, select

from govsync.protocol.commits import Want
from govsync.protocol.limits import DEFAULT
from govsync.server import collect, directory, reading
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.blobs.interface import Blobs, Stored
from govsync.server.check import check
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import Database
from govsync.server.db.insert import insert_rows
from govsync.server.fresh import Fresh
from tests import schema
from tests.server.desk import Desk
from tests.server.office import Ids, Office

SMALL_BYTES = 256
"""More is a large chunk here: what counts is which way it goes, and a little goes it sooner."""
DAY_S = 86_400
LOCK_MS = 5
"""So long a replica waits for one that stands still. Those that stand in nobody's way wait as they do elsewhere: a database
tidies up, too."""
_ROUNDS = 6
"""So many times two days is more than anything takes that nobody names: to be found, to be counted as dead, and to linger."""
_COUNTED = ("org", "unit", "account", "device", "grp", "grp_member", "space", "member", "node")

Promised = dict[bytes, tuple[Desk, tuple[bytes, ...]]]
"""What the server has acknowledged: by revision, on whose behalf it is read, and its chunks."""


class Killed(BaseException):
    """The process is no more."""


class Steps:
    """The steps of one replica; at one of them something happens."""

    def __init__(self, database: Database) -> None:
        self.passed = 0
        self._at = 0
        self._happens: Callable[[], None] = _nothing
        self._dead = False
        self._everything = False
        self._locked: set[bytes] = set()
        event.listen(database.engine, "before_cursor_execute", self._before_statement)
        event.listen(database.engine, "after_cursor_execute", self._after_statement)
        event.listen(database.engine, "commit", self._committing)
        event.listen(database.engine, "rollback", self._let_go)

    def begin(self, at: int = 0, happens: Callable[[], None] | None = None) -> None:
        """Counts from now on; at step `at` something happens, which may end the process."""
        self.passed, self._at, self._happens, self._dead = 0, at, happens or _nothing, False

    def step(self) -> None:
        """One step; a dead process takes none."""
        if self._dead:
            raise Killed
        self.passed += 1
        if self.passed == self._at:
            try:
                self._happens()
            except Killed:
                self._dead = True
                raise

    def holds(self, space: bytes) -> bool:
        """Says whether the replica has locked a space now; who writes into SQLite has locked all of them."""
        return self._everything or space in self._locked

    def _before_statement(self, *_about: object) -> None:
        self.step()

    def _after_statement(
        self, _connection: Connection, _cursor: object, statement: str, parameters: Any, *_more: object
    ) -> None:
        self._everything |= statement == "BEGIN IMMEDIATE"
        if statement.rstrip().endswith("FOR UPDATE") and "FROM space" in statement:
            self._locked.add(parameters["space"])

    def _committing(self, connection: Connection) -> None:
        self.step()
        self._let_go(connection)

    def _let_go(self, _connection: Connection) -> None:
        self._everything = False
        self._locked.clear()


def _nothing() -> None:
    """What happens at all other steps."""


class SteppedBlobs:
    """A folder whose every use is a step before it and one after it, and a put one in its middle."""

    def __init__(self, blobs: Blobs, folder: Path, steps: Steps) -> None:
        self._blobs, self._folder, self._steps = blobs, folder, steps

    def put_new(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        with self._around():
            self._blobs.put_new(key, self._halfway(pieces))

    def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        with self._around():
            return self._blobs.get_range(key, offset, size_bytes)

    def size(self, key: str) -> int | None:
        with self._around():
            return self._blobs.size(key)

    def delete(self, key: str) -> None:
        with self._around():
            self._blobs.delete(key)

    def list(self) -> Iterator[Stored]:
        with self._around():
            return iter(list(self._blobs.list()))

    def identity(self) -> str | None:
        with self._around():
            return self._blobs.identity()

    def establish(self, identity: str) -> None:
        with self._around():
            self._blobs.establish(identity)

    @contextmanager
    def _around(self) -> Iterator[None]:
        self._steps.step()
        yield
        self._steps.step()

    def _halfway(self, pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
        data = b"".join(pieces)
        yield data[: len(data) // 2]
        try:
            self._steps.step()
        except Killed:
            # It stays, under the name of a process that nobody is any more.
            for written in self._folder.glob("*/*.new"):
                written.rename(written.with_name(f"{written.name.split('.')[0]}.0.0.new"))
            raise
        yield data[len(data) // 2 :]


class Left(msgspec.Struct, frozen=True):
    """All that is written down at a moment: the rows of each table, and the objects of the store."""

    tables: dict[str, frozenset[tuple[Any, ...]]]
    store: dict[str, bytes]

    def __hash__(self) -> int:
        return hash((*self.tables.values(), *sorted(self.store.items())))


class World:
    """A ministry over one database and one store, which can be put back as it was at a moment, and its replicas: the `first`, to
    which things happen, the `other`, which carries on, and one that works `beside` the first, without patience."""

    def __init__(self, url: str, base: Path) -> None:
        self._store = base / "store"
        first, other, beside = Database(url), Database(url), Database(url, lock_ms=LOCK_MS)
        self.steps = Steps(first)
        self.office = Office(other, self._store)
        limits = msgspec.structs.replace(DEFAULT, inline_chunk_bytes=SMALL_BYTES)
        self.other = msgspec.structs.replace(self.office.server, limits=limits)
        blobs = SteppedBlobs(FolderBlobs(self._store), self._store, self.steps)
        self.first = msgspec.structs.replace(self.other, database=first, blobs=blobs)
        self.beside = msgspec.structs.replace(self.other, database=beside)
        for database in (first, beside):
            schema.share_statements(database)
        self.office.server = self.other
        self.promised: Promised = {}
        self._kept = Left({}, {})
        self._now_ms = 0
        self._streams: set[bytes] = set()
        self._idle: set[str] = set()

    def close(self) -> None:
        for server in (self.first, self.other, self.beside):
            server.database.close()

    @contextmanager
    def on(self, server: Server) -> Iterator[None]:
        """Lets everybody call one of the replicas."""
        before, self.office.server = self.office.server, server
        try:
            yield
        finally:
            self.office.server = before

    # Back to a moment

    def left(self) -> Left:
        """Answers what is written down now."""
        with self.other.database.begin(write=False) as tx:
            rows = {
                table.name: frozenset(tuple(row) for row in tx.exec_driver_sql(f"SELECT * FROM {table.name}"))
                for table in tables.metadata.sorted_tables
            }
        return Left(
            rows, {str(path.relative_to(self._store)): path.read_bytes() for path in self._store.glob("*/*")}
        )

    def keep(self) -> None:
        """Keeps everything as it is now."""
        self._kept = self.left()
        self._now_ms = self.office.clock.now_ms
        with self.other.database.begin(write=False) as tx:
            self._streams = {*tx.execute(select(tables.space.c.id)).scalars(), directory.SYS}
        self._idle = self._unnamed()

    def put_back(self) -> None:
        """Puts everything back as it was kept; what is made then is named as it was the time before."""
        now, kept = self.left(), self._kept
        self.office.clock.now_ms = self._now_ms
        clock = self.office.clock
        self.first = msgspec.structs.replace(self.first, ids=Ids(clock, 10**6), fresh=Fresh())
        self.other = msgspec.structs.replace(self.other, ids=Ids(clock, 2 * 10**6), fresh=Fresh())
        self.beside = msgspec.structs.replace(self.beside, ids=Ids(clock, 4 * 10**6), fresh=Fresh())
        self.office.server, self.office.ids = self.other, Ids(clock, 3 * 10**6)
        if now == kept:
            return
        with self.other.database.begin() as tx:
            for table in tables.metadata.sorted_tables:
                if now.tables[table.name] != kept.tables[table.name]:
                    tx.exec_driver_sql(f"DELETE FROM {table.name}")
                    names = [column.name for column in table.columns]
                    insert_rows(
                        tx, table, [dict(zip(names, row, strict=True)) for row in kept.tables[table.name]]
                    )
        for name in now.store.keys() - kept.store.keys():
            (self._store / name).unlink()
        for name in kept.store.keys() - now.store.keys():
            (self._store / name).write_bytes(kept.store[name])
        self._make_old()

    def _make_old(self) -> None:
        """What a writing that was cut off has left is as old as the office's clock says: the store has one of its own."""
        for cut_off in self._store.glob("*/*.new"):
            os.utime(cut_off, (self._now_ms / 1000,) * 2)

    # Judging

    def effects(self) -> Counter[object]:
        """Counts what has been done: the entries of each journal by kind, and the rows of what is not cleaned up."""
        j = tables.journal.c
        with self.other.database.begin(write=False) as tx:
            found: Counter[object] = Counter(
                (stream if stream in self._streams else b"new", kind)
                for stream, kind in tx.execute(select(j.stream, j.kind))
            )
            for name in _COUNTED:
                found[name] = tx.execute(
                    select(func.count()).select_from(tables.metadata.tables[name])
                ).scalar_one()
        return found

    def judge(self, more: Promised) -> None:
        """Asserts that all is whole, goes on being so, and that what nobody names goes away."""
        self.assert_whole(more)
        if self._unnamed() - self._idle:
            for _ in range(_ROUNDS):
                if not self._unnamed():
                    break
                self.office.clock.now_ms += 2 * DAY_S * 1000
                self._make_old()
                collect.collect(self.other)
            assert self._unnamed() == set()
            self.assert_whole(more)

    def read_promised(self, more: Promised) -> None:
        """Asserts that what was promised can be read now."""
        wanted: dict[bytes, list[Want]] = {}
        promised = self.promised | more
        for rev, (desk, chunks) in promised.items():
            wanted.setdefault(desk.space, []).append(Want(rev, 0, len(chunks)))
        for wants in wanted.values():
            desk = promised[wants[0].rev][0]
            found = reading.fetch(self.other, desk.caller, desk.space, wants)
            expected = [chunk for want in wants for chunk in promised[want.rev][1]]
            assert [bytes(chunk.plain) for chunk in found] == expected

    def assert_whole(self, more: Promised) -> None:
        """Asserts that nothing is wrong now, and that what was promised can be read."""
        assert check(self.other) == []
        self.read_promised(more)
        with self.other.database.begin(write=False) as tx:
            lives = set(tx.execute(select(tables.space.c.epoch)).scalars())
            assert lives == {directory.epoch(tx)}, "a desk could commit to another life than this"

    def _unnamed(self) -> set[str]:
        """Answers the objects of the store into which no chunk points, and the rows of packs that are like it."""
        with self.other.database.begin(write=False) as tx:
            named = {
                pack.hex() for pack in tx.execute(select(tables.chunk.c.pack).distinct()).scalars() if pack
            }
            packs = {pack.hex() for pack in tx.execute(select(tables.pack.c.id)).scalars()}
        return ({each.key for each in self.other.blobs.list()} | packs) - named
