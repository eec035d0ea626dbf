"""A snapshot of the same life is the truth; a snapshot of another is united with what the desk remembers (R33, R34)."""

import pytest

from govsync.model.nodes import Place, Presence
from govsync.model.trees import settled
from govsync.protocol.changes import Nodes, NodeState
from govsync.store import local_tree, ops, spaces, union
from govsync.store.ops import OpRow
from govsync.store.union import Reading
from tests.store.desk import EPOCH, SPACE, StoredDesk, content, cursor, dirty_lids
from tests.store.test_ops import EVERY_KIND

NEW_EPOCH = b"E" * 16


def page(*states: NodeState, after: bytes | None = None, seq: int = 50, epoch: bytes = EPOCH) -> Nodes:
    return Nodes(nodes=states, cursor=cursor(seq, epoch), after=after)


def reading(*states: NodeState, unite: bool = True, epoch: bytes = NEW_EPOCH) -> Reading:
    made = Reading(unite=unite)
    made.add(page(*states, epoch=epoch))
    return made


# Reading


def test_a_snapshot_is_complete_when_its_last_page_is_in_and_keeps_the_first_pages_cursor(
    desk: StoredDesk,
) -> None:
    made = Reading(unite=False)
    made.add(page(desk.state(b"a" * 16, "a"), after=b"a" * 16, seq=50))
    assert (made.complete, made.after) == (False, b"a" * 16)
    made.add(page(desk.state(b"b" * 16, "b"), seq=99))
    assert made.complete
    assert made.cursor == cursor(50), "what changed while it was read stands in the journal behind that"
    assert set(made.states) == {b"a" * 16, b"b" * 16}


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


def test_a_revision_that_the_server_does_not_know_gives_way_to_its_own_as_the_baseline(
    desk: StoredDesk,
) -> None:
    """The desk's newer content is then news again, on top of what the server has."""
    lid = desk.synced("f")
    remote, local = desk.node(lid).remote, desk.node(lid).local
    assert remote is not None
    assert local is not None
    older = content(b"older").content_hash
    united(
        desk,
        desk.state(desk.node(lid).node_id, "f", place=remote.place_key, rev=b"older rev 123456", hash=older),
    )
    base = desk.node(lid).baseline
    assert base is not None
    assert (base.rev, base.hash) == (b"older rev 123456", older)
    assert local.hash not in (base.hash, None)


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


def test_a_place_that_the_server_does_not_know_gives_way_to_its_own(desk: StoredDesk) -> None:
    lid = desk.synced("new name")
    before = desk.node(lid).baseline
    assert before is not None
    state = desk.state(
        desk.node(lid).node_id, "old name", place=b"old place 123456", rev=before.rev, hash=before.hash
    )
    united(desk, state)
    base = desk.node(lid).baseline
    assert base is not None
    assert (base.place.name, base.place_key) == ("old name", b"old place 123456")


def test_sequences_of_two_lives_are_not_compared(desk: StoredDesk) -> None:
    """The restored copy counts from less than this desk has seen."""
    desk.seq = 1_000
    lid = desk.synced("f")
    state = desk.state(desk.node(lid).node_id, "theirs", seq=3)
    united(desk, state)
    remote = desk.node(lid).remote
    assert remote is not None
    assert (remote.place.name, remote.seq) == ("theirs", 3)


def test_unanswered_operations_are_planned_anew(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    ops.record_sent(desk.store, [OpRow(operation=EVERY_KIND[5], lid=lid, space=SPACE, covers=(lid,))])
    united(desk)
    assert ops.sent(desk.store, SPACE) == []
    assert desk.store.value("SELECT count(*) FROM op_cover") == 0


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
