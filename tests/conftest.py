"""What all tests share: how hard Hypothesis tries, that a failure can be replayed, which tests come first and stay together.

`quick` belongs to `make test`, `thorough` to `make test-all` (HYPOTHESIS_PROFILE). No profile has a deadline: the
machine may be busy, and no test here asserts a time. A failing example is printed as a line that replays it.
"""

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

settings.register_profile(
    "quick", max_examples=50, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


# Whoever runs the tests may speak another language; those that are about one say so.
os.environ["GOVSYNC_LANGUAGE"] = "en"


ALONE = ("tests/journeys/", "tests/simulation/")
"""Tests that are long and share nothing: each goes to whichever process has time for it."""


class Scheduling(LoadFileScheduling):
    """A file of tests stays in one process, so that it starts its PostgreSQL or its server once; but for those of `ALONE`."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(ALONE) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Says what is handed to a process at a time."""
    return Scheduling(config, log)


WINDOWS = sys.platform == "win32"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Has Windows load no file of tests that are not said to hold there, since most begin with what only POSIX has, nor what a
    folder's tests share where it has no others; and others none that is about Windows alone."""
    if WINDOWS:
        return None if any(map(_holds_there, _files_of_tests(collection_path))) else True
    return collection_path.match("test_windows_*.py") or None


def _files_of_tests(path: Path) -> Iterator[Path]:
    return path.rglob("test_*.py") if path.is_dir() else iter([path])


def _holds_there(path: Path) -> bool:
    return not path.match("test_*.py") or "mark.windows" in path.read_text("utf-8")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leaves out under wine what wine does not do as Windows does."""
    differs = item.get_closest_marker("wine_differs")
    if differs is not None and WINDOWS and _is_wine():
        pytest.skip(f"wine differs: {differs.args[0]}")


def _is_wine() -> bool:
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")  # type: ignore[attr-defined, unused-ignore]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what may take longest first, so that at the end no process is left alone with one of them."""
    longest: dict[Path | str, float] = {}
    for item in items:
        longest[_unit(item)] = max(longest.get(_unit(item), 0), _may_take_s(item))
    items.sort(key=lambda item: -longest[_unit(item)])


def _unit(item: pytest.Item) -> Path | str:
    return item.nodeid if item.nodeid.startswith(ALONE) else item.path


def _may_take_s(item: pytest.Item) -> float:
    allowed = item.get_closest_marker("timeout")
    if allowed is not None:
        return float(allowed.args[0]) or math.inf
    return 120 if item.get_closest_marker("journey") or item.get_closest_marker("slow") else 0
