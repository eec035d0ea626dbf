"""Short pieces of work of two desks of one person which between them take every kind of job to do; `brink` ends a desk's
process, or takes its power, at every point of each.

What a person does here is entered into the ledger, and on the disk before GovSync begins: a power cut in the middle of a
person's own save is the stories' business.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import update

from govsync.engine import events
from govsync.engine.cleaning import PURGE_EVERY_MS
from govsync.server.db import tables
from tests.simulation import stage
from tests.simulation.desks import ROOT
from tests.simulation.stage import Stage
from tests.simulation.views import contents_of, hash_of

Act = Callable[[Stage], None]

LARGE = 9_000
"""So often a text is repeated that does not travel inside a commit."""
WEEKS_MS = 40 * 86_400_000


class Scene(NamedTuple):
    """What there was before, and what is done then, one act after the other; all of it is judged at the end."""

    name: str
    before: tuple[Act, ...]
    acts: tuple[Act, ...]
    copied: bool = False
    """Whether the server's database is one that can be copied and put back."""


def _folders(desk: int, *paths: str) -> Act:
    return lambda world: stage.save(world.desks[desk], " ".join(f"{path}/" for path in paths))


def _writes(desk: int, path: str, text: str, times: int = 1) -> Act:
    """A person saves a file in one go."""

    def act(world: Stage) -> None:
        for _ in world.desks[desk].person._write(tuple(path.split("/")), [f"{text} ".encode() * times]):
            world.drain()

    return act


def _moves(desk: int, source: str, target: str) -> Act:
    return lambda world: stage.move(world.desks[desk], source, target)


def _deletes(desk: int, path: str) -> Act:
    return lambda world: stage.delete(world.desks[desk], path)


def _makes_executable(desk: int, path: str) -> Act:
    def act(world: Stage) -> None:
        medium = world.desks[desk].medium
        medium.set_exec(medium.resolve((*ROOT, *path.split("/"))), True)

    return act


def _line(desk: int, state: str) -> Act:
    def act(world: Stage) -> None:
        world.desks[desk].line.state = state
        world.desks[desk].hear()

    return act


def _passes(ms: int) -> Act:
    return lambda world: world.clock.advance(ms)


def _leaves_out(desk: int, path: str) -> Act:
    return lambda world: stage.leave_out(world.desks[desk], path)


def _takes_in(desk: int, path: str) -> Act:
    return lambda world: stage.take_in(world.desks[desk], path)


def _thinks_again(desk: int, path: str, rounds: int) -> Act:
    """A person leaves something out, and takes it in while it is going."""

    def act(world: Stage) -> None:
        stage.leave_out(world.desks[desk], path)
        world.rounds(rounds)
        stage.take_in(world.desks[desk], path)

    return act


def _membership_ends(world: Stage) -> None:
    """What the server has is nobody's here any more, and so is given up."""
    with world.server.database.begin() as tx:
        tx.execute(update(tables.member).where(tables.member.c.kind == "unit").values(ended_ms=1))
    had = world.acknowledged()
    for desk in world.desks:
        for content in sorted(contents_of(desk.medium, hidden=False)):
            if hash_of(content) in had and content.startswith(b"team"):
                world.ledger.give_up(content, desk.name)
        desk.tell(events.RightsChanged())


def _change_places(world: Stage) -> None:
    for source, target in (("P", "T"), ("Q", "P"), ("T", "Q")):
        stage.move(world.desks[0], source, target)


_FILES = (
    _folders(0, "2025/q1", "P", "Q"),
    _writes(0, "a.txt", "a1"),
    _writes(0, "2025/b.txt", "b1"),
    _writes(0, "2025/q1/large.bin", "l1", LARGE),
    _writes(0, "P/p.txt", "p1"),
    _writes(0, "Q/q.txt", "q1"),
)

SCENES = (
    Scene("saves", (), (*_FILES, _makes_executable(0, "a.txt"))),
    Scene(
        "edits and moves",
        _FILES,
        (
            _writes(0, "a.txt", "a2"),
            _writes(0, "2025/q1/large.bin", "l2", LARGE),
            _moves(0, "2025", "2026"),
            _moves(0, "2026/b.txt", "b.txt"),
            _writes(0, "2026/q1/new.txt", "n1"),
            _moves(0, "a.txt", "A.txt"),
            _makes_executable(0, "b.txt"),
        ),
    ),
    Scene(
        "changed places",
        _FILES,
        (_change_places,),
    ),
    Scene(
        "deletes",
        _FILES,
        (_deletes(0, "2025"), _deletes(0, "a.txt"), _passes(WEEKS_MS), _passes(PURGE_EVERY_MS)),
    ),
    Scene(
        "deleted and worked in",
        _FILES,
        (
            _line(1, "cut"),
            _writes(1, "2025/mine.txt", "m1"),
            _writes(1, "2025/b.txt", "b2"),
            _deletes(0, "2025"),
            _line(1, "good"),
        ),
    ),
    Scene(
        "both",
        _FILES,
        (
            _line(1, "cut"),
            _writes(0, "a.txt", "a2 here"),
            _writes(1, "a.txt", "a2 there"),
            _writes(0, "new.txt", "n1 here"),
            _writes(1, "new.txt", "n1 there"),
            _moves(0, "P", "P here"),
            _moves(1, "P", "P there"),
            _line(1, "good"),
        ),
    ),
    Scene(
        "a membership ends",
        (_writes(0, "Team/clean.txt", "team c1"), _writes(0, "Team/edited.txt", "team e1")),
        (
            _line(0, "cut"),
            _writes(0, "Team/edited.txt", "e2"),
            _writes(0, "Team/new.txt", "n1"),
            _membership_ends,
            _line(0, "good"),
        ),
    ),
    Scene(
        "left out and taken in",
        _FILES,
        (
            _leaves_out(0, "2025"),
            _writes(1, "2025/b.txt", "b2"),
            _moves(1, "P", "2025/P"),
            _moves(1, "2025/q1", "q1"),
            _takes_in(0, "2025"),
        ),
    ),
    Scene("thought again", _FILES, (_thinks_again(0, "2025", 12), _thinks_again(0, "2025", 24))),
    Scene(
        "the server is put back",
        (*_FILES, Stage.copy),
        (
            _writes(0, "a.txt", "a2"),
            _writes(1, "new.txt", "n1"),
            _moves(0, "2025", "2026"),
            lambda world: world.put_back(told=False),
        ),
        copied=True,
    ),
)
