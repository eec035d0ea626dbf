"""A desk that the server bears with no more says so, never "in sync", and its engine takes the server for away."""

import msgspec
import pytest

from govsync.agent.outdated import Outdated
from govsync.engine import events
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import Pending, RateNow, State, Status

STATUS = Status(
    state=State.IN_SYNC, folder="/home/kim/GovSync", endpoint="https://drive.example.gov", account="kim", device="desk",
    pending=Pending(), problems=0, holds=0, skipped=0, waiting=0, rate=RateNow(), paused=False, online=True,
    scanning=False, checked_at=None, spaces=(), last_change=None, version="1",
)  # fmt: skip
NEWS = (events.Beat(7), events.HeadTold(b"s", 1), events.Wanted(b"s", ()), events.RightsChanged())
ENDS = (events.StreamLost(Code.OFFLINE), events.SessionEnded(), events.Cloned())


class Server:
    """Answers as it is told, and its desk, with a clock that goes on by one each time."""

    def __init__(self) -> None:
        self.code: Code | None = None
        self.changes = 0
        self.now_ms = 0
        self.desk = Outdated(self._me, self._time_ms, self._changed)

    def _me(self) -> None:
        if self.code is not None:
            raise Failure(self.code)

    def _time_ms(self) -> int:
        self.now_ms += 1
        return self.now_ms

    def _changed(self) -> None:
        self.changes += 1

    def says(self, code: Code | None) -> Outdated:
        self.code = code
        self.desk.ask()
        return self.desk


def test_a_desk_that_is_borne_with_hears_everything_and_is_as_it_is() -> None:
    server = Server()
    desk = server.says(None)
    assert not any(map(desk.withholds, (*NEWS, *ENDS)))
    assert desk.told(STATUS) == STATUS
    assert server.changes == 0


def test_one_that_is_too_old_hears_only_ends_and_is_a_problem_until_it_is_borne_with() -> None:
    server = Server()
    desk = server.says(Code.CLIENT_TOO_OLD)
    assert all(map(desk.withholds, NEWS))
    assert not any(map(desk.withholds, ENDS))
    told = desk.told(STATUS)
    assert (told.state, told.problems) == (State.PROBLEM, 1)
    assert desk.told(msgspec.structs.replace(STATUS, state=State.SIGNED_OUT)).state is State.SIGNED_OUT
    assert desk.told(msgspec.structs.replace(STATUS, holds=1)).state is State.HOLD
    server.says(Code.CLIENT_TOO_OLD)
    assert (desk.since_ms, server.changes) == (1, 1), "it is so since it was first said"
    assert server.says(None).told(STATUS) == STATUS
    assert server.changes == 2


def test_a_server_that_does_not_answer_has_said_nothing() -> None:
    server = Server()
    server.says(Code.CLIENT_TOO_OLD)
    with pytest.raises(Failure):
        server.says(Code.OFFLINE)
    assert server.desk.since_ms == 1
