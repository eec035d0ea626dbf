"""Holds as rows: what joins, what ends, what is counted towards the next one (R28)."""

from pathlib import Path

import pytest

from govsync.model import operations as ask
from govsync.model.nodes import Kind, Presence
from govsync.protocol.commits import Done
from govsync.store import answers, dirty, holds, local_tree, rescues
from govsync.store.database import Store
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


def test_a_file_that_is_to_be_rescued_is_busy(desk: StoredDesk) -> None:
    a, folder = desk.synced("a"), desk.synced("d", kind=Kind.FOLDER)
    (gone,) = lost(desk, "gone")
    rescues.add(desk.store, [a, folder, gone])
    assert [SqlTrees(desk.store, 0).busy(lid) for lid in (a, folder, gone)] == [True, False, False]
    local_tree.set_presence(desk.store, a, Presence.MISSING)
    rescues.drop_gone(desk.store)
    assert not SqlTrees(desk.store, 0).busy(a), "somebody else has taken it away"


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
    assert not holds.approved(desk.store, lid, "deletions")
    holds.end(desk.store, hold, state)
    assert holds.approved(desk.store, lid, "deletions") is let_go


def test_the_list_says_what_is_held_with_its_first_paths(desk: StoredDesk) -> None:
    lids = lost(desk, *(f"f{number:03}" for number in range(102)))
    hold = holds.opened(desk.store, SPACE, "deletions", 77)
    holds.add(desk.store, hold, lids)
    (row,) = holds.open_holds(desk.store)
    assert (row.id, row.space, row.kind, row.count, row.since_ms) == (hold, SPACE, "deletions", 102, 77)
    assert row.paths == tuple(f"f{number:03}" for number in range(100))


def test_what_is_back_leaves_its_hold_and_is_due_again(desk: StoredDesk) -> None:
    a, b = lost(desk, "a", "b")
    hold = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.add(desk.store, hold, [a, b])
    local_tree.set_presence(desk.store, a, Presence.HERE)
    assert (holds.release(desk.store), holds.empty(desk.store)) == ([a], [])
    assert SqlTrees(desk.store, 0).busy(b)
    assert not SqlTrees(desk.store, 0).busy(a)
    assert a in dirty.due(desk.store, 0, 10, lambda _: False)
    local_tree.set_presence(desk.store, b, Presence.HERE)
    assert holds.release(desk.store) == [b]
    assert holds.empty(desk.store) == [hold]


def test_what_nobody_has_any_more_leaves_its_hold(desk: StoredDesk) -> None:
    (a,) = lost(desk, "a")
    hold = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.add(desk.store, hold, [a])
    desk.store.run("UPDATE node SET r_dead = 1 WHERE lid = ?", (a,))
    assert holds.release(desk.store) == [a]
    assert holds.empty(desk.store) == [hold]


def rewritten(desk: StoredDesk, *names: str) -> list[int]:
    """Files of which the disk holds a content that the server lacks."""
    lids = [desk.synced(name) for name in names]
    for lid in lids:
        desk.store.run("UPDATE node SET l_hash = ? WHERE lid = ?", (b"new" * 10 + b"!!", lid))
    dirty.add(desk.store, lids)
    return lids


def test_a_rewrite_is_held_until_the_content_is_one_that_the_server_has(desk: StoredDesk) -> None:
    (a,) = rewritten(desk, "a")
    hold = holds.opened(desk.store, SPACE, "rewrites", 1)
    holds.add(desk.store, hold, [a])
    assert holds.release(desk.store) == []
    desk.store.run("UPDATE node SET l_hash = NULL WHERE lid = ?", (a,))
    assert holds.release(desk.store) == [], "what was not read yet is not known to be back"
    desk.store.run("UPDATE node SET l_hash = b_hash WHERE lid = ?", (a,))
    assert holds.release(desk.store) == [a]
    assert holds.empty(desk.store) == [hold]


def test_an_approved_operation_that_was_sent_is_approved_no_more(desk: StoredDesk) -> None:
    (a,) = rewritten(desk, "a")
    hold = holds.opened(desk.store, SPACE, "rewrites", 1)
    holds.add(desk.store, hold, [a])
    holds.end(desk.store, hold, "approved")
    assert holds.approved(desk.store, a, "rewrites")
    assert not holds.approved(desk.store, a, "deletions")
    desk.store.run("UPDATE node SET b_hash = l_hash, r_hash = l_hash WHERE lid = ?", (a,))
    holds.release(desk.store)
    assert not holds.approved(desk.store, a, "rewrites")


def test_rewritten_files_are_counted_once_sent_or_not(desk: StoredDesk) -> None:
    a, b = rewritten(desk, "a", "b")
    desk.synced("untouched")
    assert holds.rewrites(desk.store, SPACE, 0) == 2
    holds.note_rewritten(desk.store, SPACE, a, b"r" * 16)
    holds.note_rewritten(desk.store, SPACE, a, b"s" * 16)
    holds.stamp(desk.store, 5_000)
    assert holds.rewrites(desk.store, SPACE, 5_000) == 2
    desk.store.run("UPDATE node SET b_hash = l_hash, r_hash = l_hash WHERE lid = ?", (a,))
    assert holds.rewrites(desk.store, SPACE, 5_000) == 2
    assert holds.rewrites(desk.store, SPACE, 5_001) == 1
    hold = holds.opened(desk.store, SPACE, "rewrites", 6_000)
    assert [(each.path, each.rev) for each in holds.open_holds(desk.store)[0].sent] == [("a", b"r" * 16)]
    holds.add(desk.store, hold, [b])
    holds.end(desk.store, hold, "approved")
    assert holds.rewrites(desk.store, SPACE, 5_000) == 0


@pytest.mark.parametrize("presence", [Presence.GAP, Presence.MISSING])
def test_files_that_are_gone_here_and_alive_there_are_counted(desk: StoredDesk, presence: Presence) -> None:
    lost(desk, "a", "b", presence=presence)
    desk.synced("here")
    assert holds.deletions(desk.store, SPACE, 0) == 2
    assert holds.deletions(desk.store, TEAM, 0) == 0


def test_a_file_for_which_a_new_name_waits_is_moved_and_not_counted(desk: StoredDesk) -> None:
    moved, _ = lost(desk, "a", "b", presence=Presence.GAP)
    waiting = desk.show("elsewhere")
    desk.store.run("UPDATE node SET waits_for = ? WHERE lid = ?", (moved, waiting))
    assert holds.deletions(desk.store, SPACE, 0) == 1
    local_tree.set_presence(desk.store, waiting, Presence.GAP)
    assert holds.deletions(desk.store, SPACE, 0) == 2, "the new name has gone, too"


def test_folders_dead_files_and_what_was_never_here_are_not_counted(desk: StoredDesk) -> None:
    folder = desk.synced("d", kind=Kind.FOLDER)
    (dead,) = lost(desk, "dead")
    (never,) = lost(desk, "never")
    local_tree.set_presence(desk.store, folder, Presence.MISSING)
    desk.store.run("UPDATE node SET r_dead = 1 WHERE lid = ?", (dead,))
    local_tree.set_baseline(desk.store, never, None)
    assert holds.deletions(desk.store, SPACE, 0) == 0


def test_what_was_approved_counts_no_more(desk: StoredDesk) -> None:
    lids = lost(desk, "a", "b")
    hold = holds.opened(desk.store, SPACE, "deletions", 1)
    holds.add(desk.store, hold, lids[:1])
    holds.end(desk.store, hold, "approved")
    assert holds.deletions(desk.store, SPACE, 0) == 1


def test_sent_deletions_are_counted_by_file_and_forgotten_after_a_while(desk: StoredDesk) -> None:
    folder = desk.synced("d", kind=Kind.FOLDER)
    files = [desk.synced(name, folder) for name in ("a", "b", "c")]
    operation = ask.Delete(key=b"k" * 16, node=desk.node(folder).node_id, place=b"p" * 16, seen=9)
    row = OpRow(operation=operation, lid=folder, space=SPACE, covers=(folder, *files))
    answers.acknowledge(desk.store, row, Done(seq=9))
    holds.stamp(desk.store, 5_000)
    assert holds.deletions(desk.store, SPACE, 5_000) == 3
    assert holds.deletions(desk.store, TEAM, 5_000) == 0
    assert holds.deletions(desk.store, SPACE, 5_001) == 0
    holds.forget_sent(desk.store, 5_001)
    assert holds.deletions(desk.store, SPACE, 0) == 0, "what is too old is not kept"


def test_the_files_of_a_space_are_those_that_the_server_has(desk: StoredDesk) -> None:
    desk.show("only here")
    desk.synced("d", kind=Kind.FOLDER)
    a, _ = desk.synced("a"), desk.synced("b")
    desk.store.run("UPDATE node SET r_dead = 1 WHERE lid = ?", (a,))
    assert holds.files(desk.store, SPACE) == 1


def test_what_was_on_its_way_when_the_hold_opened_is_listed_with_it(desk: StoredDesk) -> None:
    a, b = rewritten(desk, "a", "b")
    holds.opened(desk.store, SPACE, "rewrites", 1_000_000)
    holds.note_rewritten(desk.store, SPACE, a, b"r" * 16)
    holds.stamp(desk.store, 1_000_000 + holds.ANSWERED_MS)
    holds.note_rewritten(desk.store, SPACE, b, b"r" * 16)
    holds.stamp(desk.store, 1_000_001 + holds.ANSWERED_MS)
    assert [each.path for each in holds.open_holds(desk.store)[0].sent] == ["a"]


def test_an_open_hold_does_not_look_like_damage(tmp_path: Path) -> None:
    """SQLite 3.40's quick_check, asked at every start, sees NULLs where a key's columns stand in another order."""
    store = Store.open(tmp_path / "store.db")
    for (name,) in store.all(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%WITHOUT ROWID%'"
    ):
        key = [row for row in store.all(f"PRAGMA table_info({name})") if row[5]]
        assert [row[0] for row in key] == list(range(len(key))), name
        assert [row[5] for row in key] == list(range(1, len(key) + 1)), name
    holds.add(store, holds.opened(store, SPACE, "deletions", 1), [7])
    store.close()
    Store.open(tmp_path / "store.db").close()
