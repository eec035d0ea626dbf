"""The server as a process: puts the parts together, serves until it is asked to stop (the only place of clock and chance)."""

import asyncio
import ipaddress
import random
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvicorn

from govsync.model.codes import Code
from govsync.model.ids import uuid7
from govsync.model.problems import Failure
from govsync.protocol.limits import DEFAULT, KIB, Limits
from govsync.server import audit, releases
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.blobs.interface import Blobs
from govsync.server.bounds import Bounds
from govsync.server.connections import Room
from govsync.server.context import Server
from govsync.server.db.connect import Database
from govsync.server.http import Http
from govsync.server.identity import bring_together
from govsync.server.upkeep import Upkeep
from govsync.system.process import asked_to_end, end_now, most_open_files

STOP_S = 3
"""How long answers under way may take when the server is asked to stop."""
LAST_S = 0.5
"""How long calls are waited for after that, whose answers nobody will hear."""
WAITING = 4096
"""Connections that the operating system keeps until they are accepted."""
AHEAD_BYTES = 128 * KIB
"""What the operating system may take of answers before a line can carry it."""
VARIABLE = "GOVSYNC_SERVER_"
"""What the variables of the environment begin with that set options of `govsync serve` (`cli.serve`)."""
OTHER_FILES = 512
"""Files that are left for databases, packs and everything else that is no connection."""


class SystemClock:
    """Reads the system's clock."""

    def time_ms(self) -> int:
        """As `Clock.time_ms`."""
        return time.time_ns() // 1_000_000


class SystemIds:
    """Makes ids from the system's source of chance."""

    def new(self) -> bytes:
        """As `Ids.new`."""
        return uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))

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
    least_client: str = ""
    """The oldest version of a desk that is borne with; nothing: every one."""
    proxies: tuple[str, ...] = ()
    """Addresses and networks of the reverse proxies whose word is taken for where a request came from."""


def open_server(options: Options, limits: Limits = DEFAULT) -> Server:
    """Opens database and store; makes both where there is nothing yet, and only then (R48).

    Raises Failure(store_unavailable) where one of them is not the other's, and Failure(setting_bad) for what is no version.
    """
    if options.least_client and releases.release(options.least_client) is None:
        raise _unfit(options.least_client, "--least-client")
    options.data.mkdir(parents=True, exist_ok=True)
    url = options.database or f"sqlite:///{options.data / 'server.db'}"
    blobs = _open_blobs(options)
    server = Server(
        database=Database(url), blobs=blobs, clock=SystemClock(), ids=SystemIds(), limits=limits,
        least_client=options.least_client,
    )  # fmt: skip
    server.database.upgrade()
    return msgspec.structs.replace(server, blobs=bring_together(server, secrets.token_bytes, options.new))


def _open_blobs(options: Options) -> Blobs:
    if options.blobs.startswith("s3://"):
        from govsync.server.blobs.objects import ObjectBlobs

        return ObjectBlobs(options.blobs)
    return FolderBlobs(
        Path(options.blobs.removeprefix("file://")) if options.blobs else options.data / "store"
    )


def serve(options: Options) -> None:
    """Serves in the foreground until SIGTERM or SIGINT, then ends within 5 s; says on standard output where it listens."""
    proxies = [_network(each) for each in options.proxies]
    server = open_server(options)
    works = (Upkeep(server), Upkeep(server, audit.SEAL_S, audit.turn))
    for work in works:
        work.start()
    try:
        ended = run(server, listen(options.host, options.port), _say, proxies=proxies)
    finally:
        for work in works:
            work.stop()
        server.database.close()
    if not ended:
        # A database or a store does not answer, and threads that wait for it would keep the process for minutes. Whatever
        # they are at is a transaction, which happens as a whole or not at all.
        end_now()


def _say(address: str) -> None:
    sys.stdout.write(f"listening on {address}\n")
    sys.stdout.flush()


def _network(text: str) -> str:
    """Answers an address or a network as it is written; raises Failure(setting_bad) for what is none."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise _unfit(text, "--proxy") from error


def _unfit(value: str, *options: str) -> Failure:
    """Answers what to raise for a value of options of `govsync serve`, with the variables of the environment that set them."""
    variables = (VARIABLE + option.removeprefix("--").replace("-", "_").upper() for option in options)
    return Failure(Code.SETTING_BAD, name=", ".join(options), variable=", ".join(variables), value=value)


def listen(host: str, port: int) -> socket.socket:
    """Opens the socket on which a server listens; raises Failure(setting_bad) where it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server((str(address[0]), port), family=family, backlog=WAITING)
    except OSError as error:
        raise _unfit(f"{host}:{port}", "--host", "--port") from error
    # Inherited by every connection: else each small answer waits 40 ms for the other side's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        # Inherited, too: else the system takes megabytes ahead for a slow line, and for long nothing more, as of one that
        # has stalled.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, AHEAD_BYTES)
    return listening


def run(
    server: Server,
    listening: socket.socket,
    ready: Callable[[str], None],
    started: Callable[["Edge"], None] = lambda _: None,
    proxies: Sequence[str] = (),
) -> bool:
    """Serves until it is asked to stop: by a signal in the main thread, or by `Edge.stop` from any other; answers whether
    all that was under way has ended.

    `ready` is told the address as soon as requests are answered."""
    host, port = listening.getsockname()[:2]
    address = f"http://[{host}]:{port}" if listening.family == socket.AF_INET6 else f"http://{host}:{port}"
    http = Http(server, secrets.token_bytes)
    edge = Edge(http, server.bounds, lambda: ready(address), proxies)
    started(edge)
    with asyncio.Runner(loop_factory=edge.config.get_loop_factory()) as runner:
        runner.run(edge.serve(sockets=[listening]))
    return http.close(LAST_S)


class Edge(uvicorn.Server):
    """uvicorn, which says when it is ready, and ends our event streams when it stops: they never end by themselves."""

    def __init__(self, http: Http, bounds: Bounds, ready: Callable[[], None], proxies: Sequence[str]) -> None:
        most = min(bounds.connections, max(1, most_open_files() - OTHER_FILES))
        config = uvicorn.Config(
            http.app(), http=Room(bounds, most).protocol(), ws="none", log_config=None, access_log=False,
            timeout_graceful_shutdown=STOP_S, lifespan="off", timeout_keep_alive=bounds.idle_s, backlog=WAITING,
            server_header=False,
            proxy_headers=bool(proxies), forwarded_allow_ips=list(proxies),
        )  # fmt: skip
        super().__init__(config)
        self._http = http
        self._ready = ready

    def stop(self) -> None:
        """Asks it to end; may be called from any thread."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, which afterwards ends the process by the signal that it caught: ours ends by itself, having put
        everything away."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with asked_to_end(self.handle_exit):
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and says that it is done."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which waits for every answer."""
        self._http.streams.end()
        await super().shutdown(sockets)
