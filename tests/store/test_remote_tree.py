"""What the server told, by journal and by answers: the newer state counts, and an answer settles only what was asked."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model import operations as ask
from govsync.model.nodes import Kind, Place, Presence
from govsync.protocol.changes import Entry, NodeState
from govsync.protocol.commits import Done
from govsync.store import activity, answers, local_tree, manifests, meta, remote_tree
from govsync.store.local_tree import Revision
from govsync.store.ops import OpRow
from tests.store.desk import ROOT_ID, SPACE, TEAM, StoredDesk, content, dirty_lids, file

NODE, OTHER = b"n" * 16, b"o" * 16
ME, THEM = b"me" * 8, b"them" * 4


def entry(state: NodeState, device: bytes = THEM) -> Entry:
    return Entry(
        seq=state.seq, op="put", key=b"k" * 16, state=state, user=b"u" * 16, device=device, at_ms=5,
        user_name="Bo", device_name="Bo's desk",
    )  # fmt: skip


# The newer state counts (R32)


def test_a_state_that_is_told_is_known_whole_and_to_be_decided_about(desk: StoredDesk) -> None:
    state = desk.state(NODE, "보고서", exec=True, size_bytes=77, mtime_ns=8, conflict_of=OTHER)
    lid = desk.tell(state)
    remote = desk.node(lid).remote
    assert remote is not None
    assert remote.place == Place(desk.root, "보고서")
    assert (remote.rev, remote.hash, remote.size_bytes, remote.exec, remote.dead, remote.seq) == (
        state.rev, state.hash, 77, True, False, state.seq,
    )  # fmt: skip
    assert desk.node(lid).conflict_of == OTHER
    assert local_tree.revisions(desk.store, [lid]) == {
        lid: Revision(SPACE, state.rev, state.hash, 77, 8, True),
    }
    assert dirty_lids(desk) == [lid]


@pytest.mark.parametrize("behind", [0, 1])
def test_old_and_equal_news_change_nothing(desk: StoredDesk, behind: int) -> None:
    """Own answers run ahead of the cursor: the journal then tells older states of the same node."""
    desk.seq = 10
    lid = desk.tell(desk.state(NODE, "new"))
    desk.store.run("DELETE FROM dirty")
    assert remote_tree.learn(desk.store, SPACE, desk.state(NODE, "old", seq=11 - behind)) is None
    remote = desk.node(lid).remote
    assert remote is not None
    assert remote.place.name == "new"
    assert dirty_lids(desk) == []


def test_what_came_into_a_folder_before_its_deletion_is_dead_though_an_answer_told_of_the_deletion_first(
    desk: StoredDesk,
) -> None:
    """The journal is read behind the answer: first the child, alive, then the deletion, which is old news by then."""
    folder = desk.tell(desk.state(NODE, "F", kind=Kind.FOLDER, rev=None, hash=None, seq=1))
    gone = desk.state(NODE, "F", kind=Kind.FOLDER, rev=None, hash=None, dead=True, seq=5)
    desk.tell(gone)
    child = desk.tell(desk.state(OTHER, "c", parent=NODE, seq=3))
    desk.tell(gone)
    remote = desk.node(child).remote
    assert remote is not None
    assert remote.dead
    assert {folder, child} <= set(dirty_lids(desk))


@given(st.permutations(range(1, 6)), st.lists(st.integers(1, 5)))
def test_states_in_any_order_and_number_end_with_the_newest(order: list[int], again: list[int]) -> None:
    desk = StoredDesk()
    for seq in (*order, *again):
        remote_tree.learn(desk.store, SPACE, desk.state(NODE, f"name {seq}", seq=seq))
    remote = desk.node(desk.lid(NODE)).remote
    assert remote is not None
    assert (remote.place.name, remote.seq) == ("name 5", 5)
    desk.store.close()


def test_what_a_node_is_a_second_version_of_is_known_for_good(desk: StoredDesk) -> None:
    lid = desk.tell(desk.state(NODE, "f", conflict_of=OTHER))
    desk.tell(desk.state(NODE, "renamed"))
    assert desk.node(lid).conflict_of == OTHER


def test_the_root_of_a_space_is_never_news(desk: StoredDesk) -> None:
    state = desk.state(ROOT_ID, "", parent=None, kind=Kind.FOLDER)  # type: ignore[arg-type]
    assert remote_tree.learn(desk.store, SPACE, state) is None
    assert dirty_lids(desk) == []


def test_a_parent_that_was_not_told_of_yet_is_known_by_its_id(desk: StoredDesk) -> None:
    lid = desk.tell(desk.state(NODE, "f", parent=OTHER))
    parent = desk.lid(OTHER)
    remote = desk.node(lid).remote
    assert remote is not None
    assert remote.place.parent == parent
    assert desk.node(parent).remote is None
    assert desk.tell(desk.state(OTHER, "d", kind=Kind.FOLDER)) == parent


def test_what_others_did_is_in_the_activity_and_what_this_desk_did_is_not_again(desk: StoredDesk) -> None:
    entries = [entry(desk.state(NODE, "theirs")), entry(desk.state(OTHER, "mine"), ME)]
    remote_tree.apply(desk.store, SPACE, entries, ME)
    rows = activity.latest(desk.store, 10)
    assert [(row[3], row[4]) for row in rows] == [("theirs", "Bo")]


def test_a_mount_that_ended_is_nothing_that_was_deleted(desk: StoredDesk) -> None:
    mount = desk.state(OTHER, "Plans", kind=Kind.MOUNT, target_space=TEAM)
    gone = msgspec.structs.replace(mount, dead=True, seq=mount.seq + 1)
    file = desk.state(NODE, "a")
    dead = msgspec.structs.replace(file, dead=True, seq=mount.seq + 2)
    entries = [*map(entry, (mount, gone, file)), msgspec.structs.replace(entry(dead), op="delete")]
    remote_tree.apply(desk.store, SPACE, entries, ME)
    told = [(row[2], row[3], row[6]) for row in activity.latest(desk.store, 4)]
    assert told[0] == ("delete", "a", "dead")
    assert told[2] == ("mount_ended", "Plans", "")


def test_activity_is_found_by_a_part_of_its_path_in_any_writing_and_by_nothing_that_looks_like_a_pattern(
    desk: StoredDesk,
) -> None:
    for number, path in enumerate(["Plan 100%.docx", "plan_b.docx", "ПЛАН.docx", "회의록"]):
        activity.note(desk.store, number, "put", path, user="Bo", device="desk-7")

    def found(text: str, limit: int = 10, before: int | None = None) -> list[str]:
        return [row[3] for row in activity.latest(desk.store, limit, before, text)]

    assert found("plan") == ["plan_b.docx", "Plan 100%.docx"]
    assert found("план") == ["ПЛАН.docx"]
    assert found("회의") == ["회의록"]
    assert found("0%") == ["Plan 100%.docx"]
    assert found("n_b") == ["plan_b.docx"]
    assert found("%") == ["Plan 100%.docx"]
    assert found("!") == []
    assert found("bo", limit=1) == ["회의록"]
    assert len(found("DESK-7")) == 4
    assert found("plan", before=2) == ["Plan 100%.docx"]


def test_what_others_did_is_shown_where_it_lay_then_though_its_folder_was_moved_in_the_same_page(
    desk: StoredDesk,
) -> None:
    def folder(name: str) -> NodeState:
        return desk.state(OTHER, name, kind=Kind.FOLDER, rev=None, hash=None)

    inside = [desk.state(NODE, "f", parent=OTHER, rev=bytes([turn]) * 16) for turn in range(2)]
    told = [
        folder("before"),
        inside[0],
        folder("after"),
        msgspec.structs.replace(inside[1], seq=desk.seq + 1),
    ]
    remote_tree.apply(desk.store, SPACE, [entry(state) for state in told], ME)
    assert [row[3] for row in activity.latest(desk.store, 10)] == ["after/f", "after", "before/f", "before"]


def test_a_page_that_tells_of_a_child_before_its_folder_and_of_a_node_twice_ends_like_single_states(
    desk: StoredDesk,
) -> None:
    child = desk.state(NODE, "old", parent=OTHER)
    told = [child, desk.state(OTHER, "d", kind=Kind.FOLDER), desk.state(NODE, "new", parent=OTHER), child]
    remote_tree.apply(desk.store, SPACE, [entry(state) for state in told], ME)
    remote = desk.node(desk.lid(NODE)).remote
    assert remote is not None
    assert remote.place == Place(desk.lid(OTHER), "new")
    assert desk.nodes() == 3
    assert dirty_lids(desk) == [desk.lid(NODE), desk.lid(OTHER)]


# A deleted folder


def test_what_hangs_below_a_deleted_folder_is_dead_and_keeps_its_own_sequence(desk: StoredDesk) -> None:
    folder = desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER))
    inner = desk.tell(desk.state(b"i" * 16, "i", parent=NODE, kind=Kind.FOLDER))
    leaf_state = desk.state(b"l" * 16, "l", parent=b"i" * 16)
    leaf = desk.tell(leaf_state)
    beside = desk.tell(desk.state(OTHER, "beside"))
    desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER, dead=True))
    for lid in (folder, inner, leaf):
        remote = desk.node(lid).remote
        assert remote is not None
        assert remote.dead
    remote = desk.node(leaf).remote
    assert remote is not None
    assert remote.seq == leaf_state.seq
    remote = desk.node(beside).remote
    assert remote is not None
    assert not remote.dead


def test_a_move_out_that_was_read_late_still_saves_the_child(desk: StoredDesk) -> None:
    """The own deletion is answered at 9; a colleague's move out of the folder stands at 8, not read yet."""
    desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER, seq=1))
    leaf = desk.tell(desk.state(b"l" * 16, "l", parent=NODE, seq=2))
    desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER, dead=True, seq=9))
    desk.tell(desk.state(b"l" * 16, "l", seq=8))
    remote = desk.node(leaf).remote
    assert remote is not None
    assert not remote.dead
    assert remote.place.parent == desk.root


def test_what_came_into_a_folder_after_its_deletion_lives(desk: StoredDesk) -> None:
    desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER, seq=1))
    leaf = desk.tell(desk.state(b"l" * 16, "l", parent=NODE, seq=12))
    desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER, dead=True, seq=9))
    remote = desk.node(leaf).remote
    assert remote is not None
    assert not remote.dead


def test_the_deepest_is_decided_about_first(desk: StoredDesk) -> None:
    folder = desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER))
    inner = desk.tell(desk.state(b"i" * 16, "i", parent=NODE, kind=Kind.FOLDER))
    leaf = desk.tell(desk.state(b"l" * 16, "l", parent=b"i" * 16))
    desk.store.run("DELETE FROM dirty")
    desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER, dead=True))
    assert dirty_lids(desk) == [leaf, inner, folder]


def test_what_was_told_before_a_deletion_in_the_same_page_is_decided_about_before_it(
    desk: StoredDesk,
) -> None:
    folder = desk.tell(desk.state(NODE, "d", kind=Kind.FOLDER))
    leaf = desk.tell(desk.state(b"l" * 16, "l", parent=NODE))
    desk.store.run("DELETE FROM dirty")
    told = [
        desk.state(OTHER, "o"),
        desk.state(NODE, "d", kind=Kind.FOLDER, dead=True),
        desk.state(b"m" * 16, "m"),
    ]
    remote_tree.apply(desk.store, SPACE, [entry(state) for state in told], ME)
    assert dirty_lids(desk) == [desk.lid(OTHER), leaf, folder, desk.lid(b"m" * 16)]


# Answers to own operations (R31, R32)


def answer(desk: StoredDesk, lid: int, operation: ask.AnyOperation, done: Done, *covers: int) -> None:
    row = OpRow(operation=operation, lid=lid, space=SPACE, covers=covers or (lid,))
    answers.acknowledge(desk.store, row, done)


def put(desk: StoredDesk, lid: int, words: bytes, **facts: object) -> ask.Put:
    manifest = content(words)
    made = ask.Put(
        key=b"K" * 16, node=desk.node(lid).node_id, hash=manifest.content_hash, size_bytes=len(words), scheme="s"
    )  # fmt: skip
    return msgspec.structs.replace(made, **facts)


def test_a_new_file_agrees_on_place_and_content_as_they_were_sent(desk: StoredDesk) -> None:
    """The person saved again meanwhile: the baseline is what was sent, never what lies there by now."""
    lid = desk.show("f", words=b"newer")
    sent = put(desk, lid, b"sent", parent=ROOT_ID, name="f")
    state = desk.state(sent.node, "f", place=sent.key, rev=sent.key, hash=sent.hash)
    answer(desk, lid, sent, Done(seq=state.seq, state=state))
    base = desk.node(lid).baseline
    assert base is not None
    assert (base.place, base.place_key) == (Place(desk.root, "f"), sent.key)
    assert (base.rev, base.hash) == (sent.key, content(b"sent").content_hash)
    local = desk.node(lid).local
    assert local is not None
    assert local.hash == content(b"newer").content_hash


def test_a_new_content_settles_nothing_about_the_place(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    before = desk.node(lid).baseline
    sent = put(desk, lid, b"sent", base_rev=b"r" * 16)
    state = desk.state(sent.node, "moved by a colleague", rev=sent.key, hash=sent.hash, place=b"x" * 16)
    answer(desk, lid, sent, Done(seq=state.seq, state=state))
    base = desk.node(lid).baseline
    assert base is not None
    assert before is not None
    assert (base.place, base.place_key) == (before.place, before.place_key)
    assert (base.rev, base.hash) == (sent.key, sent.hash)


def test_a_content_that_the_server_already_had_is_known_under_its_revision(desk: StoredDesk) -> None:
    """R30: a put of equal bytes is done without a revision of its own."""
    lid = desk.synced("f")
    sent = put(desk, lid, b"same", base_rev=b"r" * 16)
    state = desk.state(sent.node, "f", rev=b"q" * 16, hash=sent.hash)
    answer(desk, lid, sent, Done(seq=state.seq, state=state))
    base = desk.node(lid).baseline
    assert base is not None
    assert base.rev == b"q" * 16


def test_a_move_settles_nothing_about_the_content(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    before = desk.node(lid).baseline
    sent = ask.Move(key=b"K" * 16, node=desk.node(lid).node_id, place=b"p" * 16, parent=ROOT_ID, name="g")
    state = desk.state(sent.node, "g", place=sent.key, rev=b"z" * 16, hash=content(b"theirs").content_hash)
    answer(desk, lid, sent, Done(seq=state.seq, state=state))
    base = desk.node(lid).baseline
    assert base is not None
    assert before is not None
    assert (base.place, base.place_key) == (Place(desk.root, "g"), sent.key)
    assert (base.rev, base.hash) == (before.rev, before.hash)


def test_an_executable_bit_settles_nothing_else(desk: StoredDesk) -> None:
    lid = desk.synced("f")
    before = desk.node(lid).baseline
    sent = ask.Attr(key=b"K" * 16, node=desk.node(lid).node_id, exec=True)
    state = desk.state(sent.node, "g", place=b"x" * 16, rev=b"z" * 16, exec=True)
    answer(desk, lid, sent, Done(seq=state.seq, state=state))
    base = desk.node(lid).baseline
    assert before is not None
    assert base == msgspec.structs.replace(before, exec=True)


def test_an_answer_that_is_older_than_what_was_read_settles_only_the_baseline(desk: StoredDesk) -> None:
    """own_ack_runs_ahead, the other way round: somebody wrote again before the answer was taken in."""
    lid = desk.synced("f")
    sent = put(desk, lid, b"mine", base_rev=b"r" * 16)
    state = desk.state(sent.node, "f", rev=sent.key, hash=sent.hash)
    theirs = desk.state(sent.node, "f", rev=b"t" * 16, hash=content(b"theirs").content_hash)
    desk.tell(theirs)
    answer(desk, lid, sent, Done(seq=state.seq, state=state))
    node = desk.node(lid)
    assert node.baseline is not None
    assert node.remote is not None
    assert (node.baseline.rev, node.remote.rev) == (sent.key, b"t" * 16)


def test_every_node_that_an_operation_spoke_for_is_due_again(desk: StoredDesk) -> None:
    folder = desk.synced("d", kind=Kind.FOLDER)
    inside = desk.synced("f", folder)
    sent = ask.Delete(key=b"K" * 16, node=desk.node(folder).node_id, place=b"p" * 16, seen=9)
    answer(desk, folder, sent, Done(seq=9), folder, inside)
    assert set(dirty_lids(desk)) == {folder, inside}


# Two ids for one thing (R21)


def test_a_folder_that_another_desk_made_first_becomes_that_one(desk: StoredDesk) -> None:
    mine = desk.show("P", kind=Kind.FOLDER)
    child = desk.show("c", mine)
    waiting = desk.synced("elsewhere")
    desk.store.run("UPDATE node SET after_lid = ? WHERE lid = ?", (mine, waiting))
    theirs = desk.state(OTHER, "P", kind=Kind.FOLDER)
    sent = ask.Mkdir(key=b"K" * 16, node=desk.node(mine).node_id, parent=ROOT_ID, name="P")
    answer(desk, mine, sent, Done(seq=theirs.seq, state=theirs, merged=OTHER))
    winner = desk.lid(OTHER)
    assert local_tree.find_node(desk.store, mine) is None
    assert desk.presence(winner) is Presence.HERE
    assert local_tree.disk(desk.store, winner) is not None
    local = desk.node(child).local
    assert local is not None
    assert local.place.parent == winner
    assert desk.node(waiting).after == winner
    assert {winner, child} <= set(dirty_lids(desk))


def test_an_equal_file_that_another_desk_put_first_becomes_that_one(desk: StoredDesk) -> None:
    desk.look(desk.root, file("f", 1))
    mine = desk.at("f")
    desk.read(mine, b"same")
    theirs = desk.state(OTHER, "f", hash=content(b"same").content_hash)
    sent = put(desk, mine, b"same", parent=ROOT_ID, name="f")
    answer(desk, mine, sent, Done(seq=theirs.seq, state=theirs, merged=OTHER))
    winner = desk.lid(OTHER)
    assert desk.presence(winner) is Presence.HERE
    assert manifests.get(desk.store, winner) == content(b"same")


def test_a_winner_that_lies_on_this_disk_already_takes_over_nothing(desk: StoredDesk) -> None:
    """Twins on one disk: both have a place of their own, and reconcile must see both."""
    mine, theirs = desk.show("p", kind=Kind.FOLDER), desk.synced("P", kind=Kind.FOLDER)
    state = desk.state(desk.node(theirs).node_id, "P", kind=Kind.FOLDER)
    sent = ask.Mkdir(key=b"K" * 16, node=desk.node(mine).node_id, parent=ROOT_ID, name="p")
    answer(desk, mine, sent, Done(seq=state.seq, state=state, merged=desk.node(theirs).node_id))
    assert [desk.presence(lid) for lid in (mine, theirs)] == [Presence.HERE, Presence.HERE]
    assert {mine, theirs} <= set(dirty_lids(desk))


def test_a_child_of_a_merged_folder_is_agreed_on_under_the_winner(desk: StoredDesk) -> None:
    """Later operations of the same commit named the loser's id; the answer's state names the winner's."""
    mine = desk.show("P", kind=Kind.FOLDER)
    child = desk.show("c", mine)
    loser_id = desk.node(mine).node_id
    theirs = desk.state(OTHER, "P", kind=Kind.FOLDER)
    made = ask.Mkdir(key=b"K" * 16, node=loser_id, parent=ROOT_ID, name="P")
    answer(desk, mine, made, Done(seq=theirs.seq, state=theirs, merged=OTHER))
    sent = put(desk, child, b"c", parent=loser_id, name="c")
    state = desk.state(sent.node, "c", parent=OTHER, place=sent.key, rev=sent.key, hash=sent.hash)
    answer(desk, child, sent, Done(seq=state.seq, state=state))
    base = desk.node(child).baseline
    assert base is not None
    assert base.place == Place(desk.lid(OTHER), "c")


def test_a_mount_that_is_told_mounts_its_space(desk: StoredDesk) -> None:
    mount, team = desk.mount_team()
    row = desk.store.one("SELECT mount_lid, root_lid FROM space WHERE id = ?", (TEAM,))
    assert row == (mount, team)


@pytest.mark.parametrize("device", [ME, THEM])
def test_the_last_change_is_the_latest_that_anybody_made(desk: StoredDesk, device: bytes) -> None:
    assert meta.last_change_ms(desk.store) is None
    for at_ms in (5, 9, 7):
        told = msgspec.structs.replace(entry(desk.state(NODE, f"at {at_ms}"), device), at_ms=at_ms)
        remote_tree.apply(desk.store, SPACE, [told], ME)
    assert meta.last_change_ms(desk.store) == 9
