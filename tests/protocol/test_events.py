"""Events: typed on both sides, open for later kinds, and bounded whatever comes."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import events
from tests.foreign import damaged

ALL: tuple[events.Event, ...] = (
    events.Beat(digest=2**64 - 1, time_ms=1),
    events.HeadMoved(space=bytes(range(16)), seq=7),
    events.RightsChanged(),
    events.PolicyChanged(),
    events.SessionEnded(),
)
STREAM = b"".join(map(events.encode, ALL))


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_an_event_comes_out_as_it_went_in(event: events.Event) -> None:
    assert list(events.read([events.encode(event)])) == [event]


@given(st.lists(st.integers(0, len(STREAM))))
def test_a_stream_may_be_cut_anywhere_on_its_way(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in itertools.pairwise(at)]
    assert list(events.read(pieces)) == list(ALL)


def test_an_event_is_told_as_soon_as_it_is_whole() -> None:
    def pieces() -> Iterator[bytes]:
        yield STREAM[: len(events.encode(ALL[0]))]
        raise ZeroDivisionError("the second piece was asked for before the first was told")

    assert next(events.read(pieces())) == ALL[0]


def test_a_kind_of_a_later_server_and_a_comment_are_skipped() -> None:
    later = b'event: weather\ndata: {"rain": true}\n\n: a comment\n\n'
    assert list(events.read([later + events.encode(ALL[0])])) == [ALL[0]]


def test_an_event_that_is_cut_off_is_none() -> None:
    assert list(events.read([STREAM[:-1]])) == list(ALL[:-1])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"kind": "beat", "digest": "many", "time_ms": 1}',
        b"\xff",
        b'{"x": ' + b"[" * 20_000,
    ],
)
def test_nonsense_is_nobodys(data: bytes) -> None:
    with pytest.raises(Failure) as caught:
        list(events.read([b"event: beat\ndata: " + data + b"\n\n"]))
    assert caught.value.code is Code.NOT_OUR_SERVER


@given(damaged(STREAM) | st.binary(max_size=200), st.integers(1, 50))
def test_a_damaged_stream_is_events_or_nobodys(data: bytes, step: int) -> None:
    pieces = [data[start : start + step] for start in range(0, len(data), step)]
    try:
        found = list(events.read(pieces))
    except Failure as failure:
        assert failure.code is Code.NOT_OUR_SERVER  # noqa: PT017 - either end is right, no other is
    else:
        assert list(events.read([b"".join(map(events.encode, found))])) == found


def test_an_event_without_an_end_is_nobodys_before_it_fills_the_memory() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            yield b"x" * 1000

    with pytest.raises(Failure) as caught:
        next(events.read(endless()))
    assert caught.value.code is Code.NOT_OUR_SERVER
    assert taken <= events.MOST_BYTES + 1000
