"""How files are that a file manager shows: never better than they are (I13)."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from govsync.agent import shown
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Problem
from govsync.store import problems
from tests.store.desk import TICK_NS, StoredDesk


class Shown(StoredDesk):
    """A desk that is in sync: a folder with a file in it, which lies on the disk as it was read."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.plans = self.synced("Plans", kind=Kind.FOLDER)
        self.file = self.synced("a", self.plans)
        self.path = folder / "Plans" / "a"
        self.path.parent.mkdir()
        self.write(b"words")
        self.signed_in, self.scanned, self.problem = True, True, False

    def write(self, content: bytes, second: int = 1) -> None:
        self.path.write_bytes(content)
        os.utime(self.path, ns=(TICK_NS, second * TICK_NS))

    def states(self) -> list[str]:
        """How the folder and the file are shown."""
        problem = Problem(Code.FOLDER_MISSING) if self.problem else None
        engine = SimpleNamespace(
            signed_in=self.signed_in,
            root_problem=problem,
            observing=SimpleNamespace(ever_scanned=self.scanned),
        )
        agent = SimpleNamespace(
            store=self.store, engine=engine, identity=SimpleNamespace(folder=str(self.folder))
        )
        asked = [str(self.path.parent), str(self.path)]
        return [row.state for row in shown.shown(agent, lambda _, work: work(), asked)]  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Shown]:
    made = Shown(tmp_path)
    yield made
    made.store.close()


def test_what_is_settled_and_lies_there_as_it_was_read_is_in_sync(desk: Shown) -> None:
    assert desk.states() == ["in_sync", "in_sync"]


def test_nothing_is_known_where_nobody_is_signed_in(desk: Shown) -> None:
    desk.signed_in = False
    assert desk.states() == ["none", "none"]


@pytest.mark.parametrize("lacking", ["a look", "the folder"])
def test_nothing_is_in_sync_before_the_first_look_nor_while_it_is_not_known_what_lies_there(
    desk: Shown, lacking: str
) -> None:
    desk.scanned, desk.problem = lacking != "a look", lacking == "the folder"
    assert desk.states() == ["syncing", "syncing"]


@pytest.mark.parametrize("what", ["saved", "another time", "gone"])
def test_what_was_changed_a_moment_ago_is_on_its_way(desk: Shown, what: str) -> None:
    if what == "gone":
        desk.path.unlink()
    else:
        desk.write(b"more words" if what == "saved" else b"words", second=2)
    assert desk.states()[1] == "syncing"


def test_what_waits_for_a_person_does_so_whatever_is_saved_meanwhile(desk: Shown) -> None:
    problems.raise_for(desk.store, desk.file, Problem(Code.QUOTA), 1)
    desk.write(b"more words", second=2)
    assert desk.states() == ["problem", "problem"]
