"""The list of guards that `make mutants` takes away speaks of the sources as they are, and each change is a program."""

import ast
from pathlib import Path

import pytest

from tests.mutations.__main__ import EVERY
from tests.mutations.guard import Guard

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", EVERY, ids=lambda guard: f"{guard.cites.replace(' ', '+')}-{guard.file}")
def test_a_guard_stands_in_the_sources_once_and_what_is_left_without_it_is_a_program(guard: Guard) -> None:
    source = (ROOT / "src" / "govsync" / guard.file).read_text()
    assert source.count(guard.words) == 1
    without = source.replace(guard.words, guard.without)
    assert ast.dump(ast.parse(without)) != ast.dump(ast.parse(source))
    for path in guard.noticed_by.split():
        assert (ROOT / "tests" / path).exists(), path
