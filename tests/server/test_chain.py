"""Journals grow by appending, and each entry's place in the chain depends on all before it."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from govsync.server import chain
from govsync.server.chain import JournalEntry
from govsync.server.db import tables
from govsync.server.db.connect import Database

STREAM = b"s" * 16


def entry(number: int, body: bytes = b"body") -> JournalEntry:
    key = number.to_bytes(16, "big")
    return JournalEntry(key=key, kind="put", node=key, user=key, device=key, at_ms=number, body=body)


def test_a_link_is_the_hash_that_the_format_says():
    expected = hashlib.sha256(bytes(32) + bytes(7) + b"\x01" + b"k" * 16 + b"body").digest()
    assert chain.link(chain.START, 1, b"k" * 16, b"body") == expected


def test_appending_all_at_once_and_one_by_one_is_the_same(database: Database):
    database.upgrade()
    entries = [entry(number) for number in range(1, 6)]
    with database.begin() as tx:
        together = chain.append(tx, STREAM, 0, chain.START, entries)
        alone = (0, chain.START)
        for each in entries:
            alone = chain.append(tx, b"t" * 16, *alone, [each])
    assert together == alone
    assert together[0] == 5
    with database.begin(write=False) as tx:
        j = tables.journal.c
        rows = tx.execute(select(j.seq, j.op_key, j.chain).where(j.stream == STREAM).order_by(j.seq)).all()
    assert [(row.seq, row.op_key) for row in rows] == [(number, entry(number).key) for number in range(1, 6)]
    assert rows[-1].chain == together[1]


def test_appending_nothing_changes_nothing(database: Database):
    database.upgrade()
    with database.begin() as tx:
        assert chain.append(tx, STREAM, 7, b"c" * 32, []) == (7, b"c" * 32)


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=6), st.data())
def test_two_histories_that_differ_anywhere_differ_from_there_to_the_end(
    bodies: list[bytes], data: st.DataObject
):
    def values(of: list[bytes]) -> list[bytes]:
        found, value = [], chain.START
        for seq, body in enumerate(of, 1):
            value = chain.link(value, seq, bytes(16), body)
            found.append(value)
        return found

    at = data.draw(st.integers(0, len(bodies) - 1))
    other = list(bodies)
    other[at] += b"!"
    same = [ours == theirs for ours, theirs in zip(values(bodies), values(other), strict=True)]
    assert same == [True] * at + [False] * (len(bodies) - at)
