"""A sent operation is kept as it was sent, whatever becomes of the file, until its outcome is known (R32)."""

import sqlite3

import msgspec
import pytest

from govsync.model import operations as ask
from govsync.model.operations import AnyOperation
from govsync.store import ops
from govsync.store.ops import OpRow
from tests.store.desk import SPACE, TEAM, StoredDesk

NODE = b"n" * 16
EVERY_KIND: tuple[AnyOperation, ...] = (
    ask.Mkdir(key=b"1" * 16, node=NODE, group=3, parent=b"p" * 16, name="보고서"),
    ask.Put(
        key=b"2" * 16, node=NODE, hash=b"h" * 32, size_bytes=7, scheme="s", base_rev=b"r" * 16, mtime_ns=5,
        exec=True, manifest=b"m", manifest_chunks=(b"c" * 32,), source=(b"s" * 16, b"v" * 16), conflict_of=b"o" * 16,
    ),
    ask.Move(key=b"3" * 16, node=NODE, place=b"q" * 16, parent=b"p" * 16, name="x"),
    ask.Delete(key=b"4" * 16, node=NODE, place=b"q" * 16, seen=9),
    ask.Revive(key=b"5" * 16, node=NODE, parent=b"p" * 16, name="x"),
    ask.Attr(key=b"6" * 16, node=NODE, exec=True),
)  # fmt: skip


def row(operation: AnyOperation, lid: int = 2, space: bytes = SPACE, covers: tuple[int, ...] = (2,)) -> OpRow:
    return OpRow(operation=operation, lid=lid, space=space, covers=covers)


def test_operations_come_back_as_they_were_sent_and_in_their_order(desk: StoredDesk) -> None:
    rows = [row(operation) for operation in reversed(EVERY_KIND)]
    ops.record_sent(desk.store, rows)
    assert ops.sent(desk.store, SPACE) == rows


def test_the_order_is_that_of_sending_and_not_that_of_keys(desk: StoredDesk) -> None:
    late, early = row(EVERY_KIND[5]), row(EVERY_KIND[0])
    ops.record_sent(desk.store, [late])
    ops.record_sent(desk.store, [early])
    assert [each.operation.key for each in ops.sent(desk.store, SPACE)] == [b"6" * 16, b"1" * 16]


def test_each_space_has_its_own(desk: StoredDesk) -> None:
    mine, theirs = row(EVERY_KIND[0]), row(EVERY_KIND[1], space=TEAM)
    ops.record_sent(desk.store, [mine, theirs])
    assert ops.sent(desk.store, TEAM) == [theirs]
    assert ops.any_sent(desk.store, SPACE)
    ops.drop(desk.store, [mine.operation.key])
    assert not ops.any_sent(desk.store, SPACE)
    assert ops.any_sent(desk.store, TEAM)


def test_an_operation_speaks_for_all_that_it_covers_until_it_ends(desk: StoredDesk) -> None:
    deletion = row(EVERY_KIND[3], covers=(2, 5, 7))
    ops.record_sent(desk.store, [deletion])
    assert ops.sent(desk.store, SPACE)[0].covers == (2, 5, 7)
    ops.drop(desk.store, [deletion.operation.key])
    assert ops.sent(desk.store, SPACE) == []
    assert desk.store.value("SELECT count(*) FROM op_cover") == 0


def test_the_same_key_is_never_recorded_twice(desk: StoredDesk) -> None:
    """Sending again means sending what is there; a second row would be a second operation."""
    ops.record_sent(desk.store, [row(EVERY_KIND[0])])
    again = row(msgspec.structs.replace(EVERY_KIND[0], name="another"))
    with pytest.raises(sqlite3.IntegrityError):
        ops.record_sent(desk.store, [again])
    assert ops.sent(desk.store, SPACE) == [row(EVERY_KIND[0])]
