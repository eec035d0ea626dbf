"""Documents are read by model/documents alone: who makes a decoder beside it may crash the process."""

import ast

from tests.project.sources import modules

READER = "model/documents.py"
MADE = {
    f"msgspec.{form}.{name}" for form in ("json", "msgpack", "yaml", "toml") for name in ("decode", "Decoder")
}


def decoders(tree: ast.Module) -> set[str]:
    """Returns the names by which a module makes decoders, or gets what makes them."""
    found = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & MADE
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "msgspec":
            found |= {f"{node.module}.{name.name}" for name in node.names} - {"msgspec.structs.replace"}
    return found


def test_only_one_module_makes_decoders():
    found = {path: decoders(tree) for path, tree in modules()}
    assert found.pop(READER) == {"msgspec.json.Decoder", "msgspec.msgpack.Decoder"}
    assert {path: what for path, what in found.items() if what} == {}


def test_a_decoder_is_seen_however_it_is_reached():
    for text in (
        "import msgspec\nmsgspec.json.decode(b'', type=int)",
        "from msgspec import json",
        "from msgspec.msgpack import decode",
    ):
        assert decoders(ast.parse(text)), text
