"""What `make test` and the two parts of `make test-rest` select: together every test that needs nothing but these sources, and
twice only what Hypothesis then tries harder."""

import re
from itertools import product

import pytest
from _pytest.mark.expression import Expression

from tests.project.sources import ROOT

RECIPES = re.findall(r'^(test[a-z-]*):.*\n(?:\t.*\n)*?\t.* -m "(.+)"', (ROOT / "Makefile").read_text(), re.M)
SELECTED = {target: Expression.compile(expression) for target, expression in RECIPES}
ELSEWHERE = ("packages", "wine")
"""What has a target of its own, since it makes packages or runs Windows' Python."""
JOURNEY = re.compile(r"^(pytestmark = |@|    )(\[)?pytest\.mark\.journey\b", re.M)


def selecting(*marks: str) -> set[str]:
    """Answers which targets try a test that has these marks."""

    def has(name: str, /, **_: str | int | bool | None) -> bool:
        return name in marks

    return {target for target, expression in SELECTED.items() if expression.evaluate(has)}


def test_every_test_is_tried_and_twice_only_what_is_then_tried_harder() -> None:
    assert selecting() == {"test"}
    assert selecting("slow") == {"test-thorough"}
    assert selecting("hypothesis") == {"test", "test-thorough"}
    assert selecting("slow", "hypothesis") == {"test-thorough"}


@pytest.mark.parametrize("also", list(product(("slow", ""), ("hypothesis", ""))))
def test_a_journey_is_tried_once_by_those_who_look_for_journeys(also: tuple[str, str]) -> None:
    assert selecting("journey", *also) == {"test-journeys"}
    for elsewhere in ELSEWHERE:
        assert selecting(elsewhere, "journey", *also) == selecting(elsewhere, *also) == set()


def test_every_journey_is_where_they_are_looked_for() -> None:
    assert re.search(r'^\t.* -m "journey .*" tests/journeys$', (ROOT / "Makefile").read_text(), re.M)
    found = [path for path in (ROOT / "tests").rglob("test_*.py") if JOURNEY.search(path.read_text("utf-8"))]
    assert len(found) > 30
    for path in found:
        is_elsewhere = any(f"mark.{mark}" in path.read_text("utf-8") for mark in ELSEWHERE)
        assert path.is_relative_to(ROOT / "tests" / "journeys") or is_elsewhere, path
