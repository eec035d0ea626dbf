"""Runs the workloads and prints what was measured; see the package's first lines."""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import limits
from bench.product import Product
from bench.refill import refill
from bench.syncthing import Syncthing
from bench.workloads import STORIES, TARGETS, Figures, forget
from bench.world import World

PRODUCT = "govsync"
PROGRAMS: dict[str, Callable[[Path], World]] = {PRODUCT: Product, "syncthing": Syncthing}
"""What can be measured, by the name it is printed under; the first is the product."""

ALONE = {"refill": refill}
"""The stories that only the product can be told."""

SHOWN = {
    "s": "seconds", "p50_ms": "p50 ms", "p95_ms": "p95 ms", "cpu_%": "% of a processor", "machine_s": "machine alone, s",
    "cpu_s A": "CPU s, A", "cpu_s server": "CPU s, server", "cpu_s B": "CPU s, B", "peak_mb A": "peak MB, A",
    "peak_mb server": "peak MB, server", "peak_mb B": "peak MB, B", "wire_mb": "wire MB, all",
}  # fmt: skip


def main() -> None:
    """Runs each story several times, each in a fresh world, and prints minimum and median of every figure; with a peer,
    its runs take turns with the product's, so that both meet the same machine."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1.0 is the full size, for which the targets are"
    )
    parser.add_argument("--only", choices=sorted(STORIES | ALONE), action="append")
    parser.add_argument("--folder", type=Path, default=None, help="where the worlds are made")
    parser.add_argument(
        "--peers", action="store_true", help="measure syncthing beside it, in the same session"
    )
    options = parser.parse_args()
    programs = list(PROGRAMS) if options.peers else [PRODUCT]
    if options.peers and not Syncthing.available():
        parser.error("syncthing is not installed: apt-get install syncthing")

    base = Path(tempfile.mkdtemp(prefix="govsync-bench-", dir=options.folder))
    machine = limits.measure(base)
    print("this machine: " + ", ".join(f"{name} {value:,.0f}" for name, value in machine.items()), flush=True)
    for story in options.only or sorted(STORIES | ALONE):
        measured: dict[str, dict[str, list[Figures]]] = {}
        for run in range(options.runs):
            for program in programs if story in STORIES else [PRODUCT]:
                folder = base / f"{story}-{run}-{program}"
                folder.mkdir()
                for name, figures in told(PROGRAMS[program](folder), story, options.scale):
                    runs = measured.setdefault(name, {}).setdefault(program, [])
                    runs.append(with_machine(figures, machine))
        for name, by_program in measured.items():
            targets = TARGETS.get(name, {}) if options.scale == 1.0 else {}
            if options.peers and story in STORIES:
                print("\n".join(beside(name, by_program)), flush=True)
            else:
                print(f"\n{name:38}{'min':>12}{'median':>12}{'target':>10}")
                print("\n".join(lines(by_program[PRODUCT], targets)), flush=True)
    forget(base)


def told(world: World, story: str, scale: float) -> list[tuple[str, Figures]]:
    """Runs a story to its end, and ends the world with it."""
    try:
        return list((STORIES | ALONE)[story](world, scale))
    finally:
        world.stop()


def with_machine(figures: Figures, machine: Mapping[str, float]) -> Figures:
    """Adds what the machine alone needs for the same bytes and files: to hash them, to write and flush them, to make the
    files, each once. No program can show a desk what it has received in less."""
    mb, files = figures.pop("mb", 0.0), figures.pop("files", 0.0)
    if mb:
        figures["machine_s"] = (
            mb / machine[limits.HASHED] + mb / machine[limits.WRITTEN] + files / machine[limits.MADE]
        )
    return figures


def lines(runs: Sequence[Figures], targets: Mapping[str, float]) -> list[str]:
    """Writes a line for each figure; one that misses its target says so."""
    found = []
    for figure, shown in SHOWN.items():
        values = [run[figure] for run in runs if figure in run]
        if values:
            middle, target = statistics.median(values), targets.get(figure)
            ends = "" if target is None else f"{target:10g}{'' if middle <= target else '  missed'}"
            found.append(f"  {shown:36}{min(values):12.3f}{middle:12.3f}{ends}")
    return found


def beside(name: str, by_program: Mapping[str, Sequence[Figures]]) -> list[str]:
    """Writes a table of medians, a column for each program; a figure that one does not have stays empty."""
    found = [f"\n{name:38}" + "".join(f"{program:>12}" for program in by_program)]
    for figure, shown in SHOWN.items():
        columns = [[run[figure] for run in runs if figure in run] for runs in by_program.values()]
        if any(columns):
            cells = (f"{statistics.median(values):12.3f}" if values else " " * 12 for values in columns)
            found.append(f"  {shown:36}" + "".join(cells))
    return found


if __name__ == "__main__":
    main()
