"""Rows that are written many at a time are there as they were meant, on both databases."""

import msgspec
import pytest
from sqlalchemy import bindparam, select, update

from govsync.server.db import tables
from govsync.server.db.connect import Database
from govsync.server.db.insert import execute_many, insert_rows

ONE, TWO, SPACE = b"1" * 16, b"2" * 16, b"s" * 16


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A node as the tests write it."""

    id: bytes
    rev: bytes | None = None
    exec: bool = False
    deleted_seq: int | None = None
    conflict_of: bytes | None = None
    space: bytes = SPACE
    parent: bytes | None = SPACE
    name: str = "name"
    key: str = "key"
    kind: str = "file"
    place: bytes = ONE
    size: int = 7
    mtime_ns: int = 1 << 60
    seq: int = 1
    created_seq: int = 1


@pytest.fixture
def made(database: Database) -> Database:
    database.upgrade()
    return database


def read(database: Database) -> list[Row]:
    with database.begin(write=False) as tx:
        columns = [tables.node.c[name] for name in Row.__struct_fields__]
        rows = tx.execute(select(*columns).order_by(tables.node.c.id)).all()
    return [Row(**row._asdict()) for row in rows]


@pytest.mark.parametrize(
    "others",
    [
        {},  # What is None in all rows.
        {"rev": ONE, "deleted_seq": 3, "conflict_of": TWO, "exec": True},  # What is None in some.
    ],
)
def test_values_of_each_kind_come_back_as_they_were(made: Database, others: dict[str, object]) -> None:
    rows = [Row(id=ONE, key="one"), msgspec.structs.replace(Row(id=TWO, key="two"), **others)]
    with made.begin() as tx:
        insert_rows(tx, tables.node, [msgspec.structs.asdict(row) for row in rows])
    assert read(made) == rows


def test_a_change_to_none_is_made_and_the_rows_touched_are_counted(made: Database) -> None:
    change = update(tables.node).where(tables.node.c.id == bindparam("of")).values(rev=bindparam("new"))
    rows = [Row(id=ONE, key="one", rev=TWO), Row(id=TWO, key="two", rev=TWO)]
    with made.begin() as tx:
        insert_rows(tx, tables.node, [msgspec.structs.asdict(row) for row in rows])
        absent = b"3" * 16
        assert execute_many(tx, change, [{"of": each, "new": None} for each in (TWO, absent)]) == 1
    assert read(made) == [rows[0], msgspec.structs.replace(rows[1], rev=None)]
