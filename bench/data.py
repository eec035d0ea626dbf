"""Deterministic files: equal seeds make equal bytes, on every machine."""

import random
from pathlib import Path

BLOCK_BYTES = 1 << 20


def noise(path: Path, size_bytes: int, seed: int) -> None:
    """Writes an incompressible file."""
    chance = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for start in range(0, size_bytes, BLOCK_BYTES):
            file.write(chance.randbytes(min(BLOCK_BYTES, size_bytes - start)))


def many(root: Path, count: int, folders: int, median_bytes: int, total_bytes: int | None, seed: int) -> int:
    """Writes `count` files in `folders` folders with log-normal sizes (half of them compressible), scaled to about
    `total_bytes`; answers the bytes written."""
    chance = random.Random(seed)
    sizes = [max(1, int(median_bytes * chance.lognormvariate(0, 1.35))) for _ in range(count)]
    if total_bytes is not None:
        scale = total_bytes / sum(sizes)
        sizes = [max(1, int(size * scale)) for size in sizes]
    words = [chance.randbytes(6).hex().encode() for _ in range(2_000)]
    for folder in range(folders):
        (root / f"folder {folder:04}").mkdir(parents=True, exist_ok=True)
    for number, size in enumerate(sizes):
        if number % 2:
            data = chance.randbytes(size)
        else:
            data = b" ".join(chance.choices(words, k=size // 13 + 1))[:size]
        (root / f"folder {number % folders:04}" / f"file {number:06}.bin").write_bytes(data)
    return sum(sizes)
