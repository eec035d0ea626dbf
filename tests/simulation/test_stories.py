"""Seeded stories of whole systems: a few that are quick, and those that once ended badly."""

from pathlib import Path

import pytest

from tests.simulation.story import play

QUICK = 12
REGRESSIONS = Path(__file__).with_name("regressions.txt")


def regressions() -> list[int]:
    """Lists the seeds that once ended badly; what they found stands beside each."""
    lines = REGRESSIONS.read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("seed", [*range(QUICK), *regressions()])
def test_a_story_ends_well(seed: int) -> None:
    play(seed)


def test_a_story_is_the_same_whenever_it_is_told() -> None:
    one, other = play(3), play(3)
    assert one.lines == other.lines
    assert len(one.lines) > 50
