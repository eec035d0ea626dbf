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


def draw(chance: random.Random, desks: int | None = None) -> Perils:
    """Draws the troubles of one world: most of them are absent from most worlds, so that each is met alone too."""

    def some(rate: float, share: float = 0.4) -> float:
        return rate * chance.random() if chance.random() < share else 0.0

    return Perils(
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
    )
