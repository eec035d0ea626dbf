"""Questions about many things are answered whole, on both databases."""

from sqlalchemy import bindparam, select

from govsync.server.db import tables
from govsync.server.db.among import AMONG, ask_among
from govsync.server.db.connect import Database
from govsync.server.db.insert import insert_rows

MANY = 9_000
"""More than fit into one statement."""


def test_each_thing_is_asked_for_once_in_order_and_with_what_else_is_asked(database: Database) -> None:
    database.upgrade()
    s = tables.setting.c
    question = select(s.key, s.value).where(s.value != bindparam("other"), s.key.in_(AMONG))
    rows = [{"key": f"key {number:05}", "value": number.to_bytes(2)} for number in range(MANY)]
    with database.begin() as tx:
        insert_rows(tx, tables.setting, rows)
        absent = ["key", "key 9", "kéy ?%s"]
        asked = [*(str(row["key"]) for row in rows[::-1] * 2 if row["value"] != b"\0\1"), *absent]
        found = ask_among(tx, question, asked, other=b"\0\2")
        assert sorted(found) == [
            tuple(row.values()) for row in rows if row["value"] not in (b"\0\1", b"\0\2")
        ]
        assert ask_among(tx, question, [], other=b"") == []
