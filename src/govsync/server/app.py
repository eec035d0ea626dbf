"""The server as a process: puts the parts together, serves until it is asked to stop (the only place of clock and chance)."""

import asyncio
import logging
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import uvicorn

from govsync.model.codes import Code
from govsync.model.ids import uuid7
from govsync.model.problems import Failure
from govsync.protocol.limits import DEFAULT, Limits
from govsync.server import collect
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.blobs.interface import Blobs
from govsync.server.context import Server
from govsync.server.db.connect import Database
from govsync.server.http import Http
from govsync.server.identity import bring_together

STOP_S = 3
"""How long answers under way may take when the server is asked to stop."""
COLLECT_S = 3600.0
CONNECTIONS = 4096
KEEP_ALIVE_S = 75
"""Longer than a desk keeps an idle connection, so that it never sends into one that is just being closed."""

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
    blobs = _open_blobs(options)
    server = Server(database=Database(url), blobs=blobs, clock=SystemClock(), ids=SystemIds(), limits=limits)
    server.database.upgrade()
    return msgspec.structs.replace(server, blobs=bring_together(server, os.urandom, options.new))


def _open_blobs(options: Options) -> Blobs:
    if options.blobs.startswith("s3://"):
        from govsync.server.blobs.objects import ObjectBlobs

        return ObjectBlobs(options.blobs)
    return FolderBlobs(
        Path(options.blobs.removeprefix("file://")) if options.blobs else options.data / "store"
    )


def serve(options: Options) -> None:
    """Serves in the foreground until SIGTERM or SIGINT, then ends within 5 s; says on standard output where it listens."""
    server = open_server(options)
    upkeep = Upkeep(lambda: collect.collect(server), COLLECT_S)
    upkeep.start()
    try:
        run(server, listen(options.host, options.port), _say)
    finally:
        upkeep.stop()
        server.database.close()


def _say(address: str) -> None:
    sys.stdout.write(f"listening on {address}\n")
    sys.stdout.flush()


def listen(host: str, port: int) -> socket.socket:
    """Opens the socket on which a server listens; raises Failure(setting_bad) where it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server((str(address[0]), port), family=family, backlog=CONNECTIONS)
    except OSError as error:
        raise Failure(Code.SETTING_BAD, name="--host, --port", value=f"{host}:{port}") from error
    # Inherited by every connection: else each small answer waits 40 ms for the other side's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def run(
    server: Server,
    listening: socket.socket,
    ready: Callable[[str], None],
    started: Callable[["Edge"], None] = lambda _: None,
) -> None:
    """Serves until it is asked to stop: by a signal in the main thread, or by `Edge.stop` from any other.

    `ready` is told the address as soon as requests are answered."""
    host, port = listening.getsockname()[:2]
    address = f"http://[{host}]:{port}" if listening.family == socket.AF_INET6 else f"http://{host}:{port}"
    http = Http(server, os.urandom)
    edge = Edge(http, lambda: ready(address))
    started(edge)
    try:
        with asyncio.Runner(loop_factory=edge.config.get_loop_factory()) as runner:
            runner.run(edge.serve(sockets=[listening]))
    finally:
        http.close()


class Edge(uvicorn.Server):
    """uvicorn, which says when it is ready, and ends our event streams when it stops: they never end by themselves."""

    def __init__(self, http: Http, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            http.app(), log_config=None, access_log=False, timeout_graceful_shutdown=STOP_S, lifespan="off",
            timeout_keep_alive=KEEP_ALIVE_S, backlog=CONNECTIONS, server_header=False,
        )  # fmt: skip
        super().__init__(config)
        self._http = http
        self._ready = ready

    def stop(self) -> None:
        """Asks it to end; may be called from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and says that it is done."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which waits for every answer."""
        self._http.streams.end()
        await super().shutdown(sockets)


class Upkeep(threading.Thread):
    """What the server does by itself, again and again (R36); a turn that fails is left to the next one."""

    def __init__(self, work: Callable[[], object], period_s: float) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._work = work
        self._period_s = period_s
        self._stopped = threading.Event()

    def run(self) -> None:
        """Works until it is stopped."""
        while not self._stopped.wait(self._period_s):
            try:
                _log.info("%s", self._work())
            except Failure as failure:
                _log.warning("nothing was collected: %s", failure)
            except Exception:  # noqa: BLE001 - the server goes on serving; the log says what is wrong with it
                _log.exception("nothing was collected")

    def stop(self) -> None:
        """Ends before the next turn; one under way is a transaction that ends with the process or not at all."""
        self._stopped.set()
