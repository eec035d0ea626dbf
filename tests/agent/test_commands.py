"""Every message that may be asked is answered by a function, and who watches is answered when something has changed."""

from types import SimpleNamespace
from typing import get_args

import msgspec

from govsync.agent.commands import COMMANDS, _problem, carry_out, with_notices
from govsync.agent.loop import Turns
from govsync.control.messages import AnyRequest, Watch
from govsync.model.codes import Code
from govsync.model.languages import Language
from govsync.model.problems import Problem
from govsync.model.status import Pending, RateNow, State, Status
from govsync.store import problems
from govsync.text.catalog import speaking
from govsync.text.sentences import FOLDER, Standstill, message, standstill, todo
from tests.store.desk import StoredDesk

STATUS = Status(
    state=State.IN_SYNC, folder="/home/kim/GovSync", endpoint="https://drive.example.gov", account="kim", device="desk",
    pending=Pending(), problems=0, holds=0, skipped=0, waiting=0, rate=RateNow(), paused=False, online=True,
    scanning=False, checked_at=None, spaces=(), last_change=None, version="1",
)  # fmt: skip
PAUSED = msgspec.structs.replace(STATUS, state=State.PAUSED, paused=True)


class Desk:
    """Has the statuses that a test gives it, a turn after the other, and carries out what is looked at at once."""

    def __init__(self, *statuses: Status) -> None:
        self._statuses = list(statuses)
        self.looks = 0
        self.loop = self
        self.turns = Turns()

    def status(self) -> Status:
        self.looks += 1
        self.turns.add()  # Something happens meanwhile.
        return self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]

    def look(self, call) -> None:
        call()


def test_every_message_has_its_function():
    assert set(COMMANDS) == set(get_args(AnyRequest))


def test_who_has_seen_nothing_yet_is_answered_at_once():
    assert carry_out(Desk(STATUS), Watch()) == STATUS


def test_who_watches_is_answered_when_the_desk_is_otherwise_than_it_was_seen():
    desk = Desk(STATUS, STATUS, PAUSED)
    assert carry_out(desk, Watch(seen=STATUS, timeout_s=60)) == PAUSED
    assert desk.looks == 3


def test_who_watches_is_answered_after_a_while_though_nothing_has_changed():
    desk = Desk(STATUS)
    assert carry_out(desk, Watch(seen=STATUS, timeout_s=0)) == STATUS
    assert desk.looks == 1


def test_the_folder_that_is_missing_is_the_first_of_what_waits():
    """It is what the sentence of the state says nothing is synced for."""
    desk = StoredDesk()
    problems.raise_for(desk.store, desk.synced("a"), Problem(Code.OPEN_HERE), 1, waiting=True)
    engine = SimpleNamespace(root_problem=Problem(Code.FOLDER_MISSING), root_problem_since_ms=0)
    agent = SimpleNamespace(
        store=desk.store, engine=engine, clock=SimpleNamespace(time_ms=lambda: 10**12),
        identity=SimpleNamespace(folder=STATUS.folder),
    )  # fmt: skip
    held = msgspec.structs.replace(STATUS, state=State.HOLD, holds=1, problems=1, waiting=1)
    found = with_notices(agent, held)
    assert [(row.id == FOLDER, row.code, row.path) for row in found.notices] == [
        (True, "folder_missing", STATUS.folder),
        (False, "open_here", "a"),
    ]
    assert (found.waiting, standstill(found)) == (2, Standstill.FOLDER)
    engine.root_problem = None
    found = with_notices(agent, held)
    assert ([row.code for row in found.notices], found.waiting) == (["open_here"], 1)
    assert standstill(found) is None
    desk.store.close()


def test_what_an_agent_says_of_a_problem_can_be_said_in_every_language():
    facts = {"what": "it lies inside a synced folder: {where}", "where": "/home/kim"}
    row = _problem("1", Problem(Code.FOLDER_UNFIT, facts), "/x", 0)
    assert (
        row.message
        == message(row)
        == "This folder cannot be synced: it lies inside a synced folder: /home/kim"
    )
    with speaking(Language.SERBIAN):
        assert (
            message(row)
            == "Ова фасцикла не може да се синхронизује: налази се у синхронизованој фасцикли: /home/kim"
        )
        assert todo(row) == "Изаберите другу фасциклу."
