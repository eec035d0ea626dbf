"""What a check of an assumption is (`assumptions`, on every system; `windows.assumptions`)."""

from collections.abc import Callable
from pathlib import Path

Check = Callable[[Path], None]
"""Is handed a folder of its own; ends by `Untrue`, Failure or OSError where what it assumes is not so."""


class Untrue(Exception):
    """What was assumed is not so; the text says what was seen."""


def assume(truth: bool, seen: object) -> None:
    """Goes on where something is as assumed; `seen` is what was seen instead."""
    if not truth:
        raise Untrue(str(seen))
