"""Events: typed on both sides, and open for later kinds."""

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import events

ALL: tuple[events.Event, ...] = (
    events.Beat(digest=2**64 - 1, time_ms=1),
    events.HeadMoved(space=bytes(range(16)), seq=7),
    events.RightsChanged(),
    events.SessionEnded(),
)


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_an_event_comes_out_as_it_went_in(event: events.Event) -> None:
    name, data = events.encode(event).decode().removesuffix("\n\n").split("\n")
    assert events.decode(name.removeprefix("event: "), data.removeprefix("data: ")) == event


def test_a_kind_of_a_later_server_is_skipped() -> None:
    assert events.decode("weather", '{"rain": true}') is None


@pytest.mark.parametrize("data", ["", "{}", "[]", '{"kind": "beat", "digest": "many", "time_ms": 1}'])
def test_nonsense_is_nobodys(data: str) -> None:
    with pytest.raises(Failure) as caught:
        events.decode("beat", data)
    assert caught.value.code is Code.NOT_OUR_SERVER
