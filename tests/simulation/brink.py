"""Ends a desk's process, or takes its power, at every point of its work, one after the other, where stories do so by chance.

A scene is played step by step, the same steps each time; a step takes one job from one point (a primitive of the disk, a
call) to the next. A first playing counts the steps of a desk, and what a power cut could take at each; every further one
ends the desk at one of them: by a kill, or by a power cut that keeps one of the subsets of what was not flushed. All are
tried of up to `MOST_IN_FULL` effects; of more, all, none, each one alone, and all but each one. What follows is played to
its end, and judged like any world at rest.

`python -m tests.simulation.brink` tries every end of every scene, `--only NAME` one of them again.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests import in_memory
from tests.simulation.checks import check_all
from tests.simulation.desks import SimDesk
from tests.simulation.scenes import SCENES, Scene
from tests.simulation.stage import CALM, Stage
from tests.simulation.story import begin_repeatably, told

MOST_IN_FULL = 6
IDLE_MS = 2_500
REST_MS = 45_000
"""So long after its last change a world is at rest: what still goes on then only looks."""


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How a desk ends: at which of its steps, and what is kept of what was not flushed (None: the power stays on)."""

    step: int
    kept: tuple[bool, ...] | None = None
    damaged: bool = False
    """Whether the data that were kept are kept in part."""


class Point(msgspec.Struct, frozen=True):
    """What a step of a desk leaves: whether anything was written since the step before, and how much is not flushed."""

    written: bool
    unflushed: int


class Brink(Stage):
    """A stage on which one desk ends at one point of a scene."""

    def __init__(self, base: Path, scene: Scene, desk: int, end: End | None = None) -> None:
        super().__init__(base, msgspec.structs.replace(CALM, restores=float(scene.copied)))
        self._scene, self._end = scene, end
        self._watched = self.desks[desk]
        self.points: list[Point] = []
        """The steps of the watched desk."""
        self._seen = (0, 0, 0)

    def play(self) -> None:
        """Plays the scene, to its end and through all checks."""
        for act in self._scene.before:
            act(self)
        self.settle()
        for act in self._scene.acts:
            act(self)
            for desk in self.desks:
                desk.medium.flush_all()
            self._work()
        self.settle()
        check_all(self)

    def _work(self) -> None:
        """Lets both desks work, step by step, until nothing happens any more."""
        worked, since_ms = self.worked(), self.clock.now().steady_ms
        while self.clock.now().steady_ms - since_ms < REST_MS:
            moved = [self.round(desk) for desk in self.desks]
            self.clock.advance(1 if any(moved) else IDLE_MS)
            if self.worked() != worked:
                worked, since_ms = self.worked(), self.clock.now().steady_ms

    def stepped(self, desk: SimDesk, where: str) -> None:
        """Counts the steps of the watched desk, and ends it at the one at which it is to end."""
        if desk is not self._watched:
            return
        end = self._end
        seen = (desk.medium.changes, desk.medium.flushes, _rows(desk) + self.database.writes)
        self.points.append(Point(seen != self._seen, desk.medium.unflushed))
        self._seen = seen
        if end is None or end.step != len(self.points) - 1:
            return
        self.say(desk.name, f"ends at {where}")
        if end.kept is None:
            self._kill(desk)
            return
        kept = iter(end.kept)
        self.without_power(desk, lambda: desk.medium.cut(lambda: next(kept, True), lambda: end.damaged))


def _rows(desk: SimDesk) -> int:
    """Counts the rows that a desk has written since it began."""
    return desk.store._connection.total_changes


def ends(points: list[Point]) -> Iterator[End]:
    """Yields every way in which a desk is to end in a scene of which these are its points; to end where nothing has been
    written since the step before is to end there."""
    for step, point in enumerate(points):
        if not point.written:
            continue
        yield End(step=step)
        if point.unflushed:
            for kept in _subsets(point.unflushed):
                yield End(step=step, kept=kept)
            yield End(step=step, kept=(True,) * point.unflushed, damaged=True)


def _subsets(count: int) -> Iterator[tuple[bool, ...]]:
    if count <= MOST_IN_FULL:
        for number in range(2**count):
            yield tuple(bool(number >> bit & 1) for bit in range(count))
        return
    yield (False,) * count
    yield (True,) * count
    for one in range(count):
        yield tuple(bit == one for bit in range(count))
        yield tuple(bit != one for bit in range(count))


def ends_of(scene: Scene, desk: int) -> dict[str, End]:
    """Answers every way in which a desk is to end in a scene, by a name for each; plays it once to find them."""
    found = ends(play(scene, desk).points)
    return {f"{scene.name}/{desk}/{number}": end for number, end in enumerate(found)}


def play(scene: Scene, desk: int, end: End | None = None) -> Brink:
    """Plays a scene, in which a desk may end; raises what a check or the product raised, with the trace's last lines."""
    with in_memory.folder() as base:
        world = Brink(base, scene, desk, end)
        with told(world):
            world.play()
    return world


def main() -> int:
    """Answers the exit code: 0 when all ends ended well."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.brink", description=__doc__)
    parser.add_argument(
        "--only", default="", metavar="SCENE[/DESK[/NUMBER]]", help="what to play of all that"
    )
    only = parser.parse_args().only
    wrong = played = 0
    for scene, desk in ((scene, desk) for scene in SCENES for desk in (0, 1)):
        if only not in ("", scene.name) and not f"{only}/".startswith(f"{scene.name}/{desk}/"):
            continue
        for name, end in ends_of(scene, desk).items():
            if only not in ("", scene.name, f"{scene.name}/{desk}", name):
                continue
            played += 1
            try:
                play(scene, desk, end)
            except Exception as error:  # noqa: BLE001 - whatever one shows, the others are played too
                wrong += 1
                print(f"{name}: {end}: {type(error).__name__} {error}", flush=True)
                if name == only:
                    print("\n".join(getattr(error, "__notes__", [])))
        print(f"{scene.name}/{desk}: {played} ends so far, {wrong} of them wrong", flush=True)
    return 1 if wrong or not played else 0


if __name__ == "__main__":
    begin_repeatably("tests.simulation.brink")
    sys.exit(main())
