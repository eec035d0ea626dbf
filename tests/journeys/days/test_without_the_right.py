"""Somebody works where they may only read, and loses even that while work lies unsent: nobody else sees a change, and every
byte that was written is kept in a named place."""

import os
import shutil
import stat

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

PLANS = {"Plans/a.txt": b"a1", "Plans/b.txt": b"b1", "Plans/2026/c.txt": b"c1", "Plans/2026/d.txt": b"d1"}


@pytest.fixture
def two(site: Site) -> tuple[Desk, Desk]:
    """Anna, who gives Boris a folder to read, and Boris, who has it."""
    anna, boris = site.desk("anna"), site.desk("boris", "boris", site.line.port)
    for path, content in PLANS.items():
        anna.write(path, content)
    anna.wait()
    share(anna, "viewer")
    until(lambda: boris.files() == PLANS, "the folder on Boris's desk")
    boris.wait()
    return anna, boris


def share(desk: Desk, role: str) -> None:
    desk.do("share", "add", str(desk.folder / "Plans"), "--with", "boris", "--role", role)


def save(desk: Desk, path: str, content: str) -> None:
    """Saves as editors do that write beside and rename: so nobody asks whether the file may be written."""
    beside = (desk.folder / path).with_name("~saving.tmp")
    beside.write_text(content)
    beside.rename(desk.folder / path)


def move(desk: Desk, source: str, target: str) -> None:
    (desk.folder / source).rename(desk.folder / target)


def modes(desk: Desk) -> dict[str, bool]:
    """Says of each file whether its owner may write it."""
    return {path: bool((desk.folder / path).stat().st_mode & stat.S_IWUSR) for path in desk.files()}


def rescued(desk: Desk) -> list[bytes]:
    folder = desk.base / "home" / "GovSync Rescued"
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def copy_of(path: str, turn: str = "") -> str:
    return f"{path.removesuffix('.txt')} (your copy, not uploaded){turn}.txt"


@pytest.mark.day("T13", part="one who may only read")
def test_what_is_done_without_the_right_changes_nothing_and_loses_nothing(two: tuple[Desk, Desk]) -> None:
    """Edits vanished, the second one too, and what was deleted never came back
    (Nextcloud desktop 10099, ownCloud client 5273, Seafile 348)."""
    anna, boris = two
    assert modes(boris) == dict.fromkeys(PLANS, False)
    boris.write("mine.txt", "mine")
    boris.wait()
    save(boris, "Plans/a.txt", "a2")
    boris.write("Plans/new/n.txt", "new")
    shutil.rmtree(boris.folder / "Plans/2026")
    move(boris, "mine.txt", "Plans/mine.txt")
    move(boris, "Plans/b.txt", "b.txt")
    own = {
        copy_of("Plans/a.txt"): b"a2",
        "Plans/new/n.txt": b"new",
        "Plans/mine.txt": b"mine",
        "b.txt": b"b1",
    }
    until(lambda: boris.files() == PLANS | own, "what everybody sees, and beside it what Boris made of it")
    boris.wait(4)
    save(boris, "Plans/a.txt", "a3")
    own[copy_of("Plans/a.txt", " 2")] = b"a3"
    until(lambda: boris.files() == PLANS | own, "a second copy")
    boris.wait(4)
    said = {
        copy_of("Plans/a.txt"): "kept_here",
        copy_of("Plans/a.txt", " 2"): "kept_here",
        "Plans/new": "kept_here",
        "Plans/mine.txt": "cannot_move_here",
    }
    assert boris.codes() == said
    assert (boris.json("status")["state"], boris.json("status")["problems"]) == ("problem", len(said))
    boris.kill()
    boris.start()
    boris.wait(4)
    assert (boris.codes(), boris.files()) == (said, PLANS | own)
    assert {path for path, may in modes(boris).items() if not may} == set(PLANS)
    anna.wait()
    assert anna.files() == PLANS
    share(anna, "editor")
    until(lambda: boris.json("problems") == [], "the end of every problem")
    boris.wait()
    anna.wait()
    theirs = {path: content for path, content in own.items() if path.startswith("Plans/")}
    assert anna.files() == PLANS | theirs
    assert boris.files() == PLANS | own
    until(lambda: all(modes(boris).values()), "the right to write")
    assert {"offered", "kept_beside", "put_back"} <= {row["kind"] for row in boris.json("activity")}


@pytest.mark.day("T13", part="one who may not even read any more")
@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_work_that_lies_unsent_when_the_sharing_ends_is_rescued(
    site: Site, two: tuple[Desk, Desk], role: str
) -> None:
    """A file that existed only here was removed with the folder that was no longer shared
    (Nextcloud server 58372 and 25755)."""
    anna, boris = two
    if role == "editor":
        share(anna, role)
        until(lambda: all(modes(boris).values()), "the right to write")
        boris.wait()
    save(boris, "Plans/a.txt", "a2")
    boris.wait(4 if role == "viewer" else 0)
    site.line.cut()
    save(boris, "Plans/a.txt", "a3")
    save(boris, "Plans/b.txt", "b2")
    boris.write("Plans/new.txt", os.urandom(40).hex())
    new = (boris.folder / "Plans/new.txt").read_bytes()
    boris.write("mine.txt", "mine")
    anna.do("share", "remove", str(anna.folder / "Plans"), "--with", "boris")
    anna.wait()
    before = anna.files()
    site.line.mend()
    until(lambda: "Plans" not in boris.tree(), "the folder gone from Boris's desk", limit_s=120)
    boris.wait()
    assert boris.files() == {"mine.txt": b"mine"}
    kept = [b"a2", b"a3", b"b2", new] if role == "viewer" else [b"a3", b"b2", new]
    assert rescued(boris) == sorted(kept)
    assert boris.json("problems") == []
    activity = [row["kind"] for row in boris.json("activity")]
    assert activity.count("rescued") == len(kept)
    anna.wait()
    assert anna.files() == before
