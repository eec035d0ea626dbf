"""docs/reliability.md says what the tests say: each of the worst days is played, or it is said what it waits for."""

import ast
import re
from pathlib import Path

import pytest

from docs import evidence
from tests.days import DAYS
from tests.project.sources import PRODUCT, ROOT


def played_days():
    return [test for test in evidence.all_tests() if test.day]


def test_the_page_is_up_to_date():
    assert evidence.PAGE.read_text(encoding="utf-8") == evidence.page(), "run `make generate`"


@pytest.mark.parametrize("name", DAYS)
def test_each_day_is_played_or_waits_for_something_that_is_not_there_yet(name):
    played = [test for test in played_days() if test.day == name]
    assert played or DAYS[name].waits_for
    assert not DAYS[name].waits_for or all(test.part for test in played), (
        "what waits is played in part at most"
    )


def test_who_plays_a_day_names_one_that_there_is():
    assert {test.day for test in played_days()} <= set(DAYS)


def test_every_test_of_the_days_plays_one_and_says_what_was_lost_at_whom():
    played = {(Path(test.path).name, test.name) for test in played_days()}
    for file in sorted((evidence.TESTS / "journeys" / "days").glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert ast.get_docstring(node), node.name
                assert (file.name, node.name) in played


def test_the_page_on_recovery_explains_every_damage_that_a_check_names():
    named = set(re.findall(r'Damage\("(\w+)"', (PRODUCT / "server" / "check.py").read_text(encoding="utf-8")))
    page = (ROOT / "docs" / "operate" / "recovery.md").read_text(encoding="utf-8")
    explained = page.partition("## Is anything broken?")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", explained, re.M)) == named
