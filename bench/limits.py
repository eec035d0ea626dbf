"""What the machine itself can do, measured in the session in which the product is."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(folder: Path) -> dict[str, float]:
    """Answers SHA-256 and write speed in MB/s, and how many 4 KiB files a second can be made, flushed or not."""
    block = os.urandom(64 << 20)
    found = {"sha256_mb_s": 64 / _timed(lambda: hashlib.sha256(block).digest()) * 1.048576}
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        base = Path(scratch)

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

        found["write_flush_mb_s"] = 512 / _timed(write) * 1.048576
        found["create_4k_s"] = 5_000 / _timed(lambda: create(5_000, flush=False))
        found["create_flush_4k_s"] = 500 / _timed(lambda: create(500, flush=True))
    return found
