"""What the machine itself can do, measured in the session in which the product is."""

import hashlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

HASHED = "SHA-256 MB/s"
WRITTEN = "written and flushed MB/s"
MADE = "4 KiB files made a second"
FLUSHED = "made and flushed one by one"
ASKED = "round trips over the loopback a second"


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(folder: Path) -> dict[str, float]:
    """Answers how fast this machine hashes, writes, makes files, flushed or not, and asks over the loopback.

    What it wrote stays in the folder, whose owner removes it after everything else: ext4 without a journal passes over
    inodes that were freed in the last minutes one by one, so that after a deletion whoever makes files there waits for it."""
    block = os.urandom(64 << 20)
    found = {HASHED: len(block) / 1e6 / _timed(lambda: hashlib.sha256(block).digest())}
    base = Path(tempfile.mkdtemp(prefix="limits-", dir=folder))

    def write() -> None:
        with (base / "large").open("wb") as file:
            for _ in range(8):
                file.write(block)
            os.fsync(file.fileno())

    def create(count: int, flush: bool) -> None:
        for number in range(count):
            with (base / f"{flush}{number}").open("wb") as file:
                file.write(block[:4096])
                if flush:
                    file.flush()
                    os.fsync(file.fileno())

    found[WRITTEN] = 8 * len(block) / 1e6 / _timed(write)
    found[MADE] = 5_000 / _timed(lambda: create(5_000, flush=False))
    found[FLUSHED] = 500 / _timed(lambda: create(500, flush=True))
    found[ASKED] = 5_000 / _timed(lambda: _ask(5_000))
    return found


def _ask(count: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                while question := line.recv(200):
                    line.sendall(question)

        answering = threading.Thread(target=answer)
        answering.start()
        with socket.create_connection(server.getsockname()) as line:
            for _ in range(count):
                line.sendall(b"x" * 200)
                line.recv(200)
        answering.join()
