"""Commands about links: addresses for people without an account, to fetch a file or a folder or to send something into one."""

from pathlib import Path

import click

from govsync.cli.home import asked
from govsync.cli.output import as_json, failures, password_from_stdin, show_json, show_rows
from govsync.cli.parameters import absolute, duration
from govsync.control import messages
from govsync.text.catalog import said
from govsync.text.units import shown_moment


@click.group()
def link() -> None:
    """Links for people without an account. Example: govsync link list"""


@link.command("add")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--expires",
    default="7d",
    show_default=True,
    callback=duration,
    help="How long it opens: 30m, 12h, 7d, at most a year.",
)
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input that opens it.")
@click.option(
    "--role",
    type=click.Choice(["viewer", "uploader"]),
    default="viewer",
    show_default=True,
    help="What it is for: to fetch, or to send into a folder without seeing it.",
)
@click.option(
    "--downloads",
    type=click.IntRange(1, messages.MOST_DOWNLOADS),
    help="How often something may be fetched, each time whole; any number otherwise.",
)
@failures
def link_add(path: Path, expires: int, password_stdin: bool, role: str, downloads: int | None) -> None:
    """Makes a link to a file or folder and prints its address, once. Example: govsync link add Report.pdf --expires 7d"""
    if role == "uploader" and downloads is not None:
        raise click.UsageError("--downloads is for links by which something is fetched")
    password = password_from_stdin() if password_stdin else None
    request = messages.AddLink(
        path=absolute(path), seconds=expires, password=password, role=role, downloads=downloads  # type: ignore[arg-type]  # click has checked it
    )  # fmt: skip
    made = asked(request)
    click.echo(made.url)
    click.echo(
        said(
            "It opens until {at}; to end it before: {command}",
            at=shown_moment(made.expires, None), command=f"govsync link remove {made.id}",
        )
    )  # fmt: skip


@link.command("list")
@as_json
@failures
def link_list(as_json: bool) -> None:
    """Lists the links that still open something; their addresses are kept nowhere. Example: govsync link list --json"""
    rows = asked(messages.ListLinks())
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, ("id", "expires", "role", "downloads_left", "user", "path"), "There are no links.")


@link.command("remove")
@click.argument("id")
@failures
def link_remove(id: str) -> None:
    """Ends a link at once. Example: govsync link remove ID"""
    asked(messages.RemoveLink(id=id))


COMMANDS = {"link": link}
