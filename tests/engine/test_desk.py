"""What the parts of the engine share: bounded memory of small contents, occupied nodes, and turns at the disk."""

from hypothesis import given
from hypothesis import strategies as st

from govsync.content.manifests import manifest_of
from govsync.engine import jobs
from govsync.engine.desk import Fresh
from tests.engine.bench import Bench

LIMIT = 100
ANY = manifest_of([b"any words"])


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 130))))
def test_fresh_contents_never_take_more_than_their_room(kept: list[tuple[int, int]]) -> None:
    fresh = Fresh(LIMIT)
    for lid, size in kept:
        fresh.keep(lid, ANY, b"x" * size)
        held = [found for lid in range(1, 7) if (found := fresh.get(lid, ANY.content_hash)) is not None]
        assert fresh.size_bytes == sum(map(len, held)) <= LIMIT


def test_the_oldest_fresh_content_is_given_up_first() -> None:
    fresh = Fresh(LIMIT)
    for lid in (1, 2, 3):
        fresh.keep(lid, ANY, b"x" * 40)
    assert [fresh.get(lid, ANY.content_hash) is not None for lid in (1, 2, 3)] == [False, True, True]


def test_a_fresh_content_is_answered_only_for_its_own_hash() -> None:
    fresh = Fresh(LIMIT)
    old, new = manifest_of([b"old words"]), manifest_of([b"new words"])
    fresh.keep(1, old, b"old words")
    assert fresh.get(1, new.content_hash) is None
    assert fresh.manifest(1, new.content_hash) is None
    fresh.keep(1, new, b"new words")
    assert fresh.get(1, old.content_hash) is None
    assert fresh.manifest(1, old.content_hash) is None
    assert fresh.get(1, new.content_hash) == b"new words"
    assert fresh.manifest(1, new.content_hash) == new
    fresh.take(1)
    assert (fresh.get(1, new.content_hash), fresh.manifest(1, new.content_hash), fresh.size_bytes) == (
        None,
        None,
        0,
    )


def test_reading_ahead_stops_before_anything_is_pushed_out() -> None:
    fresh = Fresh(LIMIT)
    fresh.keep(1, ANY, b"x" * 50)
    assert not fresh.full
    fresh.keep(2, ANY, b"x")
    assert fresh.full
    assert fresh.get(1, ANY.content_hash) is not None


def test_a_node_is_occupied_until_every_job_on_it_has_ended(bench: Bench) -> None:
    desk = bench.engine.desk
    desk.occupy([1, 2])
    desk.occupy([1])
    desk.release([1, 2])
    assert [desk.occupied(lid) for lid in (1, 2)] == [True, False]
    desk.release([1])
    assert not desk.occupied(1)


def test_an_occupied_node_is_busy_in_the_trees_of_a_plan(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    lid, desk = bench.lid("a"), bench.engine.desk
    assert not desk.trees([lid]).busy(lid)
    desk.occupy([lid])
    assert desk.trees([lid]).busy(lid)


def test_alone_looks_at_what_is_under_way_and_at_what_was_just_started(bench: Bench) -> None:
    desk = bench.engine.desk
    look = jobs.Look(number=1, folders=())
    assert desk.alone(jobs.Look)
    assert not desk.alone(jobs.Look, started=[look])
    desk.under_way[1] = look
    assert not desk.alone(jobs.Look)
    assert desk.alone(jobs.Change)
