"""Deterministic bytes that look random, a yardstick for memory, and what "nothing but a Failure" means."""

import tracemalloc
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from govsync.model.problems import Failure

Result = TypeVar("Result")


def noise(size_bytes: int, seed: bytes = b"") -> bytes:
    """Makes bytes that do not compress and are the same on every machine: SHA-256 in counter mode."""
    blocks = (sha256(seed + number.to_bytes(8, "big")).digest() for number in range(-(-size_bytes // 32)))
    return b"".join(blocks)[:size_bytes]


def answer_or_code(work: Callable[[], Result]) -> Result | str:
    """Answers what the work answers, or the code of its Failure; anything else that it raises goes through."""
    try:
        return work()
    except Failure as failure:
        return failure.code.value


def peak_bytes(work: Callable[[], object]) -> int:
    """Measures the most memory that the work held at one time, as Python's allocator sees it."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
