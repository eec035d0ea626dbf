"""Until when a link opens, as its page says it, in every language."""

import pytest

from govsync.model.languages import Language
from govsync.text import pages
from govsync.text.catalog import speaking


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7 * 86_400, "7 days left"), (7 * 86_400 - 5, "7 days left"), (30 * 3_600, "1 day left"), (86_399, "24 hours left"), (3_600, "1 hour left"),
        (3_599, "60 minutes left"), (2_000, "33 minutes left"), (60, "1 minute left"), (59, "less than a minute left"), (-5, "less than a minute left"),
    ],
)  # fmt: skip
def test_a_time_is_told_in_its_largest_unit(seconds: int, text: str):
    assert pages.left(seconds) == text


@pytest.mark.parametrize(
    ("count", "serbian"),
    [(1, "још 1 дан"), (2, "још 2 дана"), (5, "још 5 дана"), (11, "још 11 дана"), (21, "још 21 дан"), (111, "још 111 дана")],
)  # fmt: skip
def test_what_is_counted_has_the_form_of_its_count(count: int, serbian: str):
    with speaking(Language.SERBIAN):
        assert pages.left(count * 86_400) == serbian
    with speaking(Language.KOREAN):
        assert pages.left(count * 86_400) == f"{count}일 남음"


def test_moments_are_in_the_one_zone_that_is_everybody_s():
    assert pages.moment(1_795_000_000_000) == "2026-11-18 11:06 UTC"
