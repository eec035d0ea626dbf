"""The time of one turn of the engine; a module of its own, so that who only tells the time does not load the engine."""

import msgspec


class Now(msgspec.Struct, frozen=True):
    """The wall clock for what people read, a steady one for everything that waits; both in milliseconds."""

    wall_ms: int
    steady_ms: int
