"""Where nodes lie on the disk and for people, and what is remembered at a path; mounts stand in between (R8, R25)."""

import unicodedata

import pytest

from govsync.model.nodes import NOWHERE, Kind, Presence
from govsync.store import local_tree, paths, spaces
from tests.store.desk import ROOT_ID, StoredDesk


def test_many_paths_are_those_of_each(desk: StoredDesk) -> None:
    d = desk.show("d", kind=Kind.FOLDER)
    e = desk.show("e", d, kind=Kind.FOLDER)
    gone = desk.show("gone", kind=Kind.FOLDER)
    lids = [desk.root, d, e, gone, *(desk.show(f"f{n}", parent) for n in range(4) for parent in (d, e, gone))]
    local_tree.set_presence(desk.store, gone, Presence.NOT_YET)
    local_tree.set_presence(desk.store, lids[-1], Presence.EXCLUDED)
    each = {lid: path for lid in lids if (path := paths.disk_path(desk.store, lid)) is not None}
    assert paths.disk_paths(desk.store, [*lids, 10_000]) == each
    assert len(each) == 3 + 8


def test_the_folder_itself_has_the_empty_path(desk: StoredDesk) -> None:
    assert paths.disk_path(desk.store, desk.root) == ()
    assert paths.find(desk.store, ()) == desk.root
    assert paths.above(desk.store, desk.root) is None
    assert paths.shown(desk.store, desk.root) == ""


def test_a_path_leads_to_its_node_and_back(desk: StoredDesk) -> None:
    d = desk.show("d", kind=Kind.FOLDER)
    f = desk.show("f", d)
    assert paths.disk_path(desk.store, f) == ("d", "f")
    assert paths.find(desk.store, ("d", "f")) == f
    assert paths.above(desk.store, f) == (d, "f")
    assert paths.folder_of(desk.store, f) == d
    assert paths.shown(desk.store, f) == "d/f"
    assert paths.find(desk.store, ("d", "x")) is None
    assert paths.find(desk.store, ("x", "f")) is None


@pytest.mark.parametrize("presence", [Presence.NOT_YET, Presence.EXCLUDED, Presence.PARKED])
def test_what_is_not_on_the_disk_at_its_place_has_no_path_and_nothing_in_it_has(
    desk: StoredDesk, presence: Presence
) -> None:
    d = desk.show("d", kind=Kind.FOLDER)
    f = desk.show("f", d)
    local_tree.set_presence(desk.store, d, presence)
    assert paths.disk_path(desk.store, d) is None
    assert paths.disk_path(desk.store, f) is None


@pytest.mark.parametrize("presence", [Presence.NOT_YET, Presence.EXCLUDED, Presence.PARKED])
def test_what_is_not_on_the_disk_is_not_found_at_a_path(desk: StoredDesk, presence: Presence) -> None:
    f = desk.show("f")
    local_tree.set_presence(desk.store, f, presence)
    assert paths.find(desk.store, ("f",)) is None


@pytest.mark.parametrize("presence", [Presence.GAP, Presence.MISSING, Presence.OBSCURED, Presence.LOCAL_ONLY])
def test_what_was_there_is_found_where_it_was(desk: StoredDesk, presence: Presence) -> None:
    """A hint may speak of a place from which something has just vanished."""
    f = desk.show("f")
    local_tree.set_presence(desk.store, f, presence)
    assert paths.find(desk.store, ("f",)) == f


def test_who_is_there_is_preferred_to_who_was(desk: StoredDesk) -> None:
    old, new = desk.show("f"), desk.show("f")
    local_tree.set_presence(desk.store, old, Presence.MISSING)
    assert paths.find(desk.store, ("f",)) == new


def test_a_parked_node_lies_in_the_parking_folder(desk: StoredDesk) -> None:
    f = desk.show("f")
    local_tree.set_presence(desk.store, f, Presence.PARKED)
    assert paths.above(desk.store, f) == (NOWHERE, f"{f}~f")
    assert paths.parked(desk.store) == [f"{f}~f"]
    assert paths.folder_of(desk.store, f) is None


def test_either_unicode_form_finds_a_name(desk: StoredDesk) -> None:
    composed = "보고서"
    f = desk.show(composed)
    assert paths.find(desk.store, (unicodedata.normalize("NFD", composed),)) == f


def test_of_two_forms_the_one_that_is_meant_is_found(desk: StoredDesk) -> None:
    composed = "보고서"
    decomposed = unicodedata.normalize("NFD", composed)
    first, second = desk.show(composed), desk.show(decomposed)
    assert paths.find(desk.store, (composed,)) == first
    assert paths.find(desk.store, (decomposed,)) == second


def test_another_case_is_another_name(desk: StoredDesk) -> None:
    desk.show("Report")
    assert paths.find(desk.store, ("report",)) is None


def test_a_shortened_name_is_found_by_what_the_disk_shows(desk: StoredDesk) -> None:
    f = desk.show("long")
    desk.store.run("UPDATE node SET disk_name = 'lo~01234567' WHERE lid = ?", (f,))
    assert paths.find(desk.store, ("lo~01234567",)) == f
    assert paths.disk_path(desk.store, f) == ("lo~01234567",)
    assert paths.shown(desk.store, f) == "long"


def test_a_name_that_is_not_text_leads_nowhere(desk: StoredDesk) -> None:
    assert paths.find(desk.store, ("bad\udcff",)) is None


def test_a_mount_stands_for_the_root_of_its_space(desk: StoredDesk) -> None:
    mount, team = desk.mount_team("Team")
    f = desk.show("f", team)
    assert paths.inner(desk.store, mount) == team
    assert paths.inner(desk.store, team) == team
    assert paths.disk_path(desk.store, f) == ("Team", "f")
    assert paths.find(desk.store, ("Team", "f")) == f
    assert paths.above(desk.store, f) == (team, "f")
    assert paths.above(desk.store, team) == (desk.root, "Team")
    assert paths.shown(desk.store, f) == "Team/f"


def test_a_space_without_a_mount_lies_nowhere(desk: StoredDesk) -> None:
    _, team = desk.mount_team("Team")
    f = desk.show("f", team)
    desk.store.run("UPDATE space SET mount_lid = NULL WHERE root_lid = ?", (team,))
    assert paths.disk_path(desk.store, f) is None
    assert paths.above(desk.store, team) is None


def test_what_only_the_server_has_is_shown_where_the_server_has_it(desk: StoredDesk) -> None:
    lid = desk.tell(desk.state(b"n" * 16, "theirs", ROOT_ID))
    assert paths.shown(desk.store, lid) == "theirs"
    assert paths.disk_path(desk.store, lid) is None


def test_a_circle_of_folders_ends_the_walk(desk: StoredDesk) -> None:
    a, b = desk.show("a", kind=Kind.FOLDER), desk.show("b", kind=Kind.FOLDER)
    desk.store.run("UPDATE node SET l_parent = ? WHERE lid = ?", (b, a))
    desk.store.run("UPDATE node SET l_parent = ? WHERE lid = ?", (a, b))
    assert paths.disk_path(desk.store, a) is None
    assert spaces.personal_root(desk.store) == desk.root
