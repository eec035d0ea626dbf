"""What a desk tells its server of itself for IT: how it is, in numbers and codes, and never a name or a path."""

from typing import Annotated

import msgspec

from govsync.protocol.numbers import Count, Moment

MOST_CODES = 200
MOST_CHARACTERS = 200

Short = Annotated[str, msgspec.Meta(max_length=MOST_CHARACTERS)]


class CodeCount(msgspec.Struct, frozen=True):
    """Says how many problems there are of a code."""

    code: Short
    count: Count


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Tells how a desk is: its version, its operating system, its state in a word, how many problems of which code it has, and
    when it was last in sync, if it ever was since its start. A later desk may have states and codes that this server does not
    know; but that they are words like these the server sees to."""

    version: Short
    system: Short
    state: Short
    problems: Annotated[tuple[CodeCount, ...], msgspec.Meta(max_length=MOST_CODES)] = ()
    in_sync_ms: Moment | None = None


NOTHING = Health(version="", system="", state="")
"""Takes back what was told: the desk tells nothing any more."""


class Wiped(msgspec.Struct, frozen=True, kw_only=True):
    """Tells how many files a desk removed that was ordered to, and how many it kept since they are not safely on the server."""

    removed: Count
    kept: Count
