"""Whoever may only add tells of what is new, and of nothing else (R37); whoever may read besides has the rest as a reader."""

import msgspec
import pytest

from govsync.model.nodes import Baseline, Kind, Local, Node, Place, Presence, Remote
from govsync.model.reconcile import reconcile
from govsync.model.steps import (
    AnyBook,
    Forget,
    Keep,
    KeepBoth,
    Leave,
    LeaveOut,
    Mkdir,
    Plan,
    Put,
    Remove,
    Renew,
)
from govsync.model.trees import MemoryTrees, root
from tests.model.trees_contract import ROOT, SPACE, id_of

HASH, OTHER = b"h" * 32, b"o" * 32
KEY = b"k" * 16


def sent(lid: int, name: str, kind: Kind = Kind.FILE, parent: int = ROOT) -> Node:
    """Something that was sent, and lies where it was sent from."""
    place, digest = Place(parent, name), HASH if kind is Kind.FILE else None
    rev = KEY if kind is Kind.FILE else None
    return Node(
        lid,
        id_of(lid),
        SPACE,
        Local(place, kind, Presence.HERE, digest),
        Remote(place, kind, KEY, 0, rev, digest),
        Baseline(place, kind, KEY, rev, digest),
    )


def new(lid: int, name: str, kind: Kind = Kind.FILE, parent: int = ROOT) -> Node:
    place = Place(parent, name)
    return Node(
        lid,
        id_of(lid),
        SPACE,
        Local(place, kind, Presence.HERE, HASH if kind is Kind.FILE else None),
    )


def shown(node: Node, **facts: object) -> Node:
    assert node.local is not None
    return msgspec.structs.replace(node, local=msgspec.structs.replace(node.local, **facts))


def dead(node: Node) -> Node:
    assert node.remote is not None
    return msgspec.structs.replace(node, remote=msgspec.structs.replace(node.remote, dead=True))


def plan(*nodes: Node, reads: bool = False) -> Plan:
    trees = MemoryTrees((root(ROOT, id_of(ROOT), SPACE), *nodes))
    trees.adds, trees.reads_only = True, reads
    return reconcile(trees, [node.lid for node in nodes])


@pytest.mark.parametrize(
    ("node", "book"),
    [
        (sent(2, "a"), None),
        (shown(sent(2, "a"), place=Place(ROOT, "b")), Leave(2)),
        (shown(sent(2, "a"), exec=True), Leave(2)),
        (shown(sent(2, "a"), hash=OTHER), Renew(2)),
        (shown(sent(2, "a"), hash=OTHER, place=Place(ROOT, "b")), Renew(2)),
        (shown(sent(2, "f", Kind.FOLDER), place=Place(ROOT, "g")), Leave(2)),
        *((shown(sent(2, "a"), presence=gone), Forget(2)) for gone in (Presence.MISSING, Presence.EXCLUDED)),
        *((shown(sent(2, "a"), presence=here), None) for here in (Presence.GAP, Presence.OBSCURED)),
        (shown(sent(2, "a"), hash=None), None),
    ],
)
def test_of_what_was_sent_nobody_is_told_and_it_is_as_it_lies_here(node: Node, book: AnyBook | None) -> None:
    made = plan(node)
    assert (made.up, made.down) == ((), ())
    assert made.books == (() if book is None else (book,))


def test_what_is_new_is_told_wherever_it_lies_and_whatever_has_its_name() -> None:
    nodes = (
        shown(sent(2, "f", Kind.FOLDER), place=Place(ROOT, "g")), sent(3, "a"), shown(sent(4, "b"), place=Place(2, "c")),
        new(5, "A"), new(6, "b"), new(7, "f", Kind.FOLDER), new(8, "x", parent=7), new(9, "x", parent=2), new(10, "B"),
    )  # fmt: skip
    made = plan(*nodes)
    assert made.books == (Leave(2), Leave(4))
    assert made.down == ()
    assert {step.lid: type(step) for step in made.up} == {
        5: Put, 6: Put, 7: Mkdir, 8: Put, 9: Put, 10: Put,
    }  # fmt: skip
    order = [step.lid for step in made.up]
    assert order.index(7) < order.index(8)


def test_what_was_sent_and_is_left_out_of_this_desk_goes_from_it() -> None:
    trees = MemoryTrees(
        (root(ROOT, id_of(ROOT), SPACE), sent(2, "a"), shown(sent(3, "b"), presence=Presence.MISSING))
    )
    trees.adds, trees.chosen = True, {2, 3}
    made = reconcile(trees, [2, 3])
    assert (made.up, made.down, made.books) == ((), (Remove(2),), (LeaveOut(3),))


def test_what_was_sent_is_told_again_once_the_server_is_not_known_to_have_it() -> None:
    again = msgspec.structs.replace(sent(2, "a"), remote=None)
    assert plan(again).up == (Put(2, Place(ROOT, "a"), None),)


def test_who_reads_besides_tells_of_what_is_new_and_keeps_what_is_not() -> None:
    nodes = (
        shown(sent(2, "a"), hash=OTHER), new(3, "n"), new(4, "f", Kind.FOLDER), new(5, "x", parent=4),
        dead(sent(6, "gone", Kind.FOLDER)), new(7, "y", parent=6), new(8, "d", Kind.FOLDER, parent=6), new(9, "z", parent=8),
    )  # fmt: skip
    made = plan(*nodes, reads=True)
    assert {step.lid for step in made.up} == {3, 4, 5}
    assert made.down == (KeepBoth(2),)
    assert {book.lid for book in made.books if isinstance(book, Keep)} == {7, 8, 9}
