"""How much is on its way, in both directions, and what of it waits for a person."""

from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Problem
from govsync.store import dirty, pending, problems
from tests.store.desk import StoredDesk


def test_what_was_never_here_and_is_to_come_counts_as_down(desk: StoredDesk) -> None:
    desk.tell(desk.state(b"n" * 16, "new", size_bytes=77))
    counted = pending.counts(desk.store)
    assert (counted.up, counted.down, counted.bytes_up, counted.bytes_down) == (0, 1, 0, 77)


def test_what_is_here_and_not_there_counts_as_up(desk: StoredDesk) -> None:
    dirty.add(desk.store, [desk.show("new")])
    counted = pending.counts(desk.store)
    assert (counted.up, counted.down, counted.bytes_up, counted.bytes_down) == (1, 0, 5, 0)


def test_what_was_renamed_here_counts_as_up_and_what_was_renamed_there_as_down(desk: StoredDesk) -> None:
    here, there = desk.synced("here"), desk.synced("there")
    dirty.add(desk.store, [here, there])
    desk.store.run("UPDATE node SET l_name = 'renamed', l_key = 'renamed' WHERE lid = ?", (here,))
    desk.store.run("UPDATE node SET r_name = 'renamed', r_key = 'renamed' WHERE lid = ?", (there,))
    counted = pending.counts(desk.store)
    assert (counted.up, counted.down) == (1, 1)


def test_what_cannot_come_into_a_folder_with_a_problem_waits_for_a_person_like_the_folder(
    desk: StoredDesk,
) -> None:
    folder = desk.tell(desk.state(b"f" * 16, "folder", kind=Kind.FOLDER, rev=None, hash=None))
    inner = desk.tell(desk.state(b"i" * 16, "inner", parent=b"f" * 16, kind=Kind.FOLDER, rev=None, hash=None))
    desk.tell(desk.state(b"c" * 16, "child", parent=b"i" * 16))
    assert pending.undecided_but_kept_back(desk.store, 2) == 3
    problems.raise_for(desk.store, folder, Problem(Code.LINK_IN_THE_WAY), 1)
    assert pending.undecided(desk.store) == 3
    assert pending.undecided_but_kept_back(desk.store, 2) == 0
    problems.clear(desk.store, [folder])
    problems.raise_for(desk.store, inner, Problem(Code.BUSY), 1, waiting=True)
    assert pending.undecided_but_kept_back(desk.store, 2) == 3, "a notice is no problem"
    problems.raise_for(desk.store, folder, Problem(Code.NAME_RESERVED), 1, name=".govsync-x")
    assert pending.undecided_but_kept_back(desk.store, 2) == 3, (
        "a name in the folder is no problem of the folder"
    )


def test_what_is_here_goes_on_its_way_whatever_its_folder_has(desk: StoredDesk) -> None:
    folder = desk.synced("folder", kind=Kind.FOLDER)
    problems.raise_for(desk.store, folder, Problem(Code.NO_ACCESS), 1)
    dirty.add(desk.store, [desk.show("new", folder)])
    assert pending.undecided_but_kept_back(desk.store, 2) == 1
