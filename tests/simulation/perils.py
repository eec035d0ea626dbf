"""What may go wrong in one world, and how often; drawn from the seed, so that each world has other troubles."""

import random

import msgspec


class Perils(msgspec.Struct, frozen=True, kw_only=True):
    """Chances are of one turn, or of one call or event where it says so."""

    desks: int = 2
    strangers: bool = True
    """Whether a third desk is another person's."""
    acts: int = 2
    """A world that came to rest goes on with its next act."""
    lost_calls: float = 0.0
    """Of one request or answer."""
    repeated_calls: float = 0.0
    cut_lines: float = 0.0
    """Of one turn: a line is cut, dead, or a captive portal answers on it."""
    lost_hints: float = 0.0
    overflows: float = 0.0
    short_queue: bool = False
    failing_primitives: float = 0.0
    kills: float = 0.0
    power_cuts: float = 0.0
    kept: float = 0.5
    """Of one effect that was not flushed, in a power cut."""
    damaged: float = 0.0
    """Of one file whose data were not flushed."""
    server_deaths: float = 0.0
    clock_jumps: float = 0.05
    wall_shifts: float = 0.0
    strange_roots: float = 0.0
    """Of one turn: the folder is unmounted or renamed for a while."""
    tick_ms: int = 4
    births: bool = True
    leases: bool = True
    exchange: bool = True
    network: bool = False
    restores: float = 0.0
    """Of one turn: the server's database is copied, or put back from the last copy, declared or not."""
    put_backs: float = 0.0
    """Of one turn: a desk's folder is copied to another disk, its home is copied, or put back from the last copy."""
    role_changes: float = 0.0
    """Of one turn: somebody may only read the team's space from now on, or may edit it again."""
    shares: float = 0.0
    """Of one turn: somebody shares a folder, is given another role, or leaves."""
    choices: float = 0.0
    """Of one turn: somebody leaves a folder out of a desk, or takes one in again."""
    adding: bool = False
    """Whether people may only add to some of what is shared, or to the team's space besides reading it."""


def draw(
    chance: random.Random,
    desks: int | None = None,
    shares: bool = False,
    choices: bool = False,
    adding: bool = False,
    lives: bool = False,
) -> Perils:
    """Draws the troubles of one world: most of them are absent from most worlds, so that each is met alone too.

    In a world with `shares` roles change in what is shared, and not in the team's, unless people may be `adding` there. In
    one with `choices` the server is not put back: what a person has on no desk, nobody could give back to it. In one of many
    `lives` it always is, and one person has two desks.
    """

    def some(rate: float, share: float = 0.4) -> float:
        return rate * chance.random() if chance.random() < share else 0.0

    drawn = Perils(
        desks=desks or chance.choice((1, 2, 2, 3)),
        acts=chance.choice((1, 1, 2, 4)),
        lost_calls=some(0.4),
        repeated_calls=some(0.3, 0.2),
        cut_lines=some(0.05),
        lost_hints=some(0.5),
        overflows=some(0.02, 0.2),
        short_queue=chance.random() < 0.1,
        failing_primitives=some(0.08),
        kills=some(0.06),
        power_cuts=some(0.04, 0.25),
        kept=chance.choice((0.0, 0.5, 0.9, 1.0)),
        server_deaths=some(0.04, 0.2),
        clock_jumps=chance.choice((0.02, 0.1)),
        wall_shifts=some(0.02, 0.2),
        strange_roots=some(0.02, 0.2),
        tick_ms=chance.choice((1, 4, 4, 10)),
        births=chance.random() < 0.8,
        leases=chance.random() < 0.85,
        exchange=chance.random() < 0.85,
        network=chance.random() < 0.1,
        restores=some(0.02, 0.15),
        put_backs=some(0.02, 0.15),
        role_changes=some(0.06, 0.15),
    )
    if not shares:
        return drawn
    if lives:
        restores = 0.005 + 0.02 * chance.random()
        drawn = msgspec.structs.replace(drawn, desks=desks or 3, acts=drawn.acts + 1, restores=restores)
        adding = chance.random() < 0.25
    if adding:
        shared = 0.002 + 0.01 * chance.random()
        return msgspec.structs.replace(
            drawn, adding=True, desks=desks or 3, shares=shared, role_changes=some(0.04, 0.3)
        )
    if chance.random() < 0.7 or not choices:
        drawn = msgspec.structs.replace(drawn, shares=0.03 + 0.15 * chance.random(), role_changes=0.0)
    if not choices:
        return drawn
    return msgspec.structs.replace(drawn, choices=0.005 + 0.03 * chance.random(), restores=0.0)
