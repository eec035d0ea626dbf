"""What every form of the three trees must answer (`model.trees.Trees`), and forests grown by chance to ask it about.

A test class names the form by `build`; the same questions then go to each form, and random forests compare them whole.
"""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import strategies as st

from govsync.model import names
from govsync.model.nodes import Baseline, Kind, Local, Node, Place, Presence, Remote
from govsync.model.trees import Trees, root

SPACE = b"s" * 16
ROOT = 1
NAMES = ("a", "A", "b", "보고서", "보고서", "Straße", "STRASSE")
_ON_DISK = (Presence.HERE, Presence.LOCAL_ONLY)


def id_of(lid: int) -> bytes:
    """Makes the node id of a lid."""
    return lid.to_bytes(16, "big")


def here(lid: int, parent: int, name: str, presence: Presence = Presence.HERE) -> Node:
    """Makes a file that only the disk has."""
    return Node(lid, id_of(lid), SPACE, local=Local(Place(parent, name), Kind.FILE, presence))


def told(lid: int, parent: int, name: str, dead: bool = False) -> Node:
    """Makes a file that only the server has."""
    return Node(
        lid, id_of(lid), SPACE, remote=Remote(Place(parent, name), Kind.FILE, b"p" * 16, lid, dead=dead)
    )


class TreesContract:
    """The questions; `build` makes the trees of these nodes, whose journal has been read up to `cursor`."""

    def build(self, nodes: Sequence[Node], busy: Iterable[int] = (), cursor: int = 0) -> Trees:
        raise NotImplementedError

    def grow(self, *nodes: Node, busy: Iterable[int] = (), cursor: int = 0) -> Trees:
        return self.build((root(ROOT, id_of(ROOT), SPACE), *nodes), busy, cursor)

    def test_a_node_is_answered_with_all_its_facts(self) -> None:
        node = Node(
            7,
            id_of(7),
            SPACE,
            Local(Place(ROOT, "a"), Kind.FILE, Presence.HERE, b"h" * 32, True),
            Remote(
                Place(ROOT, "b"), Kind.FILE, b"p" * 16, 12, b"r" * 16, b"i" * 32, 99, True, False, b"c" * 16
            ),
            Baseline(Place(ROOT, "c"), Kind.FILE, b"q" * 16, b"t" * 16, b"j" * 32, True),
            after=9,
            conflict_of=b"c" * 16,
        )
        assert self.grow(node).node(7) == node

    def test_a_lid_that_is_not_known_is_a_key_error(self) -> None:
        trees = self.grow()
        with pytest.raises(KeyError):
            trees.node(99)

    def test_what_is_not_on_the_disk_is_nobodys_local_child(self) -> None:
        nodes = [here(2 + turn, ROOT, f"f{turn}", presence) for turn, presence in enumerate(Presence)]
        expected = [node.lid for node in nodes if node.local is not None and node.local.presence in _ON_DISK]
        assert list(self.grow(*nodes).local_children(ROOT)) == expected

    def test_the_dead_are_nobodys_remote_children_and_hold_no_name(self) -> None:
        trees = self.grow(told(2, ROOT, "a", dead=True), told(3, ROOT, "b"))
        assert list(trees.remote_children(ROOT)) == [3]
        assert trees.remote_at(ROOT, "a") is None
        assert trees.remote_at(ROOT, "b") == 3

    def test_children_come_in_order_of_lid(self) -> None:
        trees = self.grow(here(5, ROOT, "a"), here(3, ROOT, "b"), told(9, ROOT, "c"), told(4, ROOT, "d"))
        assert list(trees.local_children(ROOT)) == [3, 5]
        assert list(trees.remote_children(ROOT)) == [4, 9]

    def test_a_name_is_found_by_its_key(self) -> None:
        trees = self.grow(here(2, ROOT, "Straße"), here(3, ROOT, "STRASSE"), told(4, ROOT, "보고서"))
        assert list(trees.local_at(ROOT, names.key("strasse"))) == [2, 3]
        assert trees.remote_at(ROOT, names.key("보고서")) == 4
        assert list(trees.local_at(ROOT, names.key("x"))) == []

    def test_a_name_is_looked_for_in_its_own_folder_only(self) -> None:
        trees = self.grow(here(2, ROOT, "a"), told(3, ROOT, "a"), here(4, 2, "b"))
        assert list(trees.local_at(2, "a")) == []
        assert trees.remote_at(2, "a") is None
        assert list(trees.local_at(2, "b")) == [4]

    def test_busy_are_exactly_those_that_something_is_under_way_for(self) -> None:
        lids = range(2, 8)
        trees = self.grow(*(here(lid, ROOT, str(lid)) for lid in lids), busy=(2, 3, 4, 5))
        assert [lid for lid in lids if trees.busy(lid)] == [2, 3, 4, 5]

    def test_the_journal_is_read_to_its_cursor(self) -> None:
        assert self.grow(told(2, ROOT, "a"), cursor=41).read_to(2) == 41
        assert self.grow(told(2, ROOT, "a")).read_to(2) == 0

    def test_the_synced_folder_itself_lies_at_no_mount(self) -> None:
        trees = self.grow(told(2, ROOT, "a"))
        assert (trees.mount_of(ROOT), trees.mount_of(2)) == (None, None)


@st.composite
def forests(draw: st.DrawFn) -> tuple[list[Node], set[int], int]:
    """Grows nodes whose places form a tree on each side, says which are busy, and how far the journal was read."""
    nodes = [root(ROOT, id_of(ROOT), SPACE)]
    folders = [ROOT]
    for lid in range(2, 2 + draw(st.integers(0, 8))):
        kind = draw(st.sampled_from((Kind.FILE, Kind.FOLDER)))
        nodes.append(_grown(draw, lid, kind, folders))
        if kind is Kind.FOLDER:
            folders.append(lid)
    busy = draw(st.sets(st.integers(2, max(2, len(nodes)))))
    return nodes, busy & {node.lid for node in nodes}, draw(st.integers(0, 9))


def _grown(draw: st.DrawFn, lid: int, kind: Kind, folders: Sequence[int]) -> Node:
    file = kind is Kind.FILE

    def place() -> Place:
        return Place(draw(st.sampled_from(folders)), names.nfc(draw(st.sampled_from(NAMES))))

    def content() -> bytes | None:
        return draw(st.sampled_from((b"1" * 32, b"2" * 32))) if file else None

    local = remote = base = None
    place_key = draw(st.sampled_from((b"p" * 16, b"q" * 16)))
    if draw(st.booleans()):
        read = content() if draw(st.booleans()) else None
        local = Local(place(), kind, draw(st.sampled_from(Presence)), read, file and draw(st.booleans()))
    if draw(st.booleans()):
        seq = draw(st.integers(1, 9))
        remote = Remote(
            place(), kind, place_key, seq, b"r" * 16 if file else None, content(), dead=draw(st.booleans())
        )
    if (local is not None or remote is not None) and draw(st.booleans()):
        base = Baseline(place(), kind, place_key, b"r" * 16 if file else None, content())
    return Node(lid, id_of(lid), SPACE, local, remote, base)
