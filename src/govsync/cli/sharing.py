"""Commands about sharing: with whom folders are shared, in which roles, and leaving what others share."""

from pathlib import Path

import click

from govsync.cli.home import asked
from govsync.cli.output import as_json, failures, show_json, show_rows
from govsync.cli.parameters import absolute
from govsync.control import messages

ROLES = ["viewer", "editor", "uploader", "manager"]

_with = click.option(
    "--with", "who", required=True, metavar="WHO", help="LOGIN, group:NAME, or division:ORGANISATION/NAME."
)


@click.group()
def share() -> None:
    """Folders that several people have. Example: govsync share list"""


@share.command("add")
@click.argument("path", type=click.Path(path_type=Path))
@_with
@click.option(
    "--role",
    type=click.Choice(ROLES),
    required=True,
    help="What they may do: read, change, only add, or also share.",
)
@failures
def share_add(path: Path, who: str, role: str) -> None:
    """Shares a folder, or gives somebody another role in it. Example: govsync share add Plans --with boris --role editor"""
    asked(messages.AddShare(path=absolute(path), who=who, role=role))  # type: ignore[arg-type]  # click has checked it


@share.command("list")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@as_json
@failures
def share_list(path: Path | None, as_json: bool) -> None:
    """Lists with whom folders are shared. Example: govsync share list Plans --json"""
    rows = asked(messages.ListShares(path=None if path is None else absolute(path)))
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, ("path", "with", "role", "title", "detail"), "Nothing is shared.")


@share.command("remove")
@click.argument("path", type=click.Path(path_type=Path))
@_with
@failures
def share_remove(path: Path, who: str) -> None:
    """Ends the sharing of a folder with somebody. Example: govsync share remove Plans --with group:Auditors"""
    asked(messages.RemoveShare(path=absolute(path), who=who))


@share.command("leave")
@click.argument("path", type=click.Path(path_type=Path))
@failures
def share_leave(path: Path) -> None:
    """Leaves a folder that others share; they keep it. Example: govsync share leave Plans"""
    asked(messages.LeaveShare(path=absolute(path)))


COMMANDS = {"share": share}
