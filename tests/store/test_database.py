"""The desk's database: opened, damaged, newer, full, busy, and never half changed."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from govsync.model.codes import Code
from govsync.store import database, meta
from govsync.store.database import IN_MEMORY, Store, StoreFailure
from govsync.store.schema import MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def refused(path: Path) -> Code:
    with pytest.raises(StoreFailure) as caught:
        Store.open(path)
    return caught.value.code


def damage(path: Path) -> None:
    """Overwrites pages in the middle, as a bad disk would."""
    store = Store.open(path)
    with store.transaction():
        for number in range(2_000):
            meta.put(store, f"fact {number}", b"x" * 50)
    store.close()
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) * 3 // 4] = b"\xff" * (len(data) * 3 // 4 - len(data) // 2)
    path.write_bytes(data)


# Transactions


def test_what_was_committed_is_there_after_a_restart(path: Path) -> None:
    store = Store.open(path)
    with store.transaction():
        meta.put(store, "fact", b"1")
    store.close()
    assert meta.get(Store.open(path), "fact") == b"1"


def test_a_flush_ends_on_the_disk_on_macos_too(path: Path) -> None:
    store = Store.open(path)
    assert (store.value("PRAGMA synchronous"), store.value("PRAGMA fullfsync")) == (2, 1)
    store.close()


def test_an_exception_takes_back_everything_since_the_outermost_transaction_began(path: Path) -> None:
    store = Store.open(path)

    def fail_after_an_inner_one_ended() -> None:
        with store.transaction():
            with store.transaction():
                meta.put(store, "fact", b"1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_an_inner_one_ended()
    assert meta.get(store, "fact") is None
    with store.transaction():
        meta.put(store, "fact", b"2")
    assert meta.get(store, "fact") == b"2"


def test_a_commit_that_fails_leaves_the_store_usable(path: Path) -> None:
    store = Store.open(path)
    store.run("PRAGMA foreign_keys = ON")
    store.run("CREATE TABLE a (id INTEGER PRIMARY KEY)")
    store.run("CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), store.transaction():
        store.run("INSERT INTO b VALUES (7)")
    with store.transaction():
        meta.put(store, "fact", b"1")
    assert store.value("SELECT count(*) FROM b") == 0


# What the world does


def test_a_full_disk_is_said_and_takes_back_the_transaction_that_it_met(path: Path) -> None:
    store = Store.open(path)
    store.run(f"PRAGMA max_page_count = {store.value('PRAGMA page_count') + 2}")

    def fill() -> None:
        with store.transaction():
            meta.put(store, "small", b"1")
            meta.put(store, "large", bytes(1_000_000))

    with pytest.raises(StoreFailure) as caught:
        fill()
    assert caught.value.code is Code.DISK_FULL
    assert meta.get(store, "small") is None
    store.run("PRAGMA max_page_count = 1000000")
    with store.transaction():
        meta.put(store, "large", bytes(1_000_000))


def test_whoever_holds_the_database_is_waited_for_and_then_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.0)
    store, other = Store.open(path), sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailure) as caught, store.transaction():
        meta.put(store, "fact", b"1")
    assert caught.value.code is Code.BUSY
    other.execute("ROLLBACK")
    with store.transaction():
        meta.put(store, "fact", b"1")


def test_a_mistake_of_ours_is_no_trouble_of_the_disk() -> None:
    store = Store.open(IN_MEMORY)
    for ask in (store.all, store.one, store.run, store.changed):
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            ask("SELECT 1 FROM nowhere")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store.many("INSERT INTO nowhere VALUES (?)", [(1,)])
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        list(store.stream("SELECT 1 FROM nowhere"))


# Opening


def test_what_is_no_database_is_damaged(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)
    assert refused(path) is Code.STORE_DAMAGED


def test_a_page_that_was_overwritten_is_found_at_the_start(path: Path) -> None:
    damage(path)
    assert refused(path) is Code.STORE_DAMAGED


@pytest.mark.parametrize(
    "ask",
    [
        lambda store, sql: store.all(sql),
        lambda store, sql: store.one(sql),
        lambda store, sql: store.changed("UPDATE meta SET value = 'y'"),
        lambda store, sql: store.many("UPDATE meta SET value = ?", [("y",)]),
        lambda store, sql: list(store.stream(sql)),
    ],
)
def test_damage_that_is_met_later_is_said_too(path: Path, ask: Callable[[Store, str], object]) -> None:
    damage(path)
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(StoreFailure) as caught:
        ask(Store(connection), "SELECT sum(length(value)) FROM meta")
    assert caught.value.code is Code.STORE_DAMAGED


def test_a_folder_that_is_not_there_is_no_damage(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere" / "store.db") is Code.NO_ACCESS


def test_a_database_of_a_newer_version_is_left_alone(path: Path) -> None:
    store = Store.open(path)
    store.run(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    store.close()
    assert refused(path) is Code.STORE_NEWER


def test_it_is_the_persons_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        store = Store.open(path)
        with store.transaction():
            meta.put(store, "fact", b"1")
        modes = {each.name: oct(each.stat().st_mode & 0o777) for each in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"store.db": "0o600", "store.db-wal": "0o600", "store.db-shm": "0o600"}
