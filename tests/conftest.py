"""What all tests share: how hard Hypothesis tries, that a failure can be replayed, and which tests come first.

`quick` belongs to `make test`, `thorough` to `make test-all` (HYPOTHESIS_PROFILE). No profile has a deadline: the
machine may be busy, and no test here asserts a time. A failing example is printed as a line that replays it.
"""

import math
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", max_examples=50, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files whose tests may take longest first, so that at the end no process is left alone with one of them."""
    longest: dict[Path, float] = {}
    for item in items:
        longest[item.path] = max(longest.get(item.path, 0), _may_take_s(item))
    items.sort(key=lambda item: -longest[item.path])


def _may_take_s(item: pytest.Item) -> float:
    allowed = item.get_closest_marker("timeout")
    if allowed is not None:
        return float(allowed.args[0]) or math.inf
    return 120 if item.get_closest_marker("journey") or item.get_closest_marker("slow") else 0
