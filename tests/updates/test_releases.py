"""Which of what a channel offers a desk takes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model.documents import from_json
from govsync.model.problems import MALFORMED
from govsync.updates.releases import DAY_MS, Release, Releases, newest
from govsync.updates.versions import order

KIND = "deb-x86_64"
NOW = 100 * DAY_MS


def offered(version: str, days_ago: float = 0, kind: str = KIND) -> Release:
    return Release(version=version, kind=kind, file="x.deb", published_ms=int(NOW - days_ago * DAY_MS))


def taken(*releases: Release, current: str = "0.2.0", defer: int = 0) -> str | None:
    found = newest(releases, KIND, current, NOW, defer)
    return None if found is None else found.version


def test_the_newest_of_the_own_kind_is_taken():
    assert (
        taken(offered("0.3.0"), offered("0.10.0"), offered("0.9.0"), offered("1.0", kind="rpm-x86_64"))
        == "0.10.0"
    )


def test_nobody_goes_back_or_stays():
    assert taken(offered("0.1.0"), offered("0.2.0"), offered("0.2.0.dev9+gabc")) is None


def test_a_desk_that_waits_takes_what_has_been_there_long_enough():
    releases = (offered("0.3.0", days_ago=14), offered("0.4.0", days_ago=13.9), offered("0.5.0"))
    assert taken(*releases, defer=14) == "0.3.0"
    assert taken(*releases, defer=15) is None
    assert taken(*releases) == "0.5.0"


def test_what_a_later_way_of_counting_calls_a_version_stops_nothing():
    assert taken(offered("2030-spring"), offered("0.3.0")) == "0.3.0"


@pytest.mark.parametrize("file", ["", "../x", "a/b", ".x", "a\n", "x" * 201])
def test_a_file_outside_of_the_channel_is_no_release(file):
    text = '{"releases": [{"version": "1", "kind": "k", "published_ms": 1, "file": %s}]}'
    with pytest.raises(MALFORMED):
        from_json((text % json.dumps(file)).encode(), Releases)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_what_is_taken_is_newer_and_waited_for(versions, ago, defer):
    found = newest([offered(f"{a}.{b}", ago) for a, b in versions], KIND, "4.5", NOW, defer)
    fit = [order(f"{a}.{b}") for a, b in versions if (a, b) > (4, 5)] if ago >= defer else []
    assert (order(found.version) if found else None) == max(fit, default=None)
