"""Jobs that stop at every primitive and at every call, so that anything may happen there.

A fiber runs a synchronous function and hands control back to the hub whenever its budget of points is used up. The hub
lets it go on, raises a failure at the point where it stands, or ends it there. Nothing but the order in which the hub
does so decides what happens: the same order, the same run.
"""

from collections.abc import Callable

from greenlet import getcurrent, greenlet

from tests.simulation.disk import Killed


class Fiber(greenlet):
    """One job under way; `at` names the point before which it stands."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__()
        self._work = work
        self._budget = 0
        self.at = "start"
        self.result: object = None

    def run(self) -> None:
        """Does the work; an end by `Killed` has no result."""
        try:
            self.result = self._work()
        except Killed:
            self.result = None

    def go_on(self, points: int) -> bool:
        """Lets the work pass `points` points and stop before the next; says whether it has ended."""
        self._budget = points
        self.switch()
        return self.dead

    def interrupt(self, error: BaseException) -> bool:
        """Raises an error at the point where the work stands; says whether it has ended."""
        self._budget = 0
        self.throw(error)
        return self.dead

    def kill(self) -> None:
        """Ends the work where it stands."""
        if not self.dead and self.at != "start":
            self.throw(Killed())
        assert self.dead or self.at == "start", "a job outlived its process"

    def reach(self, point: str) -> None:
        """Comes to a point: hands control back when the budget is used up."""
        self.at = point
        if self._budget > 0:
            self._budget -= 1
            return
        self.parent.switch()


def reach(point: str) -> None:
    """Comes to a point in whatever runs now; outside of a fiber nothing can happen there."""
    current = getcurrent()
    if isinstance(current, Fiber):
        current.reach(point)
