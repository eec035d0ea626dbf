"""Plays one world from its seed, to its end and through all checks."""

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    with place() as base:
        world = World(base, seed, perils or draw(random.Random(f"perils {seed}"), desks), trace)
        with told(world):
            for _ in range(world.perils.acts):
                world.run(world.chance.choice((20, 60, 150, 400)), check_i13_running)
                if world.chance.random() < 0.6:
                    world.settle()
                    check_all(world)
            world.settle()
            check_all(world)
    return world


@contextmanager
def place() -> Iterator[Path]:
    """Makes a folder for the databases of one world, in memory where that can be had."""
    memory = Path("/dev/shm")
    base = Path(tempfile.mkdtemp(prefix="govsync-sim-", dir=memory if memory.is_dir() else None))
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)


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
