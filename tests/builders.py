"""Trees in one line, for tests of every floor: `"a/b.txt=1 c/ run.sh=2*"`.

A word with `=` is a file and what it holds, a word that ends in `/` an empty folder, `*` marks an executable file;
folders on the way need not be named. `name#7=1` says that the node is number 7, so that another tree can have it at
another place. From such a line come the three trees in memory, a folder of the real disk or of a simulated one, and a
line comes from what lies there.
"""

import hashlib
from pathlib import Path

import msgspec

from govsync.local.steps import STATE
from govsync.model.nodes import Baseline, Kind, Local, Node, Place, Presence, Remote
from govsync.model.trees import MemoryTrees, root
from govsync.system.fs import Shape
from tests.simulation.medium import Inode, Medium

ROOT = 1
SPACE = b"s" * 16
FIRST_LID = 100


class Item(msgspec.Struct, frozen=True):
    """One entry of a tree; `text` None: a folder."""

    text: str | None = None
    exec: bool = False
    number: int | None = None


def tree(line: str) -> dict[str, Item]:
    """Reads a line; folders come before what is in them."""
    found: dict[str, Item] = {}
    for word in line.split():
        path, is_file, text = word.partition("=")
        path, has_number, number = path.rstrip("/").partition("#")
        node = int(number) if has_number else None
        for end in [at for at, sign in enumerate(path) if sign == "/"]:
            found.setdefault(path[:end], Item())
        found[path] = Item(text.rstrip("*") if is_file else None, text.endswith("*"), node)
    return found


def line(found: dict[str, Item]) -> str:
    """Writes a tree as a line, in order of path; folders that hold something are left out."""
    words = []
    for path, item in sorted(found.items()):
        number = "" if item.number is None else f"#{item.number}"
        if item.text is not None:
            words.append(f"{path}{number}={item.text}{'*' if item.exec else ''}")
        elif not any(other.startswith(path + "/") for other in found):
            words.append(f"{path}{number}/")
    return " ".join(words)


def memory_trees(*, local: str = "", remote: str = "", baseline: str = "") -> MemoryTrees:
    """Builds the three trees; a path is the same node in each, unless numbers say otherwise."""
    trees = MemoryTrees([root(ROOT, b"root".ljust(16, b"\0"), SPACE)])
    lids: dict[str, int] = {}
    for name, text in (("baseline", baseline), ("remote", remote), ("local", local)):
        here: dict[str, int] = {"": ROOT}
        for path, item in tree(text).items():
            above, _, last = path.rpartition("/")
            lid = item.number or lids.setdefault(path, FIRST_LID + len(lids))
            here[path] = lid
            _set(trees, lid, name, Place(here[above], last), item)
    return trees


def _set(trees: MemoryTrees, lid: int, name: str, place: Place, item: Item) -> None:
    kind = Kind.FOLDER if item.text is None else Kind.FILE
    rev = None if item.text is None else _id(f"{lid} {item.text}")
    content = None if item.text is None else hashlib.sha256(item.text.encode()).digest()
    if lid not in trees.nodes:
        trees.put(Node(lid=lid, node_id=_id(str(lid)), space=SPACE))
    place_key = _id(f"{lid} {place}")
    fact: Local | Remote | Baseline
    if name == "local":
        fact = Local(place, kind, Presence.HERE, content, item.exec)
    elif name == "remote":
        fact = Remote(place, kind, place_key, 1, rev, content, len(item.text or ""), item.exec)
    else:
        fact = Baseline(place, kind, place_key, rev, content, item.exec)
    trees.put(msgspec.structs.replace(trees.node(lid), **{name: fact}))


def _id(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


# Disks


def fill_folder(folder: Path, text: str) -> None:
    """Puts a tree into a real folder, beside what is there."""
    for path, item in tree(text).items():
        place = folder / path
        if item.text is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.write_text(item.text)
            place.chmod(0o755 if item.exec else 0o644)


def folder_line(folder: Path) -> str:
    """Reads a real folder as a line, without GovSync's own part of it."""
    found = {}
    for place in folder.rglob("*"):
        path = place.relative_to(folder)
        if path.parts[0] != STATE:
            is_file = place.is_file()
            runs = is_file and bool(place.stat().st_mode & 0o100)
            found[str(path)] = Item(place.read_text() if is_file else None, runs)
    return line(found)


def fill_medium(medium: Medium, root_path: tuple[str, ...], text: str, author: str = "person") -> None:
    """Puts a tree into a folder of a simulated disk, beside what is there; files that are there get the new bytes."""
    for path, item in tree(text).items():
        above, _, name = path.rpartition("/")
        folder = medium.resolve((*root_path, *above.split("/")) if above else root_path)
        inode = medium.here(folder, name)
        if item.text is None:
            if inode is None:
                medium.make(folder, name, Shape.FOLDER, author)
            continue
        inode = inode or medium.make(folder, name, Shape.FILE, author)
        medium.set_data(inode, item.text.encode(), author)
        medium.set_exec(inode, item.exec)


def medium_line(medium: Medium, folder: Inode) -> str:
    """Reads a folder of a simulated disk as a line, without GovSync's own part of it."""
    found = {}
    for path, inode in medium.walk(folder):
        if path[0] != STATE:
            text = inode.data.decode() if inode.shape is Shape.FILE else None
            found["/".join(path)] = Item(text, inode.exec and text is not None)
    return line(found)
