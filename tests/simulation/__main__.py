"""`python -m tests.simulation`: one world again, or new worlds for a while; says what was found and how to see it again."""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.story import any_seed, begin_repeatably, play

EVERY_S = 10


def main() -> int:
    """Answers the exit code: 0 when all worlds held, 1 when one did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="the world to play; with --seconds the first of many")
    parser.add_argument("--seconds", type=float, help="play new worlds for so long")
    parser.add_argument("--until-stopped", action="store_true", help="play new worlds until Control-C")
    parser.add_argument("--desks", type=int, choices=(1, 2, 3), help="this many desks in every world")
    parser.add_argument("--trace", action="store_true", help="print every line of the trace")
    options = parser.parse_args()
    many = options.seconds is not None or options.until_stopped
    if options.seed is None and not many:
        parser.error("say --seed, --seconds or --until-stopped")
    first = any_seed() if options.seed is None else options.seed
    end = time.monotonic() + (options.seconds or 0.0)
    found: dict[int, str] = {}
    worlds = 0
    said = time.monotonic()
    try:
        while worlds == 0 or options.until_stopped or (many and time.monotonic() < end):
            seed = first + worlds
            worlds += 1
            try:
                play(seed, options.desks, options.trace)
            except Exception as error:  # noqa: BLE001 - whatever a world shows, the others are played too
                found[seed] = _first_line(error)
                _report(seed, options.desks, error, in_full=not many)
            if many and time.monotonic() - said > EVERY_S:
                said = time.monotonic()
                print(f"{worlds} worlds, {len(found)} of them wrong", flush=True)
    except KeyboardInterrupt:
        print("stopped")
    print(f"{worlds} worlds from seed {first} on, {len(found)} of them wrong")
    for what, count in Counter(what.split(":")[0] for what in found.values()).most_common():
        print(f"  {count:>5}  {what}")
    return 1 if found else 0


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__} {error}".splitlines()[0].removeprefix("AssertionError ")


def _report(seed: int, desks: int | None, error: Exception, in_full: bool) -> None:
    print(f"seed {seed}: {_first_line(error)}")
    if in_full:
        print("\n".join(getattr(error, "__notes__", [])))
    print(f"  again: make sim SEED={seed}" + (f", with --desks {desks}" if desks else ""), flush=True)


if __name__ == "__main__":
    begin_repeatably("tests.simulation")
    sys.exit(main())
