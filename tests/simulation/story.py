"""Plays one world from its seed, to its end and through all checks."""

import random
import shutil
import tempfile
from pathlib import Path

from tests.simulation.checks import check_all, check_i13_running
from tests.simulation.perils import Perils, draw
from tests.simulation.world import World


def play(
    seed: int,
    desks: int | None = None,
    trace: bool = False,
    perils: Perils | None = None,
) -> World:
    """Plays a world; raises what a check or the product raised, with the last lines of the trace in its notes."""
    memory = Path("/dev/shm")
    base = Path(tempfile.mkdtemp(prefix="govsync-sim-", dir=memory if memory.is_dir() else None))
    world = World(base, seed, perils or draw(random.Random(f"perils {seed}"), desks), trace)
    try:
        for _ in range(world.perils.acts):
            world.run(world.chance.choice((20, 60, 150, 400)), check_i13_running)
            if world.chance.random() < 0.6:
                world.settle()
                check_all(world)
        world.settle()
        check_all(world)
    except BaseException as error:
        error.add_note("\n".join(world.lines[-60:]))
        raise
    finally:
        world.close()
        shutil.rmtree(base, ignore_errors=True)
    return world
