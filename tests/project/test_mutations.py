"""The list of guards that `make mutants` takes away speaks of the sources as they are, and each change is a program."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.mutations.__main__ import EVERY
from tests.mutations.guard import Guard

ROOT = Path(__file__).parents[2]


@cache
def source_of(file: str) -> tuple[str, str]:
    """Answers a source, and what program it is."""
    text = (ROOT / "src" / "govsync" / file).read_text()
    return text, ast.dump(ast.parse(text))


@pytest.mark.parametrize("guard", EVERY, ids=lambda guard: f"{guard.cites.replace(' ', '+')}-{guard.file}")
def test_a_guard_stands_in_the_sources_once_and_what_is_left_without_it_is_a_program(guard: Guard) -> None:
    source, program = source_of(guard.file)
    assert source.count(guard.words) == 1
    assert ast.dump(ast.parse(source.replace(guard.words, guard.without))) != program
    for path in guard.noticed_by.split():
        assert (ROOT / "tests" / path).exists(), path
