"""Some of the ends of every scene, others with each commit; `python -m tests.simulation.brink` tries them all."""

import os
import random
import secrets
import time

import pytest

from tests.simulation.brink import End, Point, ends, ends_of, play
from tests.simulation.scenes import SCENES

SHARE = 0.12
"""Of the time that the stories have."""
AT_ONCE = 5
"""So many ends of a scene for one playing that finds them."""


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_whoever_ends_at_any_point_of_a_scene_goes_on_well() -> None:
    chance = random.Random(os.environ.get("GOVSYNC_SIMULATION_SEED") or secrets.randbelow(1_000_000_000))
    budget_s = SHARE * float(os.environ.get("GOVSYNC_SIMULATION_SECONDS", "120"))
    end_s, wrong, played = time.process_time() + budget_s, [], 0
    while time.process_time() < end_s:
        scene, desk = chance.choice(SCENES), chance.randrange(2)
        every = list(ends_of(scene, desk).items())
        for name, end in chance.sample(every, min(AT_ONCE, len(every))):
            try:
                play(scene, desk, end)
            except Exception as error:  # noqa: BLE001 - every other end is played too
                wrong.append(
                    f"python -m tests.simulation.brink --only '{name}': {type(error).__name__} {error}"
                )
            played += 1
    print(f"{played} ends")
    assert played
    assert not wrong, "\n".join(wrong)


def test_a_desk_ends_wherever_something_was_written_and_keeps_any_part_of_what_was_not_flushed() -> None:
    points = [
        Point(written=False, unflushed=0),
        Point(written=True, unflushed=0),
        Point(written=True, unflushed=2),
        Point(written=False, unflushed=2),
    ]
    found = list(ends(points))
    assert [(end.step, end.kept, end.damaged) for end in found] == [
        (1, None, False),
        (2, None, False),
        (2, (False, False), False), (2, (True, False), False), (2, (False, True), False), (2, (True, True), False),
        (2, (True, True), True),
    ]  # fmt: skip


def test_of_many_effects_each_is_once_lost_alone_and_once_kept_alone() -> None:
    kept = {end.kept for end in ends([Point(written=True, unflushed=9)])} - {None}
    assert len(kept) == 2 + 2 * 9


@pytest.mark.parametrize("kept", [None, (False,) * 9])
def test_an_end_at_a_point_is_an_end_there(kept: tuple[bool, ...] | None) -> None:
    [scene] = [each for each in SCENES if each.name == "changed places"]
    world = play(scene, 1, End(step=60, kept=kept))
    said = [line for line in world.lines if "started again" in line]
    assert len(said) == 1
    assert said[0].split()[2] == "PC1"
    assert ("POWER CUT" if kept else "KILLED") in said[0]
