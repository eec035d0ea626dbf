"""What is told to the server, and what waits: deletions above all (R20, R23, R24, R25)."""

import msgspec

from govsync.model.nodes import Baseline, Kind, Local, Node, Place, Presence, Remote
from govsync.model.reconcile import reconcile
from govsync.model.steps import Aside, Delete, Mkdir, Move, Put, Relocate
from govsync.model.trees import MemoryTrees, root

ROOT, FOLDER, FILE = 1, 2, 3
SPACE, HASH = b"s" * 16, b"h" * 32
READ_TO = 7


def id_of(lid: int) -> bytes:
    return lid.to_bytes(16, "big")


def agreed_on(lid: int, place: Place, kind: Kind, presence: Presence, seq: int = READ_TO) -> Node:
    """A node of which nothing has changed but what the disk shows."""
    content = HASH if kind is Kind.FILE else None
    rev = id_of(lid) if kind is Kind.FILE else None
    return Node(
        lid, id_of(lid), SPACE,
        Local(place, kind, presence, content),
        Remote(place, kind, id_of(lid), seq, rev, content),
        Baseline(place, kind, id_of(lid), rev, content),
    )  # fmt: skip


def trees(*nodes: Node) -> MemoryTrees:
    made = MemoryTrees([root(ROOT, id_of(ROOT), SPACE), *nodes])
    made.cursor = READ_TO
    return made


def gone(seq_of_file: int = READ_TO) -> MemoryTrees:
    """A folder and the file in it have vanished."""
    return trees(
        agreed_on(FOLDER, Place(ROOT, "f"), Kind.FOLDER, Presence.MISSING),
        agreed_on(FILE, Place(FOLDER, "a"), Kind.FILE, Presence.MISSING, seq_of_file),
    )


def test_a_folder_goes_as_a_whole_and_says_up_to_where_the_journal_was_read() -> None:
    (step,) = reconcile(gone(), [FOLDER, FILE]).up
    assert step == Delete(FOLDER, id_of(FOLDER), None, READ_TO, (FOLDER, FILE))


def test_a_folder_waits_until_the_journal_is_read_to_the_last_change_in_it() -> None:
    """An own answer told of the file's change; what a colleague did a moment before it is not read yet."""
    steps = reconcile(gone(seq_of_file=READ_TO + 2), [FOLDER, FILE]).up
    assert [step.lid for step in steps] == [FILE], "a file is deleted as the revision that this desk had"


def test_a_deletion_waits_for_the_arrival_in_another_space() -> None:
    moved = msgspec.structs.replace(agreed_on(FILE, Place(ROOT, "a"), Kind.FILE, Presence.MISSING), after=9)
    plan = reconcile(trees(moved), [FILE])
    assert (plan.up, plan.waiting) == ((), (FILE,))
    arrived = msgspec.structs.replace(moved, after=None)
    assert [type(step) for step in reconcile(trees(arrived), [FILE]).up] == [Delete]


def test_a_parked_file_of_which_the_server_never_told_comes_back_from_where_nobody_sees_it() -> None:
    parked = Node(FILE, id_of(FILE), SPACE, Local(Place(ROOT, "a"), Kind.FILE, Presence.PARKED, HASH))
    assert reconcile(trees(parked), [FILE]).down == (Relocate(FILE, Place(ROOT, "a")),)


def test_a_mount_that_vanished_is_no_deletion() -> None:
    plan = reconcile(trees(agreed_on(FOLDER, Place(ROOT, "team"), Kind.MOUNT, Presence.MISSING)), [FOLDER])
    assert plan.up == ()
    assert [step.lid for step in plan.down] == [FOLDER], "it is made again"


def test_of_twins_on_one_disk_only_one_is_told_under_the_name() -> None:
    twins = [
        Node(lid, id_of(lid), SPACE, Local(Place(ROOT, name), Kind.FILE, Presence.HERE, bytes([lid]) * 32))
        for lid, name in ((2, "Report"), (3, "REPORT"))
    ]
    plan = reconcile(trees(*twins), [2, 3])
    assert [(type(step), step.lid) for step in plan.up] == [(Put, 2)]
    assert plan.down == (Aside(3, 2),)


def test_of_twins_the_one_that_is_agreed_on_keeps_the_name() -> None:
    """It is moved here to where a new folder of that name lies already; whoever is looked at first."""
    moved = agreed_on(3, Place(ROOT, "old"), Kind.FOLDER, Presence.HERE)
    assert moved.local is not None
    moved = msgspec.structs.replace(
        moved, local=msgspec.structs.replace(moved.local, place=Place(ROOT, "NAME"))
    )
    new = Node(2, id_of(2), SPACE, Local(Place(ROOT, "name"), Kind.FOLDER, Presence.HERE))
    for due in ([2, 3], [3, 2]):
        plan = reconcile(trees(new, moved), due)
        assert Aside(2, 3) in plan.down
        assert not any(isinstance(step, Mkdir) for step in plan.up)


def test_what_takes_the_name_of_something_that_has_just_vanished_waits_to_know_why_it_did() -> None:
    """`rm -r f; mv g f`: within the gap nobody yields, and once the loss is a deletion both are told, in order."""
    moved = agreed_on(9, Place(ROOT, "g"), Kind.FOLDER, Presence.HERE)
    assert moved.local is not None
    moved = msgspec.structs.replace(moved, local=msgspec.structs.replace(moved.local, place=Place(ROOT, "f")))
    vanished = agreed_on(FOLDER, Place(ROOT, "f"), Kind.FOLDER, Presence.GAP)
    plan = reconcile(trees(vanished, moved), [FOLDER, 9])
    assert (plan.up, plan.down) == ((), ())
    plan = reconcile(
        trees(agreed_on(FOLDER, Place(ROOT, "f"), Kind.FOLDER, Presence.MISSING), moved), [FOLDER, 9]
    )
    assert [(type(step), step.lid) for step in plan.up] == [(Delete, FOLDER), (Move, 9)]
    assert plan.down == ()
