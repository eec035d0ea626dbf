"""The story of a server that lost what it held: its two desks give it back, unasked.

There is no peer beside it: where desks talk to each other, nothing is kept elsewhere that could be lost.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from bench import data
from bench.product import Product
from bench.workloads import Figures, whole
from bench.world import World, until

RESTORED = "Refill of a server restored from a copy that lacks half"
EMPTIED = "Refill of a server that begins with nothing"


def refill(world: World, scale: float) -> Iterator[tuple[str, Figures]]:
    """10,000 files of 200 MB: the server is put back to when there was half of them; then it begins with nothing.

    Time is taken from when it serves again until both desks say that all is in sync; in it the person signs in again at
    both, which an emptied server demands. Then both compare every file with the server, by hash.
    """
    assert isinstance(world, Product)
    count, folders = int(5_000 * scale), max(1, int(250 * scale))
    sizes = []
    for number, name in enumerate(("kept", "lost")):
        draft = world.base / "draft"
        sizes.append(data.many(draft, count, folders, 8 << 10, int(100e6 * scale), number))
        shown = whole(draft, world.b.folder / name)
        draft.rename(world.a.folder / name)
        until(shown, 600, 0.01)
        world.settle()
        if name == "kept":
            copy = world.copy()
    yield RESTORED, _refilled(world, copy) | {"mb": sizes[1] / 1e6, "files": count}
    yield EMPTIED, _refilled(world, None) | {"mb": sum(sizes) / 1e6, "files": 2 * count}


def _refilled(world: Product, copy: Path | None) -> Figures:
    before = world.cost()
    start = world.lose(copy)
    world.settle()
    found = {"s": time.perf_counter() - start}
    for name, value in world.cost().items():
        # A sign-in begins with a new agent, and the server is another process in any case.
        anew = name.startswith("peak") or name.endswith("server") or (copy is None and name != "wire_mb")
        found[name] = value if anew else value - before[name]
    for desk in (world.a, world.b):
        desk.call("verify")
    return found
