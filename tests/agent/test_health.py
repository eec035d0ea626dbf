"""What a desk tells of itself: only what is new, seldom, again where it did not arrive, and nothing where that is not wanted."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from govsync.agent.health import EVERY_S, Reports
from govsync.agent.main import Agent
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.fleet import NOTHING, CodeCount, Health


class Stage:
    """A desk whose state a test says, and a server that can be away."""

    def __init__(self, home: Path) -> None:
        self.state, self.problems = "syncing", ()
        self.told: list[Health] = []
        self.away = False
        self.looks = 0
        self._home = home
        self.start_anew()

    def start_anew(self) -> None:
        """Lets a process end, and another one begin in the same home."""
        self.reports = Reports(self._look, self._tell, self._home / "reported")

    def _look(self) -> Health:
        self.looks += 1
        return Health(version="1", system="Linux", state=self.state, problems=self.problems)

    def _tell(self, health: Health) -> None:
        if self.away:
            raise Failure(Code.OFFLINE)
        self.told.append(health)

    def beat(self, now_s: float, time_ms: int = 0, wanted: bool = True) -> list[str]:
        """Answers the states that were told at this beat."""
        before = len(self.told)
        self.reports.beat(now_s, time_ms, wanted)
        self.reports.wait()
        return [each.state for each in self.told[before:]]


def test_it_tells_at_once_and_then_what_is_new_every_few_minutes(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
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


def test_what_did_not_arrive_is_told_again_as_it_is_by_then(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.away = True
    assert stage.beat(0) == []
    stage.away, stage.state = False, "in_sync"
    assert stage.beat(20) == []
    assert stage.beat(EVERY_S) == ["in_sync"]


def test_a_desk_that_never_told_anything_is_not_looked_at_and_tells_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert [stage.beat(at_s, wanted=False) for at_s in (0, EVERY_S, 2 * EVERY_S)] == [[], [], []]
    assert stage.looks == 0


def test_what_was_told_is_taken_back_once_when_it_is_wanted_no_more(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.beat(0)
    assert stage.beat(20, wanted=False) == [""]
    assert stage.told[-1] == NOTHING
    looks = stage.looks
    assert [stage.beat(at_s, wanted=False) for at_s in (40, EVERY_S, 9 * EVERY_S)] == [[], [], []]
    assert stage.looks == looks
    assert stage.beat(10 * EVERY_S) == ["syncing"], "and told again when it is wanted again"


def test_what_an_earlier_process_told_is_taken_back_as_soon_as_the_server_hears_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.beat(0)
    stage.start_anew()
    stage.away = True
    assert stage.beat(0, wanted=False) == []
    stage.away = False
    stage.start_anew()
    assert stage.beat(0, wanted=False) == [""]
    stage.start_anew()
    assert stage.beat(0, wanted=False) == []


def test_nothing_is_told_that_could_not_be_taken_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "home")
    (tmp_path / "home").write_bytes(b"in the way")
    assert stage.beat(0) == []


@pytest.mark.parametrize(("said", "wanted"), [("off", False), ("counts", True)])
def test_it_is_wanted_where_the_settings_say_so(said: str, wanted: bool) -> None:
    asked: list[bool] = []
    agent = SimpleNamespace(
        settings=SimpleNamespace(privacy_health_reports=said), clock=SimpleNamespace(time_ms=lambda: 0),
        reports=SimpleNamespace(beat=lambda _now_s, _time_ms, wanted: asked.append(wanted)),
    )  # fmt: skip
    Agent._report(agent)  # type: ignore[arg-type]
    assert asked == [wanted]
