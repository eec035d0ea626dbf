"""`python -m bench.sharing`: how soon a shared folder is on a colleague's desk, what it costs to move files into one, and how
long a member whose membership has ended is still given bytes.

Two people, three desks, one server, all on this machine. The agents are asked through their control sockets, as the window
asks them, so that no start of a program is in the figures.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bench import data
from bench.product import Desk, Product
from bench.workloads import forget, whole
from bench.world import loopback_bytes, until
from govsync.control import client, messages
from govsync.system.places import places

SHARES = 20
FILES = 1_000
LARGE_BYTES = 400_000_000
COLLEAGUE = "boris"


def main() -> None:
    """Runs all three and prints what was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.sharing", description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the world is made")
    base = Path(tempfile.mkdtemp(prefix="govsync-bench-", dir=parser.parse_args().folder))
    world = Product(base)
    world.admit(COLLEAGUE)
    colleague = Desk(world, "c", COLLEAGUE)
    try:
        colleague.call("wait", "--timeout", "60")
        print(shared(world, colleague))
        print(moved(world, colleague))
        print(revoked(world, colleague))
    finally:
        colleague.agent.stop()
        world.stop()
        forget(base)


def ask(desk: Desk, request: messages.AnyRequest) -> object:
    """Asks a desk's agent; raises Failure."""
    return client.ask(places(desk.env).socket, request, 60)


def share(desk: Desk, folder: Path) -> None:
    """Gives a folder to the colleague, to change it."""
    ask(desk, messages.AddShare(path=str(folder), who=COLLEAGUE, role="editor"))


def shared(world: Product, colleague: Desk) -> str:
    """From the request to share a folder of ten files until the colleague's folder shows it with all of them."""
    for number in range(SHARES):
        data.many(world.a.folder / f"shared {number}", 10, 1, 4096, None, number)
    world.settle()
    took: list[float] = []
    for number in range(SHARES):
        name = f"shared {number}"
        seen = whole(world.a.folder / name, colleague.folder / name)
        start = time.perf_counter()
        share(world.a, world.a.folder / name)
        until(seen, 60, 0.0005)
        took.append((time.perf_counter() - start) * 1000)
    took.sort()
    p95 = took[int(len(took) * 0.95) - 1]
    return f"share -> whole on the colleague's desk, {SHARES} times: p50 {statistics.median(took):.0f} ms, p95 {p95:.0f} ms"


def moved(world: Product, colleague: Desk) -> str:
    """From the rename of a folder of 1,000 files into a shared one until the colleague's folder shows all of them."""
    size = data.many(world.a.folder / "mine", FILES, 10, 8192, None, 99)
    world.settle()
    target = Path("shared 0") / "mine"
    seen = whole(world.a.folder / "mine", colleague.folder / target)
    start, bytes_before = time.perf_counter(), loopback_bytes()
    (world.a.folder / "mine").rename(world.a.folder / target)
    until(seen, 300, 0.01)
    took = time.perf_counter() - start
    world.settle()
    wire = loopback_bytes() - bytes_before
    return f"{FILES} files, {size:,} bytes, moved into it: {took:.2f} s to all of them there; {wire:,} bytes over the loopback, all three desks"


def revoked(world: Product, colleague: Desk) -> str:
    """From the end of a membership, in the middle of a download, until no more of the file comes to the colleague's desk."""
    large = world.a.folder / "shared 1" / "large.bin"
    data.noise(world.base / "draft", LARGE_BYTES, 7)
    world.b.agent.stop()  # Nobody else fetches it.
    (world.base / "draft").rename(large)
    staging = colleague.folder / ".govsync" / "staging"

    def come() -> int:
        found = [path.stat() for path in staging.iterdir() if path.is_file()] if staging.is_dir() else []
        return sum(each.st_blocks * 512 for each in found)

    until(lambda: come() > LARGE_BYTES // 10, 120, 0.002)
    start = time.perf_counter()
    ask(world.a, messages.RemoveShare(path=str(large.parent), who=COLLEAGUE))
    told, last, read = time.perf_counter() - start, time.perf_counter(), loopback_bytes()
    while time.perf_counter() - last < 1.0:
        now = loopback_bytes()
        if now > read + 65_536:
            last, read = time.perf_counter(), now
        time.sleep(0.002)
    until(lambda: not (colleague.folder / "shared 1").exists(), 60, 0.01)
    gone = time.perf_counter() - start
    return (
        f"membership ended in the middle of a download: the server said so after {told * 1000:.0f} ms, the last bytes were"
        f" read {max(0.0, last - start) * 1000:.0f} ms after the request, the folder was gone after {gone:.2f} s"
    )


if __name__ == "__main__":
    main()
