"""Transactions: durable or without effect, in order, and plain about trouble."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.server.db import connect, tables
from govsync.server.db.connect import Database, InOrder, lock_space
from tests.server.office import Office

SETTING = tables.setting.c
WAIT_S = 30


def value_of(tx: Any, key: str) -> bytes | None:
    return tx.execute(select(SETTING.value).where(SETTING.key == key)).scalar()


def put(tx: Any, key: str, value: bytes) -> None:
    tx.execute(insert(tables.setting), [{"key": key, "value": value}])


def test_a_transaction_that_raises_has_no_effect(database: Database):
    database.upgrade()

    def fail() -> None:
        with database.begin() as tx:
            put(tx, "a", b"1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.begin(write=False) as tx:
        assert value_of(tx, "a") is None


def test_a_reading_transaction_sees_one_moment(database: Database):
    database.upgrade()
    with database.begin() as tx:
        put(tx, "a", b"before")
    with database.begin(write=False) as reading:
        assert value_of(reading, "a") == b"before"
        with database.begin() as writing:
            writing.execute(update(tables.setting).values(value=b"after"))
        assert value_of(reading, "a") == b"before"
    with database.begin(write=False) as reading:
        assert value_of(reading, "a") == b"after"


def test_what_is_acknowledged_survives_a_power_cut_on_sqlite(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    with database.begin(write=False) as tx:
        assert tx.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert tx.execute(text("PRAGMA synchronous")).scalar() == 2
    database.close()


def test_many_writers_at_once_lose_nothing(office: Office):
    """Each reads and writes back: without the lock of the row, or the queue, additions would be lost."""
    database, s = office.server.database, tables.space.c
    with database.begin(write=False) as tx:
        space = tx.execute(select(s.id)).scalars().first()

    def add(_number: int) -> None:
        with database.begin() as tx:
            row = lock_space(tx, space)
            tx.execute(update(tables.space).values(bytes=row.bytes + 1).where(s.id == space))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(80)))
    with database.begin(write=False) as tx:
        assert tx.execute(select(s.bytes).where(s.id == space)).scalar() == 80


def test_a_lock_is_handed_on_in_the_order_in_which_it_was_asked_for():
    lock, order, threads = InOrder(), [], []

    def enter(number: int) -> None:
        with lock:
            order.append(number)

    with lock:
        for number in range(5):
            thread = threading.Thread(target=enter, args=(number,))
            thread.start()
            threads.append(thread)
            while len(lock._waiting) <= number:
                thread.join(0.001)
    for thread in threads:
        thread.join(WAIT_S)
    assert order == [0, 1, 2, 3, 4]


def test_a_lock_is_free_after_an_exception():
    lock = InOrder()
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    with lock:
        assert lock._held


def test_a_database_that_another_process_keeps_busy_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connect, "BUSY_MS", 1)
    ours, theirs = (Database(f"sqlite:///{tmp_path / 'server.db'}") for _ in range(2))
    with theirs.begin(), pytest.raises(Failure) as caught, ours.begin():
        pass
    assert caught.value.code is Code.BUSY_RETRY
    ours.close()
    theirs.close()


@pytest.mark.slow
def test_two_that_wait_for_each_other_do_not_wait_for_ever(postgres: Any):
    database = Database(postgres())
    database.upgrade()
    with database.begin() as tx:
        put(tx, "a", b"")
        put(tx, "b", b"")
    both = threading.Barrier(2, timeout=WAIT_S)
    codes: list[Code | None] = []

    def change(first: str, second: str) -> None:
        try:
            with database.begin() as tx:
                tx.execute(update(tables.setting).where(SETTING.key == first).values(value=b"1"))
                both.wait()
                tx.execute(update(tables.setting).where(SETTING.key == second).values(value=b"1"))
            codes.append(None)
        except Failure as failure:
            codes.append(failure.code)

    threads = [threading.Thread(target=change, args=keys) for keys in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert set(codes) == {None, Code.BUSY_RETRY}
    database.close()


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path):
    for url in (f"sqlite:///{tmp_path / 'missing' / 'server.db'}", "postgresql://nobody@127.0.0.1:1/none"):
        database = Database(url)
        with pytest.raises(Failure) as caught, database.begin():
            pass
        assert caught.value.code is Code.STORE_UNAVAILABLE
        database.close()


@pytest.mark.parametrize("instead", [False, True])
def test_a_database_whose_file_has_gone_is_unavailable_until_it_is_back(tmp_path: Path, instead: bool):
    """No empty one is made in its place, and nothing is written where nobody would find it (R48)."""
    file = tmp_path / "server.db"
    database = Database(f"sqlite:///{file}")
    database.upgrade()
    with database.begin() as tx:
        put(tx, "a", b"1")
    file.rename(tmp_path / "away")
    if instead:
        file.write_bytes((tmp_path / "away").read_bytes())
    for write in (True, False):
        with pytest.raises(Failure) as failure, database.begin(write=write):
            pass
        assert failure.value.code is Code.STORE_UNAVAILABLE
    assert file.exists() is instead
    (tmp_path / "away").rename(file)
    with database.begin(write=False) as tx:
        assert value_of(tx, "a") == b"1"
    database.close()


def test_a_database_whose_folder_cannot_be_looked_into_is_unavailable(tmp_path: Path):
    """Its disk has gone, and something else lies where it was."""
    (tmp_path / "disk").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'disk' / 'server.db'}")
    database.upgrade()
    (tmp_path / "disk").rename(tmp_path / "away")
    (tmp_path / "disk").write_bytes(b"")
    with pytest.raises(Failure) as failure, database.begin():
        pass
    assert failure.value.code is Code.STORE_UNAVAILABLE
    database.close()


def test_a_mistake_in_a_statement_is_not_taken_for_trouble_of_the_database(database: Database):
    with pytest.raises(DBAPIError), database.begin() as tx:
        tx.execute(text("SELECT nothing FROM nowhere"))


def test_a_database_in_memory_serves_several_threads_one_after_another():
    database = Database("sqlite://")
    database.upgrade()

    def write(number: int) -> None:
        with database.begin() as tx:
            put(tx, str(number), b"")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    with database.begin(write=False) as tx:
        assert tx.execute(select(SETTING.key).order_by(SETTING.key)).scalars().all() == ["0", "1", "2", "3"]
    database.close()
