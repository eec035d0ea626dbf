"""One seeded story: people act, jobs interleave, answers get lost, desks are killed; then everything must be well."""

import tempfile
from pathlib import Path

from govsync.system.disk import DiskFileSystem
from tests.simulation.person import Person
from tests.simulation.world import World


def play(seed: int, trace: bool = False, disk: type[DiskFileSystem] = DiskFileSystem) -> World:
    """Plays the story of a seed, on some kind of disk, and checks what must hold at its end."""
    memory = Path("/dev/shm")
    base = Path(tempfile.mkdtemp(prefix="sim-", dir=memory if memory.is_dir() else None))
    world = World(base, seed, desks=1 + seed % 3, trace=trace, disk=disk)
    try:
        for _ in range(world.chance.randint(1, 4)):
            for _ in range(world.chance.randint(3, 25)):
                step(world)
            if world.chance.random() < 0.5:
                finish(world)
        finish(world)
    finally:
        world.close()
    return world


def step(world: World) -> None:
    """One thing happens: a person acts, a line breaks, a desk dies, time passes, or a desk works."""
    desk = world.chance.choice(world.desks)
    chance = world.chance.random()
    if chance < 0.25:
        Person(world, desk).act()
    elif chance < 0.30:
        desk.calls.loss = world.chance.choice((0.0, 0.0, 0.2, 1.0))
        desk.beat()
    elif chance < 0.34:
        desk.disk.lives = world.chance.randint(0, 40)
    elif chance < 0.36:
        world.say(desk, "killed between jobs")
        desk.kill()
    elif chance < 0.50:
        world.clock.steady_ms += world.chance.choice((10, 500, 2_500, 20_000))
        desk.beat()
    else:
        for _ in range(world.chance.randint(1, 12)):
            if not desk.turn():
                break


def finish(world: World) -> None:
    """Lets everything come to rest, looks at everything once more, and checks."""
    for desk in world.desks:
        desk.engine.observing.scan()
    world.settle()
    check(world)


def check(world: World) -> None:
    """All desks show the same; nothing that anybody still wanted is missing; nothing is left to do (I1, I9)."""
    trees = [desk.tree() for desk in world.desks]
    for tree in trees[1:]:
        assert tree == trees[0], f"{sorted(set(tree) ^ set(trees[0]))}"
    shown = {content for content in trees[0].values() if content is not None}
    lost = {content[:30]: path for content, path in world.living.items() if content not in shown}
    assert not lost, f"lost: {lost}"
    for desk in world.desks:
        turns = desk.turns
        for _ in range(3):
            desk.beat()
            while desk.turn():
                assert desk.turns < turns + 30, "work on a second pass"
