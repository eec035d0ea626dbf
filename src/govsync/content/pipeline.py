"""Bounded prefetch: work on the next items goes on while the caller uses the last result.

Knows nothing of what the work is. Threads belong to the pool that is handed in; without one there is nothing to gain,
and `map` does the same.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def prefetch(
    items: Iterable[Item],
    work: Callable[[Item], Result],
    pool: Executor,
    ahead: int,
    drop: Callable[[Result], None] = lambda _: None,
) -> Iterator[Result]:
    """Yields `work(item)` for each item, in order, with up to `ahead` (at least 1) of them begun in the pool.

    An item's exception is raised in its place, after the results before it. When the iteration ends early, by an
    exception or by `close`, what has not begun never does and what has is waited for: nothing runs on behind the
    caller's back, and a result that nobody will take is handed to `drop`. `items` is read in the caller's thread, never
    further than `ahead`.
    """
    under_way: deque[Future[Result]] = deque()
    try:
        for item in items:
            under_way.append(pool.submit(work, item))
            if len(under_way) >= ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()
        wait(under_way)
        for future in under_way:
            if not future.cancelled() and future.exception() is None:
                drop(future.result())
