"""What stays on this desk alone is another node than the server knows, is listed once, and is offered when it may be (R38)."""

import msgspec
import pytest

from govsync.model.codes import Code
from govsync.model.nodes import Kind, Presence
from govsync.model.problems import Problem
from govsync.model.trees import settled
from govsync.store import kept, local_tree, problems
from tests.store.desk import SPACE, StoredDesk, dirty_lids, file

NEW_ID = b"\x99" * 16


def keep(desk: StoredDesk, lid: int) -> None:
    kept.keep(desk.store, lid, desk.ids.new(), 7)


def listed(desk: StoredDesk) -> dict[str, Code]:
    return {row.path: row.problem.code for row in problems.listed(desk.store)}


def test_what_was_deleted_on_the_server_is_kept_as_a_file_that_it_does_not_know(desk: StoredDesk) -> None:
    lid = desk.synced("a")
    old = desk.node(lid).node_id
    state = desk.state(old, "a", dead=True)
    desk.tell(state)
    kept.keep(desk.store, lid, NEW_ID, 7)
    node = desk.node(lid)
    assert (node.node_id, node.remote, node.baseline) == (NEW_ID, None, None)
    assert desk.presence(lid) is Presence.LOCAL_ONLY
    assert settled(node)
    back = desk.tell(msgspec.structs.replace(desk.state(old, "a"), dead=False))
    assert back != lid, "should it come to life again, it comes to the disk as ever"
    assert desk.presence(lid) is Presence.LOCAL_ONLY


def test_a_folder_that_lives_again_on_the_server_is_a_folder_like_any_other(desk: StoredDesk) -> None:
    lid = desk.synced("d", kind=Kind.FOLDER)
    state = desk.state(desk.node(lid).node_id, "d", kind=Kind.FOLDER, rev=None, hash=None)
    desk.tell(msgspec.structs.replace(state, dead=True))
    keep(desk, lid)
    assert desk.tell(desk.state(state.node, "d", kind=Kind.FOLDER, rev=None, hash=None)) == lid
    assert desk.presence(lid) is Presence.HERE
    assert (kept.count(desk.store), lid in dirty_lids(desk)) == (0, True)


def test_a_folder_is_listed_for_all_that_lies_in_it(desk: StoredDesk) -> None:
    folder = desk.show("d", kind=Kind.FOLDER)
    inner, other = desk.show("a", folder), desk.show("b")
    for lid in (inner, folder, other):
        keep(desk, lid)
    assert listed(desk) == {"d": Code.KEPT_HERE, "b": Code.KEPT_HERE}
    assert problems.counts(desk.store, 1_000_000) == (2, 0)
    local_tree.set_presence(desk.store, folder, Presence.HERE)
    assert listed(desk) == {"d/a": Code.KEPT_HERE, "b": Code.KEPT_HERE}


def test_what_was_moved_here_from_another_space_is_to_be_moved_back(desk: StoredDesk) -> None:
    source, lid = desk.synced("a"), desk.show("b")
    desk.store.run("UPDATE node SET after_lid = ? WHERE lid = ?", (lid, source))
    keep(desk, lid)
    local_tree.settle(desk.store, [lid])
    assert listed(desk) == {"b": Code.CANNOT_MOVE_HERE}
    assert desk.node(source).after == lid, "it is not deleted where it came from"


@pytest.mark.parametrize("moved", [False, True])
def test_what_was_moved_here_and_vanishes_may_turn_up_elsewhere(desk: StoredDesk, moved: bool) -> None:
    """Deletions wait until nothing has vanished for a while (R3): where it came from, it is deleted only then."""
    source, lid = desk.synced("a"), desk.show("b")
    if moved:
        desk.store.run("UPDATE node SET after_lid = ? WHERE lid = ?", (lid, source))
    keep(desk, lid)
    seen = desk.look(desk.root, file("a", 1_000 + source))
    assert desk.presence(source) is Presence.HERE
    assert (local_tree.find_node(desk.store, lid), seen.vanished) == (None, moved)


def test_what_is_released_is_new_with_the_folders_that_stayed_for_it(desk: StoredDesk) -> None:
    husk = desk.synced("h", kind=Kind.FOLDER)
    local_tree.set_presence(desk.store, husk, Presence.LOCAL_ONLY)
    folder = desk.show("d", husk, kind=Kind.FOLDER)
    inner = desk.show("a", folder)
    for lid in (folder, inner):
        keep(desk, lid)
    desk.store.run("DELETE FROM dirty")
    assert kept.release(desk.store, b"?" * 16) == []
    assert kept.release(desk.store, SPACE) == [folder]
    assert [desk.presence(lid) for lid in (husk, folder, inner)] == [Presence.HERE] * 3
    assert sorted(dirty_lids(desk)) == sorted((husk, folder, inner))
    assert listed(desk) == {}
    assert kept.release(desk.store, SPACE) == []


def test_what_is_kept_here_comes_after_the_problems_of_all_pages(desk: StoredDesk) -> None:
    for name in ("a", "b", "c"):
        keep(desk, desk.synced(name))
        problems.raise_for(desk.store, desk.root, Problem(Code.NAME_NOT_TEXT), 9, f"odd {name}")
    shown: list[str] = []
    after = 0
    while page := problems.page(desk.store, after, 2):
        assert len(page) <= 2
        shown += [row.path for row in page]
        after = page[-1].id
    assert shown == ["odd a", "odd b", "odd c", "a", "b", "c"]
    assert [row.path for row in problems.page(desk.store)] == shown
