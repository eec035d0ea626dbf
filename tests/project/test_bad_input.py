"""docs/bad-input.md says of each bad input by which code it is met and which tests try it; both exist, and no row is bare."""

import ast
import re

import pytest

from govsync.model.codes import Code
from tests.project.sources import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "bad-input.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ")
][1:]
QUOTED = re.compile(r"`([^`]+)`")


def functions_in(path: str) -> set[str]:
    """Answers the names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_there_is_a_row_for_each_kind():
    assert len(ROWS) > 30
    assert all(len(row) == 4 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}, {row[1]}")
def test_the_codes_and_the_tests_of_a_row_exist(row):
    _, whence, codes, tried = row
    assert whence
    assert set(QUOTED.findall(codes)) <= set(Code)
    named = QUOTED.findall(tried)
    assert named, "nobody tries it"
    for each in named:
        path, _, name = each.partition("::")
        assert not name or name in functions_in(path), each
        assert functions_in(path), each


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}, {row[1]}")
def test_the_tests_of_a_row_name_its_codes(row):
    paths = {each.partition("::")[0] for each in QUOTED.findall(row[3])}
    text = "".join((ROOT / path).read_text(encoding="utf-8") for path in paths)
    codes = [Code(each) for each in QUOTED.findall(row[2])]
    assert [code for code in codes if f"Code.{code.name}" not in text and code not in text] == []
