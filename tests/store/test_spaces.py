"""The spaces that a desk holds: who may write, where they are mounted, how far they were read, and what freezing keeps."""

import pytest

from govsync.model.nodes import Kind, Presence
from govsync.model.trees import settled
from govsync.protocol.session import Role, SpaceKind, SpaceState
from govsync.store import local_tree, paths, spaces
from tests.store.desk import EPOCH, SPACE, TEAM, TEAM_ROOT_ID, StoredDesk, cursor, info


def test_the_personal_space_is_the_folder_itself(desk: StoredDesk) -> None:
    assert desk.presence(desk.root) is Presence.HERE
    assert settled(desk.node(desk.root)), "its root is agreed on from the beginning"
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert (row.root_lid, row.mount_lid) == (desk.root, None)


def test_the_personal_space_comes_first(desk: StoredDesk) -> None:
    spaces.begin(desk.store, info(b"a" * 16, b"A" * 16, kind=SpaceKind.TEAM))
    assert [row.id for row in spaces.all_spaces(desk.store)] == [SPACE, b"a" * 16]


def test_the_cursor_is_what_was_read_last_and_begins_with_nothing(desk: StoredDesk) -> None:
    spaces.begin(desk.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM))
    row = spaces.get(desk.store, TEAM)
    assert row is not None
    assert row.cursor is None
    spaces.set_cursor(desk.store, TEAM, cursor(7, b"n" * 16))
    row = spaces.get(desk.store, TEAM)
    assert row is not None
    assert row.cursor == cursor(7, b"n" * 16)
    assert row.epoch == b"n" * 16


def test_a_space_that_is_mounted_nowhere_is_not_on_the_disk(desk: StoredDesk) -> None:
    spaces.begin(desk.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM))
    row = spaces.get(desk.store, TEAM)
    assert row is not None
    assert desk.presence(row.root_lid) is Presence.NOT_YET


@pytest.mark.parametrize("role", list(Role))
def test_only_editors_and_managers_may_write(desk: StoredDesk, role: Role) -> None:
    spaces.update(desk.store, info(role=role))
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert row.readable
    assert row.writable == (role in (Role.EDITOR, Role.MANAGER))


@pytest.mark.parametrize("state", [SpaceState.REVOKED, SpaceState.DELETED, SpaceState.UNKNOWN])
def test_a_frozen_space_is_neither_read_nor_written_and_nothing_of_it_changes(
    desk: StoredDesk, state: SpaceState
) -> None:
    lid = desk.synced("kept")
    spaces.freeze(desk.store, SPACE, state)
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert (row.readable, row.writable) == (False, False)
    assert desk.presence(lid) is Presence.HERE
    assert (row.cursor, row.epoch) == (cursor(0), EPOCH)


def test_what_the_server_tells_again_keeps_cursor_and_root(desk: StoredDesk) -> None:
    spaces.set_cursor(desk.store, SPACE, cursor(9))
    spaces.update(desk.store, info(name="Another name", root=b"x" * 16))
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert (row.name, row.cursor, row.root_lid) == ("Another name", cursor(9), desk.root)


@pytest.mark.parametrize("presence", [Presence.HERE, Presence.GAP, Presence.MISSING, Presence.PARKED])
def test_a_mounted_root_is_as_present_as_its_mount(desk: StoredDesk, presence: Presence) -> None:
    mount, team = desk.mount_team()
    local_tree.set_presence(desk.store, mount, presence)
    spaces.sync_mount(desk.store, mount)
    assert desk.presence(team) is presence


def test_a_mount_that_was_told_first_is_known_when_its_space_comes(desk: StoredDesk) -> None:
    told = desk.state(b"M" * 16, "Team", kind=Kind.MOUNT, rev=None, hash=None, target_space=TEAM)
    mount = desk.tell(told)
    spaces.begin(desk.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM))
    row = spaces.get(desk.store, TEAM)
    assert row is not None
    assert row.mount_lid == mount
    assert desk.presence(row.root_lid) is Presence.NOT_YET, "it is on the disk once its mount is"


def test_a_root_that_was_told_of_before_its_space_is_taken_up(desk: StoredDesk) -> None:
    lid = local_tree.insert(desk.store, TEAM_ROOT_ID, SPACE, Kind.FOLDER)
    spaces.begin(desk.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM))
    row = spaces.get(desk.store, TEAM)
    assert row is not None
    assert row.root_lid == lid
    assert desk.node(lid).space == TEAM
    assert paths.disk_path(desk.store, lid) is None
