"""How single nodes are, and that a folder is what is in it."""

import pytest

from govsync.model.codes import Code
from govsync.model.nodes import Kind, Place
from govsync.model.problems import Problem
from govsync.store import dirty, holds, intents, kept, lost, problems, standing
from govsync.store.intents import Intent
from govsync.store.lost import Lost
from govsync.store.standing import Standing
from tests.store.desk import SPACE, StoredDesk


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


def test_what_was_sent_and_has_no_answer_yet_is_on_its_way(desk, tree):
    _, deep, file, _ = tree
    desk.store.insert("op_cover", [(file, b"k" * 16)])
    assert settled(desk, (deep, file)) == [False, False]


def test_what_is_being_changed_on_the_disk_is_on_its_way(desk, tree):
    _, deep, file, _ = tree
    intents.record(desk.store, [Intent(file, b"step", b"note")])
    assert settled(desk, (deep, file)) == [False, False]


def test_what_the_server_has_lost_is_on_its_way_until_it_is_given_back(desk, tree):
    _, deep, file, _ = tree
    lost.keep(
        desk.store, Lost(lid=file, place=Place(deep, "file"), place_key=b"p", epoch=b"e", seq=1, offered=True)
    )
    assert settled(desk, (deep, file)) == [False, False]


def test_what_was_not_read_yet_is_on_its_way_for_the_folders_above_it(desk, tree):
    _, deep, file, _ = tree
    desk.store.run("UPDATE node SET l_hash = NULL WHERE lid = ?", (file,))
    assert settled(desk, (deep, file)) == [False, False]


def test_another_content_than_the_server_has_and_what_is_not_on_the_disk_are_not_settled(desk, tree):
    _, _, file, beside = tree
    desk.store.run("UPDATE node SET l_hash = ? WHERE lid = ?", (b"o" * 32, file))
    desk.store.run("UPDATE node SET presence = 'missing' WHERE lid = ?", (beside,))
    assert settled(desk, (file, beside)) == [False, False]


def test_what_is_asked_about_and_what_is_kept_here_alone_wait_for_a_person(desk, tree):
    folder, _, file, beside = tree
    holds.add(desk.store, holds.opened(desk.store, SPACE, "rewrites", 1), [file])
    mine = desk.show("mine", beside)
    kept.keep(desk.store, mine, desk.ids.new(), 1)
    found = Standing(desk.store)
    assert [found.waits(lid) for lid in (folder, file, beside, mine)] == [True] * 4
