"""Runs the workloads and prints what was measured; see the package's first lines."""

import argparse
import statistics
import tempfile
from pathlib import Path

from bench import limits
from bench.workloads import STORIES, Figures, forget
from bench.world import World


def main() -> None:
    """Runs each story several times, each in a fresh world, and prints minimum and median of every figure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 is the full size")
    parser.add_argument("--only", choices=sorted(STORIES), action="append")
    parser.add_argument("--folder", type=Path, default=None, help="where the worlds are made")
    options = parser.parse_args()

    base = Path(tempfile.mkdtemp(prefix="govsync-bench-", dir=options.folder))
    for name, value in limits.measure(base).items():
        print(f"machine  {name:24} {value:10.0f}", flush=True)
    for story in options.only or sorted(STORIES):
        measured: dict[str, list[Figures]] = {}
        for run in range(options.runs):
            folder = base / f"{story}-{run}"
            folder.mkdir()
            world = World(folder)
            try:
                for name, figures in STORIES[story](world, options.scale):
                    measured.setdefault(name, []).append(figures)
            finally:
                world.stop()
        for name, runs in measured.items():
            print(name, flush=True)
            for figure in runs[0]:
                values = [run[figure] for run in runs]
                print(
                    f"  {figure:16} min {min(values):10.3f}  median {statistics.median(values):10.3f}",
                    flush=True,
                )
    forget(base)


if __name__ == "__main__":
    main()
