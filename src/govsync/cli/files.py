"""Commands about files: versions, trash, conflicts, and whether everything is really the same."""

from pathlib import Path

import click

from govsync.cli.home import asked
from govsync.cli.output import KEPT_BACK, as_json, end, failures, show_json, show_rows
from govsync.cli.parameters import absolute
from govsync.control import messages
from govsync.text import units
from govsync.text.catalog import Text, counted, said
from govsync.text.sentences import folder_back
from govsync.text.units import shown_name

LONG_S = 3_600.0
"""Reading, sending and fetching much takes as long as it takes; silence beyond this is no answer."""


_DIFFERENCES: dict[str, Text] = {
    "content": "content",
    "only here": "only here",
    "only on the server": "only on the server",
}


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """Reads a moment (RFC 3339); without a zone, it is one of this machine's clock."""
    if text is None:
        return None
    try:
        return units.moment(text, None).isoformat()
    except ValueError:
        raise click.BadParameter(f"{text!r} is no moment, such as 2026-11-24T14:00:00+01:00") from None


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@as_json
@failures
def versions(path: Path, as_json: bool) -> None:
    """Lists the versions of a file, newest first. Example: govsync versions Report.docx"""
    rows = asked(messages.ListVersions(path=absolute(path)))
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, ("revision", "at", "user", "device", "size"), "There are no versions.")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--revision", help="Which version; see `govsync versions`.")
@click.option("--as-of", callback=_moment, help="Of a folder: the moment, such as 2026-11-24T14:00.")
@click.option(
    "--to", type=click.Path(path_type=Path), help="Write it into this new file, or folder, instead."
)
@failures
def restore(path: Path, revision: str | None, as_of: str | None, to: Path | None) -> None:
    """Brings a version of a file back, as a new version; or a folder as it was, as a new folder beside it.

    Nothing is written over. A folder brought back lies in the synced folder, and comes from the endpoint's own copy.

    Example: govsync restore Report.docx --revision ID

    Example: govsync restore Plans --as-of 2026-11-24T14:00
    """
    if (revision is None) is (as_of is None):
        raise click.UsageError("Say which: --revision of a file, or --as-of for a folder.")
    target = None if to is None else absolute(to)
    if revision is not None:
        click.echo(asked(messages.Restore(path=absolute(path), revision=revision, to=target), LONG_S))
        return
    assert as_of is not None, "one of the two was said"
    back = asked(messages.RestoreFolder(path=absolute(path), at=as_of, to=target), LONG_S)
    click.echo(shown_name(back.path))
    click.echo(folder_back(back), err=True)
    for each in back.left_paths:
        click.echo(said("Not brought back: {path}", path=shown_name(each)), err=True)
    if back.left:
        end(KEPT_BACK)


@click.group()
def trash() -> None:
    """What was deleted on the endpoint. Example: govsync trash list"""


@trash.command("list")
@as_json
@failures
def trash_list(as_json: bool) -> None:
    """Lists what was deleted and can come back. Example: govsync trash list --json"""
    rows = asked(messages.ListTrash(), LONG_S)
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, ("id", "deleted", "user", "size", "path"), "The trash is empty.")


@trash.command("restore")
@click.argument("ids", nargs=-1, required=True)
@failures
def trash_restore(ids: tuple[str, ...]) -> None:
    """Brings deleted things back. Example: govsync trash restore ID ID"""
    asked(messages.RestoreFromTrash(ids=ids), LONG_S)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", required=True, callback=_moment, help="A moment, such as 2026-11-24T14:00:00+01:00.")
@failures
def rewind(folder: Path, to: str) -> None:
    """Takes a folder's files back to a moment, as new versions. Example: govsync rewind Plans --to 2026-11-24T14:00Z"""
    count = asked(messages.Rewind(path=absolute(folder), to=to), LONG_S)
    click.echo(counted("{count} file is as it was then.", "{count} files are as they were then.", count))


@click.command()
@as_json
@failures
def verify(as_json: bool) -> None:
    """Reads every file and compares it with the endpoint by content. Example: govsync verify"""
    rows = asked(messages.Verify(), None)
    if as_json:
        show_json(rows)
    else:
        shown = [
            {"difference": said(_DIFFERENCES.get(row.difference, row.difference)), "path": row.path}
            for row in rows
        ]
        show_rows(shown, ("difference", "path"), "Everything is equal.")
    if rows:
        end(KEPT_BACK)


@click.command()
@as_json
@failures
def conflicts(as_json: bool) -> None:
    """Lists files of which both versions were kept. Example: govsync conflicts"""
    rows = asked(messages.ListConflicts())
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, ("id", "at", "device", "path", "copy"), "There are no two versions of anything.")


@click.command()
@click.argument("id")
@click.option(
    "--keep", type=click.Choice(["mine", "theirs", "both"]), required=True, help="Which version stays."
)
@failures
def resolve(id: str, keep: str) -> None:
    """Settles a conflict; what is not kept stays among the versions or in the trash. Example: govsync resolve 7 --keep mine"""
    asked(messages.Resolve(id=id, keep=keep), LONG_S)  # type: ignore[arg-type]  # click has checked it


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@failures
def exclude(path: Path) -> None:
    """Leaves a folder or file out of this desk: it goes from here once the server has it, and from nowhere else.

    Example: govsync exclude Archive
    """
    asked(messages.Exclude(path=absolute(path)))


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@failures
def include(path: Path) -> None:
    """Brings a folder or file that was left out back to this desk. Example: govsync include Archive"""
    asked(messages.Include(path=absolute(path)))


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--open", "is_to_open", is_flag=True, help="Open it in the browser, too.")
@failures
def web(path: Path, is_to_open: bool) -> None:
    """Prints the address at which the endpoint shows a file or folder to whoever signs in there and may see it.

    Example: govsync web Report.pdf
    """
    address = asked(messages.WebAddress(path=absolute(path)))
    click.echo(address)
    if is_to_open:
        click.launch(address)


COMMANDS = {
    "versions": versions, "restore": restore, "trash": trash, "rewind": rewind, "verify": verify,
    "conflicts": conflicts, "resolve": resolve, "exclude": exclude, "include": include, "web": web,
}  # fmt: skip
