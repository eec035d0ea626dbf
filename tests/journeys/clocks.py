"""Clocks that are wrong, for whole processes: Python's own clock runs ahead of the machine's, or behind it."""

import os
from pathlib import Path

import pytest

YEAR_S = 365 * 24 * 3600
_SHIFTED = """
import os, time
_shift_s = int(os.environ.get("SHIFT_S", "0"))
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + _shift_s
time.time_ns = lambda: _time_ns() + _shift_s * 1_000_000_000
"""


class Clocks:
    """Says by how much the clock of whatever is started next is wrong."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(_SHIFTED)
        path = os.environ.get("PYTHONPATH")
        patch.setenv("PYTHONPATH", f"{folder}:{path}" if path else str(folder))

    def shift(self, seconds: int) -> None:
        """Sets it for what is started from now on."""
        self._patch.setenv("SHIFT_S", str(seconds))
