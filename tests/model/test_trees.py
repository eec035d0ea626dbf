"""The trees in memory keep the contract; what is agreed and what is settled is said fact by fact."""

from collections.abc import Iterable, Sequence

import msgspec
import pytest
from hypothesis import given

from govsync.model.nodes import Baseline, Kind, Local, Node, Place, Presence, Remote
from govsync.model.reconcile import reconcile
from govsync.model.steps import Adopt, Forget, LeaveOut, TakeIn, Unify
from govsync.model.trees import MemoryTrees, agreed, root, settled
from tests.model.trees_contract import ROOT, SPACE, TreesContract, forests, id_of

HASH, OTHER = b"h" * 32, b"o" * 32
PLACE = Place(ROOT, "a")


class TestMemoryTrees(TreesContract):
    def build(self, nodes: Sequence[Node], busy: Iterable[int] = (), cursor: int = 0) -> MemoryTrees:
        trees = MemoryTrees(nodes, busy)
        trees.cursor = cursor
        return trees


def synced(**local: object) -> Node:
    """A file about which all three trees say the same, but for these facts of the disk."""
    shown = msgspec.structs.replace(Local(PLACE, Kind.FILE, Presence.HERE, HASH), **local)
    return Node(
        2,
        id_of(2),
        SPACE,
        shown,
        Remote(PLACE, Kind.FILE, b"p" * 16, 5, b"r" * 16, HASH),
        Baseline(PLACE, Kind.FILE, b"p" * 16, b"r" * 16, HASH),
    )


def with_remote(node: Node, **facts: object) -> Node:
    assert node.remote is not None
    return msgspec.structs.replace(node, remote=msgspec.structs.replace(node.remote, **facts))


def test_a_root_is_settled_from_the_beginning() -> None:
    assert settled(root(ROOT, id_of(ROOT), SPACE))


@pytest.mark.parametrize(
    "node",
    [
        synced(place=Place(ROOT, "b")),
        synced(hash=OTHER),
        synced(hash=None),
        synced(exec=True),
        synced(presence=Presence.MISSING),
        synced(presence=Presence.GAP),
        synced(presence=Presence.PARKED),
        with_remote(synced(), place=Place(ROOT, "b")),
        with_remote(synced(), place_key=b"q" * 16),
        with_remote(synced(), rev=b"s" * 16),
        with_remote(synced(), hash=OTHER),
        with_remote(synced(), dead=True),
        msgspec.structs.replace(synced(), baseline=None),
        msgspec.structs.replace(synced(), local=None),
        msgspec.structs.replace(synced(), remote=None),
    ],
)
def test_a_node_of_which_any_fact_differs_is_not_settled(node: Node) -> None:
    assert settled(synced())
    assert not settled(node)


@pytest.mark.parametrize("presence", [Presence.LOCAL_ONLY, Presence.OBSCURED])
def test_what_is_never_offered_or_cannot_be_seen_is_settled_whatever_the_rest_says(
    presence: Presence,
) -> None:
    assert settled(synced(presence=presence, hash=OTHER))


def test_an_excluded_node_is_settled_while_the_server_has_it() -> None:
    excluded = synced(presence=Presence.EXCLUDED)
    assert settled(excluded)
    assert not settled(with_remote(excluded, dead=True))


def test_place_content_and_executable_bit_are_agreed_on_each_by_itself() -> None:
    node = with_remote(synced(hash=OTHER), place=Place(ROOT, "b"), hash=OTHER, rev=b"s" * 16)
    base = agreed(node)
    assert base is not None
    assert (base.place, base.place_key) == (PLACE, b"p" * 16), "disk and server show different places"
    assert (base.rev, base.hash) == (b"s" * 16, OTHER), "they show the same content"


def test_nothing_is_agreed_on_first_while_the_places_differ() -> None:
    node = with_remote(msgspec.structs.replace(synced(), baseline=None), place=Place(ROOT, "b"))
    assert agreed(node) is None


def test_equal_places_with_different_contents_agree_on_no_content() -> None:
    base = agreed(msgspec.structs.replace(synced(hash=OTHER), baseline=None))
    assert base is not None
    assert (base.place, base.hash, base.rev) == (PLACE, None, None)


def test_an_unread_file_agrees_on_no_content() -> None:
    base = agreed(msgspec.structs.replace(synced(hash=None), baseline=None))
    assert base is not None
    assert base.hash is None


@pytest.mark.parametrize("presence", [each for each in Presence if each is not Presence.HERE])
def test_what_is_not_here_changes_no_agreement(presence: Presence) -> None:
    moved = Place(ROOT, "b")
    node = with_remote(synced(presence=presence, place=moved, hash=OTHER), place=moved, hash=OTHER)
    assert agreed(node) == node.baseline


@given(forests())
def test_books_that_were_kept_are_not_kept_again(grown: tuple[list[Node], set[int], int]) -> None:
    """An `Adopt` that is carried out leaves nothing to adopt: a plan is not made twice from the same facts (I9)."""
    nodes, busy, cursor = grown
    trees = MemoryTrees(nodes, busy)
    trees.cursor = cursor
    due = [node.lid for node in nodes]
    adopted = [book.lid for book in reconcile(trees, due).books if isinstance(book, Adopt)]
    for lid in adopted:
        trees.put(msgspec.structs.replace(trees.node(lid), baseline=agreed(trees.node(lid))))
    again = reconcile(trees, due).books
    assert not [book for book in again if isinstance(book, Adopt)]
    assert all(isinstance(book, Forget | Unify | LeaveOut | TakeIn) for book in again)
