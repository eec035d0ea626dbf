"""A function fits a screen and a file a sitting; what outgrows them holds two ideas."""

import ast

from tests.project.sources import modules

LONGEST_FUNCTION_LINES = 70
LONGEST_FILE_LINES = 700


def code_lines(tree: ast.Module) -> int:
    """Counts the lines that hold code: no comments, blank lines or docstrings, since a proof is never too long."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.stmt) and not documented:
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno or node.lineno
            lines.update(range(node.lineno, max(last, node.lineno) + 1))
    return len(lines)


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{path}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION_LINES
    ]
    assert long == []


def test_no_file_is_longer_than_a_sitting():
    sizes = {path: code_lines(tree) for path, tree in modules()}
    assert {path: size for path, size in sizes.items() if size > LONGEST_FILE_LINES} == {}


def test_every_module_says_what_it_is_for():
    assert [path for path, tree in modules() if not ast.get_docstring(tree)] == []
