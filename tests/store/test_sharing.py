"""A shared folder becomes a space of its own, with all that the desk holds of it, and nothing moves on the disk."""

import msgspec
import pytest

from govsync.model import operations as ask
from govsync.model.nodes import Baseline, Kind, Place, Presence
from govsync.model.reconcile import reconcile
from govsync.model.steps import Forget, MakeFolder, Mkdir, Park, Put, Relocate, Remove, Unmount
from govsync.model.trees import settled
from govsync.protocol.changes import CHAIN_START, Cursor, Entry, Nodes, NodeState
from govsync.protocol.session import Role, SpaceKind, SpaceState
from govsync.store import (
    gaps,
    holds,
    leaving,
    local_tree,
    mounts,
    ops,
    paths,
    problems,
    remote_tree,
    sharing,
    spaces,
    trash,
    union,
)
from govsync.store.ops import OpRow
from govsync.store.spaces import SpaceRow
from govsync.store.trash import TrashRow
from govsync.store.trees import SqlTrees
from tests.store.desk import EPOCH, ROOT_ID, SPACE, TEAM, TEAM_ROOT_ID, StoredDesk, cursor, folder, info
from tests.store.desk import file as entry_of

SHARED = b"c" * 16
MOUNT = b"m" * 16
KEY = b"k" * 16
S = 900
"""The sequence of the sharing."""


class Shared(StoredDesk):
    """A desk with `f` (`f/a`, `f/d/b`), `g` beside it, and a folder `o`, all agreed on."""

    def __init__(self) -> None:
        super().__init__()
        self.f = self.synced("f", kind=Kind.FOLDER)
        self.a = self.synced("a", self.f)
        self.d = self.synced("d", self.f, Kind.FOLDER)
        self.b = self.synced("b", self.d)
        self.g = self.synced("g")
        self.o = self.synced("o", kind=Kind.FOLDER)

    def mount(self, **facts: object) -> NodeState:
        told = NodeState(
            node=MOUNT, kind=Kind.MOUNT, parent=ROOT_ID, name="f", place=KEY, seq=S, target_space=SHARED,
            root=self.node(self.f).node_id,
        )  # fmt: skip
        return msgspec.structs.replace(told, **facts)

    def share(self, **facts: object) -> list[int]:
        """Tells by the journal that `f` was shared; answers the folders to look at."""
        told = self.mount(**facts)
        entry = Entry(
            seq=told.seq, op="share", key=KEY, state=told, user=b"u" * 16, device=b"d" * 16, at_ms=1
        )
        return remote_tree.apply(self.store, SPACE, [entry], b"me" * 8)

    def space(self) -> SpaceRow:
        row = spaces.get(self.store, SHARED)
        assert row is not None
        return row

    @property
    def m(self) -> int:
        return self.lid(MOUNT)

    def space_of(self, lid: int) -> bytes:
        return self.node(lid).space

    def move(self, lid: int, parent: int, name: str) -> None:
        """A person has moved it on the disk, and nobody was told yet."""
        self.store.run(
            "UPDATE node SET l_parent = ?, l_name = ?, l_key = ?, disk_name = ? WHERE lid = ?",
            (parent, name, name, name, lid),
        )


@pytest.fixture
def shared() -> Shared:
    return Shared()


def test_what_lay_at_the_folder_is_the_mounts_and_all_below_it_the_new_spaces(shared: Shared) -> None:
    ino = shared.store.value("SELECT ino FROM node WHERE lid = ?", (shared.f,))
    assert shared.share() == []
    row = shared.space()
    assert (row.kind, row.name, row.role, row.root_lid, row.mount_lid) == (
        SpaceKind.SHARED, "f", Role.MANAGER, shared.f, shared.m,
    )  # fmt: skip
    assert row.cursor == Cursor(EPOCH, S, CHAIN_START)
    assert [shared.space_of(lid) for lid in (shared.f, shared.a, shared.d, shared.b)] == [SHARED] * 4
    assert [shared.space_of(lid) for lid in (shared.m, shared.g, shared.o)] == [SPACE] * 3
    mount = shared.node(shared.m)
    assert settled(mount), "nothing is to be done on the disk or on the server"
    assert mount.baseline == Baseline(Place(shared.root, "f"), Kind.MOUNT, KEY)
    assert settled(shared.node(shared.f))
    assert shared.presence(shared.f) is Presence.HERE
    assert paths.disk_path(shared.store, shared.b) == ("f", "d", "b")
    seen = local_tree.disk(shared.store, shared.m)
    assert seen is not None
    assert seen.ino == ino
    assert local_tree.disk(shared.store, shared.f) is None, "a root has no inode: its mount has"


def test_told_twice_it_changes_nothing(shared: Shared) -> None:
    shared.share()
    before = shared.store.all("SELECT * FROM node ORDER BY lid")
    assert shared.share() == []
    assert shared.store.all("SELECT * FROM node ORDER BY lid") == before


def test_a_snapshot_that_tells_it_leaves_the_new_space_to_be_read(shared: Shared) -> None:
    reading = union.Reading(unite=False)
    kept = [
        NodeState(node=shared.node(lid).node_id, kind=kind, parent=ROOT_ID, name=name, place=b"P" * 16, seq=1)
        for lid, name, kind in ((shared.o, "o", Kind.FOLDER),)
    ]
    reading.add(Nodes(nodes=(*kept, shared.mount()), cursor=cursor(S)))
    union.settle(shared.store, SPACE, reading)
    union.replace(shared.store, SPACE, reading)
    assert shared.space().cursor is None
    assert not shared.store.value("SELECT r_dead FROM node WHERE lid = ?", (shared.a,)), (
        "it is not absent, it moved"
    )
    assert shared.store.value("SELECT r_dead FROM node WHERE lid = ?", (shared.g,)), "this one is"
    assert settled(shared.node(shared.m))


def test_what_the_first_pages_of_a_snapshot_told_of_it_is_older(shared: Shared) -> None:
    reading = union.Reading(unite=False)
    ids = {lid: shared.node(lid).node_id for lid in (shared.f, shared.a, shared.d, shared.b)}
    old = [
        NodeState(node=ids[shared.f], kind=Kind.FOLDER, parent=ROOT_ID, name="f", place=b"1" * 16, seq=800),
        NodeState(
            node=ids[shared.d], kind=Kind.FOLDER, parent=ids[shared.f], name="d", place=b"2" * 16, seq=800
        ),
        NodeState(
            node=ids[shared.b], kind=Kind.FILE, parent=ids[shared.d], name="b", place=b"3" * 16, seq=800
        ),
    ]
    reading.add(Nodes(nodes=(*old, shared.mount()), cursor=cursor(S)))
    union.settle(shared.store, SPACE, reading)
    union.replace(shared.store, SPACE, reading)
    assert [shared.space_of(lid) for lid in (shared.f, shared.d, shared.b)] == [SHARED] * 3
    assert settled(shared.node(shared.f))


def test_an_answer_that_shows_the_mount_waits_for_the_journal(shared: Shared) -> None:
    assert remote_tree.learn(shared.store, SPACE, shared.mount()) is None
    assert spaces.get(shared.store, SHARED) is None
    assert local_tree.by_id(shared.store, MOUNT) is None


def test_a_space_whose_folder_is_known_elsewhere_waits_for_its_mount(shared: Shared) -> None:
    told = info(SHARED, shared.node(shared.f).node_id, kind=SpaceKind.SHARED)
    assert sharing.waits(shared.store, told)
    shared.share()
    assert not sharing.waits(shared.store, told)
    assert sharing.waits(shared.store, info(b"x" * 16, b"X" * 16, kind=SpaceKind.SHARED)), (
        "it hangs nowhere yet"
    )
    assert not sharing.waits(shared.store, info(b"x" * 16, b"X" * 16, kind=SpaceKind.TEAM))


def test_a_mount_elsewhere_does_not_tell_that_the_folder_was_shared(shared: Shared) -> None:
    """Who may read both has it by two ways, and what is here of the folder is not what was in it when it was shared."""
    shared.mount_team()
    told = shared.mount(node=b"n" * 16, parent=TEAM_ROOT_ID)
    entry = Entry(seq=S + 5, op="share", key=KEY, state=told, user=b"u" * 16, device=b"d" * 16, at_ms=1)
    remote_tree.apply(shared.store, TEAM, [entry], b"me" * 8)
    assert shared.lid(b"n" * 16), "it is known, and its space is waited for"
    assert (spaces.get(shared.store, SHARED), shared.space_of(shared.f)) == (None, SPACE)
    assert sharing.waits(shared.store, info(SHARED, shared.node(shared.f).node_id, kind=SpaceKind.SHARED))
    shared.share()
    assert shared.space().cursor == Cursor(EPOCH, S, CHAIN_START)
    assert shared.space_of(shared.a) == SHARED
    assert shared.space().mount_lid == shared.lid(b"n" * 16), "that of a team comes first"


@pytest.mark.parametrize(
    ("facts", "left_alone"),
    [({}, True), ({"presence": "local_only"}, False), ({"r_dead": 1}, False)],
    ids=["not known yet", "left for what is never synced in it", "ended"],
)
def test_what_lies_in_a_mount_whose_space_is_not_known_yet_is_left_alone(
    shared: Shared, facts: dict[str, object], left_alone: bool
) -> None:
    """It belongs to others, and must not be sent as if it were this person's own (I8). Where nothing hangs any more it is."""
    mount = shared.tell(shared.mount(node=b"n" * 16, name="n", root=None, target_space=b"z" * 16))
    shown = {
        "presence": "here",
        "l_parent": shared.root,
        "l_name": "n",
        "l_key": "n",
        "disk_name": "n",
    } | facts
    for column, fact in shown.items():
        shared.store.run(f"UPDATE node SET {column} = ? WHERE lid = ?", (fact, mount))
    nodes = shared.nodes()
    found = shared.look(mount, entry_of("a", 4711))
    assert (shared.nodes() == nodes, found.to_read == [], found.changed) == (left_alone, left_alone, False)


def test_an_old_journal_tells_nothing_of_a_root(shared: Shared) -> None:
    """The space was taken up by another mount before the journal of the one in which it was shared was read."""
    shared.share()
    f = shared.node(shared.f)
    old = NodeState(node=f.node_id, kind=Kind.FOLDER, parent=ROOT_ID, name="f", place=b"1" * 16, seq=3)
    assert remote_tree.learn(shared.store, SPACE, old) is None
    below = NodeState(
        node=b"old" * 5 + b"1", kind=Kind.FILE, parent=f.node_id, name="z", place=b"z" * 16, seq=4
    )
    lid = shared.tell(below)
    shared.share(seq=S + 1)
    assert shared.space_of(lid) == SHARED
    assert shared.space().cursor is None, "it may have been deleted since: the space is read anew"
    assert settled(shared.node(shared.f))


def test_a_folder_that_this_desk_never_had_comes_as_a_mount(desk: StoredDesk) -> None:
    told = NodeState(
        node=MOUNT,
        kind=Kind.MOUNT,
        parent=ROOT_ID,
        name="f",
        place=KEY,
        seq=S,
        target_space=SHARED,
        root=b"F" * 16,
    )
    assert desk.tell(told)
    assert spaces.get(desk.store, SHARED) is None, "the list of spaces tells of it"


# What a person was doing meanwhile


def test_a_renamed_folder_is_a_renamed_mount(shared: Shared) -> None:
    shared.move(shared.f, shared.root, "new name")
    shared.share()
    mount = shared.node(shared.m)
    assert mount.local is not None
    assert mount.baseline is not None
    assert (mount.local.place.name, mount.baseline.place.name) == ("new name", "f")


def test_a_folder_that_was_deleted_here_is_a_question_and_all_in_it_comes_back(shared: Shared) -> None:
    for lid in (shared.f, shared.a, shared.d, shared.b):
        local_tree.set_presence(shared.store, lid, Presence.MISSING)
    shared.share()
    assert shared.presence(shared.m) is Presence.MISSING
    for lid in (shared.a, shared.d, shared.b):
        assert (shared.presence(lid), shared.node(lid).baseline) == (Presence.NOT_YET, None)


def test_what_vanishes_while_it_is_shared_is_decided_with_the_mount(shared: Shared) -> None:
    for lid in (shared.f, shared.a, shared.d, shared.b):
        shared.store.run("UPDATE node SET presence = 'gap', since_ms = 1 WHERE lid = ?", (lid,))
    shared.share()
    assert shared.presence(shared.a) is Presence.GAP
    assert shared.close()
    assert shared.presence(shared.a) is Presence.NOT_YET


def test_new_files_without_a_node_on_the_server_are_the_new_spaces(shared: Shared) -> None:
    new = shared.show("new", shared.d)
    shared.share()
    assert shared.space_of(new) == SHARED


def test_new_files_are_of_the_space_of_their_folder_wherever_that_was_moved(shared: Shared) -> None:
    """Here and on the server: what was moved over the border has not arrived yet."""
    shared.move(shared.o, shared.f, "o")
    shared.move(shared.d, shared.root, "d")
    inside = shared.show("inside", shared.o, Kind.FOLDER)
    of_o, of_d = shared.show("new", inside), shared.show("new", shared.d)
    shared.share()
    assert [shared.space_of(lid) for lid in (shared.o, inside, of_o)] == [SPACE] * 3
    assert [shared.space_of(lid) for lid in (shared.d, of_d)] == [SHARED] * 2


def test_a_file_moved_out_of_it_is_looked_at_and_is_moved_between_spaces(shared: Shared) -> None:
    shared.move(shared.a, shared.o, "a")
    shared.store.run("UPDATE node SET birth_ns = ino WHERE lid = ?", (shared.a,))
    assert shared.share() == [shared.o, shared.f]
    ino = shared.store.value("SELECT ino FROM node WHERE lid = ?", (shared.a,))
    shared.look(shared.o, entry_of("a", ino, birth=ino))
    (new,) = (lid for (lid,) in shared.store.all("SELECT lid FROM node WHERE l_parent = ?", (shared.o,)))
    assert shared.space_of(new) == SPACE
    assert shared.node(shared.a).after == new, "it is deleted there once it has arrived here"
    shared.look(shared.f, folder("d", 1_000 + shared.d))
    assert shared.presence(shared.a) is Presence.GAP


def test_a_file_moved_into_it_is_looked_at_too(shared: Shared) -> None:
    shared.move(shared.g, shared.d, "g")
    assert shared.share() == [shared.d, shared.root]
    ino = shared.store.value("SELECT ino FROM node WHERE lid = ?", (shared.g,))
    shared.look(shared.d, entry_of("b", 1_000 + shared.b), entry_of("g", ino, birth=1_000 + shared.g))
    assert (shared.space_of(shared.g), shared.space_of(shared.at("g", shared.d))) == (SPACE, SHARED)
    assert shared.node(shared.g).after == shared.at("g", shared.d)


def test_a_mount_moved_into_it_goes_back(shared: Shared) -> None:
    team, _ = shared.mount_team()
    shared.move(team, shared.d, "Team")
    shared.share()
    node = shared.node(team)
    assert (node.space, node.baseline) == (SPACE, None), "so the server's place counts"


def test_a_name_that_waits_for_a_file_of_it_waits_no_more(shared: Shared) -> None:
    local_tree.set_presence(shared.store, shared.a, Presence.GAP)
    new = shared.show("a moved", shared.o)
    shared.store.run("UPDATE node SET waits_for = ? WHERE lid = ?", (shared.a, new))
    shared.share()
    assert shared.store.value("SELECT waits_for FROM node WHERE lid = ?", (new,)) is None
    assert shared.node(shared.a).after == new


# What is remembered beside the nodes


def test_what_was_sent_belongs_to_where_its_node_is(shared: Shared) -> None:
    put = ask.Put(key=b"1" * 16, node=b"n" * 16, hash=b"h" * 32, size_bytes=1, scheme="s")
    move = ask.Move(
        key=b"2" * 16, node=shared.node(shared.f).node_id, place=b"p" * 16, parent=ROOT_ID, name="x"
    )
    for operation, lid in ((put, shared.a), (move, shared.f)):
        ops.record_sent(shared.store, [OpRow(operation=operation, lid=lid, space=SPACE, covers=(lid,))])
    shared.share()
    assert [(row.operation.key, row.lid) for row in ops.sent(shared.store, SHARED)] == [(put.key, shared.a)]
    assert [(row.operation.key, row.lid) for row in ops.sent(shared.store, SPACE)] == [(move.key, shared.m)]


def test_trash_and_questions_are_divided(shared: Shared) -> None:
    for lid in (shared.a, shared.g):
        row = TrashRow(
            name=str(lid),
            lid=lid,
            origin="x",
            ino=1,
            size_bytes=1,
            mtime_ns=1,
            ctime_ns=1,
            rev=b"r",
            at_ms=1,
            space=SPACE,
        )
        trash.add(shared.store, row)
    hold = holds.opened(shared.store, SPACE, "deletions", 5)
    holds.add(shared.store, hold, [shared.a, shared.g])
    shared.share()
    assert {row.name: row.space for row in trash.listed(shared.store)} == {
        str(shared.a): SHARED, str(shared.g): SPACE,
    }  # fmt: skip
    held = {row.space: row.paths for row in holds.open_holds(shared.store)}
    assert held == {SPACE: ("g",), SHARED: ("f/a",)}


def test_a_question_about_nothing_else_moves_as_a_whole(shared: Shared) -> None:
    holds.add(shared.store, holds.opened(shared.store, SPACE, "deletions", 5), [shared.a])
    shared.share()
    assert [row.space for row in holds.open_holds(shared.store)] == [SHARED]


# A restored server


def lost(shared: Shared, *states: NodeState) -> None:
    """The server was put back to before the sharing; this is the whole snapshot of the space in which the folder lay."""
    spaces.freeze(shared.store, SHARED, SpaceState.UNKNOWN)
    reading = union.Reading(unite=True)
    reading.add(Nodes(nodes=states, cursor=cursor(5, b"n" * 16)))
    union.settle(shared.store, SPACE, reading)


def test_a_sharing_that_the_server_has_lost_is_undone(shared: Shared) -> None:
    shared.share()
    f = shared.node(shared.f).node_id
    lost(shared, NodeState(node=f, kind=Kind.FOLDER, parent=ROOT_ID, name="f", place=b"1" * 16, seq=3))
    assert spaces.get(shared.store, SHARED) is None
    assert local_tree.by_id(shared.store, MOUNT) is None
    assert [shared.space_of(lid) for lid in (shared.f, shared.a, shared.b)] == [SPACE] * 3
    assert paths.disk_path(shared.store, shared.b) == ("f", "d", "b")
    assert shared.node(shared.f).baseline is None


def test_a_sharing_that_is_only_missing_from_a_snapshot_is_not_undone(shared: Shared) -> None:
    shared.share()
    reading = union.Reading(unite=True)
    reading.add(Nodes(nodes=(), cursor=cursor(5, b"n" * 16)))
    union.settle(shared.store, SPACE, reading)
    assert shared.space().root_lid == shared.f


def test_whoever_it_was_shared_with_keeps_it_as_it_is(shared: Shared) -> None:
    """The mount in the own space was made by the server: its place has its own id for a key."""
    shared.share()
    shared.store.run("UPDATE node SET r_place = node_id WHERE lid = ?", (shared.m,))
    lost(shared)
    assert spaces.get(shared.store, SHARED) is not None


def test_whoever_it_was_shared_with_keeps_it_as_it_is_wherever_they_moved_it(shared: Shared) -> None:
    """The mount has the key of the move then, as one has the key of the sharing; but the folder is another one's."""
    shared.share()
    shared.store.run("UPDATE space SET owner = 'boris' WHERE id = ?", (SHARED,))
    lost(shared)
    assert shared.space().root_lid == shared.f


def test_what_a_division_shared_of_its_own_is_its_own_again_whoever_owns_it_by_now(shared: Shared) -> None:
    """In any space but a person's own, mounts are made by sharing alone."""
    shared.share()
    shared.store.run("UPDATE space SET owner = 'boris' WHERE id = ?", (SHARED,))
    shared.store.run("UPDATE space SET kind = 'team' WHERE id = ?", (SPACE,))
    lost(shared)
    assert spaces.get(shared.store, SHARED) is None
    assert shared.space_of(shared.a) == SPACE


def test_what_is_new_in_a_folder_whose_sharing_is_lost_stays_with_it_wherever_that_was_moved(
    shared: Shared,
) -> None:
    """The snapshot shows the team's mount, too, in whose folder it lies on the disk."""
    mount, team = shared.mount_team()
    shared.share()
    deep = shared.show("deep", shared.d, Kind.FOLDER)
    new = shared.show("new", deep)
    shared.store.run("UPDATE node SET space = ? WHERE lid IN (?, ?)", (SHARED, deep, new))
    shared.move(shared.m, team, "f")
    ids = {name: shared.node(getattr(shared, name)).node_id for name in ("f", "d")}
    lost(
        shared,
        NodeState(node=ids["f"], kind=Kind.FOLDER, parent=ROOT_ID, name="f", place=b"1" * 16, seq=3),
        NodeState(node=ids["d"], kind=Kind.FOLDER, parent=ids["f"], name="d", place=b"2" * 16, seq=4),
        NodeState(
            node=shared.node(mount).node_id, kind=Kind.MOUNT, parent=ROOT_ID, name="Team", place=b"3" * 16, seq=2,
            target_space=TEAM, root=TEAM_ROOT_ID,
        ),
    )  # fmt: skip
    assert paths.disk_path(shared.store, new) == ("Team", "f", "d", "deep", "new")
    mine = (shared.f, shared.d, deep, new, shared.a, shared.b)
    assert [shared.space_of(lid) for lid in mine] == [SPACE] * 6, "the server has lost the last two"


def test_what_is_new_in_a_folder_that_is_told_of_in_another_space_goes_there_with_it(shared: Shared) -> None:
    """It was shared, and lay in the team's folder, when the server was put back to before it was there: a desk has given it
    back to the team's space, and here it is one of the own that nobody knows of."""
    shared.mount_team()
    folder = shared.show("given back", kind=Kind.FOLDER)
    inside = shared.show("inside", folder, Kind.FOLDER)
    new = shared.show("new", inside)
    told = NodeState(
        node=shared.node(folder).node_id,
        kind=Kind.FOLDER,
        parent=TEAM_ROOT_ID,
        name="e",
        place=b"1" * 16,
        seq=3,
    )
    remote_tree.learn(shared.store, TEAM, told)
    assert [shared.space_of(lid) for lid in (folder, inside, new)] == [TEAM] * 3


@pytest.mark.parametrize("state", [SpaceState.UNKNOWN, SpaceState.REVOKED])
def test_a_folder_that_a_journal_tells_of_is_no_root_of_what_the_server_does_not_know(
    shared: Shared, state: SpaceState
) -> None:
    """Where it knows the space, and its person reaches it no more, the journal may be older than the sharing."""
    shared.mount_team()
    shared.share()
    root = shared.node(shared.f).node_id
    spaces.freeze(shared.store, SHARED, state)
    folder = NodeState(node=root, kind=Kind.FOLDER, parent=TEAM_ROOT_ID, name="f", place=b"1" * 16, seq=3)
    entry = Entry(seq=3, op="mkdir", key=KEY, state=folder, user=b"u" * 16, device=b"d" * 16, at_ms=1)
    remote_tree.apply(shared.store, TEAM, [entry], b"me" * 8)
    assert (shared.lid(root) != shared.f) is (state is SpaceState.UNKNOWN)
    assert settled(shared.node(shared.f))
    assert shared.space_of(shared.f) == SHARED


def test_what_another_life_has_in_another_space_is_taken_from_where_it_was(shared: Shared) -> None:
    """Sequences of two lives are not compared: it is there, whatever was told of it before."""
    shared.mount_team()
    a = shared.node(shared.a)
    assert a.remote is not None
    told = NodeState(
        node=a.node_id, kind=Kind.FILE, parent=TEAM_ROOT_ID, name="a", place=b"1" * 16, seq=a.remote.seq, rev=b"V" * 16,
        hash=b"h" * 32, size_bytes=1,
    )  # fmt: skip
    reading = union.Reading(unite=True)
    reading.add(Nodes(nodes=(told,), cursor=cursor(5, b"n" * 16)))
    union.unite(shared.store, TEAM, reading, {})
    assert shared.space_of(shared.a) == TEAM


def test_a_root_that_is_a_folder_of_another_space_in_another_life_is_so_no_more_when_the_first_is_back(
    shared: Shared,
) -> None:
    """A server that was put back had made the folder in the team's space; then it is the one that it was, after all."""
    shared.mount_team()
    shared.share()
    root = shared.node(shared.f).node_id
    spaces.freeze(shared.store, SHARED, SpaceState.UNKNOWN)
    folder = NodeState(node=root, kind=Kind.FOLDER, parent=TEAM_ROOT_ID, name="f", place=b"1" * 16, seq=3)
    reading = union.Reading(unite=True)
    reading.add(Nodes(nodes=(folder,), cursor=cursor(5, b"n" * 16)))
    union.settle(shared.store, TEAM, reading)
    assert local_tree.by_id(shared.store, root) is None
    teams = remote_tree.learn(shared.store, TEAM, folder)
    assert teams not in (None, shared.f), "it is not the root of what was shared"
    assert settled(shared.node(shared.f)), "and nothing happens to that"
    sharing.root_again(shared.store, SHARED, root)
    assert shared.lid(root) == shared.f
    assert settled(shared.node(shared.f))
    assert shared.node(teams).node_id != root


def test_shared_again_it_is_the_same(shared: Shared) -> None:
    shared.share()
    again = info(b"2" * 16, shared.node(shared.f).node_id, kind=SpaceKind.SHARED)
    found = spaces.same(shared.store, again, [SHARED])
    assert found is not None
    assert found.id == SHARED
    assert spaces.same(shared.store, msgspec.structs.replace(again, root=b"?" * 16), [SHARED]) is None


# One space, two mounts (T14)


OWN = b"o" * 16


def in_both(shared: Shared) -> int:
    """`f` was shared with this person, then the person came into the team in which it hangs; answers the team's mount."""
    shared.mount_team()
    shared.share()
    told = NodeState(
        node=OWN, kind=Kind.MOUNT, parent=b"T" * 16, name="f", place=OWN, seq=S + 1, target_space=SHARED,
        root=shared.node(shared.f).node_id,
    )  # fmt: skip
    remote_tree.learn(shared.store, TEAM, told)
    return shared.lid(OWN)


def test_a_teams_mount_comes_before_the_own_and_the_folder_goes_there(shared: Shared) -> None:
    team = in_both(shared)
    assert shared.space().mount_lid == team
    node = shared.node(team)
    assert node.local is not None
    assert node.remote is not None
    assert node.baseline is not None
    assert node.local.place == node.baseline.place == Place(shared.root, "f"), (
        "it lies there, and nobody moved it"
    )
    assert node.remote.place != node.local.place
    assert shared.presence(shared.m) is Presence.EXCLUDED
    assert settled(shared.node(shared.m))
    assert paths.disk_path(shared.store, shared.b) == ("f", "d", "b")


def test_a_folder_that_had_stayed_for_what_is_never_synced_is_the_space_s_again_at_its_new_mount(
    shared: Shared,
) -> None:
    """Else nobody would be told of what is put into it (R12)."""
    shared.mount_team()
    shared.share()
    shared.store.run("UPDATE node SET presence = 'local_only' WHERE lid = ?", (shared.m,))
    told = NodeState(
        node=OWN, kind=Kind.MOUNT, parent=b"T" * 16, name="f", place=OWN, seq=S + 1, target_space=SHARED,
        root=shared.node(shared.f).node_id,
    )  # fmt: skip
    remote_tree.learn(shared.store, TEAM, told)
    assert shared.space().mount_lid == shared.lid(OWN)
    assert shared.presence(shared.lid(OWN)) is Presence.HERE


def test_when_the_team_is_no_more_the_own_one_is_used_again(shared: Shared) -> None:
    in_both(shared)
    spaces.freeze(shared.store, TEAM, SpaceState.REVOKED)
    mounts.choose_all(shared.store)
    assert shared.space().mount_lid == shared.m
    assert shared.presence(shared.m) is Presence.HERE
    assert shared.presence(shared.b) is Presence.HERE


def test_the_only_mount_stays_in_use_though_it_is_dead(shared: Shared) -> None:
    shared.share()
    remote_tree.learn(shared.store, SPACE, shared.mount(seq=S + 1, dead=True))
    assert shared.space().mount_lid == shared.m
    assert problems.listed(shared.store) == []


# A mount that somebody deletes (R25)


def gone(shared: Shared) -> None:
    """The folder is deleted on the disk, with all in it, and its gap is over."""
    shared.look(
        shared.root, entry_of("g", 1_000 + shared.g, birth=1_000 + shared.g), folder("o", 1_000 + shared.o)
    )
    assert shared.close()


def test_a_shared_folder_that_is_deleted_in_the_own_space_is_asked_about(shared: Shared) -> None:
    shared.share()
    gone(shared)
    (asked,) = holds.open_holds(shared.store)
    assert (asked.kind, asked.space, asked.count, asked.paths) == ("leaving", SHARED, 1, ("f",))
    assert shared.presence(shared.a) is Presence.NOT_YET, "nothing in it is deleted"
    trees = SqlTrees(shared.store, 0)
    plan = reconcile(trees, [shared.m, shared.a, shared.d, shared.b])
    assert (plan.up, plan.down, plan.books) == ((), (), ()), "and nothing comes back before it is answered"
    holds.end(shared.store, asked.id, "rejected")
    (made, *_) = reconcile(SqlTrees(shared.store, 0), [shared.m, shared.a, shared.d, shared.b]).down
    assert made == MakeFolder(shared.m, Place(shared.root, "f"))


def test_the_question_ends_when_the_folder_is_back(shared: Shared) -> None:
    shared.share()
    gone(shared)
    local_tree.set_presence(shared.store, shared.m, Presence.HERE)
    assert holds.release(shared.store) == [shared.m]
    assert holds.empty(shared.store) == [holds.open_holds(shared.store)[0].id]


@pytest.mark.parametrize("facts", ["team", "in a team"])
def test_what_cannot_be_left_comes_back_without_a_question(shared: Shared, facts: str) -> None:
    shared.share()
    of = SHARED if facts == "team" else SPACE
    shared.store.run("UPDATE space SET kind = 'team' WHERE id = ?", (of,))
    gone(shared)
    assert holds.open_holds(shared.store) == []
    assert shared.presence(shared.m) is Presence.MISSING


def test_a_mount_that_was_put_into_another_space_goes_back(shared: Shared) -> None:
    """With all that is in it; it is no folder of that space, whose members have no right to what it holds."""
    shared.share()
    _, team = shared.mount_team()
    ino = 1_000 + shared.f
    shared.store.run("UPDATE node SET ino = ?1, birth_ns = ?1 WHERE lid = ?2", (ino, shared.m))
    nodes = shared.nodes()
    shared.look(team, folder("f", ino))
    node = shared.node(shared.m)
    assert node.local is not None
    assert (node.local.place, node.space) == (Place(team, "f"), SPACE)
    assert shared.nodes() == nodes
    plan = reconcile(SqlTrees(shared.store, 0), [shared.m])
    assert (plan.up, plan.down) == ((), (Relocate(shared.m, Place(shared.root, "f")),))


def test_a_mount_that_is_elsewhere_goes_nowhere_by_where_it_was(shared: Shared) -> None:
    """Its folder may be forgotten by now: what a mount is not on the disk, did not stray (R25)."""
    shared.share()
    shared.tell(shared.mount(seq=S + 1, parent=shared.node(shared.o).node_id))
    spaces.set_cursor(shared.store, SPACE, cursor(S + 1))
    shared.look(shared.root)
    assert shared.close()
    shared.store.run("UPDATE node SET l_parent = 4711 WHERE lid = ?", (shared.m,))
    assert reconcile(SqlTrees(shared.store, 0), [shared.o, shared.m]).up == ()


def test_what_was_put_into_its_folder_while_nothing_hung_there_is_found_in_the_space(shared: Shared) -> None:
    """Whoever is a member again finds the mount at another node, and the folder where it was."""
    shared.share()
    old = shared.m
    shared.tell(shared.mount(seq=S + 1, dead=True))
    own = shared.show("own", old)
    moved = shared.synced("moved")
    shared.move(moved, old, "moved")
    shared.tell(shared.mount(node=b"n" * 16, seq=S + 2))
    new = shared.space().mount_lid
    assert (new, shared.presence(old)) == (shared.lid(b"n" * 16), Presence.EXCLUDED)
    assert local_tree.find_node(shared.store, own) is None
    assert shared.presence(moved) is Presence.NOT_YET, "the server has it elsewhere, so it comes there"


@pytest.mark.parametrize("dead", [False, True])
def test_a_mount_in_a_folder_of_a_space_that_is_left_is_nowhere(shared: Shared, dead: bool) -> None:
    """Whether its folder is there still or not: that folder is not looked into any more as the space's."""
    shared.share()
    _, team = shared.mount_team()
    mount = shared.m
    shared.move(mount, team, "f")
    shared.store.run("UPDATE node SET presence = 'gap', since_ms = 1 WHERE lid = ?", (mount,))
    if dead:
        shared.tell(shared.mount(seq=S + 1, dead=True))
    assert leaving.end(shared.store, TEAM)
    known = local_tree.find_node(shared.store, mount)
    assert known is None if dead else known is not None and shared.presence(mount) is Presence.NOT_YET
    assert shared.presence(shared.f) is Presence.NOT_YET
    assert shared.presence(shared.a) is Presence.NOT_YET


def test_a_root_is_never_deleted_whatever_the_disk_shows(shared: Shared) -> None:
    """Not even that of an empty space whose mount is gone."""
    shared.share()
    for lid in (shared.a, shared.d, shared.b):
        local_tree.forget(shared.store, lid)
    gone(shared)
    assert shared.presence(shared.f) is Presence.MISSING
    assert reconcile(SqlTrees(shared.store, 0), [shared.f]).up == ()


def test_a_mount_that_is_no_more_is_a_folder_if_something_new_lies_in_it(shared: Shared) -> None:
    """It is not this desk's to bring back to life, wherever it was moved."""
    shared.share()
    shared.tell(shared.mount(seq=S + 1, dead=True))
    shared.move(shared.m, shared.root, "renamed")
    for lid in (shared.a, shared.d, shared.b, shared.f):
        local_tree.forget(shared.store, lid)
    shared.store.run("DELETE FROM space WHERE id = ?", (SHARED,))
    new = shared.show("new", shared.m)
    plan = reconcile(SqlTrees(shared.store, 0), [shared.m, new])
    assert (plan.books, plan.up, plan.down) == ((Unmount(shared.m),), (), ())
    mount = shared.m
    local_tree.unmount(shared.store, mount, b"!" * 16)
    plan = reconcile(SqlTrees(shared.store, 0), [mount, new])
    assert plan.up == (Mkdir(mount, Place(shared.root, "renamed")), Put(new, Place(mount, "new"), None))


@pytest.mark.parametrize("space_ended_first", [False, True])
def test_a_mount_that_neither_the_server_nor_this_desk_has_a_space_for_goes(
    shared: Shared, space_ended_first: bool
) -> None:
    """A server that was put back has lost it, and the membership ended besides."""
    shared.share()
    for lid in (shared.a, shared.d, shared.b):
        local_tree.forget(shared.store, lid)
    local_tree.set_baseline(shared.store, shared.m, None)
    reading = union.Reading(unite=True)
    reading.add(Nodes(nodes=(), cursor=cursor(5, b"n" * 16)))
    if space_ended_first:
        assert leaving.end(shared.store, SHARED)
    union.unite(shared.store, SPACE, reading, {})
    if not space_ended_first:
        assert shared.node(shared.m).remote is None
        assert leaving.end(shared.store, SHARED)
    plan = reconcile(SqlTrees(shared.store, 0), [shared.m])
    assert [type(step) for step in plan.down] == [Remove]
    new = shared.show("new", shared.m)
    assert reconcile(SqlTrees(shared.store, 0), [shared.m, new]).books == (Unmount(shared.m),)


def test_what_was_vanishing_in_a_mount_that_is_forgotten_comes_back(shared: Shared) -> None:
    shared.share()
    for lid in (shared.m, shared.a):
        shared.store.run("UPDATE node SET presence = 'gap', since_ms = 1 WHERE lid = ?", (lid,))
    gaps.end_with(shared.store, shared.m)
    assert (shared.presence(shared.a), shared.node(shared.a).baseline) == (Presence.NOT_YET, None)


def test_a_frozen_space_whose_mount_is_to_come_back_is_waited_for(shared: Shared) -> None:
    """Without its space the mount would come back as a folder that nobody has."""
    shared.share()
    for lid in (shared.a, shared.d, shared.b):
        local_tree.forget(shared.store, lid)
    spaces.freeze(shared.store, SHARED, SpaceState.UNKNOWN)
    shared.store.run("UPDATE node SET presence = 'missing' WHERE lid = ?", (shared.m,))
    assert leaving.frozen_for_nothing(shared.store) == []
    shared.store.run("UPDATE node SET presence = 'not_yet' WHERE lid = ?", (shared.m,))
    assert leaving.frozen_for_nothing(shared.store) == [], "the server has it, as far as it was read"
    shared.tell(shared.mount(seq=S + 1, dead=True))
    assert leaving.frozen_for_nothing(shared.store) == [SHARED]


def test_a_mount_whose_name_is_held_by_what_moves_into_it_is_made_when_that_is_parked(shared: Shared) -> None:
    shared.share()
    team, team_root = shared.mount_team()
    for lid, parent, name in ((team, shared.root, "f"), (shared.m, team_root, "in it")):
        shared.store.run(
            "UPDATE node SET r_parent = ?, r_name = ?, r_key = ? WHERE lid = ?", (parent, name, name, lid)
        )
    shared.store.run(
        "UPDATE node SET l_parent = NULL, b_parent = NULL, presence = NULL WHERE lid = ?", (team,)
    )
    shared.store.run("UPDATE node SET presence = 'not_yet' WHERE lid = ?", (team_root,))
    inside, made = Place(team_root, "in it"), Place(shared.root, "f")
    plan = reconcile(SqlTrees(shared.store, 0), [shared.m, team])
    assert plan.down == (Park(shared.m), MakeFolder(team, made), Relocate(shared.m, inside))


def test_a_mount_does_not_move_below_what_still_lies_in_it(shared: Shared) -> None:
    """Two mounts, one in the other, change places: the inner one leaves first."""
    shared.share()
    team, team_root = shared.mount_team()
    shared.store.run(
        "UPDATE node SET l_parent = ?1, b_parent = ?1, r_parent = ?2 WHERE lid = ?3",
        (shared.f, shared.root, team),
    )
    shared.store.run("UPDATE node SET r_parent = ? WHERE lid = ?", (team_root, shared.m))
    plan = reconcile(SqlTrees(shared.store, 0), [shared.m])
    assert plan.down == (
        Relocate(team, Place(shared.root, "Team")),
        Relocate(shared.m, Place(team_root, "f")),
    )


def test_of_two_mounts_in_a_circle_the_one_in_which_nothing_belongs_is_parked(shared: Shared) -> None:
    shared.share()
    team, team_root = shared.mount_team()
    shared.store.run(
        "UPDATE node SET l_parent = ?1, b_parent = ?1, r_name = 'f', r_key = 'f' WHERE lid = ?2",
        (shared.f, team),
    )
    shared.store.run("UPDATE node SET r_parent = ? WHERE lid = ?", (team_root, shared.m))
    for due in ([shared.m, team], [team, shared.m]):
        assert reconcile(SqlTrees(shared.store, 0), due).down == (
            Park(shared.m),
            Relocate(team, Place(shared.root, "f")),
            Relocate(shared.m, Place(team_root, "f")),
        )


def test_a_mount_that_is_no_more_is_a_folder_of_the_space_that_it_was_moved_to(shared: Shared) -> None:
    """With all that was put into it: else it would be told as another space's, and refused for ever."""
    shared.share()
    _, team_root = shared.mount_team()
    mount = shared.m
    shared.tell(shared.mount(seq=S + 1, dead=True))
    shared.move(mount, team_root, "moved")
    for lid in (shared.a, shared.d, shared.b, shared.f):
        local_tree.forget(shared.store, lid)
    shared.store.run("DELETE FROM space WHERE id = ?", (SHARED,))
    new = shared.show("new", mount)
    local_tree.unmount(shared.store, mount, b"!" * 16)
    assert (shared.space_of(mount), shared.space_of(new)) == (TEAM, TEAM)
    plan = reconcile(SqlTrees(shared.store, 0), [mount, new])
    assert plan.up == (Mkdir(mount, Place(team_root, "moved")), Put(new, Place(mount, "new"), None))


def test_a_folder_of_which_nothing_is_known_any_more_is_forgotten(shared: Shared) -> None:
    """What is left of a shared folder that was not on this disk, when the server has lost that it was shared."""
    nothing = local_tree.insert(shared.store, b"?" * 16, SPACE, Kind.FOLDER)
    assert reconcile(SqlTrees(shared.store, 0), [nothing]).books == (Forget(nothing),)
