"""What is chosen not to be on this desk: it goes once the server has it, and is told as deleted by nothing (R26)."""

import msgspec
import pytest

from govsync.model.nodes import Kind, Local, Node, Place, Presence
from govsync.model.reconcile import reconcile
from govsync.model.steps import Aside, Attr, LeaveOut, MakeFolder, Move, Plan, Put, Relocate, Remove, TakeIn
from govsync.model.trees import MemoryTrees
from tests.model.test_upward import FILE, FOLDER, ROOT, SPACE, agreed_on, id_of, trees

OTHER = b"o" * 32
IN_FOLDER = Place(FOLDER, "a")
GONE = agreed_on(FOLDER, Place(ROOT, "f"), Kind.FOLDER, Presence.MISSING)


def tree(*nodes: Node, chosen: int = FOLDER) -> MemoryTrees:
    """A folder, chosen not to be here, with something in it."""
    made = trees(agreed_on(FOLDER, Place(ROOT, "f"), Kind.FOLDER, Presence.HERE), *nodes)
    made.chosen.add(chosen)
    return made


def plan(presence: Presence, **local: object) -> Plan:
    node = agreed_on(FILE, IN_FOLDER, Kind.FILE, presence)
    changed = msgspec.structs.replace(node, local=msgspec.structs.replace(node.local, **local))
    return reconcile(tree(changed), [FILE])


def test_what_the_server_has_goes() -> None:
    found = plan(Presence.HERE)
    assert (found.books, found.up, found.down, found.waiting) == ((), (), (Remove(FILE),), ())


def test_the_folder_goes_after_what_is_in_it() -> None:
    found = reconcile(tree(agreed_on(FILE, IN_FOLDER, Kind.FILE, Presence.HERE)), [FOLDER, FILE])
    assert found.down == (Remove(FILE), Remove(FOLDER))


def test_what_is_older_than_what_the_server_has_goes_and_nothing_is_fetched() -> None:
    node = agreed_on(FILE, IN_FOLDER, Kind.FILE, Presence.HERE)
    newer = msgspec.structs.replace(
        node, remote=msgspec.structs.replace(node.remote, hash=OTHER, rev=b"n" * 16)
    )
    assert reconcile(tree(newer), [FILE]).down == (Remove(FILE),)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"hash": OTHER}, Put(FILE, None, id_of(FILE))),
        ({"place": Place(ROOT, "b")}, Move(FILE, Place(ROOT, "b"), id_of(FILE))),
        ({"exec": True}, Attr(FILE, True)),
    ],
)
def test_what_the_server_does_not_have_yet_is_told_first(changed: dict[str, object], told: object) -> None:
    found = plan(Presence.HERE, **changed)
    assert (found.up, found.down) == ((told,), ())


def test_what_is_not_read_yet_waits() -> None:
    found = plan(Presence.HERE, hash=None)
    assert (found.up, found.down, found.waiting) == ((), (), (FILE,))


@pytest.mark.parametrize("presence", [Presence.MISSING, Presence.NOT_YET])
def test_what_is_not_here_is_left_out_neither_deleted_nor_fetched(presence: Presence) -> None:
    found = plan(presence)
    assert (found.books, found.up, found.down) == ((LeaveOut(FILE),), (), ())


def test_what_is_not_left_out_any_more_is_wanted() -> None:
    made = tree(agreed_on(FILE, IN_FOLDER, Kind.FILE, Presence.EXCLUDED), chosen=99)
    assert reconcile(made, [FILE]).books == (TakeIn(FILE),)
    stayed = agreed_on(FOLDER, Place(ROOT, "f"), Kind.FOLDER, Presence.LOCAL_ONLY)
    assert reconcile(trees(stayed), [FOLDER]).books == (TakeIn(FOLDER),)


def test_a_deleted_folder_takes_nothing_along_that_was_left_out() -> None:
    """Both are missing; of the file it is only to be noted yet that it is left out."""
    made = trees(GONE, agreed_on(FILE, IN_FOLDER, Kind.FILE, Presence.MISSING))
    made.chosen.add(FILE)
    assert reconcile(made, [FOLDER]).up == ()


def test_a_deleted_folder_comes_back_for_what_is_left_out_below_it() -> None:
    made = trees(GONE, agreed_on(FILE, IN_FOLDER, Kind.FILE, Presence.EXCLUDED))
    made.chosen.add(FILE)
    found = reconcile(made, [FOLDER])
    assert (found.up, found.down) == ((), (MakeFolder(FOLDER, Place(ROOT, "f")),))


def test_a_new_folder_of_its_name_is_another_one() -> None:
    made = trees(agreed_on(FOLDER, Place(ROOT, "f"), Kind.FOLDER, Presence.EXCLUDED))
    made.chosen.add(FOLDER)
    made.put(Node(9, id_of(9), SPACE, Local(Place(ROOT, "f"), Kind.FOLDER, Presence.HERE)))
    assert reconcile(made, [9]).down == (Aside(9, FOLDER),)


def test_what_was_parked_on_its_way_into_it_is_where_people_can_see_it_first() -> None:
    made = trees(
        agreed_on(FOLDER, Place(ROOT, "f"), Kind.FOLDER, Presence.EXCLUDED),
        agreed_on(FILE, IN_FOLDER, Kind.FILE, Presence.PARKED),
    )
    made.chosen.add(FOLDER)
    assert reconcile(made, [FILE]).down == (Relocate(FILE, Place(ROOT, "a")),)


def test_what_was_moved_there_is_left_out_there() -> None:
    node = agreed_on(FILE, IN_FOLDER, Kind.FILE, Presence.EXCLUDED)
    moved = msgspec.structs.replace(
        node, remote=msgspec.structs.replace(node.remote, place=Place(FOLDER, "b"))
    )
    assert reconcile(tree(moved), [FILE]).books == (LeaveOut(FILE),)
