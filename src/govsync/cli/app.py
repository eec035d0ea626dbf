"""`govsync app`: the window and the icon in the tray."""

import datetime
from pathlib import Path

import click

from govsync.cli.home import here, start
from govsync.cli.output import FAILED, end, failures
from govsync.cli.parameters import absolute
from govsync.settings.values import values
from govsync.system.process import environment
from govsync.system.screen import has_screen
from govsync.text.catalog import said

PAGES = ("status", "activity", "problems", "sharing", "settings")


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()


def _wanted(page: str | None, share: Path | None, versions: Path | None, earlier: Path | None) -> str:
    """Answers the page that is wanted, or what of a path, as `desktop.app` reads it."""
    about = {"share": share, "versions": versions, "earlier": earlier}
    named = [f"{what}:{absolute(path)}" for what, path in about.items() if path is not None]
    if len(named) + (page is not None) > 1:
        raise click.UsageError("Say one of --page, --share, --versions and --earlier.")
    return named[0] if named else page or ""


@click.command()
@click.option("--page", type=click.Choice(PAGES), help="Open the window there.")
@click.option(
    "--share", type=click.Path(path_type=Path), metavar="FOLDER", help="Open with whom it is shared."
)
@click.option("--versions", type=click.Path(path_type=Path), metavar="FILE", help="Open its versions.")
@click.option(
    "--earlier", type=click.Path(path_type=Path), metavar="FOLDER", help="Open how it comes back as it was."
)
@click.option("--minimized", is_flag=True, help="Only the icon in the tray, no window.")
@failures
def app(
    page: str | None, share: Path | None, versions: Path | None, earlier: Path | None, minimized: bool
) -> None:
    """Opens the window; the first time it asks for address, account and folder. Example: govsync app --page problems"""
    if not has_screen(environment()):
        none = said("there is no screen here; `govsync status` says how the desk is")
        click.echo(f"govsync: {none}", err=True)
        end(FAILED)
    from govsync.agent import home
    from govsync.agent.clock import SystemIds

    try:
        from govsync.desktop.app import Begin, main
    except ImportError as error:
        cannot = said("the window cannot be opened ({error}); install govsync[desktop]", error=error)
        click.echo(f"govsync: {cannot}", err=True)
        end(FAILED)
    places = here()
    identity = home.load(places, SystemIds().new())
    effective = home.settings(places)[0]
    settings = values(effective)
    begun = bool(identity.login) and identity.root_of() is not None
    if minimized and begun and not settings.app_show_tray:
        start()  # There is nothing to be seen of the app, and the agent works without it.
        return
    theirs = {key for key in ("endpoint.url", "folder.path") if effective[key].fixed}
    begin = Begin(
        endpoint=settings.endpoint_url
        if "endpoint.url" in theirs
        else identity.endpoint or settings.endpoint_url,
        login=identity.login,
        folder=home.folder_of(settings, None if "folder.path" in theirs else identity),
        begun=begun,
        known_address="endpoint.url" in theirs and bool(settings.endpoint_url),
        known_folder="folder.path" in theirs,
        tray=settings.app_show_tray,
        page=_wanted(page, share, versions, earlier),
        minimized=minimized,
        language=settings.app_language,
    )
    end(main(places, _now, begin))


COMMANDS = {"app": app}
