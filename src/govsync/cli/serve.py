"""`govsync serve`: the server in the foreground."""

import logging
from pathlib import Path

import click

from govsync.cli.output import failures


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="GOVSYNC_SERVER_DATA",
    show_envvar=True,
    help="Where everything is kept, unless the URLs say otherwise.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    envvar="GOVSYNC_SERVER_HOST",
    show_envvar=True,
    show_default=True,
    help="The address to listen on.",
)
@click.option(
    "--port",
    default=8470,
    envvar="GOVSYNC_SERVER_PORT",
    show_envvar=True,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option(
    "--database",
    default="",
    envvar="GOVSYNC_SERVER_DATABASE",
    show_envvar=True,
    help="A database URL, such as postgresql://… (default: SQLite in the data folder).",
)
@click.option(
    "--blobs",
    default="",
    envvar="GOVSYNC_SERVER_BLOBS",
    show_envvar=True,
    help="A store, such as s3://bucket/prefix?endpoint=… (default: a local folder).",
)
@click.option("--new", is_flag=True, help="Begin a new database on a store that belonged to another.")
@click.option(
    "--least-client",
    default="",
    metavar="VERSION",
    envvar="GOVSYNC_SERVER_LEAST_CLIENT",
    show_envvar=True,
    help="The oldest version of GovSync that may sync; an older desk keeps all files and asks to be updated.",
)
@click.option(
    "--proxy",
    multiple=True,
    envvar="GOVSYNC_SERVER_PROXY",
    show_envvar=True,
    help="The address or network of a reverse proxy, which says in X-Forwarded-For whence a request came; may be repeated.",
)
@failures
def serve(
    data: Path | None,
    host: str,
    port: int,
    database: str,
    blobs: str,
    new: bool,
    least_client: str,
    proxy: tuple[str, ...],
) -> None:
    """Runs the endpoint.

    Example: govsync serve --data /srv/govsync --port 8470
    """
    from govsync.system.process import collect_seldom, explain_crashes, hold_little

    collect_seldom()
    from govsync.server.app import Options
    from govsync.server.app import serve as run
    from govsync.server.discreet import Discreet
    from govsync.system.places import default_data

    handler = logging.StreamHandler()
    handler.setFormatter(Discreet())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    explain_crashes()
    hold_little()
    collect_seldom()
    run(
        Options(
            data=data or default_data(),
            host=host,
            port=port,
            database=database,
            blobs=blobs,
            new=new,
            least_client=least_client,
            proxies=proxy,
        )
    )


COMMANDS = {"serve": serve}
