"""What is typed, as it is meant: paths from where one stands, durations."""

from pathlib import Path

import click

from govsync.control import messages
from govsync.text import units


def absolute(path: Path) -> str:
    """Answers a path that means the same wherever the agent stands; `..` goes back by one name, as in shells."""
    names: list[str] = []
    for name in path.expanduser().absolute().parts:
        if name != "..":
            names.append(name)
        elif len(names) > 1:
            names.pop()
    return str(Path(*names))


def duration(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """Reads a duration in seconds: 90s, 30m, 2h, 1d."""
    if text is None:
        return None
    try:
        found = units.seconds(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no duration (90s, 30m, 2h, 1d)") from None
    if not 1 <= found <= messages.MOST_SECONDS:
        raise click.BadParameter("it lasts between a second and a year")
    return found
