"""Order, bounds and endings of prefetch; every wait here is for a condition and has a bound."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Event, get_ident

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.content.pipeline import prefetch
from govsync.model.codes import Code
from govsync.model.problems import Failure

BOUND_S = 10


class RecordingPool(ThreadPoolExecutor):
    """Is a thread pool that remembers what it was given."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.given: list[Future[object]] = []

    def submit(self, work, /, *args, **kwargs):
        future = super().submit(work, *args, **kwargs)
        self.given.append(future)
        return future


@given(st.lists(st.integers()), st.integers(1, 4), st.integers(1, 6))
def test_results_come_in_the_order_of_the_items(items: list[int], workers: int, ahead: int):
    with ThreadPoolExecutor(workers) as pool:
        assert list(prefetch(items, lambda item: item * 2, pool, ahead)) == [item * 2 for item in items]


def test_work_overlaps():
    # Each work waits for the other two: one after the other, none would ever end.
    meeting = Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        assert len(list(prefetch(range(3), lambda _: meeting.wait(BOUND_S), pool, 3))) == 3


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_never_more_than_allowed_is_begun_and_not_handed_over(ahead: int):
    taken = 0

    def counted() -> Iterator[int]:
        nonlocal taken
        for number in range(20):
            taken += 1
            yield number

    with ThreadPoolExecutor(2) as pool:
        for handed_over, _ in enumerate(prefetch(counted(), lambda item: item, pool, ahead)):
            assert taken - handed_over <= ahead
    assert taken == 20


def test_items_are_read_in_the_thread_of_the_caller():
    readers = set()

    def items() -> Iterator[int]:
        for number in range(5):
            readers.add(get_ident())
            yield number

    with ThreadPoolExecutor(2) as pool:
        workers = set(prefetch(items(), lambda _: get_ident(), pool, 3))
    assert readers == {get_ident()}
    assert get_ident() not in workers


def test_an_exception_comes_in_its_place():
    def work(item: int) -> int:
        if item == 3:
            raise Failure(Code.OFFLINE)
        return item

    with ThreadPoolExecutor(4) as pool:
        results = prefetch(range(10), work, pool, 8)
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(Failure) as raised:
            next(results)
        assert list(results) == []
    assert raised.value.code is Code.OFFLINE


def test_closing_begins_nothing_more_and_waits_for_what_has_begun():
    begun: list[int] = []
    second_begun, all_given, third_given_up, closed = Event(), Event(), Event(), Event()
    closed_too_early: list[bool] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            second_begun.set()
            assert all_given.wait(BOUND_S)
            pool.given[2].add_done_callback(lambda _: third_given_up.set())
            assert third_given_up.wait(BOUND_S)
            closed_too_early.append(closed.wait(0.1))

    with RecordingPool(1) as pool:
        results = prefetch(range(10), work, pool, 3)
        next(results)
        all_given.set()
        assert second_begun.wait(BOUND_S)
        results.close()
        closed.set()
    assert begun == [0, 1]
    assert closed_too_early == [False]


def test_an_exception_of_the_caller_ends_the_work_too():
    second_begun, gate = Event(), Event()

    def work(item: int) -> None:
        if item == 1:
            second_begun.set()
            assert gate.wait(BOUND_S)

    with RecordingPool(1) as pool:
        results = prefetch(range(10), work, pool, 4)
        next(results)
        assert second_begun.wait(BOUND_S)
        gate.set()
        with pytest.raises(KeyError):
            results.throw(KeyError("the disk is full"))
        assert len(pool.given) == 4
        assert all(future.done() for future in pool.given)


def test_what_was_begun_and_nobody_takes_is_handed_back():
    begun, dropped = Barrier(4), []

    def work(item: int) -> int:
        begun.wait(BOUND_S)
        if item == 2:
            raise Failure(Code.OFFLINE)
        return item

    with ThreadPoolExecutor(4) as pool:
        results = prefetch(range(10), work, pool, 4, dropped.append)
        assert next(results) == 0
        results.close()
    assert dropped == [1, 3], "neither what was taken nor what failed"
