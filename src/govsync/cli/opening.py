"""How the commands of operators open the server: where its database and store are, options say, or the environment, as for `serve`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def where(function: F) -> F:
    """Adds the options that say which database and store are meant."""
    for option in (
        click.option("--blobs", default="", envvar="GOVSYNC_SERVER_BLOBS", help="The store's URL."),
        click.option("--database", default="", envvar="GOVSYNC_SERVER_DATABASE", help="The database's URL."),
        click.option(
            "--data",
            type=click.Path(path_type=Path),
            envvar="GOVSYNC_SERVER_DATA",
            help="The server's data folder.",
        ),
    ):
        function = option(function)
    return function


def opened(data: Path | None, database: str, blobs: str) -> Any:
    """Opens the server that is meant, whose parts are loaded only now."""
    from govsync.server.app import Options, open_server
    from govsync.system.places import default_data

    return open_server(Options(data=data or default_data(), database=database, blobs=blobs))


@contextmanager
def changing(data: Path | None, database: str, blobs: str) -> Iterator[tuple[Any, Any]]:
    """Opens the server, and a transaction in which all of a command is done, or nothing."""
    server = opened(data, database, blobs)
    with server.database.begin() as tx:
        yield server, tx


@contextmanager
def looking(data: Path | None, database: str, blobs: str) -> Iterator[Any]:
    """Opens the server for a transaction that only reads."""
    with opened(data, database, blobs).database.begin(write=False) as tx:
        yield tx
