"""`python -m bench.wire`: what goes over a desk's line, counted in a relay that it alone uses; for those who plan lines.

Two desks of one person, one that works and one that is shown it, over HTTP: what TLS, TCP and IP add is not in the figures.
Bytes hardly depend on what else the machine does.
"""

import argparse
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench import data
from bench.product import Desk, Product
from bench.workloads import forget, whole
from bench.world import until

SAVES, FILES = 100, 1_000
REST_S = 240.0
LARGE_BYTES = 50 << 20
_LIMIT_S = 600.0


class Relay:
    """A line to a server that counts what passes."""

    def __init__(self, port: int) -> None:
        self.up_bytes = self.down_bytes = 0
        self._far = port
        self._near = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._near.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            near, _ = self._near.accept()
            far = socket.create_connection(("127.0.0.1", self._far))
            for source, target, upwards in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pass_on, args=(source, target, upwards), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, upwards: bool) -> None:
        """Until either side has enough, which ends both."""
        try:
            while piece := source.recv(1 << 16):
                if upwards:
                    self.up_bytes += len(piece)
                else:
                    self.down_bytes += len(piece)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            target.close()


class Office:
    """Two desks, each with a relay of its own: `works` and `sees`."""

    def __init__(self, base: Path) -> None:
        self._world = Product(base)
        self._port = int(self._world.endpoint.rpartition(":")[2])
        for desk in (self._world.a, self._world.b):
            desk.agent.stop()
        self.base = base
        self.relays: list[Relay] = []
        self.works, self.sees = self._desk("works"), self._desk("sees")
        self.settle()

    def _desk(self, name: str) -> Desk:
        self.relays.append(Relay(self._port))
        self._world.endpoint = self.relays[-1].address
        return Desk(self._world, name)

    def settle(self) -> None:
        """Returns when both desks say that all is in sync."""
        for desk in (self.works, self.sees, self.works):
            desk.call("wait", "--timeout", "900")

    def measured(self, what: str, act: Callable[[], None], times: float = 1, settled: bool = True) -> str:
        """Answers a row: what went up and down at each desk, for one of so many `times`; until all is `settled`, which asks
        the server, or only while it is done."""
        before = [(relay.up_bytes, relay.down_bytes) for relay in self.relays]
        act()
        if settled:
            self.settle()
        kilobytes = [
            f"{(now - then) / times / 1000:,.1f}"
            for relay, (up, down) in zip(self.relays, before, strict=True)
            for now, then in ((relay.up_bytes, up), (relay.down_bytes, down))
        ]
        return f"| {what} | {' | '.join(kilobytes)} |"

    def stop(self) -> None:
        """Ends all processes."""
        for desk in (self.works, self.sees):
            desk.agent.stop()
        self._world.stop()


def saves(office: Office) -> None:
    """Saves a small file again and again, each time until the other desk shows it."""
    chance = random.Random(1)
    here, there = office.works.folder / "note.bin", office.sees.folder / "note.bin"
    for _ in range(SAVES):
        content = chance.randbytes(4096)
        here.write_bytes(content)
        until(lambda content=content: there.exists() and there.read_bytes() == content, _LIMIT_S)  # type: ignore[misc]


def documents(office: Office) -> None:
    """Puts a folder of documents in place."""
    draft, name = office.base / "draft", "documents"
    size = data.many(draft, FILES, 50, 20_000, None, 3)
    print(f"{FILES:,} documents are {size / 1000:,.0f} kB; the large file is {LARGE_BYTES / 1000:,.0f} kB")
    draft.rename(office.works.folder / name)
    until(whole(office.works.folder / name, office.sees.folder / name), _LIMIT_S, 0.01)


def renamed(office: Office) -> None:
    """Renames that folder."""
    (office.works.folder / "documents").rename(office.works.folder / "papers")
    until(whole(office.works.folder / "papers", office.sees.folder / "papers"), _LIMIT_S, 0.01)


def large(office: Office) -> None:
    """Puts a large file in place that cannot be compressed."""
    draft = office.base / "large"
    data.noise(draft, LARGE_BYTES, 4)
    draft.rename(office.works.folder / "large.bin")
    _arrives(office)


def inserted(office: Office) -> None:
    """Inserts 1 KiB at its front."""
    draft, path = office.base / "large", office.works.folder / "large.bin"
    draft.write_bytes(b"x" * 1024 + path.read_bytes())
    draft.rename(path)
    _arrives(office)


def _arrives(office: Office) -> None:
    size, there = (office.works.folder / "large.bin").stat().st_size, office.sees.folder / "large.bin"
    until(lambda: there.exists() and there.stat().st_size == size, _LIMIT_S, 0.01)


def main() -> None:
    """Measures all of it and prints a row each, in kilobytes."""
    parser = argparse.ArgumentParser(prog="python -m bench.wire", description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the world is made")
    base = Path(tempfile.mkdtemp(prefix="govsync-bench-", dir=parser.parse_args().folder))
    office = Office(base)
    try:
        print("| what, in kB | working desk, up | down | other desk, up | down |\n|---|---|---|---|---|")
        hour = REST_S / 3600
        print(
            office.measured("an hour at rest (from four minutes)", lambda: time.sleep(REST_S), hour, False),
            flush=True,
        )
        print(office.measured("a 4 KiB file saved", lambda: saves(office), SAVES), flush=True)
        for what, act in (
            (f"{FILES:,} documents put in place", documents),
            (f"that folder of {FILES:,} renamed", renamed),
            ("a file of 50 MiB put in place", large),
            ("1 KiB inserted at its front", inserted),
        ):
            print(office.measured(what, lambda act=act: act(office)), flush=True)  # type: ignore[misc]
    finally:
        office.stop()
        forget(base)


if __name__ == "__main__":
    main()
