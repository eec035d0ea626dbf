"""Another operating system is another `system/`: nothing outside it asks on which one it runs, or does what each does in
its own way."""

import ast
import re

from tests.project.sources import modules

OF_THE_SYSTEM = {
    "ctypes", "errno", "fcntl", "getpass", "grp", "mmap", "msvcrt", "multiprocessing", "os", "platform", "posix", "pty",
    "pwd", "resource", "select", "selectors", "signal", "socket", "stat", "subprocess", "termios", "tty", "winreg",
}  # fmt: skip
ASKING = {
    "sys.platform",
    "sys.getwindowsversion",
    "time.clock_gettime",
    "time.clock_gettime_ns",
    "shutil.chown",
}
ITS_PLACES = re.compile(r"/(proc|sys|etc|dev|var|run|usr|tmp)/")
INSIDE = "system/"
ELSEWHERE = {"server/app.py": {"socket"}}
"""The one exception: TCP is the same everywhere, and uvicorn takes a socket as it is."""


def uses(tree: ast.Module) -> set[str]:
    """Returns what of the operating system a module reaches for: modules, questions and places."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module.split(".")[0]} | {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} if ITS_PLACES.match(node.value) else set()
    return {each for each in found if each in OF_THE_SYSTEM | ASKING or ITS_PLACES.match(each)}


def test_what_belongs_to_the_system_is_seen_however_it_is_reached():
    for text, what in (
        ("import os.path as p", "os"),
        ("def f():\n    from signal import SIGTERM", "signal"),
        ("import sys\nif sys.platform == 'win32': pass", "sys.platform"),
        ("from sys import platform", "sys.platform"),
        ("Path('/proc/self/status')", "/proc/self/status"),
    ):
        assert uses(ast.parse(text)) == {what}, text
    assert uses(ast.parse("import sys, shutil\nfrom pathlib import Path\nPath('a/etc/b')")) == set()


def test_only_the_folder_of_the_system_knows_it():
    found = {path: uses(tree) - ELSEWHERE.get(path, set()) for path, tree in modules()}
    assert {path: what for path, what in found.items() if what and not path.startswith(INSIDE)} == {}


def test_the_exceptions_are_still_needed():
    found = {path: uses(tree) for path, tree in modules() if path in ELSEWHERE}
    assert found == ELSEWHERE
