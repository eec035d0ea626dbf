"""A power cut of the server's machine, at every step of its work: whatever it has acknowledged is there afterwards, and every
row points to bytes that are (I3).

The machine is the real folder and the real SQLite, cut as mercilessly as their makers allow: of the folder only those files
are left whose bytes, whose name and whose folder's name were flushed, one that has a name and no flushed bytes is empty, and
what was unlinked is gone at once. Of the database the write-ahead log is left only if it is flushed at each commit.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, event

from govsync.protocol.changes import NodeState
from govsync.protocol.commits import Want
from govsync.server import collect, packs, reading
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.check import check
from govsync.server.context import Server
from govsync.server.db.connect import Database
from tests.server.desk import KIB, Desk, noise, set_space
from tests.server.office import Office

FULL = 2
DAY_MS = 86_400_000


class Machine:
    """The machine under an office's server; cut at every flush, name and commit, and looked at."""

    def __init__(self, base: Path, office: Office, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.acknowledged: dict[bytes, tuple[Desk, NodeState, tuple[bytes, ...]]] = {}
        self.cuts = 0
        self._base, self._office, self._store = base, office, store
        self._database = Path(office.server.database.engine.url.database or "")
        self._log_is_flushed = True
        self._bytes: set[int] = set()
        self._named: set[Path] = set()
        self._in_folder: set[Path] = set()
        self._durable: set[Path] = set()
        self._fsync, self._link = os.fsync, os.link
        monkeypatch.setattr(os, "fsync", self._flushing)
        monkeypatch.setattr(os, "link", self._naming)
        event.listen(office.server.database.engine, "commit", self._committing)

    def _flushing(self, descriptor: int) -> None:
        self.cut()
        self._fsync(descriptor)
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path == self._store:
            self._durable |= self._in_folder
        elif path.is_dir():
            self._in_folder |= {each for each in self._named if each.parent == path}
        else:
            self._bytes.add(os.fstat(descriptor).st_ino)
        self.cut()

    def _naming(self, source: Path, target: Path) -> None:
        self._link(source, target)
        self._named.add(Path(target))
        self.cut()

    def _committing(self, connection: Connection) -> None:
        self._log_is_flushed &= connection.exec_driver_sql("PRAGMA synchronous").scalar() == FULL
        self.cut()

    def cut(self) -> None:
        """Looks at what a power cut would leave now; the machine itself goes on."""
        self.cuts += 1
        left = self._base / f"cut {self.cuts}"
        (left / "store").mkdir(parents=True)
        for suffix in ("", "-wal") if self._log_is_flushed else ("",):
            if Path(f"{self._database}{suffix}").exists():
                shutil.copy(f"{self._database}{suffix}", left / f"server.db{suffix}")
        for file in self._store.glob("*/*"):
            flushed = file.stat().st_ino in self._bytes
            if file in self._durable or not flushed:
                kept = left / "store" / file.parent.name / file.name
                kept.parent.mkdir(exist_ok=True)
                kept.write_bytes(file.read_bytes() if flushed else b"")
        database = Database(f"sqlite:///{left / 'server.db'}")
        try:
            self._judge(msgspec.structs.replace(
                self._office.server, database=database, blobs=FolderBlobs(left / "store")
            ))  # fmt: skip
        finally:
            database.close()
            shutil.rmtree(left)

    def _judge(self, server: Server) -> None:
        assert check(server) == []
        for desk, state, chunks in self.acknowledged.values():
            assert state.rev is not None
            found = reading.fetch(server, desk.caller, desk.space, [Want(state.rev, 0, len(chunks))])
            assert [bytes(chunk.plain) for chunk in found] == list(chunks)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    office = Office(database, tmp_path / "store")
    yield Machine(tmp_path, office, tmp_path / "store", monkeypatch)
    database.close()


def save(machine: Machine, desk: Desk, name: str, *chunks: bytes) -> NodeState:
    """Sends a file and commits it; from its answer on the server answers for it."""
    assert all(desk.send(*(chunk for chunk in chunks if len(chunk) > 64 * KIB)))
    small = tuple(chunk for chunk in chunks if len(chunk) <= 64 * KIB)
    [state] = desk.do(desk.put(name, *chunks), inline=small)
    machine.acknowledged[state.node] = desk, state, chunks
    return state


def test_what_was_acknowledged_survives_a_cut_at_every_step(machine: Machine) -> None:
    anna = Desk(machine._office)
    save(machine, anna, "large", noise(300_000, 1), noise(200_000, 2))
    save(machine, anna, "small", b"a few words")
    gone = save(machine, anna, "gone", noise(100_000, 3))
    # So much of it that it goes straight into a pack.
    save(machine, anna, "in pieces", *(noise(64 * KIB, number) for number in range(4, 9)))
    machine._office.clock.now_ms += packs.WAIT_MS
    assert packs.fold(machine._office.server) == 1
    anna.do(anna.delete(gone))
    del machine.acknowledged[gone.node]
    set_space(machine._office, anna.space, retention_ms=DAY_MS)
    for _ in range(4):
        collect.collect(machine._office.server)
        machine._office.clock.now_ms += 2 * DAY_MS
    machine.cut()
    assert len(list(FolderBlobs(machine._store).list())) == 3, "the pack of what is gone was removed"
