"""The trees over SQL keep the contract, and answer like those in memory about any forest."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import pytest
from hypothesis import given

from govsync.model import names
from govsync.model import trees as model
from govsync.model.codes import Code
from govsync.model.nodes import NOWHERE, Baseline, Kind, Local, Node, Place, Presence, Remote
from govsync.model.problems import Problem
from govsync.model.reconcile import reconcile
from govsync.model.trees import MemoryTrees, Trees
from govsync.protocol.session import Role, SpaceKind, SpaceState
from govsync.store import dirty, holds, intents, local_tree, ops, problems, trees
from govsync.store.database import IN_MEMORY, Store
from govsync.store.intents import Intent
from govsync.store.local_tree import Disk
from govsync.store.trees import SqlTrees
from tests.model.trees_contract import NAMES, ROOT, SPACE, TreesContract, forests
from tests.store.desk import EPOCH, StoredDesk, dirty_lids

NOW_MS = 1_000


def plant(store: Store, node: Node) -> None:
    """Stores a node with all its facts, under its own lid."""
    kinds = [fact.kind for fact in (node.local, node.remote, node.baseline) if fact is not None]
    store.run(
        "INSERT INTO node (lid, node_id, space, kind, conflict_of, after_lid) VALUES (?, ?, ?, ?, ?, ?)",
        (node.lid, node.node_id, node.space, kinds[0] if kinds else "folder", node.conflict_of, node.after),
    )
    if node.local is not None:
        local_tree.set_local(store, node.lid, node.local, Disk(node.local.place.name, node.lid, 1, 1, 1))
    local_tree.set_baseline(store, node.lid, node.baseline)
    remote = node.remote
    if remote is not None:
        store.run(
            "UPDATE node SET r_parent = ?, r_name = ?, r_key = ?, r_place = ?, r_seq = ?, r_rev = ?, r_hash = ?,"
            " r_size = ?, r_exec = ?, r_dead = ? WHERE lid = ?",
            (
                remote.place.parent, remote.place.name, names.key(remote.place.name), remote.place_key, remote.seq,
                remote.rev, remote.hash, remote.size_bytes, remote.exec, remote.dead, node.lid,
            ),
        )  # fmt: skip


def occupy(store: Store, lid: int) -> None:
    """Makes a node busy, each in one of the ways in which a node can be."""
    way = lid % 4
    if way == 0:
        store.run("INSERT INTO op_cover VALUES (?, ?)", (lid, b"k" * 16))
    elif way == 1:
        intents.record(store, [Intent(lid, b"", b"")])
    elif way == 2:
        holds.add(store, holds.opened(store, SPACE, "deletions", 1), [lid])
    else:
        dirty.add(store, [lid])
        dirty.delay(store, lid, NOW_MS + 1)


def nearly_occupy(store: Store, lid: int) -> None:
    """Leaves what a node that is not busy may well have: a hold that was ended, a time that has come."""
    ended = store.run(
        "INSERT INTO hold (space, kind, since_ms, state) VALUES (?, 'deletions', 1, 'approved')", (SPACE,)
    )
    holds.add(store, ended, [lid])
    dirty.add(store, [lid])
    dirty.delay(store, lid, NOW_MS)


def planted(nodes: Sequence[Node], busy: Iterable[int], cursor: int) -> Store:
    store = Store.open(IN_MEMORY)
    store.run(
        "INSERT INTO space (id, kind, name, role, state, root_lid, epoch, cursor_seq, cursor_chain, owner_organisation,"
        " owner, quota_bytes, used_bytes) VALUES (?, ?, '', ?, ?, ?, ?, ?, x'00', '', '', 0, 0)",
        (SPACE, SpaceKind.PERSONAL, Role.MANAGER, SpaceState.MEMBER, ROOT, EPOCH, cursor or None),
    )
    occupied = set(busy)
    for node in nodes:
        plant(store, node)
        (occupy if node.lid in occupied else nearly_occupy)(store, node.lid)
    return store


class TestSqlTrees(TreesContract):
    @pytest.fixture(autouse=True)
    def _stores(self) -> Iterator[None]:
        self.opened: list[Store] = []
        yield
        for store in self.opened:
            store.close()

    def build(self, nodes: Sequence[Node], busy: Iterable[int] = (), cursor: int = 0) -> SqlTrees:
        self.opened.append(planted(nodes, busy, cursor))
        return SqlTrees(self.opened[-1], NOW_MS)


class TestPrefetchedSqlTrees(TestSqlTrees):
    """What is read ahead is what would have been read."""

    def build(self, nodes: Sequence[Node], busy: Iterable[int] = (), cursor: int = 0) -> SqlTrees:
        trees = super().build(nodes, busy, cursor)
        trees.prefetch([node.lid for node in nodes])
        return trees


def answers(trees: Trees, lids: Sequence[int]) -> list[object]:
    """Everything that trees can be asked about these nodes."""
    keys = sorted({names.key(name) for name in NAMES})
    places = [(parent, key) for parent in (NOWHERE, *lids) for key in keys]
    return [
        [trees.node(lid) for lid in lids],
        [list(trees.local_children(lid)) for lid in (NOWHERE, *lids)],
        [list(trees.remote_children(lid)) for lid in (NOWHERE, *lids)],
        [list(trees.local_at(*place)) for place in places],
        [trees.remote_at(*place) for place in places],
        [trees.busy(lid) for lid in lids],
        [trees.read_to(lid) for lid in lids],
        [trees.mount_of(lid) for lid in lids],
    ]


@given(forests())
def test_sql_and_memory_answer_alike_and_lead_to_the_same_plan(
    grown: tuple[list[Node], set[int], int],
) -> None:
    nodes, busy, cursor = grown
    lids = [node.lid for node in nodes]
    memory = MemoryTrees(nodes, busy)
    memory.cursor = cursor
    store = planted(nodes, busy, cursor)
    try:
        ahead = SqlTrees(store, NOW_MS)
        ahead.prefetch(lids[::2])
        assert answers(SqlTrees(store, NOW_MS), lids) == answers(memory, lids)
        assert answers(ahead, lids) == answers(memory, lids)
        assert reconcile(SqlTrees(store, NOW_MS), lids) == reconcile(memory, lids)
    finally:
        store.close()


SETTLED = Node(
    2, b"2" * 16, SPACE,
    Local(Place(ROOT, "a"), Kind.FILE, Presence.HERE, b"h" * 32, True),
    Remote(Place(ROOT, "a"), Kind.FILE, b"p" * 16, 5, b"r" * 16, b"h" * 32, 9, True),
    Baseline(Place(ROOT, "a"), Kind.FILE, b"p" * 16, b"r" * 16, b"h" * 32, True),
)  # fmt: skip


DIFFERENCES: list[dict[str, object] | None] = [
    {}, {"place": Place(ROOT, "b")}, {"place": Place(3, "a")}, {"place_key": b"q" * 16}, {"rev": b"s" * 16},
    {"rev": None}, {"hash": b"i" * 32}, {"hash": None}, {"exec": False}, {"dead": True},
    {"presence": Presence.MISSING}, None,
]  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "difference"),
    [
        (fact, difference)
        for fact in ("local", "remote", "baseline")
        for difference in DIFFERENCES
        if difference is None or difference.keys() <= set(getattr(SETTLED, fact).__struct_fields__)
    ],
)
def test_sql_says_of_a_node_on_the_disk_that_it_is_settled_as_the_model_does(
    fact: str, difference: dict[str, object] | None
) -> None:
    """Any one fact that differs is something to decide."""
    known = getattr(SETTLED, fact)
    changed = None if difference is None else msgspec.structs.replace(known, **difference)
    node = msgspec.structs.replace(SETTLED, **{fact: changed})
    store = planted([node], (), 0)
    assert trees.settled(store, [2]) == ({2} if model.settled(node) else set())
    assert model.settled(node) == (difference == {})
    store.close()


def test_a_sent_operation_keeps_every_node_busy_that_it_speaks_for() -> None:
    nodes = [Node(lid, lid.to_bytes(16, "big"), SPACE) for lid in (2, 3, 4)]
    store = planted(nodes, (), 0)
    store.many("INSERT INTO op_cover VALUES (?, ?)", ((lid, b"k" * 16) for lid in (2, 3)))
    trees = SqlTrees(store, NOW_MS)
    assert [trees.busy(lid) for lid in (2, 3, 4)] == [True, True, False]
    ops.drop(store, [b"k" * 16])
    assert not SqlTrees(store, NOW_MS).busy(2)
    store.close()


def test_what_is_still_named_as_a_place_is_not_forgotten_whole(desk: StoredDesk) -> None:
    """Every walk upwards goes through it; a node without facts ends the walk, one that is not there would end the agent."""
    folder = desk.synced("F", kind=Kind.FOLDER)
    inside, waiting = desk.synced("a", parent=folder), desk.synced("w")
    desk.store.run("UPDATE node SET after_lid = ? WHERE lid = ?", (folder, waiting))
    dirty.add(desk.store, [folder])
    problems.raise_for(desk.store, folder, Problem(Code.LINK_IN_THE_WAY), 1)
    local_tree.forget_unless_named(desk.store, folder)
    assert problems.listed(desk.store) == []
    assert dirty_lids(desk) == [], "it would be planned for again and again"
    assert desk.node(waiting).after is None
    assert desk.node(folder).local is None
    assert desk.node(folder).baseline is None
    local_tree.forget_unless_named(desk.store, inside)
    local_tree.forget_unless_named(desk.store, folder)
    assert local_tree.find_node(desk.store, folder) is None


def test_what_was_moved_to_another_space_waits_until_it_is_agreed_on_there(desk: StoredDesk) -> None:
    source, target = desk.synced("a"), desk.synced("b")
    desk.store.run("UPDATE node SET after_lid = ? WHERE lid = ?", (target, source))
    assert desk.node(source).after == target
    local_tree.settle(desk.store, [target])
    assert desk.node(source).after is None
    assert source in dirty_lids(desk)


def test_what_is_settled_waits_for_nothing(desk: StoredDesk) -> None:
    settled, other, linked = desk.synced("a"), desk.synced("b"), desk.synced("c")
    for each in (settled, other):
        problems.raise_for(desk.store, each, Problem(Code.OPEN_HERE), 1, waiting=True)
    problems.raise_for(desk.store, linked, Problem(Code.LINK_IN_THE_WAY), 1)
    local_tree.settle(desk.store, [settled, linked])
    assert {row.lid for row in problems.listed(desk.store)} == {other, linked}
