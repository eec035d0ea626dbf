"""Seeded stories of whole systems: a few that are quick, and those that once ended badly."""

import random
from pathlib import Path

import msgspec
import pytest

from tests.simulation.perils import draw
from tests.simulation.story import ADDING, CHOOSING, LIVES, SHARING_FROM, play

QUICK = 12
REGRESSIONS = Path(__file__).with_name("regressions.txt")


def regressions() -> list[int]:
    """Lists the seeds that once ended badly; what they found stands beside each."""
    lines = REGRESSIONS.read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(
    "seed",
    [
        *range(QUICK),
        *range(SHARING_FROM, SHARING_FROM + QUICK),
        *CHOOSING[:QUICK],
        *ADDING[:QUICK],
        *LIVES[:QUICK],
        *regressions(),
    ],
)
def test_a_story_ends_well(seed: int) -> None:
    play(seed)


@pytest.mark.parametrize("seed", range(2_000, 2_000 + QUICK // 2))
def test_a_story_of_roles_that_come_and_go_ends_well(seed: int) -> None:
    perils = draw(random.Random(f"perils {seed}"))
    play(seed, perils=msgspec.structs.replace(perils, role_changes=0.04))


def test_a_story_is_the_same_whenever_it_is_told() -> None:
    one, other = play(3), play(3)
    assert one.lines == other.lines
    assert len(one.lines) > 50
