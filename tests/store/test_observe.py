"""One look at a folder against what is remembered of it: who is who, what is new, what has only vanished (R1-R3, R6)."""

import unicodedata
from collections.abc import Sequence

import pytest

from govsync.content.manifests import manifest_of
from govsync.model.codes import Code
from govsync.model.nodes import Kind, MountMark, Place, Presence
from govsync.model.problems import Problem
from govsync.protocol.session import SpaceKind, SpaceState
from govsync.store import (
    contents,
    dirty,
    gaps,
    leaving,
    local_tree,
    manifests,
    mounts,
    observe,
    problems,
    spaces,
)
from govsync.store.observe import Entry
from govsync.system.fs import Shape, Stat
from tests.store.desk import (
    SPACE,
    TEAM,
    TEAM_ROOT_ID,
    StoredDesk,
    content,
    dirty_lids,
    file,
    folder,
    info,
    link,
)


def one_file(desk: StoredDesk, name: str = "r", ino: int = 1, birth: int | None = None) -> int:
    """A file that was found, read, and is on the server."""
    desk.look(desk.root, file(name, ino, birth=birth))
    lid = desk.at(name)
    desk.read(lid, name.encode())
    desk.sync(lid)
    return lid


# Files keep their node by path, whatever their inode (R2.2)


def test_a_new_file_is_a_node_of_its_own_and_is_read(desk: StoredDesk) -> None:
    seen = desk.look(desk.root, file("a", 1))
    assert seen.to_read == [desk.at("a")]
    assert desk.node(desk.at("a")).remote is None


def test_a_save_by_rename_over_the_file_keeps_the_node(desk: StoredDesk) -> None:
    lid = one_file(desk)
    seen = desk.look(desk.root, file("r", 2, at=9))
    assert desk.at("r") == lid
    assert seen.to_read == [lid]
    assert not seen.vanished
    local = desk.node(lid).local
    assert local is not None
    assert local.hash is None, "nothing is known of the new content before it is read"


def test_a_save_with_a_backup_that_stays_keeps_the_history_with_the_name(desk: StoredDesk) -> None:
    lid = one_file(desk, birth=10)
    seen = desk.look(desk.root, file("r", 2, at=9, birth=20), file("r.bak", 1, birth=10))
    assert desk.at("r") == lid
    assert desk.at("r.bak") != lid
    assert desk.node(desk.at("r.bak")).remote is None
    assert not seen.vanished


def test_a_save_with_a_backup_that_goes_leaves_nothing_but_one_edit(desk: StoredDesk) -> None:
    lid = one_file(desk)
    before = desk.nodes()
    seen = desk.look(desk.root, file("r", 2, at=9))
    assert (desk.at("r"), desk.nodes(), seen.vanished) == (lid, before, False)


def test_a_save_by_delete_and_rename_keeps_the_node_within_the_gap(desk: StoredDesk) -> None:
    lid = one_file(desk)
    desk.look(desk.root)
    assert desk.presence(lid) is Presence.GAP
    seen = desk.look(desk.root, file("r", 9, at=9))
    assert desk.at("r") == lid
    assert desk.presence(lid) is Presence.HERE
    assert seen.to_read == [lid]


def test_a_file_saved_again_after_its_deletion_was_believed_keeps_the_node(desk: StoredDesk) -> None:
    lid = one_file(desk)
    desk.look(desk.root)
    assert desk.close()
    assert desk.presence(lid) is Presence.MISSING
    desk.look(desk.root, file("r", 9, at=9))
    assert desk.at("r") == lid
    assert desk.presence(lid) is Presence.HERE


@pytest.mark.parametrize("filled_first", [True, False])
def test_a_look_in_the_middle_of_a_save_does_not_carry_the_history_away(
    desk: StoredDesk, filled_first: bool
) -> None:
    """word_save: `r` to `r.bak`, a new `r`, `r.bak` is gone; the looks fall between these steps (R3)."""
    lid = one_file(desk, birth=10)
    desk.look(desk.root, file("r.bak", 1, birth=10))
    if filled_first:
        desk.look(desk.root, file("r", 2, at=9, birth=20), file("r.bak", 1, birth=10))
    desk.look(desk.root, file("r", 2, at=9, birth=20))
    desk.read(desk.at("r"), b"new")
    assert desk.close()
    assert desk.at("r") == lid
    assert desk.presence(lid) is Presence.HERE


def test_a_look_at_the_backup_alone_does_not_carry_the_history_away(desk: StoredDesk) -> None:
    """A hint names only `r.bak`: whether `r` is still there was not looked at."""
    lid = one_file(desk, birth=10)
    desk.look(desk.root, file("r.bak", 1, birth=10), complete=False)
    desk.look(desk.root, file("r", 2, at=9, birth=20), file("r.bak", 1, birth=10))
    assert desk.at("r") == lid
    assert desk.at("r.bak") != lid


def test_two_files_that_swapped_names_are_two_edits(desk: StoredDesk) -> None:
    desk.look(desk.root, file("a", 1, birth=10), file("b", 2, birth=20))
    a, b = desk.at("a"), desk.at("b")
    seen = desk.look(desk.root, file("a", 2, birth=20), file("b", 1, birth=10))
    assert (desk.at("a"), desk.at("b")) == (a, b)
    assert sorted(seen.to_read) == sorted((a, b))


def test_a_rename_onto_another_file_is_an_edit_of_that_one(desk: StoredDesk) -> None:
    desk.look(desk.root, file("a", 1), file("b", 2))
    a, b = desk.at("a"), desk.at("b")
    desk.look(desk.root, file("b", 1))
    assert desk.at("b") == b
    assert desk.presence(b) is Presence.HERE
    assert desk.presence(a) is Presence.GAP


# Who is who by inode and birth time (R1)


def test_a_file_of_the_same_inode_and_birth_time_was_moved(desk: StoredDesk) -> None:
    lid = one_file(desk, "a", birth=10)
    desk.look(desk.root, file("b", 1, size=99, at=9, birth=10))
    assert desk.close()
    assert desk.at("b") == lid
    assert desk.presence(lid) is Presence.HERE


def test_an_inode_with_another_birth_time_is_another_file(desk: StoredDesk) -> None:
    lid = one_file(desk, "a", birth=10)
    seen = desk.look(desk.root, file("b", 1, size=99, at=9, birth=20))
    assert desk.at("b") != lid
    assert desk.presence(lid) is Presence.GAP
    assert seen.vanished
    desk.read(desk.at("b"), b"another")
    assert desk.close()
    assert desk.at("b") != lid
    assert desk.presence(lid) is Presence.MISSING


def test_without_birth_times_an_inode_counts_with_equal_size_and_time(desk: StoredDesk) -> None:
    lid = one_file(desk, "a")
    desk.look(desk.root, file("b", 1))
    assert desk.close()
    assert desk.at("b") == lid


@pytest.mark.parametrize("entry", [file("b", 1, size=6), file("b", 1, at=2)])
def test_without_birth_times_an_inode_alone_says_nothing(desk: StoredDesk, entry: observe.Entry) -> None:
    lid = one_file(desk, "a")
    desk.look(desk.root, entry)
    assert desk.at("b") != lid
    assert desk.presence(lid) is Presence.GAP


def test_a_birth_time_is_asked_for_where_it_decides(desk: StoredDesk) -> None:
    lid = one_file(desk, "a", birth=10)
    before = desk.nodes()
    seen = desk.look(desk.root, file("b", 1, size=99, at=9))
    assert (desk.root, "b") in seen.look_at
    assert desk.nodes() == before, "nothing is concluded before the birth time is known"
    assert desk.at("a") == lid


def test_a_name_of_a_file_that_has_others_is_a_file_of_its_own(desk: StoredDesk) -> None:
    """R7: identity means nothing for hard links."""
    lid = one_file(desk, "a", birth=10)
    desk.look(desk.root, file("b", 1, birth=10, links=2))
    assert desk.at("b") != lid


def test_a_file_from_another_folder_waits_until_its_old_name_was_looked_at(desk: StoredDesk) -> None:
    """R6: it may be on its way from a folder that was listed before it left."""
    lid = one_file(desk, "f", birth=10)
    desk.look(desk.root, file("f", 1, birth=10), folder("d", 7))
    d = desk.at("d")
    seen = desk.look(d, file("f", 1, birth=10))
    assert (desk.root, None) in seen.look_at
    assert desk.at("f") == lid, "not moved yet"
    desk.look(desk.root, folder("d", 7))
    assert desk.close()
    assert desk.at("f", d) == lid
    assert desk.presence(lid) is Presence.HERE


# Folders keep their node by identity, wherever they are found (R2.1)


def a_folder(desk: StoredDesk, name: str = "d", ino: int = 7) -> tuple[int, int]:
    """A folder with a file in it, both on the server."""
    desk.look(desk.root, folder(name, ino))
    lid = desk.at(name)
    desk.sync(lid)
    desk.look(lid, file("f", 1, birth=10))
    inside = desk.at("f", lid)
    desk.read(inside, b"f")
    desk.sync(inside)
    return lid, inside


def test_a_folder_that_was_renamed_and_made_anew_keeps_its_node_and_children(desk: StoredDesk) -> None:
    d, inside = a_folder(desk, "2025")
    desk.look(desk.root, folder("2025", 8), folder("2025 old", 7))
    assert desk.at("2025 old") == d
    assert desk.at("2025") != d
    assert desk.at("f", d) == inside
    assert desk.presence(inside) is Presence.HERE


@pytest.mark.parametrize("source_first", [True, False])
def test_a_folder_that_moved_takes_along_what_is_in_it(desk: StoredDesk, source_first: bool) -> None:
    d, inside = a_folder(desk)
    desk.look(desk.root, folder("d", 7), folder("e", 8))
    e = desk.at("e")
    if source_first:
        desk.look(desk.root, folder("e", 8))
        assert desk.presence(inside) is Presence.GAP
        desk.look(e, folder("d", 7))
    else:
        desk.look(e, folder("d", 7))
        desk.look(desk.root, folder("e", 8))
    assert desk.at("d", e) == d
    assert (desk.presence(d), desk.presence(inside)) == (Presence.HERE, Presence.HERE)


def test_a_folder_in_the_place_of_another_waits_for_a_look_at_all_names(desk: StoredDesk) -> None:
    """A hint names one of two folders that changed places: the other is no twin of it."""
    desk.look(desk.root, folder("a", 1), folder("b", 2))
    a, b = desk.at("a"), desk.at("b")
    seen = desk.look(desk.root, folder("a", 2), complete=False)
    assert seen.look_at == [(desk.root, None)]
    assert (desk.at("a"), desk.at("b")) == (a, b)
    desk.look(desk.root, folder("a", 2), folder("b", 1))
    assert (desk.at("a"), desk.at("b")) == (b, a)


def test_a_folder_with_the_inode_but_another_birth_time_is_another(desk: StoredDesk) -> None:
    d, _ = a_folder(desk)
    desk.look(desk.root, folder("x", 7, birth=99))
    assert desk.at("x") != d
    assert desk.presence(d) is Presence.GAP


def test_a_folder_whose_identity_is_found_nowhere_is_known_by_its_path(desk: StoredDesk) -> None:
    d, inside = a_folder(desk)
    desk.look(desk.root, folder("d", 99))
    assert desk.at("d") == d
    assert desk.presence(inside) is Presence.HERE


def test_a_folder_where_a_file_was_is_a_new_node(desk: StoredDesk) -> None:
    lid = one_file(desk, "x")
    desk.look(desk.root, folder("x", 7))
    assert desk.presence(lid) is Presence.GAP
    kinds = desk.store.all("SELECT kind FROM node WHERE disk_name = 'x' ORDER BY lid")
    assert [kind for (kind,) in kinds] == [Kind.FILE, Kind.FOLDER]


def test_a_file_where_a_folder_was_is_a_new_node(desk: StoredDesk) -> None:
    d, inside = a_folder(desk)
    desk.look(desk.root, file("d", 99))
    assert desk.presence(d) is Presence.GAP
    assert desk.presence(inside) is Presence.GAP


# What vanished (R2.4, R3)


def test_what_vanished_is_a_gap_until_it_is_closed(desk: StoredDesk) -> None:
    lid = one_file(desk)
    assert desk.look(desk.root).vanished
    assert desk.presence(lid) is Presence.GAP
    again = desk.look(desk.root)
    assert (again.vanished, again.gap) == (False, True)
    assert desk.presence(lid) is Presence.GAP
    assert desk.close()
    assert desk.presence(lid) is Presence.MISSING
    assert lid in dirty_lids(desk)


def test_everything_in_a_folder_that_vanished_is_missing_with_it(desk: StoredDesk) -> None:
    d, inside = a_folder(desk)
    desk.look(desk.root)
    assert desk.close()
    assert (desk.presence(d), desk.presence(inside)) == (Presence.MISSING, Presence.MISSING)


@pytest.mark.parametrize("known", [False, True])
def test_what_was_found_in_a_folder_that_had_vanished_is_gone_with_it(desk: StoredDesk, known: bool) -> None:
    """The way to it was there again for a moment, and the folder that holds it was not looked at then."""
    if known:
        d, _ = a_folder(desk)
    else:
        desk.look(desk.root, folder("d", 1))
        d = desk.at("d")
    desk.look(desk.root)
    desk.look(d, file("new", 7), folder("e", 8))
    new, inner = desk.at("new", d), desk.at("e", d)
    assert desk.presence(new) is Presence.HERE
    assert desk.close()
    for lid in (new, inner):
        assert local_tree.find_node(desk.store, lid) is None
    assert (local_tree.find_node(desk.store, d) is not None) is known


def test_a_file_that_nobody_else_ever_knew_is_forgotten(desk: StoredDesk) -> None:
    desk.look(desk.root, file("a", 1))
    lid = desk.at("a")
    desk.look(desk.root)
    desk.close()
    assert local_tree.find_node(desk.store, lid) is None


def test_a_file_whose_sending_has_no_answer_yet_is_not_forgotten(desk: StoredDesk) -> None:
    """R32: the server may have it."""
    desk.look(desk.root, file("a", 1))
    lid = desk.at("a")
    desk.store.run("INSERT INTO op_cover VALUES (?, ?)", (lid, b"k" * 16))
    desk.look(desk.root)
    desk.close()
    assert desk.presence(lid) is Presence.MISSING


def test_equal_content_under_one_new_name_was_a_move(desk: StoredDesk) -> None:
    """R2.4: copied to the new name and deleted under the old one."""
    lid = one_file(desk, "a")
    desk.look(desk.root, file("b", 2, at=9))
    copy = desk.at("b")
    desk.read(copy, b"a")
    assert desk.close()
    assert desk.at("b") == lid
    assert desk.presence(lid) is Presence.HERE
    assert local_tree.find_node(desk.store, copy) is None
    assert manifests.get(desk.store, lid) == content(b"a")
    assert lid in dirty_lids(desk)


def test_equal_content_under_two_new_names_is_no_move(desk: StoredDesk) -> None:
    lid = one_file(desk, "a")
    desk.look(desk.root, file("b", 2, at=9), file("c", 3, at=9))
    for name in ("b", "c"):
        desk.read(desk.at(name), b"a")
    assert desk.close()
    assert desk.presence(lid) is Presence.MISSING


def test_two_losses_of_one_content_are_no_move(desk: StoredDesk) -> None:
    desk.look(desk.root, file("a", 1), file("b", 2))
    lost = [desk.at("a"), desk.at("b")]
    for lid in lost:
        desk.read(lid, b"same")
        desk.sync(lid)
    desk.look(desk.root, file("c", 3, at=9))
    desk.read(desk.at("c"), b"same")
    assert desk.close()
    assert [desk.presence(lid) for lid in lost] == [Presence.MISSING, Presence.MISSING]


def test_what_vanished_a_moment_ago_is_not_decided_about_with_what_vanished_long_ago(
    desk: StoredDesk,
) -> None:
    """A folder that never rests is decided about now and then; a program may be saving in it just then (R3)."""
    desk.look(desk.root, file("a", 1), file("b", 2))
    lost = [desk.at("a"), desk.at("b")]
    for lid in lost:
        desk.sync(lid)
    desk.look(desk.root, file("b", 2))
    desk.now_ms += 10_000
    desk.look(desk.root)
    assert not gaps.close(desk.store, desk.root, desk.now_ms)
    assert [desk.presence(lid) for lid in lost] == [Presence.MISSING, Presence.GAP]
    assert desk.close()
    assert desk.presence(lost[1]) is Presence.MISSING


def test_what_vanished_in_a_folder_that_is_no_more_does_not_wait_to_be_listed(desk: StoredDesk) -> None:
    d, inside = a_folder(desk)
    desk.look(d)
    gaps.end_with(desk.store, d)
    assert desk.presence(inside) is Presence.MISSING


def test_a_file_that_left_a_folder_which_is_no_more_keeps_its_node(desk: StoredDesk) -> None:
    d, inside = a_folder(desk)
    desk.read(inside, b"x")
    desk.look(d)
    desk.look(desk.root, folder("d", 7), file("b", 9, at=9))
    desk.read(desk.at("b"), b"x")
    gaps.end_with(desk.store, d)
    assert desk.at("b") == inside
    assert desk.presence(inside) is Presence.HERE


def test_empty_files_are_not_told_apart_by_their_content(desk: StoredDesk) -> None:
    desk.look(desk.root, file("a", 1, size=0))
    lid = desk.at("a")
    desk.read(lid, b"")
    desk.sync(lid)
    desk.look(desk.root, file("b", 2, size=0, at=9))
    desk.read(desk.at("b"), b"")
    assert desk.close()
    assert desk.presence(lid) is Presence.MISSING


def test_a_file_that_the_server_already_has_is_no_moves_target(desk: StoredDesk) -> None:
    lid = one_file(desk, "a")
    desk.look(desk.root, file("a", 1), file("b", 2, at=9))
    desk.read(desk.at("b"), b"a")
    desk.sync(desk.at("b"))
    desk.look(desk.root, file("b", 2, at=9))
    assert desk.close()
    assert desk.presence(lid) is Presence.MISSING


def test_a_gap_waits_for_new_files_to_be_read_but_not_for_ever(desk: StoredDesk) -> None:
    lid = one_file(desk, "a")
    desk.look(desk.root, file("b", 2, at=9))
    assert not desk.close()
    assert desk.presence(lid) is Presence.GAP
    desk.now_ms += gaps.LONGEST_MS
    assert desk.close()
    assert desk.presence(lid) is Presence.MISSING


# What a look cannot know (R6, R29, I6)


def test_an_incomplete_look_concludes_nothing_from_absence(desk: StoredDesk) -> None:
    lid = one_file(desk)
    d, inside = a_folder(desk)
    desk.look(desk.root, file("r", 1))
    desk.store.run("UPDATE node SET presence = 'here' WHERE lid IN (?, ?)", (d, inside))
    seen = desk.look(desk.root, complete=False)
    assert (seen.vanished, seen.changed) == (False, False)
    assert [desk.presence(each) for each in (lid, d, inside)] == [Presence.HERE] * 3


def test_a_link_where_a_file_was_obscures_it(desk: StoredDesk) -> None:
    lid = one_file(desk)
    desk.look(desk.root, link("r", 2))
    assert desk.presence(lid) is Presence.OBSCURED
    assert desk.close()
    assert desk.presence(lid) is Presence.OBSCURED
    seen = desk.look(desk.root, file("r", 1))
    assert desk.presence(lid) is Presence.HERE
    assert seen.to_read == [lid]


def test_what_was_hidden_by_a_link_is_not_deleted_by_taking_the_link_away(desk: StoredDesk) -> None:
    """Only what was seen here can be missing here (R26): it comes back from the server."""
    lid = one_file(desk)
    desk.look(desk.root, link("r", 9))
    seen = desk.look(desk.root)
    assert not seen.vanished
    assert desk.presence(lid) is Presence.NOT_YET
    assert desk.node(lid).baseline is None
    assert lid in dirty_lids(desk)


def test_a_link_where_a_folder_was_obscures_everything_in_it(desk: StoredDesk) -> None:
    d, inside = a_folder(desk)
    seen = desk.look(desk.root, link("d", 2))
    assert not seen.vanished
    assert (desk.presence(d), desk.presence(inside)) == (Presence.OBSCURED, Presence.OBSCURED)
    seen = desk.look(desk.root, folder("d", 7))
    assert desk.presence(d) is Presence.HERE
    assert seen.new_folders == [d], "what is in it is looked at again"


def test_a_file_is_known_as_it_was_read_or_not_at_all(desk: StoredDesk) -> None:
    """R4: the content belongs to the signature with which it was read."""
    lid = one_file(desk)
    seen = local_tree.disk(desk.store, lid)
    assert seen is not None
    desk.look(desk.root, file("r", 2, at=9))
    assert not contents.record(desk.store, [contents.Held(lid, seen, manifest_of([b"old"]), False)])
    local = desk.node(lid).local
    assert local is not None
    assert local.hash is None


def test_what_was_read_of_a_file_that_has_gone_is_not_believed(desk: StoredDesk) -> None:
    lid = one_file(desk)
    desk.look(desk.root)
    assert not desk.read(lid, b"late")
    assert desk.presence(lid) is Presence.GAP


def test_a_file_with_an_unchanged_signature_is_not_read_again(desk: StoredDesk) -> None:
    one_file(desk)
    seen = desk.look(desk.root, file("r", 1))
    assert (seen.to_read, seen.changed) == ([], False)


def test_a_restored_modification_time_deceives_nobody(desk: StoredDesk) -> None:
    """F6: only the ctime tells."""
    lid = one_file(desk)
    name, stat, birth, skip = file("r", 1)
    later = type(stat)(
        stat.shape, stat.dev, stat.ino, stat.size_bytes, stat.mtime_ns, stat.ctime_ns + 1, stat.exec
    )
    assert desk.look(desk.root, (name, later, birth, skip)).to_read == [lid]


def test_a_racy_signature_is_read_again_at_any_look(desk: StoredDesk) -> None:
    lid = one_file(desk)
    desk.store.run("UPDATE node SET racy = 1 WHERE lid = ?", (lid,))
    assert desk.look(desk.root, file("r", 1)).to_read == [lid]
    assert contents.unread(desk.store) == [lid]


def test_a_file_that_was_never_read_to_its_end_is_read_at_any_look(desk: StoredDesk) -> None:
    desk.look(desk.root, file("r", 1))
    assert desk.look(desk.root, file("r", 1)).to_read == [desk.at("r")]


def test_an_executable_bit_is_noticed(desk: StoredDesk) -> None:
    lid = one_file(desk)
    assert desk.look(desk.root, file("r", 1, exec=True)).to_read == [lid]
    local = desk.node(lid).local
    assert local is not None
    assert local.exec


# What a name may be, and what is left out (R8, R23, R27)


def test_twins_of_one_key_are_two_nodes(desk: StoredDesk) -> None:
    desk.look(desk.root, file("Report", 1), file("report", 2))
    assert desk.at("Report") != desk.at("report")


def test_another_unicode_form_of_a_name_is_no_change(desk: StoredDesk) -> None:
    composed = "보고서"
    decomposed = unicodedata.normalize("NFD", composed)
    lid = one_file(desk, composed)
    desk.look(desk.root, file(decomposed, 1))
    assert desk.at(decomposed) == lid
    local = desk.node(lid).local
    assert local is not None
    assert local.place.name == composed


def test_both_unicode_forms_at_once_are_two_nodes(desk: StoredDesk) -> None:
    composed = "보고서"
    decomposed = unicodedata.normalize("NFD", composed)
    lid = one_file(desk, composed)
    desk.look(desk.root, file(composed, 1), file(decomposed, 2))
    assert desk.at(composed) == lid
    assert desk.at(decomposed) != lid


@pytest.mark.parametrize(
    ("name", "code"), [(".govsync-x", Code.NAME_RESERVED), ("bad\udcff", Code.NAME_NOT_TEXT)]
)
@pytest.mark.parametrize("make", [file, folder])
def test_a_name_that_may_not_travel_is_a_problem_and_no_node(
    desk: StoredDesk, name: str, code: Code, make: object
) -> None:
    before = desk.nodes()
    seen = desk.look(desk.root, make(name, 1))  # type: ignore[operator]
    assert [problem.code for problem in seen.illegal.values()] == [code]
    assert desk.nodes() == before
    assert all(shown.isprintable() for shown in seen.illegal)


@pytest.mark.parametrize(
    ("name", "skip", "code"),
    [
        ("bad\udcff", "not_text", Code.NAME_NOT_TEXT), (".govsync-x", "reserved", Code.NAME_RESERVED),
        ("deep", "too_deep", Code.TOO_DEEP),
    ],
)  # fmt: skip
@pytest.mark.parametrize("complete", [True, False])
def test_what_is_left_alone_without_anybodys_wish_is_a_problem(
    desk: StoredDesk, name: str, skip: str, code: Code, complete: bool
) -> None:
    seen = desk.look(desk.root, file(name, 1, skip=skip), complete=complete)
    assert [problem.code for problem in seen.illegal.values()] == [code]
    assert seen.skipped == []
    assert complete or seen.look_at == [(desk.root, None)], (
        "the list of a folder's names is made of all of them"
    )


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.FOLDER])
def test_a_name_that_the_disk_could_not_hold_stays_whole_whatever_is_seen_of_it(
    desk: StoredDesk, kind: Kind
) -> None:
    """It is edited, touched, moved to another folder: under its disk name it is who it was (R8)."""
    make = file if kind is Kind.FILE else folder
    whole, short = "한" * 100, "한" * 80 + "~01234567"
    lid = desk.synced(whole, kind=kind)
    desk.store.run("UPDATE node SET disk_name = ? WHERE lid = ?", (short, lid))
    ino = local_tree.disk(desk.store, lid).ino  # type: ignore[union-attr]
    elsewhere = desk.synced("elsewhere", kind=Kind.FOLDER)
    for complete in (False, True):
        desk.look(desk.root, make(short, ino + 50), folder("elsewhere", 1_000 + elsewhere), complete=complete)
        place = desk.node(lid).local.place  # type: ignore[union-attr]
        assert place == Place(desk.root, whole)
    if kind is Kind.FOLDER:
        desk.look(elsewhere, make(short, ino + 50))
        assert desk.node(lid).local.place == Place(elsewhere, whole)  # type: ignore[union-attr]


def test_a_file_that_leaves_its_folder_takes_its_whole_name_along(desk: StoredDesk) -> None:
    whole, short = "한" * 100, "한" * 80 + "~01234567"
    lid = desk.synced(whole)
    desk.store.run("UPDATE node SET disk_name = ? WHERE lid = ?", (short, lid))
    seen = local_tree.disk(desk.store, lid)
    assert seen is not None
    elsewhere = desk.synced("elsewhere", kind=Kind.FOLDER)
    desk.look(elsewhere, file(short, seen.ino, birth=seen.birth_ns))
    new = desk.at(short, elsewhere)
    assert desk.node(new).local.place.name == whole  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.FOLDER])
@pytest.mark.parametrize(("skip", "code"), [("link", Code.LINK_IN_THE_WAY), ("mount", Code.OBSCURED)])
def test_what_lies_over_a_node_is_a_problem_until_it_is_gone(
    desk: StoredDesk, kind: Kind, skip: str, code: Code
) -> None:
    """It is not looked into, so "in sync" may not be said of it (R29, I13)."""
    lid = desk.synced("n", kind=kind)
    over = link("n", 9) if skip == "link" else folder("n", 9, skip="mount")
    desk.look(desk.root, over)
    assert desk.presence(lid) is Presence.OBSCURED
    assert [(row.lid, row.problem.code) for row in problems.listed(desk.store)] == [(lid, code)]
    desk.look(desk.root)
    assert problems.listed(desk.store) == []


def test_a_file_on_another_disk_over_a_node_is_no_file_of_ours_though_it_looks_the_same(
    desk: StoredDesk,
) -> None:
    lid = desk.synced("n")
    row = local_tree.disk(desk.store, lid)
    assert row is not None
    stat = Stat(Shape.FILE, 1, row.ino, row.size_bytes, row.mtime_ns, row.ctime_ns)
    assert not desk.look(desk.root, ("n", stat, None, None)).changed
    desk.look(desk.root, ("n", stat, None, "mount"))
    assert desk.presence(lid) is Presence.OBSCURED


def test_what_found_its_name_taken_comes_as_soon_as_the_name_is_free(desk: StoredDesk) -> None:
    lid = desk.tell(desk.state(b"n" * 16, "n"))
    problems.raise_for(desk.store, lid, Problem(Code.LINK_IN_THE_WAY), 1)
    dirty.count_attempt(desk.store, lid)
    dirty.delay(desk.store, lid, 10_000_000)
    assert not desk.look(desk.root, link("n", 9)).changed
    assert len(problems.listed(desk.store)) == 1
    assert dirty.due(desk.store, 1, 9, lambda _: False) == []
    assert desk.look(desk.root).changed
    assert problems.listed(desk.store) == []
    assert dirty.due(desk.store, 1, 9, lambda _: False) == [lid]


def test_what_a_pattern_leaves_out_is_listed_and_no_node(desk: StoredDesk) -> None:
    before = desk.nodes()
    seen = desk.look(desk.root, file("x.tmp", 1, skip="pattern"), folder("cache", 2, skip="pattern"))
    assert seen.skipped == [("cache", "pattern"), ("x.tmp", "pattern")]
    assert desk.nodes() == before


def test_a_new_pattern_never_deletes_what_has_a_node(desk: StoredDesk) -> None:
    lid = one_file(desk)
    seen = desk.look(desk.root, file("r", 1, skip="pattern"))
    assert desk.presence(lid) is Presence.HERE
    assert (seen.skipped, seen.vanished) == ([], False)


def test_a_rename_to_a_name_that_is_left_out_is_no_move(desk: StoredDesk) -> None:
    lid = one_file(desk, birth=10)
    desk.look(desk.root, file("r.tmp", 1, birth=10, skip="pattern"))
    assert desk.presence(lid) is Presence.GAP


def test_a_file_that_may_be_a_moved_one_in_the_place_of_a_folder_is_looked_at_once(desk: StoredDesk) -> None:
    """A look at its name alone cannot say where the folder is, and a look at all cannot tell its birth time."""
    one_file(desk, birth=10)
    desk.look(desk.root, file("r", 1, birth=10), folder("d", 7))
    moved = file("d", 1, size=9, at=9)
    whole = desk.look(desk.root, moved)
    assert whole.look_at == []
    [new] = whole.to_read
    found = desk.node(new)
    assert found.local is not None
    assert (found.local.kind, found.local.place.name) == (Kind.FILE, "d")


# Across spaces, mounts, husks (R12, R24, R25)


def test_what_moved_into_another_space_is_deleted_only_after_its_arrival(desk: StoredDesk) -> None:
    lid = one_file(desk, birth=10)
    _, team = desk.mount_team()
    desk.look(team, file("r", 1, birth=10))
    arrived = desk.at("r", team)
    assert arrived != lid
    assert desk.node(arrived).space == TEAM
    assert desk.node(lid).after == arrived


def test_a_mount_that_vanished_deletes_nothing_in_its_space(desk: StoredDesk) -> None:
    mount, team = desk.mount_team()
    desk.look(team, file("t", 1))
    inside = desk.at("t", team)
    desk.read(inside, b"t")
    desk.store.run(
        "UPDATE node SET b_parent = ?, b_name = 't', b_place = x'01' WHERE lid = ?", (team, inside)
    )
    desk.look(desk.root)
    assert desk.close()
    assert desk.presence(mount) is Presence.MISSING
    assert desk.presence(inside) is Presence.NOT_YET
    assert desk.node(inside).baseline is None, "nothing says that this desk has had it and deleted it"


def test_a_mount_that_was_renamed_is_still_the_mount(desk: StoredDesk) -> None:
    mount, team = desk.mount_team()
    desk.look(desk.root, folder("Team", 5))
    desk.look(desk.root, folder("Our team", 5))
    assert desk.at("Our team") == mount
    assert desk.presence(team) is Presence.HERE


def a_desk_that_lost_its_memory(written: Sequence[MountMark], knows_mount: bool = True) -> StoredDesk:
    """What a desk knows before its first look: the server's spaces, and what is written beside the files."""
    desk = StoredDesk()
    mounts.take(desk.store, written)
    if knows_mount:
        spaces.begin(desk.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM, name="Team"))
        desk.tell(desk.state(b"M" * 16, "Team", kind=Kind.MOUNT, rev=None, hash=None, target_space=TEAM))
    return desk


WRITTEN = MountMark(TEAM, ("Team",), 7, 70)


def test_what_is_mounted_is_written_down_as_it_is_now(desk: StoredDesk) -> None:
    desk.mount_team()
    desk.look(desk.root, folder("Team", 7, birth=70))
    mounts.take(desk.store, [MountMark(b"other space " + b"." * 4, ("Old", "place"), 1, None)])
    assert WRITTEN in mounts.refreshed(desk.store)
    desk.look(desk.root, folder("Our team", 7, birth=70))
    assert mounts.refreshed(desk.store) == (
        MountMark(b"other space ....", ("Old", "place"), 1, None), MountMark(TEAM, ("Our team",), 7, 70),
    )  # fmt: skip


def test_what_is_written_down_of_a_space_that_ended_is_not_taken_in(desk: StoredDesk) -> None:
    """The agent ended before that was written down, and its person has moved the folder, or copied it."""
    desk.mount_team()
    desk.look(desk.root, folder("Team", 7, birth=70))
    mounts.take(desk.store, [MountMark(b"other space ....", ("Other",), 9, 90)])
    spaces.freeze(desk.store, TEAM, SpaceState.UNKNOWN)
    leaving.forget(desk.store, TEAM)
    mounts.take(desk.store, [WRITTEN])
    assert mounts.refreshed(desk.store) == (MountMark(b"other space ....", ("Other",), 9, 90),)
    assert mounts.by_identity(desk.store, 7, 70) is None


def test_a_mount_is_known_again_by_a_desk_that_lost_its_memory() -> None:
    desk = a_desk_that_lost_its_memory([WRITTEN])
    desk.look(desk.root, folder("Team", 7, birth=70), folder("Private", 8))
    mount = desk.at("Team")
    assert desk.node(mount).node_id == b"M" * 16
    row = spaces.get(desk.store, TEAM)
    assert row is not None
    assert desk.presence(row.root_lid) is Presence.HERE
    desk.look(mount, file("t", 1))
    assert desk.node(desk.at("t", row.root_lid)).space == TEAM
    assert desk.node(desk.at("Private")).space == SPACE


@pytest.mark.parametrize("shown", [folder("Team", 8, birth=70), folder("Team", 7, birth=71)])
def test_a_private_folder_of_that_name_is_no_mount(shown: Entry) -> None:
    desk = a_desk_that_lost_its_memory([WRITTEN])
    desk.look(desk.root, shown)
    assert desk.node(desk.at("Team")).node_id != b"M" * 16


def test_a_mount_whose_place_is_not_known_is_nobodys_private_folder() -> None:
    """What is in it belongs to others: it is left alone until it is known where it hangs, and never sent as one's own."""
    desk = a_desk_that_lost_its_memory([WRITTEN], knows_mount=False)
    before = desk.nodes()
    seen = desk.look(desk.root, folder("Team", 7, birth=70))
    assert seen.skipped == [("Team", observe.OTHER_SPACE)]
    assert desk.nodes() == before


def test_where_nothing_has_an_identity_a_mount_is_known_by_its_path() -> None:
    desk = a_desk_that_lost_its_memory([WRITTEN])
    observe.observe(desk.store, desk.ids, desk.root, [folder("Team", 90)], True, 0, identity=False)
    assert desk.node(desk.at("Team")).node_id == b"M" * 16


def a_husk(desk: StoredDesk) -> int:
    desk.look(desk.root, folder("h", 7))
    husk = desk.at("h")
    local_tree.set_presence(desk.store, husk, Presence.LOCAL_ONLY)
    desk.store.run("DELETE FROM dirty")
    return husk


def test_a_husk_is_not_offered_again_by_being_looked_at(desk: StoredDesk) -> None:
    husk = a_husk(desk)
    seen = desk.look(desk.root, folder("h", 7))
    desk.look(husk, file("x.mine", 1, skip="pattern"))
    assert desk.presence(husk) is Presence.LOCAL_ONLY
    assert dirty_lids(desk) == []
    assert husk in seen.folders, "what is put into it is still found"


def test_a_husk_is_offered_once_something_is_put_into_it(desk: StoredDesk) -> None:
    husk = a_husk(desk)
    desk.look(husk, file("new", 1))
    assert desk.presence(husk) is Presence.HERE
    assert husk in dirty_lids(desk)


def test_a_husk_is_offered_once_a_folder_is_moved_into_it(desk: StoredDesk) -> None:
    husk = a_husk(desk)
    desk.look(desk.root, folder("h", 7), folder("d", 8))
    moved = desk.at("d")
    desk.look(husk, folder("d", 8))
    assert desk.at("d", husk) == moved
    assert desk.presence(husk) is Presence.HERE
    assert husk in dirty_lids(desk)


def test_a_husk_is_not_offered_for_a_mount_that_goes_back(desk: StoredDesk) -> None:
    husk = a_husk(desk)
    mount, _ = desk.mount_team()
    desk.look(desk.root, folder("h", 7), folder("Team", 5))
    desk.store.run("UPDATE node SET space = ? WHERE lid = ?", (TEAM, husk))
    desk.look(husk, folder("Team", 5))
    assert desk.at("Team", husk) == mount
    assert desk.presence(husk) is Presence.LOCAL_ONLY


def test_a_husk_is_known_by_the_folder_that_has_its_name_now(desk: StoredDesk) -> None:
    """Else each look at it would find another folder than the one remembered, for ever."""
    husk = a_husk(desk)
    seen = desk.look(desk.root, folder("h", 4_711))
    known = local_tree.disk(desk.store, husk)
    assert known is not None
    assert (known.ino, desk.presence(husk)) == (4_711, Presence.LOCAL_ONLY)
    assert seen.new_folders == [husk]


def test_a_husk_that_vanished_is_forgotten(desk: StoredDesk) -> None:
    husk = a_husk(desk)
    seen = desk.look(desk.root)
    assert local_tree.find_node(desk.store, husk) is None
    assert not seen.vanished, "nothing of it could be deleted on the server"


def test_what_is_gone_is_waited_for_no_more(desk: StoredDesk) -> None:
    """A program had it open; the node may stay for long, because it was moved to where one may only read."""
    desk.look(desk.root, file("a", 1))
    lid = desk.at("a")
    desk.sync(lid)
    problems.raise_for(desk.store, lid, Problem(Code.BUSY), desk.now_ms, waiting=True)
    desk.look(desk.root)
    assert desk.close()
    assert desk.presence(lid) is Presence.MISSING
    assert not problems.listed(desk.store)
