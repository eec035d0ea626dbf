"""What is chosen not to be on a desk, and which folders there are to choose from (R26)."""

from collections.abc import Iterator

import pytest

from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.store import dirty, left_out, pending, problems
from govsync.store.left_out import FolderRow
from govsync.store.trees import SqlTrees
from tests.store.test_sharing import Shared


class Large(Shared):
    """A desk with `f` (`f/a`, `f/d/b`), `g` and `o`, where every file has ten bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.store.run("UPDATE node SET r_size = 10 WHERE kind = 'file'")

    @property
    def chosen(self) -> set[int]:
        return {
            lid
            for (lid,) in self.store.all("SELECT n.lid FROM left_out o JOIN node n ON n.node_id = o.node_id")
        }

    def listed(self, folder: int) -> list[tuple[str, bool | None]]:
        return [(row.name, row.here) for row in left_out.folders(self.store, folder)]


@pytest.fixture
def desk() -> Iterator[Large]:
    made = Large()
    yield made
    made.store.close()


def test_folders_are_listed_with_what_is_in_them(desk: Large) -> None:
    assert left_out.folders(desk.store, desk.f) == [FolderRow("d", 10, folders=False, here=True)]
    rows = {row.name: row for row in left_out.folders(desk.store, desk.root)}
    assert rows["f"] == FolderRow("f", 20, folders=True, here=True)
    assert rows["o"] == FolderRow("o", 0, folders=False, here=True)


def test_a_folder_of_which_some_is_left_out_is_neither_here_nor_not(desk: Large) -> None:
    left_out.choose(desk.store, desk.b)
    assert ("f", None) in desk.listed(desk.root)
    assert desk.listed(desk.f) == [("d", None)]
    left_out.choose(desk.store, desk.f)
    assert ("f", False) in desk.listed(desk.root)
    assert desk.listed(desk.f) == [("d", False)]
    assert desk.chosen == {desk.f}


def test_to_take_in_a_folder_of_what_is_left_out_leaves_out_what_lies_beside(desk: Large) -> None:
    left_out.choose(desk.store, desk.f)
    left_out.take_in(desk.store, desk.d)
    assert desk.chosen == {desk.a}
    left_out.take_in(desk.store, desk.f)
    assert desk.chosen == set()


def test_what_is_below_is_left_out_and_what_is_beside_is_not(desk: Large) -> None:
    left_out.choose(desk.store, desk.f)
    trees = SqlTrees(desk.store, 0)
    assert [trees.left_out(lid) for lid in (desk.f, desk.a, desk.d, desk.b)] == [True] * 4
    assert not trees.left_out(desk.g)
    desk.store.run("UPDATE node SET r_dead = 1 WHERE lid = ?", (desk.a,))
    assert not SqlTrees(desk.store, 0).left_out(desk.a), "what the server does not have may be deleted here"
    left_out.choose(desk.store, desk.g)
    desk.store.run("UPDATE node SET r_dead = 1 WHERE lid = ?", (desk.g,))
    assert not SqlTrees(desk.store, 0).left_out(desk.g), "nor what was chosen itself"


def test_a_folder_that_is_shared_stays_left_out_as_the_mount_that_it_becomes(desk: Large) -> None:
    left_out.choose(desk.store, desk.f)
    desk.share()
    assert desk.chosen == {desk.m}
    trees = SqlTrees(desk.store, 0)
    assert all(trees.left_out(lid) for lid in (desk.m, desk.a, desk.d, desk.b))


def test_what_the_server_has_is_found_by_its_path(desk: Large) -> None:
    assert left_out.find(desk.store, ["f", "d", "b"]) == desk.b
    assert left_out.find(desk.store, ["f", "nothing"]) is None
    assert left_out.find(desk.store, []) == desk.root


def test_what_goes_is_nothing_to_fetch(desk: Large) -> None:
    left_out.choose(desk.store, desk.f)
    found = pending.counts(desk.store)
    assert (found.down, found.bytes_down) == (4, 0)


def test_a_folder_that_stays_for_what_has_a_problem_is_kept_back_with_it(desk: Large) -> None:
    """Then nothing moves any more, and `wait` ends."""
    left_out.choose(desk.store, desk.f)
    dirty.drop(desk.store, [desk.a])
    assert pending.undecided_but_kept_back(desk.store, 0) == 3
    problems.raise_for(desk.store, desk.b, Problem(Code.UNREADABLE), 0)
    assert pending.undecided_but_kept_back(desk.store, 0) == 0
