"""The stories W1 to W6: what desk A does, and how long until desk B shows it whole."""

import hashlib
import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import data
from bench.world import World, until

MIB = 1 << 20
Figures = dict[str, float]

W1, W3A, W3B = "W1 one large file", "W3a 1 KiB inserted at its front", "W3b 4 KiB overwritten in its middle"
W2, W4, W5 = "W2 10,000 files", "W4 a 4 KiB save", "W5 a folder of 2,000 files renamed"
W6, AGAIN, REST = "W6 100,000 files: first sync", "W6 restart with nothing changed", "W6 at rest"
TARGETS: dict[str, Figures] = {
    W1: {"s": 9}, W2: {"s": 7}, W3A: {"s": 7, "wire_mb": 8}, W3B: {"s": 6, "wire_mb": 8},
    W4: {"p50_ms": 60, "p95_ms": 120}, W5: {"s": 0.3}, W6: {"s": 35, "peak_mb A": 140, "peak_mb B": 140},
    AGAIN: {"s": 2}, REST: {"cpu_%": 0.3},
}  # fmt: skip
"""What is to be reached at full size (docs/performance.md)."""


def _timed(
    world: World,
    act: Callable[[], object],
    shown: Callable[[], bool],
    timeout_s: float = 1_200,
    pause_s: float = 0.0005,
) -> Figures:
    """Measures from the end of the person's act until B shows the result, with what it cost."""
    before = world.cost()
    act()
    start = time.perf_counter()
    until(shown, timeout_s, pause_s)
    found = {"s": time.perf_counter() - start}
    world.settle()
    after = world.cost()
    found |= {name: value - before[name] for name, value in after.items() if not name.startswith("peak")}
    found |= {name: value for name, value in after.items() if name.startswith("peak")}
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _same(path_a: Path, path_b: Path) -> Callable[[], bool]:
    wanted = path_a.stat()

    def shown() -> bool:
        try:
            found = path_b.stat()
        except FileNotFoundError:
            return False
        return found.st_size == wanted.st_size and found.st_mtime_ns == wanted.st_mtime_ns

    return shown


def _place(source: Path, target: Path) -> None:
    """Puts a prepared file under its name at once, as a file manager's move does."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def large_file(world: World, scale: float) -> Iterator[tuple[str, Figures]]:
    """W1, W3a, W3b: one incompressible file; 1 KiB inserted at its front; 4 KiB overwritten in its middle."""
    size = int(1024 * MIB * scale)
    draft, a, b = world.base / "draft", world.a.folder / "large.bin", world.b.folder / "large.bin"
    data.noise(draft, size, 1)
    yield W1, _run(world, lambda: _place(draft, a), a, b) | {"mb": size / 1e6, "files": 1}
    content = a.read_bytes()
    draft.write_bytes(b"x" * 1024 + content)
    yield W3A, _run(world, lambda: draft.rename(a), a, b)

    def overwrite() -> None:
        with a.open("r+b") as file:
            file.seek(size // 2)
            file.write(b"y" * 4096)

    yield W3B, _run(world, overwrite, a, b)


def _run(world: World, act: Callable[[], object], a: Path, b: Path) -> Figures:
    found = _timed(world, act, lambda: a.exists() and _same(a, b)())
    assert _digest(a) == _digest(b)
    return found


def many_files(world: World, scale: float) -> Iterator[tuple[str, Figures]]:
    """W2 and W5: 10,000 files of 200 MB in 500 folders; then a folder of 2,000 files renamed."""
    count = int(10_000 * scale)
    draft = world.base / "draft"
    size = data.many(draft, count, max(1, int(500 * scale)), 8 << 10, int(200e6 * scale), 2)
    name = "many"
    shown = whole(draft, world.b.folder / name)
    found = _timed(world, lambda: draft.rename(world.a.folder / name), shown, pause_s=0.01)
    _compare(world.a.folder / name, world.b.folder / name)
    yield W2, found | {"mb": size / 1e6, "files": count}
    count = int(2_000 * scale)
    data.many(draft, count, 1, 1 << 10, None, 3)
    shown = whole(draft, world.b.folder / "before")
    draft.rename(world.a.folder / "before")
    until(shown, 600, 0.01)
    world.settle()
    found = _timed(
        world,
        lambda: (world.a.folder / "before").rename(world.a.folder / "after"),
        lambda: (world.b.folder / "after").is_dir() and not (world.b.folder / "before").exists(),
    )
    assert whole(world.a.folder / "after", world.b.folder / "after")()
    yield W5, found


def small_saves(world: World, scale: float) -> Iterator[tuple[str, Figures]]:
    """W4: a 4 KiB file saved, a hundred times."""
    times: list[float] = []
    for number in range(max(10, int(100 * scale))):
        a, b = world.a.folder / f"save {number}.txt", world.b.folder / f"save {number}.txt"
        start = time.perf_counter()
        a.write_bytes(number.to_bytes(4, "big") * 1024)
        until(lambda b=b: b.exists(), 60, 0.0002)  # type: ignore[misc]
        times.append(time.perf_counter() - start)
        assert b.read_bytes() == a.read_bytes()
        time.sleep(0.05)
    times.sort()
    p95 = times[int(len(times) * 0.95) - 1]
    yield W4, {"p50_ms": statistics.median(times) * 1000, "p95_ms": p95 * 1000}


def first_sync(world: World, scale: float) -> Iterator[tuple[str, Figures]]:
    """W6: 100,000 files of median 1 KiB; a restart with nothing changed; a minute of rest."""
    count = int(100_000 * scale)
    draft = world.base / "draft"
    size = data.many(draft, count, max(1, int(1_000 * scale)), 1 << 10, None, 4)
    shown = whole(draft, world.b.folder / "all")
    found = _timed(world, lambda: draft.rename(world.a.folder / "all"), shown, 3_600, 0.01)
    _compare(world.a.folder / "all", world.b.folder / "all")
    yield W6, found | {"mb": size / 1e6, "files": count}
    yield AGAIN, {"s": world.a.restart(), "peak_mb A": world.a.agent.peak_mb()}
    before = world.a.agent.cpu_s()
    rest_s = 60 * min(1.0, max(scale, 0.2))
    time.sleep(rest_s)
    yield REST, {"cpu_%": (world.a.agent.cpu_s() - before) / rest_s * 100}


def whole(source: Path, target: Path) -> Callable[[], bool]:
    """Answers a look that tells whether the target has as many files as the source in every folder.

    It looks at one folder until that is whole, then at the next: to walk the tree again and again would take as much of the
    processor as what is measured."""
    waiting = [(Path(folder).relative_to(source), len(files)) for folder, _, files in os.walk(source)]

    def look() -> bool:
        while waiting:
            folder, count = waiting[-1]
            if _files(target / folder) < count:
                return False
            waiting.pop()
        return True

    return look


def _files(folder: Path) -> int:
    try:
        with os.scandir(folder) as entries:
            return sum(entry.is_file() for entry in entries)
    except FileNotFoundError:
        return -1


def _compare(a: Path, b: Path) -> None:
    for path in sorted(a.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (b / path.relative_to(a)).read_bytes(), path


STORIES: dict[str, Callable[[World, float], Iterator[tuple[str, Figures]]]] = {
    "large": large_file,
    "many": many_files,
    "saves": small_saves,
    "first": first_sync,
}


def forget(folder: Path) -> None:
    """Removes a world's folders, after everything was measured: deletions slow later creations on some disks."""
    shutil.rmtree(folder, ignore_errors=True)
