"""The one word for a desk's state: the first that applies, in the order that people are promised."""

import itertools

import msgspec
import pytest

from govsync.model.status import Pending, RateNow, State, Status, state_of

CALM = {"signed_in": True, "holds": 0, "problems": 0, "paused": False, "online": True, "settled": True}
TROUBLES = [
    ("signed_in", False, State.SIGNED_OUT),
    ("holds", 2, State.HOLD),
    ("problems", 1, State.PROBLEM),
    ("paused", True, State.PAUSED),
    ("online", False, State.OFFLINE),
    ("settled", False, State.SYNCING),
]


def test_in_sync_needs_everything_to_be_well():
    assert state_of(**CALM) is State.IN_SYNC


@pytest.mark.parametrize(("fact", "value", "state"), TROUBLES)
def test_one_trouble_alone_is_named(fact, value, state):
    assert state_of(**{**CALM, fact: value}) is state


def test_of_several_troubles_the_first_in_order_is_named():
    for count in range(2, len(TROUBLES) + 1):
        for several in itertools.combinations(TROUBLES, count):
            facts = {**CALM, **{fact: value for fact, value, _ in several}}
            assert state_of(**facts) is several[0][2], facts


def test_the_status_has_the_keys_of_the_contract():
    status = Status(
        state=State.IN_SYNC, folder="", endpoint="", account="", device="", pending=Pending(), problems=0, holds=0,
        skipped=0, waiting=0, rate=RateNow(), paused=False, online=True, scanning=False, checked_at=None, spaces=(),
        last_change=None, version="",
    )  # fmt: skip
    shown = msgspec.to_builtins(status)
    assert set(shown) >= {
        "state", "folder", "endpoint", "account", "device", "pending", "problems", "holds", "skipped", "waiting", "rate",
        "paused", "online", "scanning", "checked_at", "spaces", "last_change", "version",
    }  # fmt: skip
    assert set(shown["pending"]) >= {"up", "down", "bytes_up", "bytes_down"}
    assert set(shown["rate"]) >= {"up", "down"}
    assert [str(state) for state in State] == [
        "signed_out", "hold", "problem", "paused", "offline", "syncing", "in_sync",
    ]  # fmt: skip
