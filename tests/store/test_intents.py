"""Changes of the disk that are under way are durable before they begin, and end with what records them (R16)."""

from pathlib import Path

import pytest

from govsync.store import intents
from govsync.store.database import Store
from govsync.store.intents import Intent
from tests.store.desk import StoredDesk


def test_intents_come_back_in_order_with_the_numbers_that_were_answered(desk: StoredDesk) -> None:
    numbers = intents.record(desk.store, [Intent(9, b"step 1", b"note 1"), Intent(2, b"step 2", b"note 2")])
    assert intents.all_intents(desk.store) == [
        Intent(9, b"step 1", b"note 1", numbers[0]),
        Intent(2, b"step 2", b"note 2", numbers[1]),
    ]


def test_a_number_is_never_given_twice(desk: StoredDesk) -> None:
    """The outcome of a job of long ago must not end a younger change."""
    (first,) = intents.record(desk.store, [Intent(2, b"", b"")])
    intents.drop(desk.store, [first])
    (second,) = intents.record(desk.store, [Intent(2, b"", b"")])
    assert second != first


def test_an_intent_outlives_the_process_once_its_transaction_has_ended(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "desk.db")
    with store.transaction():
        intents.record(store, [Intent(2, b"kept", b"")])
    with pytest.raises(ZeroDivisionError):
        _record_and_fail(store)
    other = Store.open(tmp_path / "desk.db")
    assert [row.step for row in intents.all_intents(other)] == [b"kept"]
    other.close()
    store.close()


def _record_and_fail(store: Store) -> None:
    with store.transaction():
        intents.record(store, [Intent(3, b"taken back", b"")])
        raise ZeroDivisionError
