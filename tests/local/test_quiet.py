"""When the gaps of R3 end."""

from hypothesis import given
from hypothesis import strategies as st

from govsync.local.quiet import FOLDER_MOST_MS, QUIET_MS, folder_gaps, space_gaps


def test_a_gap_ends_when_nothing_vanished_for_two_seconds():
    gaps = folder_gaps()
    gaps.vanished(1, 1_000)
    gaps.vanished(1, 2_500)
    assert gaps.next_ms() == 4_500
    assert gaps.take_ended(4_499) == {}
    assert gaps.is_open(1)
    assert gaps.take_ended(4_500) == {1: 1_000}
    assert not gaps.is_open(1)
    assert gaps.next_ms() is None


def test_a_folder_that_never_rests_is_not_silent_for_ever():
    folders, spaces = folder_gaps(), space_gaps()
    for now_ms in range(0, 40_000, 1_000):
        folders.vanished(1, now_ms) if now_ms < 10_000 else None
        spaces.vanished(b"s", now_ms) if now_ms < 30_000 else None
    assert folders.next_ms() == 10_000
    assert spaces.next_ms() == 30_000


def test_gaps_end_in_the_order_of_their_ends_and_each_alone():
    gaps = folder_gaps()
    gaps.vanished(1, 500)
    gaps.vanished(2, 0)
    gaps.vanished(3, 5_000)
    assert list(gaps.take_ended(3_000).items()) == [(2, 0), (1, 500)]
    assert gaps.next_ms() == 7_000


def test_a_gap_that_had_ended_too_early_goes_on_and_still_lasts_no_longer():
    gaps = folder_gaps()
    gaps.vanished(1, 0)
    (first_ms,) = gaps.take_ended(2_000).values()
    for now_ms in range(2_000, 10_000, 500):
        assert not gaps.over(first_ms, now_ms)
        gaps.vanished(1, now_ms, first_ms)
    assert gaps.over(first_ms, 10_000)
    assert gaps.take_ended(10_000) == {1: 0}


def test_what_came_back_ends_the_waiting():
    gaps = folder_gaps()
    gaps.vanished(1, 0)
    gaps.forget(1)
    gaps.forget(2)
    assert gaps.next_ms() is None


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=30))
def test_a_gap_never_ends_early_nor_late(pauses):
    gaps, now_ms, first_ms = folder_gaps(), 0, 0
    for pause in pauses:
        now_ms += pause
        if gaps.take_ended(now_ms) or not gaps.is_open(1):
            first_ms = now_ms
        gaps.vanished(1, now_ms)
        assert gaps.next_ms() == min(now_ms + QUIET_MS, first_ms + FOLDER_MOST_MS)
