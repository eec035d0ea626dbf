"""Too many deletions wait for a person's word; everything else goes on meanwhile (R28)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.engine import events
from govsync.engine.desk import Rules
from govsync.engine.holding import WINDOW_MS
from govsync.model import operations as ask
from govsync.store import holds
from tests.engine.bench import Bench

MOST = 5
NAMES = [f"f{number:02}" for number in range(12)]


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Bench]:
    """A desk with a dozen files, which asks before it sends five deletions."""
    made = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_deletions=MOST, hold_deletions_share=2.0)
    )
    for name in NAMES:
        made.write(name)
    made.settle()
    yield made
    made.store.close()


def held(bench: Bench) -> holds.HoldRow:
    (row,) = holds.open_holds(bench.store)
    return row


def gone(bench: Bench, count: int = MOST) -> list[str]:
    bench.delete(*NAMES[:count])
    bench.pass_ms(10_000)
    return NAMES[:count]


def test_fewer_than_the_threshold_simply_go(many: Bench) -> None:
    gone(many, MOST - 1)
    assert len(many.asked(ask.Delete)) == MOST - 1
    assert holds.count(many.store) == 0


def test_at_the_threshold_all_are_held_and_none_goes(many: Bench) -> None:
    names = gone(many)
    assert not many.asked(ask.Delete)
    assert (held(many).count, sorted(held(many).paths)) == (MOST, names)
    assert many.report().state == "hold"


def test_deletions_one_by_one_are_counted_together(many: Bench) -> None:
    """drip_delete: every gap closes, and still they are too many in ten minutes."""
    for name in NAMES[:MOST]:
        many.delete(name)
        many.pass_ms(6_000)
    assert len(many.asked(ask.Delete)) == MOST - 1
    assert held(many).paths == (NAMES[MOST - 1],)


def test_what_went_long_ago_counts_no_more(many: Bench) -> None:
    gone(many, MOST - 1)
    many.pass_ms(WINDOW_MS, step=20_000)
    many.delete(NAMES[MOST])
    many.pass_ms(10_000)
    assert len(many.asked(ask.Delete)) == MOST
    assert holds.count(many.store) == 0


def test_a_share_of_a_small_space_is_held_too(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path / "folder", Rules(minimum_free_bytes=0, hold_deletions=200, hold_deletions_share=0.5)
    )
    names = [f"f{number:02}" for number in range(40)]
    for name in names:
        bench.write(name)
    bench.settle()
    bench.delete(*names[:20])
    bench.pass_ms(10_000)
    assert not bench.asked(ask.Delete)
    assert held(bench).count == 20
    bench.store.close()


def test_a_hold_stops_nothing_else(many: Bench) -> None:
    gone(many)
    many.write("new")
    many.server.has("theirs", b"from a colleague")
    many.pass_ms(3_000)
    assert "new" in many.server.alive()
    assert "theirs" in many.names()


def test_later_deletions_join_the_hold(many: Bench) -> None:
    gone(many)
    first = held(many).id
    many.delete(NAMES[MOST])
    many.pass_ms(10_000)
    assert (held(many).id, held(many).count) == (first, MOST + 1)
    assert not many.asked(ask.Delete)


def test_approved_they_go(many: Bench) -> None:
    names = gone(many)
    many.tell(events.Approve(held(many).id))
    many.settle()
    assert len(many.asked(ask.Delete)) == MOST
    assert not set(names) & set(many.server.alive())


def test_rejected_they_come_back(many: Bench) -> None:
    names = gone(many)
    many.tell(events.Reject(held(many).id))
    many.settle()
    assert not many.asked(ask.Delete)
    assert set(names) <= set(many.names())


def test_rejected_they_come_back_as_they_are_today(many: Bench) -> None:
    """hold_and_colleague: a colleague has edited one of them meanwhile."""
    names = gone(many)
    node = many.server.alive()[names[0]].node
    many.server.has(names[0], b"edited meanwhile", node=node)
    many.pass_ms(2_000)
    assert names[0] not in many.names(), "nothing is written to this desk for what is held"
    many.tell(events.Reject(held(many).id))
    many.settle()
    assert (many.folder / names[0]).read_bytes() == b"edited meanwhile"


def test_approved_what_a_colleague_edited_meanwhile_lives(many: Bench) -> None:
    names = gone(many)
    node = many.server.alive()[names[0]].node
    many.server.has(names[0], b"edited meanwhile", node=node)
    many.pass_ms(2_000)
    many.tell(events.Approve(held(many).id))
    many.settle()
    assert len(many.asked(ask.Delete)) == MOST - 1
    assert (many.folder / names[0]).read_bytes() == b"edited meanwhile"


def test_a_hold_outlives_a_restart(many: Bench) -> None:
    gone(many)
    before = held(many)
    many.begin()
    many.pass_ms(10_000)
    assert held(many) == before
    assert not many.asked(ask.Delete)


def test_a_word_about_a_hold_that_is_not_open_does_nothing(many: Bench) -> None:
    many.tell(events.Approve(99))
    many.tell(events.Reject(99))
    many.settle()
    assert sorted(many.server.alive()) == NAMES
