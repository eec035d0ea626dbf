"""A world in which nothing goes wrong by itself, for scenes that a test writes line by line."""

import random
from pathlib import Path

from govsync.store import left_out
from tests.builders import fill_medium, medium_line
from tests.simulation.desks import ROOT, SimDesk, shown
from tests.simulation.perils import Perils
from tests.simulation.world import World

WAITS = 20
CALM = Perils(kept=0.0)
"""Two desks, and nothing that goes wrong by itself; what was not flushed does not outlive a power cut."""


class Stage(World):
    """Two desks (or as many as are wanted) of one person, at rest, with nothing on them but the team's folder."""

    def __init__(self, base: Path, perils: Perils = CALM, seed: int = 1) -> None:
        super().__init__(base, seed, perils)
        self.settle()

    def cut_off(self, desk: SimDesk) -> None:
        """Takes a desk off the line."""
        desk.line.state = "cut"
        desk.hear()

    def wait(self, ms: int) -> None:
        """Lets time pass, and everything be done that is due."""
        for _ in range(WAITS):
            self.clock.advance(ms / WAITS)
            self.drain()

    def until(self, desk: SimDesk, point: str) -> int:
        """Lets a desk work until one of its jobs has come to a point; answers which."""
        for _ in range(2_000):
            for index, (_, fiber) in enumerate(desk.fibers):
                if fiber.at == point:
                    return index
            desk.hear()
            desk.ask()
            desk.hint()
            for index in reversed(range(len(desk.fibers))):
                if desk.fibers[index][1].at != point:
                    desk.advance(index, 0)
            self.clock.advance(5)
        raise AssertionError(f"no job ever came to: {point}")

    def cut_power(self, desk: SimDesk) -> None:
        """Takes the power from a desk: nothing that was not flushed is left."""
        self._cut_power(desk)

    def rounds(self, count: int) -> None:
        """Lets each desk hear all that there is to hear, and take its jobs one step further, so many times."""
        for _ in range(count):
            for desk in self.desks:
                self.round(desk)
            self.clock.advance(1)

    def round(self, desk: SimDesk) -> bool:
        """Does so once for one desk; says whether there was anything to do."""
        desk.hear()
        desk.ask()
        while desk.watcher is not None and desk.watcher.waiting:
            desk.hint()
        moved = bool(desk.fibers)
        for index in reversed(range(len(desk.fibers))):
            if index >= len(desk.fibers):
                break  # It has ended meanwhile, and begun anew.
            job, fiber = desk.fibers[index]
            where = f"the point of {shown(job)} after {fiber.at}"
            desk.advance(index, 0)
            self.stepped(desk, where)
        return moved

    def stepped(self, desk: SimDesk, where: str) -> None:
        """Is told of each step."""

    def turns(self, count: int, points: int = 3) -> None:
        """Lets the jobs of all desks go on a little, in any order."""
        chance = random.Random(count)
        for _ in range(count):
            for desk in self.desks:
                desk.hear()
                desk.ask()
                desk.hint()
                if desk.fibers:
                    desk.advance(chance.randrange(len(desk.fibers)), points)
            self.clock.advance(1)


def save(desk: SimDesk, line: str) -> None:
    """Lets the person save files and make folders (see `tests.builders`)."""
    fill_medium(desk.medium, ROOT, line, desk.name)


def move(desk: SimDesk, source: str, target: str) -> None:
    """Lets the person rename something; what stands at the target is replaced."""
    desk.person.rename(tuple(source.split("/")), tuple(target.split("/")))


def delete(desk: SimDesk, path: str) -> None:
    """Lets the person delete a file, or a folder with all in it."""
    for _ in desk.person.remove(tuple(path.split("/"))):
        pass


def leave_out(desk: SimDesk, path: str) -> None:
    """Lets the person choose that something of the server's is not on this desk."""
    desk.leave_out(there(desk, path))


def take_in(desk: SimDesk, path: str) -> None:
    """Lets the person choose that it is."""
    desk.take_in(there(desk, path))


def there(desk: SimDesk, path: str) -> int:
    """Answers the node that the server has at a path, as far as the desk has heard."""
    lid = left_out.find(desk.store, path.split("/"))
    assert lid is not None, f"{desk.name} has not heard of {path}"
    return lid


def seen(desk: SimDesk) -> str:
    """Says what the person sees in the folder, without the team's."""
    line = medium_line(desk.medium, desk.medium.resolve(ROOT))
    return " ".join(word for word in line.split() if word != "Team/")


def held(desk: SimDesk) -> list[str]:
    """Lists what the files that the person sees hold, whatever they are called."""
    return sorted(word.rpartition("=")[2] for word in seen(desk).split() if "=" in word)
