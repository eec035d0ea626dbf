"""Commands about files: versions, trash, conflicts, and whether everything is really the same."""

from pathlib import Path

import click

from govsync.cli.device import asked
from govsync.cli.output import KEPT_BACK, end, failures, show_json, show_rows

LONG_S = 3_600.0


def _absolute(path: Path) -> str:
    return str(path.expanduser().absolute())


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@failures
def versions(path: Path, as_json: bool) -> None:
    """Lists the versions of a file, newest first. Example: govsync versions Report.docx"""
    rows = asked("versions", path=_absolute(path))
    show_json(rows) if as_json else show_rows(rows, ("revision", "at", "user", "device", "size"), "")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--revision", required=True, help="Which version; see `govsync versions`.")
@click.option("--to", type=click.Path(path_type=Path), help="Write it there instead.")
@failures
def restore(path: Path, revision: str, to: Path | None) -> None:
    """Brings a version back, as a new version. Example: govsync restore Report.docx --revision ID"""
    target = None if to is None else _absolute(to)
    click.echo(asked("restore", LONG_S, path=_absolute(path), revision=revision, to=target))


@click.group()
def trash() -> None:
    """What was deleted on the endpoint. Example: govsync trash list"""


@trash.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@failures
def trash_list(as_json: bool) -> None:
    """Lists what was deleted and can come back. Example: govsync trash list --json"""
    rows = asked("trash")
    show_json(rows) if as_json else show_rows(rows, ("id", "deleted", "user", "path"), "The trash is empty.")


@trash.command("restore")
@click.argument("ids", nargs=-1, required=True)
@failures
def trash_restore(ids: tuple[str, ...]) -> None:
    """Brings deleted things back. Example: govsync trash restore ID ID"""
    asked("trash_restore", LONG_S, ids=list(ids))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", required=True, help="A moment (RFC 3339), such as 2026-11-24T14:00:00+01:00.")
@failures
def rewind(folder: Path, to: str) -> None:
    """Takes a folder's files back to a moment, as new versions. Example: govsync rewind Plans --to 2026-11-24T14:00Z"""
    click.echo(f"{asked('rewind', LONG_S, path=_absolute(folder), to=to)} files")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@failures
def verify(as_json: bool) -> None:
    """Reads every file and compares it with the endpoint by content. Example: govsync verify"""
    rows = asked("verify", LONG_S)
    show_json(rows) if as_json else show_rows(rows, ("difference", "path"), "Everything is equal.")
    if rows:
        end(KEPT_BACK)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@failures
def conflicts(as_json: bool) -> None:
    """Lists files of which both versions were kept. Example: govsync conflicts"""
    rows = asked("conflicts")
    show_json(rows) if as_json else show_rows(rows, ("id", "device", "at", "path"), "There are no conflicts.")


@click.command()
@click.argument("id")
@click.option(
    "--keep", type=click.Choice(["mine", "theirs", "both"]), required=True, help="Which version stays."
)
@failures
def resolve(id: str, keep: str) -> None:
    """Settles a conflict; what is not kept stays among the versions or in the trash. Example: govsync resolve 7 --keep mine"""
    asked("resolve", id=id, keep=keep)


COMMANDS = {
    "versions": versions, "restore": restore, "trash": trash, "rewind": rewind, "verify": verify,
    "conflicts": conflicts, "resolve": resolve,
}  # fmt: skip
