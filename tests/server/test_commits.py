"""A commit is judged operation by operation, has one effect however often it comes, and writes all or nothing."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Kind
from govsync.model.problems import Failure
from govsync.protocol.changes import Cursor, Known, NodeState
from govsync.protocol.commits import Commit, Done, Lacking, Refused
from govsync.protocol.session import Role
from govsync.server import accounts, changes, commits, contents, versions
from govsync.server.blobs.folder import FolderBlobs
from govsync.server.check import check
from govsync.server.chunk import Chunk
from govsync.server.context import Server
from govsync.server.db import tables
from govsync.server.db.connect import Database
from tests.server.desk import LARGE, Desk, give_role, rows, set_space
from tests.server.office import Office


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def test_a_small_file_goes_with_its_commit(desk: Desk) -> None:
    [state] = desk.do(desk.put("a.txt", b"hello"), inline=(b"hello",))
    assert (state.name, state.seq, state.size_bytes, state.kind) == ("a.txt", state.seq, 5, Kind.FILE)
    assert desk.fetch(state.rev) == [b"hello"]
    assert check(desk.office.server) == []


def test_the_head_moves_once_for_each_effect(desk: Desk) -> None:
    before = desk.journal().head
    desk.do(desk.mkdir("f"), desk.put("a", b"1"), inline=(b"1",))
    page = desk.journal()
    assert page.head == before + 2
    assert [entry.op for entry in page.entries[-2:]] == ["mkdir", "put"]
    assert [entry.state.seq for entry in page.entries] == [entry.seq for entry in page.entries]


def test_a_retried_commit_answers_as_before_and_has_no_second_effect(desk: Desk) -> None:
    operations = (desk.mkdir("f"), desk.put("a", b"1"))
    first = desk.commit(*operations, inline=(b"1",))
    head = desk.journal().head
    assert desk.commit(*operations, inline=(b"1",)) == first
    assert desk.commit(*operations) == first
    assert desk.journal().head == head


def test_one_key_twice_in_a_commit_is_one_operation(desk: Desk) -> None:
    folder = desk.mkdir("f")
    first, second = desk.commit(folder, folder)
    assert first == second
    assert Counter(row["name"] for row in rows(desk.office, tables.node))["f"] == 1


def test_a_refused_operation_has_no_effect_and_the_others_go_on(desk: Desk) -> None:
    desk.save("a", b"1")
    taken, folder = desk.commit(desk.put("A", b"2"), desk.mkdir("f"), inline=(b"2",))
    assert isinstance(taken, Refused)
    assert taken.code is Code.NAME_TAKEN
    assert taken.state is not None
    assert taken.state.name == "a"
    assert isinstance(folder, Done)


def test_children_of_a_folder_that_was_there_hang_below_it(desk: Desk) -> None:
    [there] = desk.do(desk.mkdir("Plans"))
    mine = desk.mkdir("plans")
    merged, child = desk.commit(mine, desk.put("a", b"1", parent=mine.node), inline=(b"1",))
    assert isinstance(merged, Done)
    assert merged.merged == there.node
    assert isinstance(child, Done)
    assert child.state is not None
    assert child.state.parent == there.node


def test_two_names_are_swapped_by_a_group(desk: Desk) -> None:
    a, b = desk.do(desk.mkdir("a"), desk.mkdir("b"))
    first, second = desk.do(desk.move(a, "b", group=1), desk.move(b, "a", group=1))
    assert (first.name, second.name) == ("b", "a")


def test_a_group_of_which_one_is_refused_leaves_nothing_behind(desk: Desk) -> None:
    a, _ = desk.do(desk.mkdir("a"), desk.mkdir("b"))
    head = desk.journal().head
    outcomes = desk.commit(
        desk.move(a, "c", group=1), desk.mkdir("d", group=1), desk.mkdir("b", group=1), desk.mkdir("e")
    )
    assert [type(outcome) for outcome in outcomes] == [Refused, Refused, Refused, Done]
    assert desk.journal().head == head + 1
    assert desk.journal().entries[-1].state.name == "e"


def test_a_retried_group_is_done_as_before(desk: Desk) -> None:
    a, b = desk.do(desk.mkdir("a"), desk.mkdir("b"))
    group = (desk.move(a, "b", group=1), desk.move(b, "a", group=1))
    assert desk.commit(*group) == desk.commit(*group)


def test_a_file_takes_the_name_of_the_folder_that_it_leaves(desk: Desk) -> None:
    [folder] = desk.do(desk.mkdir("n"))
    inside = desk.save("x", b"1", folder.node)
    seen = desk.journal().head
    moved, gone = desk.do(desk.move(inside, "n", group=1), desk.delete(folder, seen=seen, group=1))
    assert (moved.name, moved.parent, gone.dead) == ("n", desk.root, True)


def test_a_circle_made_by_a_group_is_refused(desk: Desk) -> None:
    a, b = desk.do(desk.mkdir("a"), desk.mkdir("b"))
    outcomes = desk.commit(
        desk.move(a, "a", b.node, group=1),
        desk.move(b, "b", a.node, group=1),
        desk.delete(a, seen=99, group=1),
    )
    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    assert [outcome.code for outcome in desk.commit(desk.move(a, "a", b.node, group=1), desk.move(b, "b", a.node, group=1))
            if isinstance(outcome, Refused)] == [Code.WOULD_CYCLE] * 2  # fmt: skip


def test_a_deleted_folder_takes_all_below_it_with_one_entry(desk: Desk) -> None:
    top, *_ = desk.do(desk.mkdir("top"))
    [sub] = desk.do(desk.mkdir("sub", top.node))
    desk.save("deep", b"12345", sub.node)
    head = desk.journal().head
    [gone] = desk.do(desk.delete(top, seen=head))
    assert desk.journal().head == head + 1
    dead = {
        row["name"]: (row["seq"], row["deleted_seq"])
        for row in rows(desk.office, tables.node)
        if row["deleted_seq"]
    }
    assert dead == dict.fromkeys(["top", "sub", "deep"], (gone.seq, gone.seq))
    [space] = [row for row in rows(desk.office, tables.space) if row["id"] == desk.space]
    assert space["bytes"] == 0


def test_what_came_into_a_folder_unseen_saves_it(desk: Desk) -> None:
    [folder] = desk.do(desk.mkdir("f"))
    seen = desk.journal().head
    desk.save("new", b"1", folder.node)
    assert desk.refused(desk.delete(folder, seen=seen)).code is Code.UNSEEN_BELOW


def test_what_the_same_commit_moves_out_does_not_go_with_the_folder(desk: Desk) -> None:
    [folder] = desk.do(desk.mkdir("f"))
    kept = desk.save("kept", b"1", folder.node)
    desk.save("gone", b"2", folder.node)
    seen = desk.journal().head
    desk.do(desk.move(kept, "kept"), desk.delete(folder, seen=seen))
    dead = {row["name"] for row in rows(desk.office, tables.node) if row["deleted_seq"] is not None}
    assert dead == {"f", "gone"}


def test_what_the_same_commit_moves_in_counts_as_below(desk: Desk) -> None:
    folder, other = desk.do(desk.mkdir("f"), desk.mkdir("other"))
    desk.save("inside", b"1", other.node)
    seen = desk.journal().head
    moved, refused = desk.commit(desk.move(other, "in", folder.node), desk.delete(folder, seen=seen))
    assert isinstance(moved, Done)
    assert isinstance(refused, Refused)
    assert refused.code is Code.UNSEEN_BELOW


def test_a_name_is_free_again_once_its_holder_is_dead(desk: Desk) -> None:
    """Also when the one who takes it was changed first in the commit, and the holder was edited before it went."""
    a, b = desk.save("a", b"1"), desk.save("b", b"2")
    edit_a, edit_b = desk.edit(a, b"3"), desk.edit(b, b"4")
    gone = ask.Delete(key=desk.key(), node=b.node, place=b.place, rev=edit_b.key)
    states = desk.do(edit_a, edit_b, gone, desk.move(a, "b"), inline=(b"3", b"4"))
    assert [(state.name, state.dead) for state in states[2:]] == [("b", True), ("b", False)]


def test_a_mount_is_not_deleted_and_nothing_that_holds_it(office: Office, desk: Desk) -> None:
    [folder] = desk.do(desk.mkdir("f"))
    [mount] = [
        row for row in rows(office, tables.node) if row["kind"] == "mount" and row["space"] == desk.space
    ]
    state = NodeState(
        node=mount["id"], kind=Kind.MOUNT, parent=desk.root, name="", place=mount["place"], seq=0
    )  # type: ignore[arg-type]
    assert desk.refused(desk.delete(state, seen=99)).code is Code.CONTAINS_MOUNT
    desk.do(desk.move(state, "Team", folder.node))
    assert desk.refused(desk.delete(folder, seen=99)).code is Code.CONTAINS_MOUNT


def test_another_epoch_stops_a_commit(desk: Desk) -> None:
    desk.epoch = desk.key()
    with pytest.raises(Failure) as failed:
        desk.commit(desk.mkdir("a"))
    assert failed.value.code is Code.EPOCH_CHANGED


def test_strangers_meet_what_is_not_there(office: Office, desk: Desk) -> None:
    stranger = Desk(office, "clara")
    for space in (desk.space, desk.key()):
        with pytest.raises(Failure) as failed:
            stranger.commit(stranger.mkdir("a"), space=space)
        assert failed.value.code is Code.NOT_FOUND


def test_viewers_change_nothing(office: Office, desk: Desk) -> None:
    viewer = Desk(office, "clara")
    give_role(office, desk.space, office.clara, Role.VIEWER)
    with pytest.raises(Failure) as failed:
        viewer.commit(viewer.mkdir("a", desk.root), space=desk.space)
    assert failed.value.code is Code.NO_RIGHT


def test_too_many_operations_and_too_large_chunks_are_refused_whole(desk: Desk) -> None:
    with pytest.raises(Failure) as failed:
        desk.commit(*[desk.mkdir("a")] * (desk.office.server.limits.operations_per_commit + 1))
    assert failed.value.code is Code.TOO_MANY_OPERATIONS
    with pytest.raises(Failure) as failed:
        desk.commit(desk.put("a", LARGE), inline=(LARGE,))
    assert failed.value.code is Code.TOO_LARGE


def test_a_node_of_another_space_is_not_made_again(office: Office, desk: Desk) -> None:
    other = Desk(office, "clara")
    theirs = other.save("x", b"1")
    assert desk.refused(desk.mkdir("x", node=theirs.node)).code is Code.NODE_IN_SPACE
    assert desk.refused(desk.put("x", b"2", key=theirs.rev), inline=(b"2",)).code is Code.NODE_IN_SPACE
    assert desk.refused(desk.move(theirs, "y")).code is Code.NODE_IN_SPACE
    assert desk.refused(desk.delete(theirs)).code is Code.NODE_IN_SPACE
    assert desk.refused(desk.edit(theirs, b"2"), inline=(b"2",)).code is Code.NODE_IN_SPACE
    assert desk.refused(desk.mkdir("y", parent=other.root)).code is Code.NODE_IN_SPACE


def test_fields_of_wrong_size_are_one_operations_trouble(desk: Desk) -> None:
    outcomes = desk.commit(
        desk.mkdir("a", key=b"short"), desk.mkdir("b", node=b""), desk.put("c", b"1", mtime_ns=1 << 63),
        desk.put("d", b"1", conflict_of=b"x"), desk.mkdir("e"), inline=(b"1",),
    )  # fmt: skip
    assert [getattr(outcome, "code", None) for outcome in outcomes] == [Code.BAD_REQUEST] * 4 + [None]


# Quota


def test_over_quota_stops_what_grows_and_nothing_else(office: Office, desk: Desk) -> None:
    set_space(office, desk.space, quota=10)
    big = desk.save("big", b"12345678")
    grown, small, moved, shrunk = desk.commit(
        desk.put("more", b"123"), desk.put("fits", b"12"), desk.move(big, "bigger"), desk.edit(big, b"1"),
        inline=(b"123", b"12", b"1"),
    )  # fmt: skip
    assert isinstance(grown, Refused)
    assert grown.code is Code.QUOTA
    assert all(isinstance(outcome, Done) for outcome in (small, moved, shrunk))
    assert isinstance(desk.commit(desk.put("more", b"123"), inline=(b"123",))[0], Done)


def test_a_quota_that_became_smaller_than_what_there_is_stops_only_what_grows(
    office: Office, desk: Desk
) -> None:
    big, other = desk.save("big", b"12345678"), desk.save("other", b"1234")
    set_space(office, desk.space, quota=4)
    moved, shrunk, removed = desk.commit(
        desk.move(big, "bigger"), desk.edit(big, b"123456"), desk.delete(other), inline=(b"123456",)
    )
    assert all(isinstance(outcome, Done) for outcome in (moved, shrunk, removed))
    [more] = desk.commit(desk.put("more", b"1"), inline=(b"1",))
    assert isinstance(more, Refused)
    assert more.code is Code.QUOTA


def test_a_revived_file_counts_again(office: Office, desk: Desk) -> None:
    old = desk.save("old", b"12345678")
    desk.do(desk.delete(old))
    set_space(office, desk.space, quota=10)
    desk.save("new", b"123")
    assert desk.refused(desk.revive(old, "old")).code is Code.QUOTA


# Who may add and not read (R37)


@pytest.fixture
def uploader(office: Office, desk: Desk) -> Desk:
    """Clara may put things into Anna's space, and not look."""
    made = Desk(office, "clara")
    give_role(office, desk.space, office.clara, Role.UPLOADER)
    made.space, made.root, made.epoch = desk.space, desk.root, desk.epoch
    return made


def test_who_may_only_add_gets_a_free_name(desk: Desk, uploader: Desk) -> None:
    desk.save("a.txt", b"1")
    operation = uploader.put("a.txt", b"2")
    [state] = uploader.do(operation, inline=(b"2",))
    assert state.name == "a (2).txt"
    assert uploader.do(operation) == [state]
    [folder, inside] = uploader.do(
        made := uploader.mkdir("f"), uploader.put("x", b"3", parent=made.node), inline=(b"3",)
    )
    assert inside.parent == folder.node


def test_who_may_only_add_learns_nothing_of_what_is_there(desk: Desk, uploader: Desk) -> None:
    there = desk.save("a.txt", b"1")
    desk.do(desk.mkdir("f"))
    [folder] = uploader.do(uploader.mkdir("F"))
    assert folder.name == "F (2)"
    for operation in (
        uploader.edit(there, b"1"), uploader.move(there, "b"), uploader.delete(there), uploader.revive(there, "x"),
        ask.Attr(key=uploader.key(), node=there.node, exec=True),
    ):  # fmt: skip
        refused = uploader.refused(operation, inline=(b"1",))
        assert (refused.code, refused.state) == (Code.NO_RIGHT, None)
    refused = uploader.refused(uploader.mkdir("x", there.node))
    assert refused.state is None


def test_who_may_only_add_sends_what_is_there_already(desk: Desk, uploader: Desk) -> None:
    desk.save("a", LARGE)
    assert uploader.lacks(uploader.put("b", LARGE))
    uploader.send(LARGE)
    uploader.do(uploader.put("b", LARGE))
    assert desk.do(desk.put("c", LARGE))


def test_who_reads_in_one_way_and_adds_in_another_adds_and_changes_nothing(
    office: Office, desk: Desk, uploader: Desk
) -> None:
    there = desk.save("a.txt", b"1")
    give_role(office, desk.space, office.clara, Role.CONTRIBUTOR)
    operation = uploader.put("a.txt", b"1")
    [state] = uploader.do(operation, inline=(b"1",))
    assert state.name == "a (2).txt"
    seen = desk.do(desk.move(state, "b.txt"))[0]
    [again] = uploader.commit(operation)
    assert isinstance(again, Done)
    assert again.state == seen
    for change in (uploader.edit(there, b"2"), uploader.move(there, "c"), uploader.delete(there)):
        assert uploader.refused(change, inline=(b"2",)).code is Code.NO_RIGHT


def test_a_renamed_upload_does_not_tell_its_new_name(desk: Desk, uploader: Desk) -> None:
    operation = uploader.mkdir("f")
    [state] = uploader.do(operation)
    desk.do(desk.move(state, "secret"))
    [again] = uploader.commit(operation)
    assert isinstance(again, Done)
    assert again.state is None


# What desks bring back after a restore (R34)


LOST = bytes(15) + b"\1"


def offer(desk: Desk, name: str, content: bytes | None, seq: int, **more: object) -> ask.Offer:
    """Offers what the desk had in an earlier life of the server; `content` None: a folder."""
    fields: dict[str, object] = {
        "key": desk.key(), "node": desk.key(), "node_kind": Kind.FOLDER, "parent": desk.root, "name": name,
        "place_key": desk.key(), "origin_epoch": LOST, "origin_seq": seq,
    }  # fmt: skip
    if content is not None:
        put = desk.put(name, content)
        fields |= {
            "node_kind": Kind.FILE, "rev": desk.key(), "hash": put.hash, "size_bytes": put.size_bytes,
            "scheme": put.scheme, "manifest": put.manifest,
        }  # fmt: skip
    return ask.Offer(**(fields | more))  # type: ignore[arg-type]


def test_an_offer_brings_a_node_back_under_its_own_ids(desk: Desk) -> None:
    given = offer(desk, "a", b"1", 7)
    [state] = desk.do(given, inline=(b"1",))
    assert (state.node, state.place, state.rev) == (given.node, given.place_key, given.rev)
    assert desk.fetch(given.rev) == [b"1"]


def test_the_same_offer_of_several_desks_is_one(office: Office, desk: Desk) -> None:
    given = offer(desk, "a", b"1", 7)
    desk.do(given, inline=(b"1",))
    head = desk.journal().head
    again = offer(desk, "a", b"1", 7, node=given.node, rev=given.rev, place_key=given.place_key)
    Desk(office).do(again, inline=(b"1",))
    assert desk.journal().head == head


@pytest.mark.parametrize("first", [0, 1])
def test_history_is_ordered_by_origin_in_whatever_order_it_is_offered(desk: Desk, first: int) -> None:
    old = offer(desk, "a", b"old", 7)
    new = offer(desk, "a", b"new", 9, node=old.node, place_key=old.place_key)
    desk.do(*((old, new) if first == 0 else (new, old)), inline=(b"old", b"new"))
    found = versions.revisions(desk.office.server, desk.caller, desk.space, old.node, None).revisions
    assert [(each.rev, each.current) for each in found] == [(new.rev, True), (old.rev, False)]


def test_an_edit_of_this_life_is_not_overwritten_by_an_offer(desk: Desk) -> None:
    given = offer(desk, "a", b"old", 7)
    [state] = desk.do(given, inline=(b"old",))
    desk.do(desk.edit(state, b"today"), inline=(b"today",))
    late = offer(desk, "a", b"late", 9, node=given.node)
    assert desk.refused(late, inline=(b"late",)).code is Code.STALE_REV


def test_what_was_deleted_in_this_life_is_not_offered_back(desk: Desk) -> None:
    state = desk.save("a", b"1")
    desk.do(desk.delete(state))
    assert desk.refused(offer(desk, "a", b"1", 7, node=state.node), inline=(b"1",)).code is Code.NODE_DEAD


def test_offered_twins_unite_and_different_files_do_not(desk: Desk) -> None:
    folder, file = desk.do(desk.mkdir("f"), desk.put("a", b"1"), inline=(b"1",))
    other_folder, equal, other = desk.commit(
        offer(desk, "F", None, 1), offer(desk, "A", b"1", 2), offer(desk, "a", b"2", 3), inline=(b"1", b"2")
    )
    assert isinstance(other_folder, Done)
    assert isinstance(equal, Done)
    assert (other_folder.merged, equal.merged) == (folder.node, file.node)
    assert isinstance(other, Refused)
    assert other.code is Code.NAME_TAKEN


@pytest.mark.parametrize("reach", [5, 9])
def test_an_offer_is_current_only_where_its_place_in_history_is_certain(desk: Desk, reach: int) -> None:
    """The current content was made upon the lost one of sequence 5: what came before is history, what came after is not
    known to it. A desk that knows the current one as older says so."""
    state = desk.save("a", b"1")
    [state] = desk.do(desk.edit(state, b"upon", upon=(LOST, 5)), inline=(b"upon",))
    given = offer(desk, "a", b"lost", reach, node=state.node)
    if reach == 5:
        [now] = desk.do(given, inline=(b"lost",))
        assert now.rev == state.rev
        assert desk.fetch(given.rev) == [b"lost"]
    else:
        assert desk.refused(given, inline=(b"lost",)).code is Code.STALE_REV
        [now] = desk.do(offer(desk, "a", b"lost", reach, node=state.node, over=state.rev), inline=(b"lost",))
        assert now.hash == given.hash


def test_sequences_of_two_lost_lives_are_not_compared(desk: Desk) -> None:
    given = offer(desk, "a", b"1", 7)
    [state] = desk.do(given, inline=(b"1",))
    other = offer(desk, "a", b"2", 3, node=state.node, origin_epoch=b"another lost one")
    assert desk.refused(other, inline=(b"2",)).code is Code.STALE_REV


def test_what_was_made_in_this_life_is_no_part_of_a_lost_one_though_it_has_its_epoch_and_sequence(
    desk: Desk,
) -> None:
    """Until an undeclared restore is noticed, both lives count under one epoch."""
    state = desk.save("a", b"1")
    [state] = desk.do(desk.edit(state, b"2", upon=(desk.epoch, desk.journal().head + 1)), inline=(b"2",))
    head = desk.journal().head
    given = offer(desk, "a", b"3", head + 1, node=state.node, origin_epoch=desk.epoch)
    assert desk.refused(given, inline=(b"3",)).code is Code.STALE_REV


def test_an_offer_of_a_content_that_was_lost_by_the_store_makes_it_readable_again(
    office: Office, desk: Desk
) -> None:
    state = desk.save("a", b"1")
    with office.server.database.begin() as tx:
        tx.execute(update(tables.revision).values(state=contents.LOST))
    given = offer(desk, "a", b"1", 7, node=state.node)
    desk.do(given, inline=(b"1",))
    with office.server.database.begin(write=False) as tx:
        assert tx.execute(select(tables.revision.c.state)).scalar_one() == contents.OK


def test_an_entry_says_who_did_it_and_on_which_of_the_person_s_devices(office: Office) -> None:
    tokens = office.sign_in("anna", office.device("office PC"))
    desk = Desk(office, caller=accounts.caller_of(office.server, tokens.access))
    state = desk.save("a", b"1")
    *_, entry = desk.journal().entries
    assert (entry.state, entry.op, entry.key, entry.seq) == (state, "put", state.rev, state.seq)
    assert (entry.user, entry.device) == (desk.caller.user, desk.caller.device)
    assert (entry.user_name, entry.device_name) == ("Anna", "office PC")
    assert entry.at_ms == office.clock.now_ms


def test_only_a_content_of_one_chunk_comes_with_the_journal(office: Office) -> None:
    """Of several, one would be taken for all of it."""
    desk, reader = Desk(office), Desk(office)
    one, _several, _none = desk.do(
        desk.put("one", b"1"), desk.put("several", b"1", b"2"), desk.put("none"), inline=(b"1", b"2")
    )
    found = changes.changes(office.server, reader.caller, desk.space, None)[1]
    assert {rev: chunk.plain for rev, chunk in found.items()} == {one.rev: b"1"}


def test_an_answer_tells_of_the_head_that_the_journal_then_has(desk: Desk) -> None:
    request = Commit(epoch=desk.epoch, operations=(desk.mkdir("f"),))
    for _ in range(2):
        answer = commits.commit(desk.office.server, desk.caller, desk.space, request, ())
        page = desk.journal()
        assert Cursor(desk.epoch, answer.head, answer.chain) == page.cursor
        assert answer.at_ms == page.entries[-1].at_ms


def test_a_commit_of_a_desk_that_has_read_another_history_has_no_effect(desk: Desk) -> None:
    desk.do(desk.mkdir("f"))
    cursor = desk.journal().cursor
    operation = desk.mkdir("g")
    for wrong in (
        msgspec.structs.replace(cursor, chain=b"another!"),
        msgspec.structs.replace(cursor, seq=cursor.seq + 1),
    ):
        with pytest.raises(Failure) as caught:
            commits.commit(
                desk.office.server, desk.caller, desk.space,
                Commit(epoch=desk.epoch, operations=(operation,), after=wrong), (),
            )  # fmt: skip
        assert caught.value.code is Code.HISTORY_DIFFERS
    assert desk.journal().cursor == cursor
    request = Commit(epoch=desk.epoch, operations=(operation,), after=cursor)
    assert commits.commit(desk.office.server, desk.caller, desk.space, request, ()).head == cursor.seq + 1


def test_what_was_known_at_the_moment_of_a_snapshot_is_told_apart_from_what_came_after_it(desk: Desk) -> None:
    """Else a desk would take for deleted what another has given back since its snapshot."""
    state = desk.save("a", b"1")
    cursor = desk.journal().cursor
    given = offer(desk, "b", b"2", 7)
    desk.do(given, inline=(b"2",))
    assert given.rev is not None
    keys = (state.place, given.place_key, given.rev, given.key)
    for until, known in ((cursor.seq, (True, False, False, False)), (None, (True,) * 4)):
        question = Known(keys=keys, until=until)
        assert changes.known(desk.office.server, desk.caller, desk.space, question).keys == known
    boris = Desk(desk.office, "boris")
    question = Known(keys=keys)
    assert not any(changes.known(desk.office.server, boris.caller, boris.space, question).keys)


# At the end everything fits together, whatever was asked and however often


ACTIONS = st.lists(
    st.tuples(
        st.integers(0, 2),  # who
        st.sampled_from(["mkdir", "put", "edit", "move", "delete", "revive", "attr"]),
        st.integers(0, 7),  # which node
        st.integers(0, 7),  # which folder
        st.sampled_from(["a", "A", "b", "c"]),
        st.sampled_from([b"1", b"22", b"333"]),
        st.integers(0, 2),  # how often it is asked again, and together with what follows
    ),
    max_size=30,
)


def _operation(
    desk: Desk, states: dict[bytes, NodeState], action: tuple[object, ...], head: int
) -> ask.AnyOperation:
    _, kind, node, folder, name, content, _ = action
    assert isinstance(node, int)
    assert isinstance(folder, int)
    assert isinstance(name, str)
    assert isinstance(content, bytes)
    known = list(states.values())
    folders = [desk.root, *(state.node for state in known if state.kind is Kind.FOLDER)]
    parent = folders[folder % len(folders)]
    if kind == "mkdir" or not known:
        return desk.mkdir(name, parent)
    if kind == "put":
        return desk.put(name, content, parent=parent)
    state = known[node % len(known)]
    if kind == "edit":
        return desk.edit(state, content)
    if kind == "move":
        return desk.move(state, name, parent)
    if kind == "delete":
        return desk.delete(state, seen=head)
    if kind == "revive":
        return desk.revive(state, name, parent)
    return ask.Attr(key=desk.key(), node=state.node, exec=len(content) > 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(ACTIONS)
def test_any_commits_with_any_repetitions_have_one_effect(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[object, ...]]
) -> None:
    office = Office(Database("sqlite://"), tmp_path_factory.mktemp("office"))
    desks = [Desk(office) for _ in range(3)]
    states: dict[bytes, NodeState] = {}
    pending: list[ask.AnyOperation] = []
    inline = (b"1", b"22", b"333")
    effects: dict[bytes, int] = {}
    for action in actions:
        desk = desks[action[0]]  # type: ignore[call-overload]
        pending.append(_operation(desk, states, action, desk.journal().head))
        if action[-1] == 0:
            continue
        for _ in range(int(str(action[-1]))):
            outcomes = desk.commit(*pending, inline=inline)
            for operation, outcome in zip(pending, outcomes, strict=True):
                assert not isinstance(outcome, Lacking)
                if isinstance(outcome, Done) and operation.key in effects:
                    assert outcome.seq == effects[operation.key]
        pending.clear()
        page = desk.journal()
        effects = {entry.key: entry.seq for entry in page.entries}
        assert len(effects) == len(page.entries) == page.head
        states = {entry.state.node: entry.state for entry in page.entries if entry.op != "mount"}
    _sound(office, desks[0])


def _sound(office: Office, desk: Desk) -> None:
    """The tables agree with each other: names are unique, nothing alive hangs below something dead, bytes add up."""
    assert check(office.server) == []
    nodes = {row["id"]: row for row in rows(office, tables.node) if row["space"] == desk.space}
    alive = [row for row in nodes.values() if row["deleted_seq"] is None]
    for row in alive:
        above, steps = row["parent"], 0
        while above is not None:
            assert nodes[above]["deleted_seq"] is None
            above, steps = nodes[above]["parent"], steps + 1
            assert steps < 100
    names = Counter((row["parent"], row["key"]) for row in alive)
    assert not names or max(names.values()) == 1
    [space] = [row for row in rows(office, tables.space) if row["id"] == desk.space]
    assert space["bytes"] == sum(int(str(row["size"])) for row in alive)


def test_a_commit_that_breaks_in_its_middle_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: rows(desk.office, table) for name, table in tables.metadata.tables.items()}

    def broken(*_arguments: object) -> None:
        raise OSError

    monkeypatch.setattr(commits.chain, "append", broken)
    with pytest.raises(OSError):
        desk.commit(desk.put("a", b"1"), inline=(b"1",))
    assert {name: rows(desk.office, table) for name, table in tables.metadata.tables.items()} == before


def test_a_commit_needs_no_object_store_for_small_files(desk: Desk, tmp_path: Path) -> None:
    server = desk.office.server
    absent = Server(
        database=server.database, blobs=FolderBlobs(tmp_path / "not there"), clock=server.clock, ids=server.ids,
        limits=server.limits,
    )  # fmt: skip
    request = Commit(epoch=desk.epoch, operations=(desk.put("a", b"1"),))
    answer = commits.commit(absent, desk.caller, desk.space, request, (Chunk(b"1"),))
    assert isinstance(answer.outcomes[0], Done)


def test_a_name_that_no_database_takes_is_refused_alone(office: Office):
    desk = Desk(office)
    outcomes = desk.commit(desk.mkdir("a\0b"), desk.mkdir("good"))
    assert [getattr(each, "code", None) for each in outcomes] == [Code.NAME_ILLEGAL, None]
    assert desk.journal().entries[-1].state.name == "good"
