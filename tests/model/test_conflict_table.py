"""Every row of the conflict table (docs/conflicts.md), executed: what was agreed, what each side did, what comes of it.

`there` reaches the server first; `here` has not seen it when it acts. A tree is written "path=content", a folder
"path/". A case passes when both desks end with the expected tree and nothing is left to do.
"""

import random
import re
from pathlib import Path

import pytest

from govsync.model import names
from govsync.model.nodes import Kind, Place, Presence
from tests.model.desks import ROOT, Desk, Server, fresh_local

C = " (conflict, HERE, 2026-11-24 14.02)"

CASES = [
    # row, agreed, here, there, result
    ("same_content", "a=1", "a=2", "a=2", "a=2"),
    ("edit_edit", "a.txt=1", "a.txt=2", "a.txt=3", f"a.txt=3 a{C}.txt=2"),
    ("edit_delete", "a=1", "a=2", "-a", "a=2"),
    ("edit_delete", "f/ f/a=1", "f/a=2", "-f", "f/ f/a=2"),
    ("delete_edit", "a=1", "-a", "a=2", "a=2"),
    ("move_delete", "a=1", "a>b", "-a", "b=1"),
    ("move_delete", "f/ f/a=1", "f>g", "-f", "g/"),
    ("move_delete", "f/ g/ g/a=1", "g>f/g", "-f", "f/ f/g/ f/g/a=1"),
    ("delete_move", "a=1", "-a", "a>b", "b=1"),
    ("delete_delete", "a=1", "-a", "-a", ""),
    ("folder_delete_change", "f/ f/a=1 f/b=2", "f/a=3", "-f", "f/ f/a=3"),
    ("folder_delete_change", "f/ f/a=1", "f/c=3", "-f", "f/ f/c=3"),
    ("folder_delete_change", "f/ f/a=1 c=3", "c>f/c", "-f", "f/ f/c=3"),
    ("folder_delete_change", "f/ f/g/ f/g/a=1", "f/g/b=2", "-f", "f/ f/g/ f/g/b=2"),
    ("change_folder_delete", "f/ f/a=1 f/b=2", "-f", "f/a=3", "f/ f/a=3"),
    ("change_folder_delete", "f/ f/a=1", "-f", "f/c=3", "f/ f/c=3"),
    ("change_folder_delete", "f/ f/a=1 c=3", "-f", "c>f/c", "f/ f/c=3"),
    ("change_folder_delete", "f/ f/g/ f/g/a=1", "-f", "f/g/b=2", "f/ f/g/ f/g/b=2"),
    ("move_out_folder_delete", "f/ f/a=1 f/b=2", "f/a>a", "-f", "a=1"),
    ("move_out_folder_delete", "f/ f/a=1 f/b=2", "-f", "f/a>a", "a=1"),
    ("create_create_same", "", "a=1", "a=1", "a=1"),
    ("create_create", "", "a.txt=1", "a.txt=2", f"a.txt=2 a{C}.txt=1"),
    ("mkdir_mkdir", "", "p/ p/a=1 p/x=3", "P/ P/a=1 P/x=4", f"P/ P/a=1 P/x=4 P/x{C}=3"),
    ("move_edit", "a=1", "a>b", "a=2", "b=2"),
    ("edit_move", "a=1", "a=2", "a>b", "b=2"),
    ("edit_move", "f/ f/a=1", "f/a=2", "f>g", "g/ g/a=2"),
    ("move_move", "a=1", "a>b", "a>c", "c=1"),
    ("move_move", "f/ f/a=1 f/b=2", "f>g f/a=3", "f>h f/b=4", "h/ h/a=3 h/b=4"),
    ("cycle", "x/ y/ x/a=1 y/b=2", "x>y/x", "y>x/y", "x/ x/a=1 x/y/ x/y/b=2"),
    ("file_folder", "", "n=1", "n/ n/a=2", f"n/ n/a=2 n{C}=1"),
    ("file_folder", "", "n/ n/a=2", "n=1", f"n=1 n{C}/ n{C}/a=2"),
    ("move_in_name_taken", "a=1", "b=2", "a>b", f"b=1 b{C}=2"),
    ("move_in_name_taken", "a=1 c=2", "a>b", "c>b", f"b=2 b{C}=1"),
    ("twins", "", "Ab=1", "aB=2", f"aB=2 Ab{C}=1"),
    ("twins", "", "caf\u00e9=1", "CAF\u00c9=2", f"CAF\u00c9=2 caf\u00e9{C}=1"),
    ("replaced_edit", "a=1", "-a a/ a/b=2", "a=3", f"a=3 a{C}/ a{C}/b=2"),
    ("case_rename", "a=1", "a>A", "a=2", "A=2"),
    ("case_rename", "f/ f/a=1", "f>F", "-f/a", "F/"),
    ("case_rename", "a=1", "a>A", "-a", "A=1"),
]  # fmt: skip


def paths_of(desk: Desk) -> dict[str, int]:
    return {desk.path(lid): lid for lid in desk.present()}


def act(desk: Desk, script: str) -> None:
    """Does what a person does: "path=content" writes, "path/" makes a folder, "a>b" moves, "-path" deletes."""
    moved: list[tuple[str, str]] = []
    for word in words(script):
        known = paths_of(desk)
        if word.startswith("-"):
            lid = known[word[1:]]
            for gone in [*desk.below(lid), lid]:
                desk.local(gone, presence=Presence.MISSING)
        elif ">" in word:
            source, target = word.split(">")
            desk.local(known[source], place=place(desk, target))
            moved.append((source, target))
        elif word.endswith("/"):
            add(desk, word[:-1], Kind.FOLDER, None)
        else:
            path, content = word.split("=")
            for source, target in moved:
                path = re.sub(f"^{re.escape(source)}/", f"{target}/", path)
            if path in known:
                desk.local(known[path], hash=content.encode())
            else:
                add(desk, path, Kind.FILE, content.encode())


def place(desk: Desk, path: str) -> Place:
    folder, _, name = path.rpartition("/")
    return Place(paths_of(desk)[folder] if folder else ROOT, name)


def add(desk: Desk, path: str, kind: Kind, content: bytes | None) -> None:
    at = place(desk, path)
    assert not desk.trees.local_at(at.parent, names.key(at.name))
    desk.add(desk.server.new(), local=fresh_local(kind, at.parent, at.name, content))


def words(tree: str) -> list[str]:
    """Splits a tree into its entries; a conflict name has spaces inside its parentheses."""
    return re.findall(r"[^\s(]+(?:\s\([^)]*\)\S*)*", tree)


def show(desk: Desk) -> list[str]:
    tree = desk.tree().items()
    return sorted(f"{path}/" if content is None else f"{path}={content.decode()}" for path, content in tree)


def meet(*desks: Desk) -> None:
    for _ in range(50):
        busy = False
        for desk in desks:
            desk.read()
            busy |= desk.work()
        if not busy and all(desk.cursor == len(desk.server.journal) for desk in desks):
            return
    raise AssertionError("no end of work")


@pytest.mark.parametrize(("row", "agreed", "here", "there", "result"), CASES)
def test_the_row_ends_as_the_table_says(row: str, agreed: str, here: str, there: str, result: str) -> None:
    server, chance = Server(), random.Random(0)
    first, second = Desk("THERE", server, chance), Desk("HERE", server, chance)
    act(first, agreed)
    meet(first, second)
    act(first, there)
    first.work()
    act(second, here)
    meet(second, first)
    assert show(second) == sorted(words(result))
    assert show(first) == sorted(words(result))


def test_every_row_of_the_table_is_executed() -> None:
    table = (Path(__file__).parents[2] / "docs" / "conflicts.md").read_text()
    rows = set(re.findall(r"^\| ([a-z_]+) \|", table, re.MULTILINE)) - {"row"}
    assert rows == {case[0] for case in CASES}
