"""What was remembered of one folder says nothing about another (R29, I6)."""

from govsync.model.nodes import Kind, Presence
from govsync.store import activity, dirty, evidence, folder, holds, local_tree, meta
from govsync.store.trees import SqlTrees
from tests.store.desk import StoredDesk, dirty_lids, file

ONE, OTHER = b"1" * 24, b"2" * 24
COPY = b"1" * 16 + b"c" * 8
"""The same marker in another folder."""


def counts(desk: StoredDesk) -> dict[str, int]:
    tables = desk.store.all(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {name: desk.store.value(f"SELECT count(*) FROM {name}") for (name,) in tables}


def test_the_same_folder_is_remembered(desk: StoredDesk) -> None:
    assert not folder.begin(desk.store, ONE), "the first one forgets nothing"
    desk.synced("a")
    before = counts(desk)
    assert not folder.begin(desk.store, ONE)
    assert counts(desk) == before


def test_for_another_folder_all_is_forgotten_but_what_happened(desk: StoredDesk) -> None:
    folder.begin(desk.store, ONE)
    desk.synced("a")
    meta.set_paused_until(desk.store, 7)
    activity.note(desk.store, 1, "put", "a")
    assert folder.begin(desk.store, OTHER)
    kept = {name: count for name, count in counts(desk).items() if count}
    assert kept == {"activity": 1, "meta": 2}
    assert meta.paused_until(desk.store) == 7
    assert not folder.begin(desk.store, OTHER)


def put_back(desk: StoredDesk) -> None:
    assert folder.begin(desk.store, COPY)


def test_of_our_own_folder_that_was_put_back_what_was_agreed_is_kept_and_nothing_of_the_disk(
    desk: StoredDesk,
) -> None:
    folder.begin(desk.store, ONE)
    inside = desk.synced("f", kind=Kind.FOLDER)
    lid = desk.synced("a", inside)
    before = desk.node(lid)
    put_back(desk)
    after = desk.node(lid)
    assert (after.baseline, after.remote) == (before.baseline, before.remote)
    assert before.local is not None
    assert after.local is not None
    assert (after.local.place, after.local.presence, after.local.hash) == (
        before.local.place,
        Presence.OBSCURED,
        None,
    )
    assert local_tree.disk(desk.store, lid) is None
    assert desk.presence(desk.root) is Presence.HERE
    assert not folder.begin(desk.store, COPY), "from there on it is the folder that is remembered"


def test_nothing_of_a_folder_that_was_put_back_is_under_way(desk: StoredDesk) -> None:
    folder.begin(desk.store, ONE)
    lid = desk.synced("a")
    hold = holds.opened(desk.store, desk.node(lid).space, "deletions", 1)
    holds.add(desk.store, hold, [lid])
    desk.store.run("INSERT INTO op_cover (lid, key) VALUES (?, x'00')", (lid,))
    desk.store.run("INSERT INTO intent (lid, step, note) VALUES (?, x'00', x'00')", (lid,))
    desk.store.run("INSERT INTO rescue (lid) VALUES (?)", (lid,))
    desk.store.run("UPDATE node SET after_lid = lid, waits_for = lid, since_ms = 1")
    put_back(desk)
    kept = {name for name, count in counts(desk).items() if count}
    assert kept == {"meta", "space", "node", "dirty", "evidence"}
    waiting = desk.store.all("SELECT after_lid, waits_for, since_ms FROM node")
    assert {each for row in waiting for each in row} == {None}


def test_what_lies_at_its_place_is_the_node_and_what_does_not_is_asked_back(desk: StoredDesk) -> None:
    folder.begin(desk.store, ONE)
    there, gone = desk.synced("there"), desk.synced("gone")
    inside = desk.synced("inside", desk.synced("f", kind=Kind.FOLDER))
    put_back(desk)
    assert desk.look(desk.root, file("there", 1_000 + gone)).to_read == [there], "numbers tell nothing here"
    for lid in (gone, inside):
        assert desk.presence(lid) is Presence.NOT_YET
        assert desk.node(lid).baseline is None
        assert lid in dirty_lids(desk)
    assert desk.store.all("SELECT lid FROM evidence") == [(there,)]


def test_what_lies_in_a_mount_that_is_missing_is_asked_back_with_it(desk: StoredDesk) -> None:
    folder.begin(desk.store, ONE)
    mount, root = desk.mount_team()
    inside = desk.synced("inside", root)
    put_back(desk)
    assert desk.presence(root) is Presence.OBSCURED
    desk.look(desk.root)
    assert {desk.presence(lid) for lid in (mount, root, inside)} == {Presence.NOT_YET}


def test_what_was_missing_when_the_folder_was_put_back_is_asked_back_at_once(desk: StoredDesk) -> None:
    folder.begin(desk.store, ONE)
    parked = desk.synced("f", kind=Kind.FOLDER)
    missing, below, unsent = desk.synced("missing"), desk.synced("below", parked), desk.show("unsent")
    local_tree.set_presence(desk.store, missing, Presence.MISSING)
    local_tree.set_presence(desk.store, parked, Presence.PARKED)
    local_tree.set_presence(desk.store, unsent, Presence.GAP)
    put_back(desk)
    assert {desk.presence(lid) for lid in (missing, parked, below)} == {Presence.NOT_YET}
    assert local_tree.find_node(desk.store, unsent) is None


def test_nothing_is_planned_for_a_file_before_it_is_weighed(desk: StoredDesk) -> None:
    folder.begin(desk.store, ONE)
    same, edited = desk.synced("same"), desk.synced("edited")
    put_back(desk)
    desk.look(desk.root, file("same", 1), file("edited", 2))
    assert SqlTrees(desk.store, 0).busy(same)
    trees = SqlTrees(desk.store, 0)
    trees.prefetch([same])
    assert trees.busy(same)
    assert dirty.due(desk.store, 0, 10, lambda _: False) == []
    desk.read(same, b"same")
    desk.read(edited, b"something else")
    assert evidence.known(desk.store) == [same, edited]
    [strange] = evidence.weigh(desk.store, [same, edited])
    assert (strange.lid, strange.name) == (edited, "edited")
    assert dirty.due(desk.store, 0, 10, lambda _: False) == [same]
    evidence.decided(desk.store, [edited])
    assert dirty.due(desk.store, 0, 10, lambda _: False) == [same, edited]
    assert not evidence.any_left(desk.store)


def test_a_file_that_is_deleted_before_it_was_weighed_was_deleted_here(desk: StoredDesk) -> None:
    folder.begin(desk.store, ONE)
    lid = desk.synced("a")
    put_back(desk)
    desk.look(desk.root, file("a", 1))
    desk.look(desk.root)
    desk.close()
    assert desk.presence(lid) is Presence.MISSING
    assert not evidence.any_left(desk.store)
