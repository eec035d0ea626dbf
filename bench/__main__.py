"""Runs the workloads and prints what was measured; see the package's first lines."""

import argparse
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import limits
from bench.workloads import STORIES, TARGETS, Figures, forget
from bench.world import World

SHOWN = {
    "s": "seconds", "p50_ms": "p50 ms", "p95_ms": "p95 ms", "cpu_%": "% of a processor", "machine_s": "machine alone, s",
    "cpu_s A": "CPU s, A", "cpu_s server": "CPU s, server", "cpu_s B": "CPU s, B", "peak_mb A": "peak MB, A",
    "peak_mb server": "peak MB, server", "peak_mb B": "peak MB, B", "wire_mb": "wire MB, all",
}  # fmt: skip


def main() -> None:
    """Runs each story several times, each in a fresh world, and prints minimum and median of every figure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1.0 is the full size, for which the targets are"
    )
    parser.add_argument("--only", choices=sorted(STORIES), action="append")
    parser.add_argument("--folder", type=Path, default=None, help="where the worlds are made")
    options = parser.parse_args()

    base = Path(tempfile.mkdtemp(prefix="govsync-bench-", dir=options.folder))
    machine = limits.measure(base)
    print("this machine: " + ", ".join(f"{name} {value:,.0f}" for name, value in machine.items()), flush=True)
    for story in options.only or sorted(STORIES):
        measured: dict[str, list[Figures]] = {}
        for run in range(options.runs):
            folder = base / f"{story}-{run}"
            folder.mkdir()
            world = World(folder)
            try:
                for name, figures in STORIES[story](world, options.scale):
                    measured.setdefault(name, []).append(with_machine(figures, machine))
            finally:
                world.stop()
        for name, runs in measured.items():
            targets = TARGETS.get(name, {}) if options.scale == 1.0 else {}
            print(f"\n{name:38}{'min':>12}{'median':>12}{'target':>10}")
            print("\n".join(lines(runs, targets)), flush=True)
    forget(base)


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


if __name__ == "__main__":
    main()
