"""Holds as rows: what joins, what ends, what is counted towards the next one (R28)."""

import pytest

from govsync.model import operations as ask
from govsync.model.nodes import Kind, Presence
from govsync.protocol.commits import Done
from govsync.store import holds, local_tree, remote_tree
from govsync.store.ops import OpRow
from govsync.store.trees import SqlTrees
from tests.store.desk import SPACE, TEAM, StoredDesk


def lost(desk: StoredDesk, *names: str, presence: Presence = Presence.MISSING) -> list[int]:
    """Files that the server has and that are gone from the disk."""
    lids = [desk.synced(name) for name in names]
    for lid in lids:
        local_tree.set_presence(desk.store, lid, presence)
    return lids


def test_what_comes_later_joins_the_open_hold(desk: StoredDesk) -> None:
    first = holds.opened(desk.store, SPACE, "deletions", 1)
    assert holds.opened(desk.store, SPACE, "deletions", 2) == first
    assert holds.opened(desk.store, TEAM, "deletions", 2) != first
    assert holds.opened(desk.store, SPACE, "rewrites", 2) != first
    assert holds.count(desk.store) == 3


def test_an_ended_hold_takes_nothing_in_any_more(desk: StoredDesk) -> None:
    first = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.end(desk.store, first, "approved")
    assert holds.opened(desk.store, SPACE, "deletions", 2) != first


def test_a_node_in_an_open_hold_is_busy_and_no_longer(desk: StoredDesk) -> None:
    (lid,) = lost(desk, "a")
    hold = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.add(desk.store, hold, [lid, lid])
    assert SqlTrees(desk.store, 0).busy(lid)
    assert holds.end(desk.store, hold, "approved") == [lid]
    assert not SqlTrees(desk.store, 0).busy(lid)


@pytest.mark.parametrize("state", ["approved", "rejected", "lifted"])
def test_a_hold_ends_once(desk: StoredDesk, state: str) -> None:
    lids = lost(desk, "a", "b")
    hold = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.add(desk.store, hold, lids)
    assert holds.end(desk.store, hold, state) == lids
    assert holds.end(desk.store, hold, "approved") == []
    assert holds.count(desk.store) == 0


@pytest.mark.parametrize(("state", "let_go"), [("approved", True), ("rejected", False), ("lifted", False)])
def test_only_what_a_person_approved_may_go(desk: StoredDesk, state: str, let_go: bool) -> None:
    (lid,) = lost(desk, "a")
    hold = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.add(desk.store, hold, [lid])
    assert not holds.approved(desk.store, lid)
    holds.end(desk.store, hold, state)
    assert holds.approved(desk.store, lid) is let_go


def test_the_list_says_what_is_held_with_its_first_paths(desk: StoredDesk) -> None:
    lids = lost(desk, *(f"f{number:03}" for number in range(102)))
    hold = holds.opened(desk.store, SPACE, "deletions", 77)
    holds.add(desk.store, hold, lids)
    (row,) = holds.open_holds(desk.store)
    assert (row.id, row.space, row.kind, row.count, row.since_ms) == (hold, SPACE, "deletions", 102, 77)
    assert row.paths == tuple(f"f{number:03}" for number in range(100))


def test_a_hold_has_lost_its_cause_when_everything_is_back(desk: StoredDesk) -> None:
    a, b = lost(desk, "a", "b")
    hold = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.add(desk.store, hold, [a, b])
    local_tree.set_presence(desk.store, a, Presence.HERE)
    assert holds.causes_gone(desk.store) == []
    local_tree.set_presence(desk.store, b, Presence.HERE)
    assert holds.causes_gone(desk.store) == [hold]


@pytest.mark.parametrize("presence", [Presence.GAP, Presence.MISSING])
def test_files_that_are_gone_here_and_alive_there_are_counted(desk: StoredDesk, presence: Presence) -> None:
    lost(desk, "a", "b", presence=presence)
    desk.synced("here")
    assert holds.deletions_waiting(desk.store, SPACE) == 2
    assert holds.deletions_waiting(desk.store, TEAM) == 0


def test_folders_dead_files_and_what_was_never_here_are_not_counted(desk: StoredDesk) -> None:
    folder = desk.synced("d", kind=Kind.FOLDER)
    (dead,) = lost(desk, "dead")
    (never,) = lost(desk, "never")
    local_tree.set_presence(desk.store, folder, Presence.MISSING)
    desk.store.run("UPDATE node SET r_dead = 1 WHERE lid = ?", (dead,))
    local_tree.set_baseline(desk.store, never, None)
    assert holds.deletions_waiting(desk.store, SPACE) == 0


def test_what_was_approved_counts_no_more(desk: StoredDesk) -> None:
    lids = lost(desk, "a", "b")
    hold = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.add(desk.store, hold, lids[:1])
    holds.end(desk.store, hold, "approved")
    assert holds.deletions_waiting(desk.store, SPACE) == 1


def test_sent_deletions_are_counted_by_file_and_forgotten_after_a_while(desk: StoredDesk) -> None:
    folder = desk.synced("d", kind=Kind.FOLDER)
    files = [desk.synced(name, folder) for name in ("a", "b", "c")]
    operation = ask.Delete(key=b"k" * 16, node=desk.node(folder).node_id, place=b"p" * 16, seen=9)
    row = OpRow(operation=operation, lid=folder, space=SPACE, covers=(folder, *files))
    remote_tree.acknowledge(desk.store, row, Done(seq=9))
    remote_tree.stamp_deletions(desk.store, 5_000)
    assert holds.deletions_sent(desk.store, SPACE, 5_000) == 3
    assert holds.deletions_sent(desk.store, TEAM, 5_000) == 0
    assert holds.deletions_sent(desk.store, SPACE, 5_001) == 0
    assert holds.deletions_sent(desk.store, SPACE, 0) == 0, "what is too old is not kept"


def test_the_files_of_a_space_are_those_that_the_server_has(desk: StoredDesk) -> None:
    desk.show("only here")
    desk.synced("d", kind=Kind.FOLDER)
    a, _ = desk.synced("a"), desk.synced("b")
    desk.store.run("UPDATE node SET r_dead = 1 WHERE lid = ?", (a,))
    assert holds.files(desk.store, SPACE) == 1
