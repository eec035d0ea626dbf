"""Content-defined chunking: where a content is cut depends on its bytes alone, so an edit moves few cuts.

FastCDC (Xia et al., "The Design of Fast Content-Defined Chunking", IEEE TPDS 2020) through the compiled `pyfastcdc`.
All desks must cut alike, or equal contents would have unlike hashes: every parameter is in the scheme's name, and
golden cuts stand in the tests. Other parameters are another scheme.
"""

from collections.abc import Callable, Iterator

from pyfastcdc import FastCDC

from govsync.model.codes import Code
from govsync.model.problems import Failure

SCHEME = "fastcdc2020/512k/1"
"""Names the algorithm, its average and the version of all other parameters (normalised chunking 1, seed 0)."""

MIN_BYTES = 128 * 1024
AVERAGE_BYTES = 512 * 1024
MAX_BYTES = 2 * 1024 * 1024

_WINDOW_BYTES = 2 * MAX_BYTES

ReadAt = Callable[[int, memoryview], int]
"""Reads at an offset into a buffer and answers how many bytes came, 0 only at the end (`system.fs.File.read_into`)."""


def require_fast_chunking() -> None:
    """Raises Failure(slow_chunking) where the compiled chunker is missing: its Python twin is 500 times slower."""
    if not FastCDC.__module__.startswith("pyfastcdc.cy"):
        raise Failure(Code.SLOW_CHUNKING, module=FastCDC.__module__)


def cut(read_at: ReadAt, expected_bytes: int = _WINDOW_BYTES) -> Iterator[tuple[int, memoryview]]:
    """Yields a content's chunks in order as (offset, bytes); an empty content has none.

    A chunk's bytes are valid only until the next one is asked for. `expected_bytes` sizes the buffer, never the
    result: a content that turns out longer is still cut whole. Holds at most 8 MiB, 4 MiB as a rule.
    """
    window = memoryview(bytearray(min(expected_bytes + 1, _WINDOW_BYTES)))
    filled = _fill(read_at, 0, window, 0)
    if filled <= MIN_BYTES and filled < len(window):
        if filled:
            yield 0, window[:filled]
        return
    if filled == len(window) < _WINDOW_BYTES:
        window = memoryview(bytearray(window) + bytearray(_WINDOW_BYTES - filled))
        filled = _fill(read_at, 0, window, filled)

    cutter = FastCDC(AVERAGE_BYTES, min_size=MIN_BYTES, max_size=MAX_BYTES, normalized_chunking=1, seed=0)
    offset = 0
    while filled:
        ended = filled < len(window)
        used = 0
        chunks = cutter.cut_buf(window[:filled])
        # A cut depends on the MAX_BYTES from the chunk's start on, no more: with those in the window it is the cut of
        # the whole content; with fewer, only when the content ends here.
        while filled - used >= MAX_BYTES or (ended and used < filled):
            chunk = next(chunks)
            yield offset + used, chunk.data
            used += chunk.length
        window[: filled - used] = window[used:filled]
        offset += used
        filled -= used
        if not ended:
            filled = _fill(read_at, offset, window, filled)


def reading(data: bytes | memoryview) -> ReadAt:
    """Makes bytes in memory readable like a file."""
    view = memoryview(data)

    def read_at(offset: int, target: memoryview) -> int:
        piece = view[offset : offset + len(target)]
        target[: len(piece)] = piece
        return len(piece)

    return read_at


def _fill(read_at: ReadAt, offset: int, window: memoryview, filled: int) -> int:
    """Reads on until the window, which begins at `offset`, is full or the content ends; answers what it holds."""
    while filled < len(window):
        count = read_at(offset + filled, window[filled:])
        if count == 0:
            break
        filled += count
    return filled
