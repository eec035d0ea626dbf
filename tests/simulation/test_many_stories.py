"""As many stories of whole systems as the budget allows, where everything is tested.

The budget is time of the processor, so that as many are played whatever else the machine does meanwhile; it is shared by tests
of which each goes on by itself.
"""

import os
import time

import pytest

from tests.simulation.story import any_seed, play

SHARES = 2


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("share", range(SHARES))
def test_many_stories_end_well(share: int) -> None:
    budget_s = float(os.environ.get("GOVSYNC_SIMULATION_SECONDS", "120")) / SHARES
    first = int(os.environ.get("GOVSYNC_SIMULATION_SEED", str(any_seed())))
    end_s, seed, wrong, played = time.process_time() + budget_s, first + share, [], 0
    while time.process_time() < end_s:
        try:
            play(seed)
        except Exception as error:  # noqa: BLE001 - every other world is played too
            wrong.append(f"make sim SEED={seed}: {type(error).__name__} {error}")
        seed += SHARES
        played += 1
    print(f"{played} stories from seed {first + share}, every {SHARES}nd")
    assert played
    assert not wrong, "\n".join(wrong)
