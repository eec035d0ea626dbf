"""Time and chance enter in a few places and are handed on, so that a simulation can own them."""

import ast

from tests.project.sources import modules

# Whole modules whose every use is chance, and the calls of others that read a clock or draw a number.
CHANCE = {"random", "secrets", "uuid"}
READINGS = {
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.localtime",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "os.urandom", "os.getrandom",
}  # fmt: skip
# Where the composition roots are.
ENTRANCES = ("agent/", "cli/", "server/app.py")


def dotted(node: ast.expr) -> str:
    """Returns `a.b` for the last two names of an attribute access, "" for anything else."""
    if isinstance(node, ast.Attribute):
        owner = node.value
        name = (
            owner.attr
            if isinstance(owner, ast.Attribute)
            else owner.id
            if isinstance(owner, ast.Name)
            else ""
        )
        return f"{name}.{node.attr}"
    return ""


def readings(tree: ast.Module) -> list[int]:
    """Returns the lines at which a module reads a clock or draws a number, or imports the means to do so."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = any(name.name in CHANCE for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            found = node.module in CHANCE or any(
                f"{node.module}.{name.name}" in READINGS for name in node.names
            )
        else:
            found = isinstance(node, ast.expr) and dotted(node) in READINGS
        if found:
            lines.append(node.lineno)
    return lines


def test_a_clock_is_seen_however_it_is_reached():
    for text in (
        "import time; time.time()",
        "from time import monotonic",
        "import datetime as d\nd.datetime.now()",
    ):
        assert readings(ast.parse(text)), text
    assert readings(ast.parse("import secrets")) == [1]
    assert readings(ast.parse("def f(clock): return clock.now() + clock.monotonic()")) == []


def test_time_and_chance_enter_at_the_entrances_only():
    found = [
        f"{path}:{line}"
        for path, tree in modules()
        if not path.startswith(ENTRANCES)
        for line in readings(tree)
    ]
    assert found == []
