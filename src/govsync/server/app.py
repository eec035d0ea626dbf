"""The server as a process: puts the parts together, serves until it is asked to stop (the only place of clock and chance)."""

import asyncio
import logging
import os
import random
import socket
import sys
import time
from pathlib import Path

import msgspec
import uvicorn

from govsync.model.codes import Code
from govsync.model.ids import uuid7
from govsync.model.problems import Failure
from govsync.protocol.limits import DEFAULT, Limits
from govsync.server import accounts, directory
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.blobs.interface import Blobs
from govsync.server.context import Server
from govsync.server.db.connect import Database
from govsync.server.http import Http

STOP_S = 3
_STORE = "store_identity"

_log = logging.getLogger(__name__)


class SystemClock:
    """Reads the system's clock."""

    def time_ms(self) -> int:
        """As `Clock.time_ms`."""
        return time.time_ns() // 1_000_000


class SystemIds:
    """Makes ids from the system's source of chance."""

    def new(self) -> bytes:
        """As `Ids.new`."""
        return uuid7(time.time_ns() // 1_000_000, os.urandom(10))

    def jitter(self) -> float:
        """As `Ids.jitter`."""
        return random.random()


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server keeps its things, and where it listens; URLs by default inside `data`."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8470
    database: str = ""
    blobs: str = ""
    new: bool = False


def open_server(options: Options, limits: Limits = DEFAULT) -> Server:
    """Opens database and store; makes both where there is nothing yet, and only then (R48).

    Raises Failure(store_unavailable) where one of them is not the other's.
    """
    options.data.mkdir(parents=True, exist_ok=True)
    url = options.database or f"sqlite:///{options.data / 'server.db'}"
    fresh = not options.database and not (options.data / "server.db").exists()
    blobs = _open_blobs(options)
    identity = blobs.identity()
    if fresh and identity is not None and not options.new:
        raise Failure(Code.STORE_UNAVAILABLE, what="the store belongs to a database that is not here")
    server = Server(database=Database(url), blobs=blobs, clock=SystemClock(), ids=SystemIds(), limits=limits)
    server.database.upgrade()
    with server.database.begin() as tx:
        known = directory.setting(tx, _STORE)
        if known is None:
            if directory.setting(tx, directory.EPOCH) is None:
                directory.begin_epoch(server, tx)
            accounts.make_secret(tx, os.urandom)
            identity = identity or server.ids.new().hex()
            blobs.establish(identity)
            directory.set_setting(tx, _STORE, identity.encode())
        elif identity != known.decode():
            raise Failure(Code.STORE_UNAVAILABLE, what="the store is missing, or another one")
    return server


def _open_blobs(options: Options) -> Blobs:
    if options.blobs.startswith("s3://"):
        from govsync.server.blobs.objects import ObjectBlobs

        return ObjectBlobs(options.blobs)
    return FolderBlobs(
        Path(options.blobs.removeprefix("file://")) if options.blobs else options.data / "store"
    )


def serve(options: Options) -> None:
    """Serves in the foreground until SIGTERM or SIGINT, then ends within 5 s."""
    server = open_server(options)
    asyncio.run(_serve(server, options))
    server.database.close()


async def _serve(server: Server, options: Options) -> None:
    http = Http(server, os.urandom)
    config = uvicorn.Config(
        http.app(), log_config=None, access_log=False, timeout_graceful_shutdown=STOP_S, lifespan="off",
        timeout_keep_alive=75, backlog=4096,
    )  # fmt: skip
    edge = _Edge(config, http)
    listening = socket.create_server((options.host, options.port), backlog=4096)
    # Inherited by every connection: else each small answer waits 40 ms for the other side's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    port = listening.getsockname()[1]
    task = asyncio.create_task(edge.serve(sockets=[listening]))
    while not edge.started and not task.done():
        await asyncio.sleep(0.005)
    if edge.started:
        sys.stdout.write(f"listening on http://{options.host}:{port}\n")
        sys.stdout.flush()
    await task
    http.close()


class _Edge(uvicorn.Server):
    """uvicorn, which ends our event streams when it is asked to stop: they never end by themselves."""

    def __init__(self, config: uvicorn.Config, http: Http) -> None:
        super().__init__(config)
        self._http = http

    def handle_exit(self, sig: int, frame: object) -> None:
        """Takes the signal."""
        self._http.streams.end()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]
