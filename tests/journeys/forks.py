"""The process of which a journey's processes are forks: each start costs some milliseconds instead of a second of imports.

A fork is a process like any other: with an id, descriptors, an environment and a folder of its own; it can be killed, and it
ends as always, but for taking its modules apart, which would copy all the memory that it shares. This process imports and forks, and nothing else: a second thread, a connection or a number drawn
here would be shared by all of them.
"""

import atexit
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.journeys.clocks import shift_as_told
from tests.journeys.programs import DESCRIPTORS

# What the commands import when they are called.
IMPORTED = (
    "govsync.cli.admin", "govsync.cli.device", "govsync.cli.files", "govsync.cli.main", "govsync.cli.serve",
    "govsync.agent.accounts", "govsync.agent.doctor", "govsync.agent.main", "govsync.agent.neighbours",
    "govsync.server.app", "govsync.server.check", "govsync.server.directory", "govsync.server.epochs",
    "govsync.server.upkeep", "govsync.text.sentences",
    "anyio._backends._asyncio", "encodings.idna", "uvicorn.protocols.http.httptools_impl", "uvloop",
)  # fmt: skip
# The interpreter reads them when it starts, which a fork does not.
READ_AT_START = ("PYTHON", "LANG", "LC_")


class Order:
    """What somebody wants to have run."""

    def __init__(self, wanted: dict[str, Any], descriptors: list[int]) -> None:
        self.arguments: list[str] = wanted["arguments"]
        self.env: dict[str, str] = wanted["env"]
        self._folder: str = wanted["folder"]
        *self._standard, told = descriptors
        self.told = socket.socket(fileno=told)

    @classmethod
    def received(cls, orders: socket.socket) -> "Order | None":
        """Answers the next one, None when no other will come."""
        head, descriptors, _, _ = socket.recv_fds(orders, 4, DESCRIPTORS)
        if not head:
            return None
        size, message = int.from_bytes(head), b""
        while len(message) < size:
            message += orders.recv(size - len(message))
        return cls(json.loads(message), descriptors)

    def refusal(self, root: Path) -> str | None:
        """Says why it must not be run by a fork."""
        for name in ("HOME", "GOVSYNC_HOME"):
            if not Path(self.env.get(name, "/")).is_relative_to(root):
                return f"{name} must lie in {root}: {self.env.get(name)}"
        changed = {
            name for name, _ in self.env.items() ^ os.environ.items() if name.startswith(READ_AT_START)
        }
        return f"needs the command itself, for {sorted(changed)}" if changed else None

    def become(self) -> None:
        """Makes this process, a fresh fork, the one that was wanted."""
        for number, descriptor in enumerate(self._standard):
            os.dup2(descriptor, number)
        self.told.detach()
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir(self._folder)
        os.environ.clear()
        os.environ.update(self.env)
        time.tzset()
        shift_as_told(self.env)
        sys.argv = ["govsync", *self.arguments]

    def close(self) -> None:
        """Closes what is the fork's alone."""
        for descriptor in self._standard:
            os.close(descriptor)


def next_fork(orders: socket.socket, root: Path) -> Order | None:
    """Answers what to run, in a fork of its own for each order; None in this process, when no other order will come."""
    ended, ends = socket.socketpair()
    ends.setblocking(False)
    signal.set_wakeup_fd(ends.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([orders, ended], [], [])
        if ended in ready:
            ended.recv(65536)
            _tell_who_ended(running)
        if orders not in ready:
            continue
        order = Order.received(orders)
        if order is None:
            return None
        refusal = order.refusal(root)
        if refusal is not None:
            order.told.sendall(f"{refusal}\n".encode())
            order.told.close()
        elif process := os.fork():
            running[process] = order.told
            order.told.sendall(f"{process}\n".encode())
        else:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for socket_of_origin in (orders, ended, ends, *running.values()):
                socket_of_origin.detach()
            return order
        order.close()


def _tell_who_ended(running: dict[int, socket.socket]) -> None:
    while running:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with running.pop(process) as told:
            try:
                told.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            except BrokenPipeError:
                continue  # Nobody asks any more.


def main() -> None:
    """Forks until no order comes any more; what follows `become` runs in the fork, to its end."""
    for module in IMPORTED:
        import_module(module)
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()  # No fork has to copy what it only inherited.
    order = next_fork(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2]))
    if order is not None:
        order.become()
        try:
            import_module("govsync.cli.main").main()
        except SystemExit as ended:
            if not isinstance(ended.code, int):
                raise
            _end(ended.code)


def _end(code: int) -> None:
    """Ends as an interpreter does that has nothing left to run."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
