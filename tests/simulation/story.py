"""Plays one world from its seed, to its end and through all checks."""

import os
import random
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests import in_memory
from tests.simulation.checks import check_all, check_i13_running
from tests.simulation.perils import Perils, draw
from tests.simulation.world import World

SHARING_FROM = 1_000_000_000
"""From this seed on people share folders with each other; the worlds before it are as they were when nobody could."""

CHOOSING = range(3_260_300_000, 3_260_500_000)
"""Seeds of worlds in which people leave folders out of their desks, too."""
ADDING = range(3_260_100_000, 3_260_300_000)
"""Seeds of worlds in which people may only add to some of what is shared."""
LIVES = range(3_260_500_000, 3_260_700_000)
"""Seeds of worlds in which people share, and the server is put back: of what was found, most was found where both happen."""


def any_seed() -> int:
    """Answers a seed that nobody has chosen, of a world of any kind."""
    kinds = range(SHARING_FROM), range(SHARING_FROM, 2 * SHARING_FROM), CHOOSING, ADDING, LIVES
    return secrets.choice(secrets.choice(kinds))


def play(
    seed: int,
    desks: int | None = None,
    trace: bool = False,
    perils: Perils | None = None,
) -> World:
    """Plays a world; raises what a check or the product raised, with the last lines of the trace in its notes."""
    with in_memory.folder() as base:
        drawn = perils or draw(
            random.Random(f"perils {seed}"),
            desks,
            shares=seed >= SHARING_FROM,
            choices=seed in CHOOSING,
            adding=seed in ADDING,
            lives=seed in LIVES,
        )
        world = World(base, seed, drawn, trace)
        with told(world):
            if drawn.adding:
                world.shares.begin()
            for _ in range(world.perils.acts):
                world.run(world.chance.choice((20, 60, 150, 400)), check_i13_running)
                if world.chance.random() < 0.6:
                    world.end_well()
                    check_all(world)
            world.end_well()
            check_all(world)
            if world.take_all_in():
                world.end_well()
                check_all(world)
    return world


@contextmanager
def told(world: World) -> Iterator[None]:
    """Adds the last lines of a world's trace to whatever is raised, and lets go of the world."""
    try:
        yield
    except BaseException as error:
        error.add_note("\n".join(world.lines[-60:]))
        raise
    finally:
        world.close()


def begin_repeatably(module: str) -> None:
    """Begins this process anew where a world would not be the same in the next: sets of strings follow the hash seed."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", module, *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
