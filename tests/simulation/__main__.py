"""Plays seeded stories: `python -m tests.simulation --seed 7 --trace` one of them, `--until-stopped` as many as there is time for.

Prints, for each story that ends badly, its seed and the line that plays it again; at the end, how many were played.
"""

import argparse
import itertools
import time

from tests.simulation.story import play


def main() -> int:
    """Answers 1 when a story ended badly."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="play this one")
    parser.add_argument("--first", type=int, default=0, help="the first seed of many")
    parser.add_argument("--seconds", type=float, default=60, help="how long to play many")
    parser.add_argument("--until-stopped", action="store_true", help="play until interrupted")
    parser.add_argument("--trace", action="store_true", help="print a line for everything that happens")
    options = parser.parse_args()
    if options.seed is not None:
        play(options.seed, trace=options.trace)
        print(f"seed {options.seed} ended well")
        return 0
    end = float("inf") if options.until_stopped else time.monotonic() + options.seconds
    bad = played = 0
    try:
        for seed in itertools.count(options.first):
            if time.monotonic() > end:
                break
            played += 1
            try:
                play(seed)
            except Exception as error:  # noqa: BLE001 - a story that ends badly is what is looked for
                bad += 1
                print(f"seed {seed}: {type(error).__name__} {error}\n  make sim SEED={seed}", flush=True)
    except KeyboardInterrupt:
        pass
    print(f"{played} stories, {bad} ended badly")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
