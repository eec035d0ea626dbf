"""Seeded stories of whole systems: a few quickly, and as many as the budget allows where everything is tested."""

import os
import secrets
import time
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


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_many_stories_end_well() -> None:
    budget_s = float(os.environ.get("GOVSYNC_SIMULATION_SECONDS", "180"))
    first = int(os.environ.get("GOVSYNC_SIMULATION_SEED", str(secrets.randbelow(1_000_000_000))))
    end, seed, wrong = time.monotonic() + budget_s, first, []
    while time.monotonic() < end:
        try:
            play(seed)
        except Exception as error:  # noqa: BLE001 - every other world is played too
            wrong.append(f"make sim SEED={seed}: {type(error).__name__} {error}")
        seed += 1
    print(f"{seed - first} stories from seed {first}")
    assert not wrong, "\n".join(wrong)
