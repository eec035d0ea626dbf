"""The listening thread tells the engine how a stream ended, and what that means for the home."""

from collections.abc import Iterator

import pytest

from govsync.agent.clock import SystemIds
from govsync.agent.stream import Stream
from govsync.engine import events
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import events as said


class EndedCalls:
    """A server whose stream says one beat and then ends with a code."""

    def __init__(self, code: Code) -> None:
        self._code = code

    def events(self) -> Iterator[said.Event]:
        yield said.Beat(digest=7, time_ms=0)
        raise Failure(self._code)


@pytest.mark.parametrize(
    ("code", "expected", "cloned"),
    [
        (Code.DEVICE_CLONED, events.Cloned(), True),
        (Code.SIGNED_OUT, events.SessionEnded(), False),
        (Code.TOKEN_REUSED, events.SessionEnded(), False),
    ],
)
def test_a_stream_that_ends_the_session_is_not_begun_again(
    code: Code, expected: object, cloned: bool
) -> None:
    told: list[object] = []
    copies: list[list[object]] = []
    stream = Stream(
        EndedCalls(code),  # type: ignore[arg-type]
        SystemIds(), told.append, lambda: copies.append(list(told)), lambda: None, lambda: None, lambda *_: None,
    )  # fmt: skip
    stream._run()
    assert told == [events.Beat(7), expected]
    assert copies == ([[events.Beat(7)]] if cloned else []), (
        "the home is another device's before anybody is told"
    )


def test_what_the_organisation_fixes_is_asked_for_with_each_beginning_and_when_it_is_said() -> None:
    asked: list[int] = []
    told: list[object] = []

    class Calls(EndedCalls):
        begun = 0

        def events(self) -> Iterator[said.Event]:
            self.begun += 1
            yield said.Beat(digest=self.begun, time_ms=0)
            yield said.Beat(digest=self.begun, time_ms=0)
            if self.begun == 1:
                yield said.PolicyChanged()
                raise Failure(Code.OFFLINE)
            raise Failure(Code.SIGNED_OUT)

    stream = Stream(
        Calls(Code.OFFLINE),  # type: ignore[arg-type]
        SystemIds(), told.append, lambda: None, lambda: None, lambda: asked.append(len(told)), lambda *_: None,
    )  # fmt: skip
    stream._run()
    assert asked == [0, 2, 3], "before the first beat of each stream, and where the server said so"


def test_what_is_asked_first_is_asked_before_anything_is_told_and_its_failure_ends_the_stream() -> None:
    told: list[object] = []
    answers = [Failure(Code.OFFLINE), None]

    def begun() -> None:
        told.append("asked")
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    stream = Stream(
        EndedCalls(Code.SIGNED_OUT),  # type: ignore[arg-type]
        SystemIds(), told.append, lambda: None, begun, lambda: None, lambda *_: None,
    )  # fmt: skip
    stream._run()
    assert told == ["asked", events.StreamLost(Code.OFFLINE), "asked", events.Beat(7), events.SessionEnded()]


def test_an_order_is_handed_on_with_its_epoch() -> None:
    """It is the agent's to judge, and nothing that the engine hears of."""

    class Ordering(EndedCalls):
        def events(self) -> Iterator[said.Event]:
            yield said.Wipe(order=b"o" * 16, epoch=b"e" * 16)
            raise Failure(Code.SIGNED_OUT)

    told: list[object] = []
    orders: list[tuple[bytes, bytes]] = []
    stream = Stream(
        Ordering(Code.SIGNED_OUT),  # type: ignore[arg-type]
        SystemIds(), told.append, lambda: None, lambda: None, lambda: None, lambda *order: orders.append(order),
    )  # fmt: skip
    stream._run()
    assert (orders, told) == ([(b"o" * 16, b"e" * 16)], [events.SessionEnded()])
