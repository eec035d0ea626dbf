"""Commands in pages, as people would type them: found in blocks and between back-ticks, and held against the command tree.

What stands in a block can be typed as it is. What stands in a sentence may be the name of a command, without its arguments.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from govsync.cli.main import cli

_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
_INLINE = re.compile(r"`(govsync(?:-server)? [^`\n]+)`")
_COMMAND = re.compile(r"^(?:.*[|;&]\s*)?\s*(?:sudo (?:-u \S+ )?)?(govsync(?:-server)? [a-z-].*)$")
_CHOICE = re.compile(r"(\w+)(?:\|\w+)+")


def blocks(page: Path) -> list[str]:
    """Answers the blocks of commands of a page: those that say of no other language that they are in it."""
    return [text for language, text in _BLOCK.findall(page.read_text(encoding="utf-8")) if not language]


def lines(page: Path) -> Iterator[str]:
    """Yields every line of a block that calls GovSync."""
    for block in blocks(page):
        for line in block.replace("\\\n", " ").splitlines():
            found = _COMMAND.search(line)
            if found and not line.lstrip().startswith("#"):
                yield found[1]


def mentions(page: Path) -> list[str]:
    """Answers every call of GovSync in the sentences of a page."""
    return _INLINE.findall(_BLOCK.sub("", page.read_text(encoding="utf-8")))


def complaint(line: str, whole: bool = True) -> str:
    """Answers what the command line would say against a line, nothing where it could be carried out; where it need not be
    `whole`, arguments may be missing."""
    words = shlex.split(line if whole else _CHOICE.sub(r"\1", line), comments=True)[1:]
    command: click.Command = cli
    context: click.Context | None = None
    try:
        while True:
            context = command.make_context(
                command.name or "govsync", list(words), parent=context, **command.context_settings
            )
            if not isinstance(command, click.Group) or not (
                rest := [*context._protected_args, *context.args]
            ):
                return ""
            _, found, words = command.resolve_command(context, rest)
            if found is None:
                return f"there is no {rest[0]}"
            command = found
    except click.exceptions.Exit:
        return ""  # --help and --version
    except (click.MissingParameter, click.BadOptionUsage, click.exceptions.NoArgsIsHelpError) as error:
        return (
            error.format_message() if whole else ""
        )  # An argument is missing, or what of the group is meant.
    except click.UsageError as error:
        return error.format_message()
