"""The spaces that a desk holds: who may write, where they are mounted, how far they were read, and what freezing keeps."""

import msgspec
import pytest

from govsync.model.nodes import Kind, Presence
from govsync.model.trees import settled
from govsync.protocol.changes import Cursor
from govsync.protocol.session import Role, SpaceKind, SpaceState
from govsync.store import local_tree, mounts, ops, paths, spaces
from govsync.store.ops import OpRow
from tests.store.desk import EPOCH, SPACE, TEAM, TEAM_ROOT_ID, StoredDesk, cursor, info
from tests.store.test_ops import EVERY_KIND


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
def test_only_editors_and_managers_may_write_and_who_only_adds_does_not_read(
    desk: StoredDesk, role: Role
) -> None:
    spaces.update(desk.store, info(role=role))
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert row.readable == (role is not Role.UPLOADER)
    assert row.writable == (role in (Role.EDITOR, Role.MANAGER))
    assert row.read_only == (role in (Role.VIEWER, Role.CONTRIBUTOR))
    assert row.adds == (role is not Role.VIEWER)
    assert row.adds_only == (role is Role.UPLOADER)


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
    spaces.update(desk.store, info(name="Another name", root=b"x" * 16, owner="boris"))
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert (row.name, row.owner, row.cursor, row.root_lid) == ("Another name", "boris", cursor(9), desk.root)


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


# An emptied server (R35)


NEW = info(b"n" * 16, b"N" * 16, epoch=b"w" * 16)


def test_a_space_made_again_for_the_same_owner_is_the_one_that_was_lost(desk: StoredDesk) -> None:
    mounted = info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM, name="Anna")
    spaces.begin(desk.store, mounted)
    found = spaces.same(desk.store, NEW, [SPACE, TEAM])
    assert found is not None
    assert found.id == SPACE
    assert spaces.same(desk.store, NEW, []) is None, "the server knows the old one, so this is another"
    for facts in ({"owner": "boris"}, {"owner_organisation": "Other"}, {"kind": SpaceKind.SHARED}):
        assert spaces.same(desk.store, msgspec.structs.replace(NEW, **facts), [SPACE, TEAM]) is None


def test_of_two_that_could_be_meant_none_is_taken(desk: StoredDesk) -> None:
    spaces.begin(desk.store, info(b"2" * 16, b"3" * 16))
    assert spaces.same(desk.store, NEW, [SPACE, b"2" * 16]) is None


def test_all_that_was_held_of_a_lost_space_is_the_new_ones(desk: StoredDesk) -> None:
    lid = desk.synced("kept")
    mount, team_root = desk.mount_team()
    spaces.told(desk.store, SPACE, cursor(9))
    ops.record_sent(desk.store, [OpRow(operation=EVERY_KIND[5], lid=lid, space=SPACE, covers=(lid,))])
    (written,) = mounts.refreshed(desk.store)
    team = info(b"y" * 16, b"Y" * 16, kind=SpaceKind.TEAM, name="Team")
    spaces.rehome(desk.store, SPACE, NEW)
    spaces.rehome(desk.store, TEAM, team)
    row = spaces.get(desk.store, NEW.id)
    assert row is not None
    assert (row.root_lid, row.epoch, row.told) == (desk.root, EPOCH, None), "what is lost is of the old life"
    assert spaces.get(desk.store, SPACE) is None
    assert (desk.node(lid).space, desk.node(desk.root).node_id) == (NEW.id, NEW.root)
    assert settled(desk.node(desk.root))
    assert desk.node(team_root).node_id == team.root
    assert desk.store.value("SELECT target_space FROM node WHERE lid = ?", (mount,)) == team.id
    now = (msgspec.structs.replace(written, space=team.id),)
    assert mounts.refreshed(desk.store) == now, "no folder is the lost one's"
    assert not ops.any_sent(desk.store, SPACE)
    assert desk.store.value("SELECT count(*) FROM op_cover") == 0


# What an answer told of


def test_a_head_that_was_told_of_is_remembered_until_the_journal_goes_through_it(desk: StoredDesk) -> None:
    def told() -> object:
        row = spaces.get(desk.store, SPACE)
        assert row is not None
        return row.told

    spaces.set_cursor(desk.store, SPACE, cursor(5))
    spaces.told(desk.store, SPACE, cursor(5))
    assert told() is None, "so far it was read"
    spaces.told(desk.store, SPACE, cursor(9, b"x" * 16))
    assert told() is None, "it is of another life"
    spaces.told(desk.store, SPACE, cursor(9))
    spaces.set_cursor(desk.store, SPACE, cursor(7))
    assert told() == cursor(9)
    spaces.set_cursor(desk.store, SPACE, Cursor(EPOCH, 9, b"another!"))
    assert told() == cursor(9), "another history goes through that sequence"
    spaces.set_cursor(desk.store, SPACE, cursor(9))
    assert told() is None


def test_a_space_that_hangs_nowhere_is_missed(desk: StoredDesk) -> None:
    """Not the personal one, nor one that is not this person's any more."""
    assert not spaces.any_unmounted(desk.store)
    mount, _ = desk.mount_team()
    assert not spaces.any_unmounted(desk.store)
    desk.tell(
        desk.state(
            desk.node(mount).node_id,
            "Team",
            kind=Kind.MOUNT,
            rev=None,
            hash=None,
            target_space=TEAM,
            dead=True,
            seq=99,
        )
    )
    assert spaces.any_unmounted(desk.store)
    spaces.freeze(desk.store, TEAM, SpaceState.UNKNOWN)
    assert not spaces.any_unmounted(desk.store)
