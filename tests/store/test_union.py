"""A snapshot of the same life is the truth; a snapshot of another is united with what the desk remembers (R33, R34)."""

import msgspec
import pytest

from govsync.model.nodes import Baseline, Kind, Place, Presence
from govsync.model.trees import settled
from govsync.protocol.changes import Changes, Nodes, NodeState
from govsync.store import dirty, local_tree, lost, past, spaces, trees, union
from govsync.store.union import Reading
from tests.store.desk import EPOCH, SPACE, TEAM, StoredDesk, content, cursor, dirty_lids

NEW_EPOCH = b"E" * 16


def page(*states: NodeState, after: bytes | None = None, seq: int = 50, epoch: bytes = EPOCH) -> Nodes:
    return Nodes(nodes=states, cursor=cursor(seq, epoch), after=after)


def reading(*states: NodeState, unite: bool = True, epoch: bytes = NEW_EPOCH) -> Reading:
    made = Reading(unite=unite)
    made.add(page(*states, epoch=epoch))
    return made


# Reading


def test_a_snapshot_is_complete_when_the_journal_was_looked_through_up_to_its_last_page(
    desk: StoredDesk,
) -> None:
    made = Reading(unite=False)
    made.add(page(desk.state(b"a" * 16, "a"), after=b"a" * 16, seq=50))
    assert (made.complete, made.after) == (False, b"a" * 16)
    assert made.to_look_through is None
    made.add(page(desk.state(b"b" * 16, "b"), seq=99))
    for seq in (50, 80, 99):
        assert made.to_look_through == (cursor(seq) if seq < 99 else None)
        assert made.complete is (seq == 99)
        made.look_through(Changes(entries=(), cursor=cursor(80 if seq == 50 else 99), head=120))
    assert made.cursor == cursor(50), "what changed while it was read stands in the journal behind that"
    assert set(made.states) == {b"a" * 16, b"b" * 16}
    assert reading().complete, "nothing has happened between its pages"


@pytest.mark.parametrize(
    ("unite", "epoch", "unites"), [(False, EPOCH, False), (True, EPOCH, True), (False, NEW_EPOCH, True)]
)
def test_absence_means_something_only_in_the_same_life(
    desk: StoredDesk, unite: bool, epoch: bytes, unites: bool
) -> None:
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert reading(unite=unite, epoch=epoch).unites(row) is unites


# The same life (R33)


def test_what_a_complete_snapshot_of_the_same_life_lacks_is_dead(desk: StoredDesk) -> None:
    kept, gone = desk.synced("kept"), desk.synced("gone")
    state = desk.state(desk.node(kept).node_id, "kept")
    union.replace(desk.store, SPACE, reading(state, unite=False, epoch=EPOCH))
    remote = desk.node(gone).remote
    assert remote is not None
    assert remote.dead
    assert gone in dirty_lids(desk)
    remote = desk.node(kept).remote
    assert remote is not None
    assert not remote.dead
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert row.cursor == cursor(50)


def test_what_an_own_answer_told_of_after_the_snapshots_moment_is_not_dead_for_being_absent_from_it(
    desk: StoredDesk,
) -> None:
    """The snapshot speaks for its first page's moment, 50 here; a file that was sent while it was read is newer (R32)."""
    sent = desk.show("sent meanwhile")
    desk.seq = 50
    desk.sync(sent)
    union.replace(desk.store, SPACE, reading(unite=False, epoch=EPOCH))
    remote = desk.node(sent).remote
    assert remote is not None
    assert not remote.dead


# Another life (R34)


def united(desk: StoredDesk, *states: NodeState, known: dict[bytes, bool] | None = None) -> None:
    """Unites with a snapshot of another life; what it asks about is unknown there unless said otherwise."""
    made = reading(*states)
    answers = {key: (known or {}).get(key, False) for key in union.questions(desk.store, SPACE, made)}
    union.unite(desk.store, SPACE, made, answers)


def base_key(desk: StoredDesk, lid: int) -> bytes:
    base = desk.node(lid).baseline
    assert base is not None
    return base.place_key


def test_only_what_the_snapshot_does_not_show_is_asked_about(desk: StoredDesk) -> None:
    same, moved, edited, absent = (desk.synced(name) for name in ("same", "moved", "edited", "absent"))
    shown = []
    for lid, place, rev in ((same, True, True), (moved, False, True), (edited, True, False)):
        remote = desk.node(lid).remote
        assert remote is not None
        shown.append(
            desk.state(
                desk.node(lid).node_id, "x",
                place=remote.place_key if place else b"other place 1234", rev=remote.rev if rev else b"other rev 123456",
            )
        )  # fmt: skip
    asked = union.questions(desk.store, SPACE, reading(*shown))
    bases = {lid: desk.node(lid).baseline for lid in (moved, edited, absent)}
    assert all(base is not None for base in bases.values())
    assert set(asked) == {
        bases[moved].place_key, bases[edited].rev, bases[absent].place_key, bases[absent].rev  # type: ignore[union-attr]
    }  # fmt: skip


def test_a_file_that_the_restored_server_never_heard_of_is_offered_again_under_its_own_id(
    desk: StoredDesk,
) -> None:
    lid = desk.synced("f")
    node_id = desk.node(lid).node_id
    united(desk)
    node = desk.node(lid)
    assert (node.node_id, node.remote, node.baseline) == (node_id, None, None)
    assert [row.lid for row in lost.offers(desk.store, SPACE, 10)] == [lid]
    assert desk.presence(lid) is Presence.HERE
    assert lid in dirty_lids(desk)


def test_a_file_that_the_server_knew_and_has_no_more_was_deleted(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    base = desk.node(lid).baseline
    assert base is not None
    assert base.rev is not None
    united(desk, known={base.place_key: True, base.rev: True})
    node = desk.node(lid)
    assert node.remote is not None
    assert node.remote.dead
    assert node.baseline == base


def test_a_deletion_that_the_server_remembers_does_not_cover_a_content_that_it_does_not(
    desk: StoredDesk,
) -> None:
    """A copy from before the last save, in which the file was then deleted: the save is news and survives it (I1)."""
    lid = desk.synced("f")
    united(desk, known={base_key(desk, lid): True})
    node = desk.node(lid)
    assert node.baseline is not None
    assert node.baseline.hash is None
    assert node.local is not None
    assert node.local.hash is not None


def test_a_place_that_the_server_gives_in_a_folder_not_told_of_yet_is_the_agreed_one(
    desk: StoredDesk,
) -> None:
    lid = desk.synced("f")
    folder = b"later" + b"." * 11
    past.remember(desk.store, lid, past.Fact.PLACE, b"their place 1234", 1)
    united(desk, desk.state(desk.node(lid).node_id, "f", parent=folder, place=b"their place 1234"))
    base = desk.node(lid).baseline
    assert base is not None
    assert (base.place, base.place_key) == (Place(desk.lid(folder), "f"), b"their place 1234")


def test_an_own_unsent_deletion_is_taken_back(desk: StoredDesk) -> None:
    """Alive there and not on the disk: it comes back, never a deletion."""
    lid = desk.synced("f")
    local_tree.set_presence(desk.store, lid, Presence.MISSING)
    remote = desk.node(lid).remote
    assert remote is not None
    united(desk, desk.state(desk.node(lid).node_id, "f", place=remote.place_key, rev=remote.rev))
    assert desk.presence(lid) is Presence.NOT_YET
    assert desk.node(lid).baseline is None


def test_a_file_gone_here_and_unknown_there_is_forgotten(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    local_tree.set_presence(desk.store, lid, Presence.MISSING)
    united(desk)
    assert local_tree.find_node(desk.store, lid) is None


OLDER, OTHER = b"older rev 123456", b"other rev 123456"


def edited(desk: StoredDesk, lid: int) -> Baseline:
    """The desk has seen the server have an older content before the one that is agreed on; answers what is agreed on."""
    before = desk.node(lid).baseline
    assert before is not None
    assert before.rev is not None
    past.remember(desk.store, lid, past.Fact.REV, OLDER, 1)
    return before


def shown(desk: StoredDesk, lid: int, rev: bytes, hash: bytes) -> NodeState:
    base = desk.node(lid).baseline
    assert base is not None
    return desk.state(desk.node(lid).node_id, "f", place=base.place_key, rev=rev, hash=hash)


@pytest.mark.parametrize("rev", [OLDER, OTHER])
def test_a_lost_revision_is_offered_and_no_content_is_agreed_until_the_server_has_judged(
    desk: StoredDesk, rev: bytes
) -> None:
    """Whatever goes wrong before the answer, the two contents are then edits of each other, never one over the other."""
    lid = desk.synced("f")
    base = edited(desk, lid)
    united(desk, shown(desk, lid, rev, content(b"server's").content_hash))
    now = desk.node(lid).baseline
    assert now is not None
    assert (now.rev, now.hash, now.place_key) == (None, None, base.place_key)
    row = lost.get(desk.store, lid)
    assert row is not None
    assert (row.rev, row.hash, row.epoch, row.offered) == (base.rev, base.hash, EPOCH, True)
    assert row.over == (OLDER if rev == OLDER else None), "only what was seen before it is known to be older"


def test_what_was_changed_here_upon_a_lost_revision_follows_what_the_server_shows_if_that_is_older(
    desk: StoredDesk,
) -> None:
    lid = desk.synced("f")
    base = edited(desk, lid)
    desk.store.run("UPDATE node SET l_hash = ? WHERE lid = ?", (content(b"mine").content_hash, lid))
    united(desk, shown(desk, lid, OLDER, content(b"older").content_hash))
    now, row = desk.node(lid).baseline, lost.get(desk.store, lid)
    assert now is not None
    assert row is not None
    assert (now.rev, now.hash) == (OLDER, content(b"older").content_hash)
    assert (row.rev, row.offered) == (base.rev, False)


def test_what_was_changed_here_upon_a_lost_revision_stays_beside_what_nobody_here_has_seen(
    desk: StoredDesk,
) -> None:
    lid = desk.synced("f")
    edited(desk, lid)
    desk.store.run("UPDATE node SET l_hash = ? WHERE lid = ?", (content(b"mine").content_hash, lid))
    united(desk, shown(desk, lid, OTHER, content(b"other").content_hash))
    now = desk.node(lid).baseline
    assert now is not None
    assert (now.rev, now.hash) == (None, None)
    assert lost.get(desk.store, lid) is None


def test_what_is_newer_than_the_lost_revision_is_not_taken_for_older(desk: StoredDesk) -> None:
    """The server had gone on, and this desk had read of it without fetching it; another desk has given that back."""
    lid = desk.synced("f")
    edited(desk, lid)
    node_id, place = desk.node(lid).node_id, desk.node(lid).baseline.place_key  # type: ignore[union-attr]
    for name in (b"newer", b"newest"):
        desk.tell(desk.state(node_id, "f", place=place, rev=name.ljust(16), hash=content(name).content_hash))
    desk.store.run("UPDATE node SET l_hash = ? WHERE lid = ?", (content(b"mine").content_hash, lid))
    united(desk, shown(desk, lid, b"newer".ljust(16), content(b"newer").content_hash))
    now = desk.node(lid).baseline
    assert now is not None
    assert now.hash is None


def test_an_equal_content_under_another_key_is_the_same(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    base = edited(desk, lid)
    assert base.hash is not None
    united(desk, shown(desk, lid, OTHER, base.hash))
    now = desk.node(lid).baseline
    assert now is not None
    assert (now.rev, now.hash) == (OTHER, base.hash)
    assert lost.get(desk.store, lid) is None


def test_a_folder_and_what_is_in_it_are_offered_with_the_places_they_had(desk: StoredDesk) -> None:
    folder = desk.synced("d", kind=Kind.FOLDER)
    file = desk.synced("f", folder)
    bases = {lid: desk.node(lid).baseline for lid in (folder, file)}
    united(desk)
    rows = {row.lid: row for row in lost.offers(desk.store, SPACE, 10)}
    assert set(rows) == {folder, file}
    for lid, base in bases.items():
        assert base is not None
        assert (rows[lid].place_key, rows[lid].rev, rows[lid].hash) == (base.place_key, base.rev, base.hash)


def test_nothing_is_planned_for_what_is_still_to_be_offered(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    united(desk)
    for prefetched in (True, False):
        found = trees.SqlTrees(desk.store, 0)
        if prefetched:
            found.prefetch([lid])
        assert found.busy(lid)
    assert lid not in dirty.due(desk.store, 0, 10, lambda _: False)
    lost.drop(desk.store, lid)
    assert not trees.SqlTrees(desk.store, 0).busy(lid)
    assert lid in dirty.due(desk.store, 0, 10, lambda _: False)


def test_a_mount_made_anew_is_known_again_by_the_space_that_it_shows(desk: StoredDesk) -> None:
    mount, _ = desk.mount_team()
    made = desk.state(b"N" * 16, "Team", kind=Kind.MOUNT, rev=None, hash=None, target_space=TEAM)
    united(desk, made)
    assert desk.lid(b"N" * 16) == mount
    assert desk.presence(mount) is Presence.HERE
    assert lost.get(desk.store, mount) is None


def test_a_revision_that_the_server_knows_stays_agreed_and_its_own_is_newer(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    before = desk.node(lid).baseline
    assert before is not None
    assert before.rev is not None
    newer = content(b"newer").content_hash
    state = desk.state(
        desk.node(lid).node_id, "f", place=before.place_key, rev=b"newer rev 123456", hash=newer
    )
    united(desk, state, known={before.rev: True})
    node = desk.node(lid)
    assert node.baseline == before
    assert node.remote is not None
    assert node.remote.hash == newer


@pytest.mark.parametrize("seen", [True, False])
def test_a_lost_place_is_told_again_only_where_what_the_server_shows_is_older(
    desk: StoredDesk, seen: bool
) -> None:
    lid = desk.synced("new name")
    before = desk.node(lid).baseline
    assert before is not None
    node_id, old = desk.node(lid).node_id, b"old place 123456"
    if seen:
        for name, place in (("old name", old), ("new name", before.place_key)):
            desk.tell(desk.state(node_id, name, place=place, rev=before.rev, hash=before.hash))
    united(desk, desk.state(node_id, "old name", place=old, rev=before.rev, hash=before.hash))
    base, row = desk.node(lid).baseline, lost.get(desk.store, lid)
    assert base is not None
    if seen:
        assert (base.place.name, base.place_key) == ("old name", old)
        assert row is not None
        assert (row.place_key, row.place, row.moved, row.offered) == (
            before.place_key,
            before.place,
            True,
            False,
        )
    else:
        assert base == before, "somebody moved it without knowing of this place: the server's counts"
        assert row is None


def test_sequences_of_two_lives_are_not_compared(desk: StoredDesk) -> None:
    """The restored copy counts from less than this desk has seen."""
    desk.seq = 1_000
    lid = desk.synced("f")
    state = desk.state(desk.node(lid).node_id, "theirs", seq=3)
    united(desk, state)
    remote = desk.node(lid).remote
    assert remote is not None
    assert (remote.place.name, remote.seq) == ("theirs", 3)


def test_what_others_put_there_comes_down_and_the_cursor_is_the_snapshots(desk: StoredDesk) -> None:
    united(desk, desk.state(b"t" * 16, "theirs"))
    lid = desk.lid(b"t" * 16)
    assert desk.presence(lid) is None
    assert lid in dirty_lids(desk)
    row = spaces.get(desk.store, SPACE)
    assert row is not None
    assert row.cursor == cursor(50, NEW_EPOCH)


def test_a_desk_that_agrees_with_the_snapshot_has_nothing_to_do(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    node = desk.node(lid)
    assert node.remote is not None
    state = desk.state(
        node.node_id, "f", place=node.remote.place_key, rev=node.remote.rev, hash=node.remote.hash
    )
    made = reading(state)
    assert union.questions(desk.store, SPACE, made) == []
    union.unite(desk.store, SPACE, made, {})
    assert settled(desk.node(lid))


def test_an_excluded_node_stays_excluded(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    local_tree.set_presence(desk.store, lid, Presence.EXCLUDED)
    remote = desk.node(lid).remote
    assert remote is not None
    united(desk, desk.state(desk.node(lid).node_id, "f", place=remote.place_key, rev=remote.rev))
    assert desk.presence(lid) is Presence.EXCLUDED


# What was there before


def test_of_what_the_server_has_shown_of_a_node_the_order_is_remembered(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    for number in range(past.KEPT + 10):
        past.remember(desk.store, lid, past.Fact.REV, number.to_bytes(16, "big"), number)
    first, second, last = (number.to_bytes(16, "big") for number in (10, 11, past.KEPT + 9))
    assert past.before(desk.store, lid, past.Fact.REV, first, None)
    assert past.before(desk.store, lid, past.Fact.REV, first, last)
    assert not past.before(desk.store, lid, past.Fact.REV, last, second)
    assert not past.before(desk.store, lid, past.Fact.REV, first, b"never seen 12345")
    assert past.seq_of(desk.store, lid, past.Fact.REV, second) == 11
    assert past.seq_of(desk.store, lid, past.Fact.REV, bytes(16)) is None, "the oldest are forgotten"


def test_what_was_lost_is_nobodys_past(desk: StoredDesk) -> None:
    """It may be given back, and is then newer than what the server shows now."""
    lid = desk.synced("f")
    base = edited(desk, lid)
    assert base.rev is not None
    united(desk, shown(desk, lid, OTHER, content(b"other").content_hash))
    assert not past.before(desk.store, lid, past.Fact.REV, base.rev, None)


def test_a_nodes_first_place_and_first_revision_are_told_apart_though_they_have_one_key(
    desk: StoredDesk,
) -> None:
    """What was agreed is the first revision, the server had gone on to a second one at the same place: the first has its
    own, earlier place in history."""
    lid = desk.show("f")
    first = desk.state(desk.node(lid).node_id, "f", place=OLDER, rev=OLDER, hash=content(b"f").content_hash)
    desk.tell(first)
    local_tree.agree_place(desk.store, lid, desk.node(lid).local.place, OLDER)  # type: ignore[union-attr]
    local_tree.agree_content(desk.store, lid, OLDER, first.hash, False)
    desk.tell(msgspec.structs.replace(first, rev=OTHER, seq=first.seq + 5))
    united(desk)
    row = lost.get(desk.store, lid)
    assert row is not None
    assert (row.rev, row.seq) == (OLDER, first.seq)
