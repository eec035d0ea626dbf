"""How single nodes are, and that a folder is what is in it."""

import pytest

from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Problem
from govsync.store import dirty, problems, standing
from govsync.store.standing import Standing
from tests.store.desk import StoredDesk


@pytest.fixture
def tree(desk: StoredDesk) -> tuple[int, int, int, int]:
    """Answers a folder, one in it, a file in that one, and a folder beside."""
    folder = desk.synced("folder", kind=Kind.FOLDER)
    deep = desk.synced("deep", folder, kind=Kind.FOLDER)
    return folder, deep, desk.synced("file", deep), desk.synced("beside", kind=Kind.FOLDER)


def settled(desk: StoredDesk, lids: tuple[int, ...]) -> list[bool]:
    found = Standing(desk.store)
    return [found.settled(lid) for lid in lids]


def test_what_was_agreed_on_is_settled_and_what_is_not_known_is_not(desk, tree):
    assert settled(desk, (*tree, 999)) == [True, True, True, True, False]


def test_what_is_on_its_way_is_so_for_every_folder_above_it(desk, tree):
    _, _, file, _ = tree
    dirty.add(desk.store, [file])
    assert settled(desk, tree) == [False, False, False, True]


def test_a_new_file_and_one_that_waits_for_a_program_are_on_their_way(desk, tree):
    _, deep, file, beside = tree
    new = desk.show("new", beside)
    dirty.add(desk.store, [new])
    assert settled(desk, (beside, new)) == [False, False]
    problems.raise_for(desk.store, file, Problem(Code.BUSY), 1, waiting=True)
    assert settled(desk, (deep, file)) == [False, False]


def test_a_problem_waits_in_every_folder_above_it(desk, tree):
    _, deep, _, _ = tree
    problems.raise_for(desk.store, deep, Problem(Code.NAME_NOT_TEXT), 1, name="odd")
    found = Standing(desk.store)
    assert [found.waits(lid) for lid in tree] == [True, True, False, False]


def test_a_space_that_is_mounted_counts_for_the_folder_around_it(desk):
    mount, root = desk.mount_team()
    dirty.add(desk.store, [desk.show("new", root)])
    found = Standing(desk.store)
    assert not found.settled(root)
    assert not found.settled(mount)


def test_while_very_much_is_on_its_way_no_folder_is_settled(desk, tree, monkeypatch):
    monkeypatch.setattr(standing, "MOST", 1)
    _, deep, file, beside = tree
    dirty.add(desk.store, [file])
    assert settled(desk, (deep, beside)) == [False, False]
    other = desk.synced("other")
    assert settled(desk, (other,)) == [True]
