"""What a desk tells of itself: only what is new, seldom, and again where it did not arrive."""

from govsync.agent.health import EVERY_S, Reports
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.fleet import CodeCount, Health


class Stage:
    """A desk whose state a test says, and a server that can be away."""

    def __init__(self) -> None:
        self.state, self.problems = "syncing", ()
        self.told: list[Health] = []
        self.away = False
        self.reports = Reports(self._look, self._tell)

    def _look(self) -> Health:
        return Health(version="1", system="Linux", state=self.state, problems=self.problems)

    def _tell(self, health: Health) -> None:
        if self.away:
            raise Failure(Code.OFFLINE)
        self.told.append(health)

    def beat(self, now_s: float, time_ms: int = 0) -> list[str]:
        """Answers the states that were told at this beat."""
        before = len(self.told)
        self.reports.beat(now_s, time_ms)
        self.reports.wait()
        return [each.state for each in self.told[before:]]


def test_it_tells_at_once_and_then_what_is_new_every_few_minutes() -> None:
    stage = Stage()
    assert stage.beat(0) == ["syncing"]
    stage.state = "in_sync"
    assert stage.beat(20, 5_000) == []
    assert stage.beat(EVERY_S - 1, 6_000) == []
    assert stage.beat(EVERY_S, 7_000) == ["in_sync"]
    assert stage.told[-1].in_sync_ms == 7_000
    assert stage.beat(10 * EVERY_S, 9_000) == [], "nothing new, nothing told"
    stage.problems = (CodeCount("quota", 1),)
    stage.state = "problem"
    assert stage.beat(11 * EVERY_S, 10_000) == ["problem"]
    assert stage.told[-1] == Health(
        version="1", system="Linux", state="problem", problems=(CodeCount("quota", 1),), in_sync_ms=9_000
    )


def test_what_did_not_arrive_is_told_again_as_it_is_by_then() -> None:
    stage = Stage()
    stage.away = True
    assert stage.beat(0) == []
    stage.away, stage.state = False, "in_sync"
    assert stage.beat(20) == []
    assert stage.beat(EVERY_S) == ["in_sync"]
