"""Runs the list: `python -m tests.mutations` (all of it) or `python -m tests.mutations R20 I3 0043` (what guards these)."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

from tests.mutations import (
    disk,
    fleet,
    honesty,
    known,
    leaving,
    links,
    macos,
    server,
    settings,
    sharing,
    trees,
    updates,
    window,
)
from tests.mutations.guard import Guard

ROOT = Path(__file__).parents[2]
SUBJECTS = (
    disk,
    trees,
    sharing,
    leaving,
    known,
    server,
    links,
    settings,
    fleet,
    updates,
    window,
    honesty,
    macos,
)
EVERY = tuple(guard for subject in SUBJECTS for guard in subject.GUARDS)
LIMIT_S = 900
"""How long the tests of one guard may take: without it, something may wait for ever, which is noticed, too."""


class Verdict(StrEnum):
    """Says what became of a guard's absence."""

    CAUGHT = "caught"
    ESCAPED = "ESCAPED"
    BROKEN = "BROKEN"
    """The tests did not run: the words are not there (any more), or the tests fail without any change."""


def main() -> None:
    """Takes away one guard after the other, and ends with 1 unless the tests noticed each."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("cites", nargs="*", help="rules, invariants and decisions; all, where none is given")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [guard for guard in EVERY if not options.cites or set(guard.cites.split()) & set(options.cites)]
    if not chosen:
        sys.exit(f"no guard cites any of {', '.join(options.cites)}")
    whole = {f"tests/{path}" for guard in chosen for path in guard.noticed_by.split()}
    print(f"{len(chosen)} guards; first, the tests with all of them in place", flush=True)
    if _run(None, [*sorted(whole), "--numprocesses", str(options.at_once)]) is not Verdict.ESCAPED:
        sys.exit("the tests fail as they are: what they say of a guard would mean nothing")
    with ThreadPoolExecutor(options.at_once) as pool:
        verdicts = []
        for guard, verdict in zip(chosen, pool.map(_tried, chosen), strict=True):
            verdicts.append(verdict)
            print(f"{verdict:8} {guard.cites:10} {guard.file}: {_first_line(guard)}", flush=True)
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict.lower()}" for verdict in Verdict)
    print(f"{len(chosen)} guards: {counts}")
    sys.exit(verdicts.count(Verdict.CAUGHT) != len(verdicts))


def _tried(guard: Guard) -> Verdict:
    return _run(guard, [f"tests/{path}" for path in guard.noticed_by.split()])


def _run(guard: Guard | None, tests: Sequence[str]) -> Verdict:
    """Runs tests on a copy of the sources, without the guard; `tests` are what pytest is told."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        if guard is not None:
            file = copy / "govsync" / guard.file
            source = file.read_text()
            if source.count(guard.words) != 1:
                return Verdict.BROKEN
            file.write_text(source.replace(guard.words, guard.without))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            f"--basetemp={folder}/t",
            "-m",
            "not journey and not slow",
        ]
        env = {
            **os.environ,
            "PYTHONPATH": f"{copy}{os.pathsep}{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": folder,
        }
        try:
            done = subprocess.run(
                [*command, *tests], cwd=ROOT, env=env, capture_output=True, text=True,
                timeout=None if guard is None else LIMIT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Verdict.CAUGHT
    if guard is None and done.returncode:
        print(done.stdout[-4_000:], flush=True)
    return {0: Verdict.ESCAPED, 1: Verdict.CAUGHT}.get(done.returncode, Verdict.BROKEN)


def _first_line(guard: Guard) -> str:
    return guard.words.strip().splitlines()[0].strip()


if __name__ == "__main__":
    main()
