"""Which files are to be shut and which opened again follows the role, and outlives every race (R38)."""

import pytest

from govsync.model.nodes import Presence
from govsync.protocol.session import Role, SpaceState
from govsync.store import local_tree, protection, remote_tree, spaces
from tests.store.desk import SPACE, StoredDesk, file, info


def becomes(desk: StoredDesk, role: Role, state: SpaceState = SpaceState.MEMBER) -> None:
    spaces.update(desk.store, info(role=role, state=state))
    protection.follow(desk.store, SPACE)


def due(desk: StoredDesk) -> list[tuple[int, bool]]:
    return protection.due(desk.store, 100)


def any_due(desk: StoredDesk) -> bool:
    """Says whether anything is to be made otherwise, now or later."""
    return desk.store.value("SELECT 1 FROM protection WHERE due = 1 LIMIT 1") is not None


def test_the_files_of_who_may_only_read_are_shut_and_opened_again_later(desk: StoredDesk) -> None:
    lid = desk.synced("a")
    becomes(desk, Role.VIEWER)
    assert due(desk) == [(lid, True)]
    protection.done(desk.store, lid, write=False)
    assert due(desk) == []
    becomes(desk, Role.VIEWER)
    assert due(desk) == [], "nothing is done twice"
    becomes(desk, Role.EDITOR)
    assert due(desk) == [(lid, False)]
    protection.done(desk.store, lid, write=True)
    assert not any_due(desk)
    becomes(desk, Role.EDITOR)
    assert due(desk) == [], "what this desk did not shut it does not open"


@pytest.mark.parametrize("first", [True, False])
def test_a_role_that_changes_while_a_file_is_changed_has_the_last_word(desk: StoredDesk, first: bool) -> None:
    lid = desk.synced("a")
    roles = (Role.VIEWER, Role.EDITOR) if first else (Role.EDITOR, Role.VIEWER)
    if not first:
        becomes(desk, Role.VIEWER)
        protection.done(desk.store, lid, write=False)
    becomes(desk, roles[0])
    becomes(desk, roles[1])
    protection.done(desk.store, lid, write=not first)
    assert due(desk) == [(lid, not first)]


def test_only_what_the_server_has_is_shut(desk: StoredDesk) -> None:
    edited, own, waiting = desk.synced("edited"), desk.show("own"), desk.synced("waiting")
    becomes(desk, Role.VIEWER)
    desk.read(edited, b"other words")
    desk.store.run("DELETE FROM dirty")
    local_tree.set_presence(desk.store, own, Presence.LOCAL_ONLY)
    desk.store.run("INSERT INTO dirty (lid) VALUES (?)", (waiting,))
    assert due(desk) == []
    assert any_due(desk)


@pytest.mark.parametrize("away", ["gap", "missing", "parked", "obscured"])
def test_a_file_that_was_away_when_the_role_changed_is_shut_when_it_is_back(
    desk: StoredDesk, away: str
) -> None:
    lid = desk.synced("a")
    local_tree.set_presence(desk.store, lid, Presence(away))
    becomes(desk, Role.VIEWER)
    assert due(desk) == []
    local_tree.set_presence(desk.store, lid, Presence.HERE)
    assert due(desk) == [(lid, True)]


def test_what_may_not_even_be_read_any_more_stays_as_it_is(desk: StoredDesk) -> None:
    desk.synced("a")
    becomes(desk, Role.VIEWER, SpaceState.UNKNOWN)
    assert due(desk) == []


def test_what_was_placed_shut_and_belongs_to_an_editor_by_now_is_opened(desk: StoredDesk) -> None:
    lid = desk.synced("a")
    protection.placed(desk.store, {lid: False})
    assert due(desk) == [(lid, False)]
    becomes(desk, Role.VIEWER)
    protection.done(desk.store, lid, write=False)
    protection.placed(desk.store, {lid: False})
    assert due(desk) == []


def test_what_was_fetched_for_an_editor_and_is_placed_for_who_may_only_read_is_shut(desk: StoredDesk) -> None:
    placed, other = desk.synced("a"), desk.synced("b")
    protection.placed(desk.store, {placed: True, other: True})
    assert not any_due(desk)
    becomes(desk, Role.VIEWER)
    desk.store.run("DELETE FROM protection")
    protection.placed(desk.store, {placed: True, other: False})
    assert due(desk) == [(placed, True)]


def test_a_file_of_ones_own_that_was_shut_as_anothers_is_opened(desk: StoredDesk) -> None:
    lid, own, other = desk.synced("a"), desk.show("own"), desk.show("other")
    becomes(desk, Role.VIEWER)
    protection.done(desk.store, lid, write=False)
    local_tree.set_presence(desk.store, own, Presence.LOCAL_ONLY)
    protection.inherit(desk.store, lid, own, own=True)
    protection.inherit(desk.store, other, own, own=True)
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == [(own, False)]


def test_a_file_that_somebody_opened_is_shut_again(desk: StoredDesk) -> None:
    lid, mine = desk.synced("a"), desk.synced("b")
    becomes(desk, Role.VIEWER)
    for each in (lid, mine):
        protection.done(desk.store, each, write=False)
    protection.seen_open(desk.store, lid)
    assert due(desk) == [(lid, True)]


@pytest.mark.parametrize("complete", [True, False])
def test_a_shut_file_that_came_over_ones_own_is_opened(desk: StoredDesk, complete: bool) -> None:
    lid = desk.synced("a")
    desk.look(desk.root, file("a", 77, at=5, shut=True), complete=complete)
    desk.read(lid, b"other words")
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == [(lid, False)]


def test_a_shut_file_that_was_moved_out_of_where_one_may_only_read_is_opened(desk: StoredDesk) -> None:
    """Even if nothing is known of the place that it came from, as after a home was put back from an older copy."""
    desk.look(desk.root, file("a", 77, at=5, shut=True))
    lid = desk.at("a", desk.root)
    desk.read(lid, b"words")
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == [(lid, False)]


def test_a_file_that_was_shut_before_the_memory_of_it_was_lost_is_opened_with_the_role(
    desk: StoredDesk,
) -> None:
    lid = desk.synced("a")
    becomes(desk, Role.VIEWER)
    desk.store.run("DELETE FROM protection")
    desk.look(desk.root, file("a", 77, at=5, shut=True))
    desk.read(lid, b"a")
    assert not any_due(desk), "it lies as it is to lie"
    becomes(desk, Role.EDITOR)
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == [(lid, False)]


def test_what_a_reader_alone_has_is_opened(desk: StoredDesk) -> None:
    lid = desk.show("own")
    becomes(desk, Role.VIEWER)
    local_tree.set_presence(desk.store, lid, Presence.LOCAL_ONLY)
    desk.look(desk.root, file("own", 77, at=5, shut=True))
    desk.read(lid, b"own")
    local_tree.set_presence(desk.store, lid, Presence.LOCAL_ONLY)
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == [(lid, False)]


def test_a_shut_file_that_was_renamed_is_touched_only_when_that_is_known(desk: StoredDesk) -> None:
    """A step in between would make it another file than the one that vanished."""
    lid = desk.synced("a")
    seen = local_tree.disk(desk.store, lid)
    assert seen is not None
    desk.look(desk.root, file("b", seen.ino, shut=True, size=seen.size_bytes, birth=seen.birth_ns))
    renamed = desk.at("b")
    assert renamed != lid
    desk.read(renamed, b"a")
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == []
    assert desk.close()
    assert desk.at("b") == lid
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == [(lid, False)]


def test_a_shut_file_that_the_server_has_as_another_node_is_opened_as_that(desk: StoredDesk) -> None:
    desk.look(desk.root, file("a", 77, shut=True))
    found, known = desk.at("a"), desk.tell(desk.state(b"k" * 16, "a"))
    remote_tree.unify(desk.store, found, known)
    desk.read(known, b"a")
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == [(known, False)]


def test_a_shut_file_that_was_believed_to_be_gone_is_opened_where_it_is_back(desk: StoredDesk) -> None:
    """Under another name, and though nothing is remembered of its having been shut."""
    lid = desk.synced("a")
    seen = local_tree.disk(desk.store, lid)
    assert seen is not None
    desk.look(desk.root)
    assert desk.close()
    desk.look(desk.root, file("b", seen.ino, shut=True, size=seen.size_bytes, birth=seen.birth_ns))
    assert desk.at("b") == lid
    desk.read(lid, b"a")
    desk.store.run("DELETE FROM dirty")
    assert due(desk) == [(lid, False)]
