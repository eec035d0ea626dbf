"""Scenes that once cost somebody a file, by the names that the rules give them; two desks of one person."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.store import activity
from tests.simulation.checks import check_i8, check_i9, check_i14, check_i15
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.stage import CALM, Stage, delete, held, move, save, seen
from tests.simulation.views import desk_tree, hash_of
from tests.simulation.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def revisions(world: Stage) -> list[str]:
    """Lists what the journal of the person's space says, in order, by operation."""
    with world.server.database.begin(write=False) as tx:
        rows = tx.exec_driver_sql("SELECT kind FROM journal WHERE stream IN (SELECT id FROM space WHERE kind = 'personal') ORDER BY stream, seq")  # fmt: skip
        return [row[0] for row in rows if row[0] != "mount"]


def agree(world: Stage) -> str:
    """Lets the world come to rest, and answers what both desks show."""
    world.settle()
    for check in (check_i9, check_i14, check_i15):
        check(world)
    one, other = (seen(desk) for desk in world.desks)
    assert one == other
    return one


@pytest.mark.parametrize("desk", [0, 1])
@pytest.mark.parametrize("private", ["Team/secret", "team/secret", "Team"])
def test_first_start_private(tmp_path: Path, desk: int, private: str) -> None:
    """The chosen folder holds something private under the name of the division's space: it keeps its name, nothing of it
    comes to the team, and what the team has comes beside it; on this person's other desk as well, which had it already."""
    world = World(tmp_path, 1, msgspec.structs.replace(CALM, desks=3))
    first, other, boris = world.desks[desk], world.desks[1 - desk], world.desks[2]
    first.line.state = "cut"
    world.settle(other, boris)
    save(boris, "Team/plan=shared")
    world.settle(other, boris)
    save(first, f"{private}=private Team-2=mine")
    world.settle()
    mine = {private: hash_of(b"private"), "Team (2)/plan": hash_of(b"shared"), "Team-2": hash_of(b"mine")}
    for each in (first, other):
        tree = desk_tree(each.medium, ROOT)
        assert {path: fact[1] for path, fact in tree.items() if fact[0] == "file"} == mine
    assert list(desk_tree(boris.medium, ROOT)) == ["Team", "Team/plan"]
    assert ("mount_renamed", "Team (2)") in said(first)
    save(first, "Team-2=two")
    world.settle()
    for check in (check_i8, check_i9, check_i14, check_i15):
        check(world)
    world.close()


def said(desk: SimDesk) -> list[tuple[str, str]]:
    return [(row[2], row[3]) for row in activity.latest(desk.store, 100)]


def test_word_save_is_one_new_revision_and_nothing_else(world: Stage) -> None:
    office = world.desks[0]
    save(office, "r.docx=v1")
    agree(world)
    before = len(revisions(world))
    move(office, "r.docx", "r.docx.wbk")
    world.turns(5)
    save(office, "WRD1=v2")
    world.turns(5)
    move(office, "WRD1", "r.docx")
    world.turns(5)
    delete(office, "r.docx.wbk")
    assert agree(world) == "r.docx=v2"
    assert revisions(world)[before:] == ["put"]


def test_rename_then_new_is_one_move_and_one_new_folder(world: Stage) -> None:
    office = world.desks[0]
    save(office, "2025/a=1 2025/b=2")
    agree(world)
    before = len(revisions(world))
    move(office, "2025", "2025-old")
    save(office, "2025/c=3")
    assert agree(world) == "2025-old/a=1 2025-old/b=2 2025/c=3"
    assert sorted(revisions(world)[before:]) == ["mkdir", "move", "put"]


def test_two_folders_that_changed_places_do_so_everywhere(world: Stage) -> None:
    office = world.desks[0]
    save(office, "P/p=p Q/q=q")
    agree(world)
    before = len(revisions(world))
    move(office, "P", "T")
    move(office, "Q", "P")
    move(office, "T", "Q")
    assert agree(world) == "P/q=q Q/p=p"
    assert revisions(world)[before:] == ["move", "move"]


def test_unlink_create_with_one_inode_number_is_no_move(world: Stage) -> None:
    office = world.desks[0]
    save(office, "a=secret")
    agree(world)
    before = len(revisions(world))
    delete(office, "a")
    save(office, "b=other")
    assert agree(world) == "b=other"
    assert sorted(revisions(world)[before:]) == ["delete", "put"]


def test_a_lost_answer_is_no_conflict_with_oneself(world: Stage) -> None:
    office = world.desks[0]
    save(office, "a=v1")
    agree(world)
    save(office, "a=v2")
    answers = world.until(office, "answer commit")
    office.line.state = "cut"
    office.advance(answers, 1 << 30)
    save(office, "a=v3")
    assert agree(world) == "a=v3"


def test_two_offline_folders_become_one_with_the_contents_of_both(world: Stage) -> None:
    office, home = world.desks
    world.cut_off(office)
    world.cut_off(home)
    save(office, "P/x=1 P/same=0")
    save(home, "P/y=2 P/same=0")
    assert agree(world) == "P/same=0 P/x=1 P/y=2"


def test_a_cycle_of_two_moves_ends_with_both_folders(world: Stage) -> None:
    office, home = world.desks
    save(office, "X/a=1 Y/b=2")
    agree(world)
    world.cut_off(home)
    move(office, "X", "Y/X")
    move(home, "Y", "X/Y")
    assert agree(world) in ("Y/X/a=1 Y/b=2", "X/Y/b=2 X/a=1")


def test_deleting_a_folder_leaves_what_the_deleter_never_had(world: Stage) -> None:
    office, home = world.desks
    save(office, "F/a=1")
    agree(world)
    world.cut_off(home)
    save(office, "F/new=2")
    world.drain()
    delete(home, "F")
    assert agree(world) == "F/new=2"


def test_an_edit_beats_a_deletion_of_its_folder(world: Stage) -> None:
    office, home = world.desks
    save(office, "F/a=1 F/b=2")
    agree(world)
    world.cut_off(home)
    save(home, "F/a=3")
    delete(office, "F")
    assert agree(world) == "F/a=3"


def test_two_edits_of_one_file_are_both_kept(world: Stage) -> None:
    office, home = world.desks
    save(office, "a.txt=1")
    agree(world)
    world.cut_off(home)
    save(office, "a.txt=2")
    save(home, "a.txt=3")
    shown = agree(world)
    assert "a.txt=2" in shown
    assert shown.endswith(".txt=3") or ".txt=3 " in shown


def test_two_names_that_differ_in_case_alone_do_not_stay_in_one_folder(world: Stage) -> None:
    save(world.desks[0], "Plan.txt=1 plan.txt=2")
    shown = agree(world)
    assert held(world.desks[0]) == ["1", "2"]
    assert "conflict" in shown


@pytest.mark.day("T4", part="a mount over it")
def test_an_empty_mount_over_the_folder_deletes_nothing(world: Stage) -> None:
    office = world.desks[0]
    save(office, "a=1 d/b=2")
    agree(world)
    root = office.medium.resolve(("GovSync",))
    office.medium.cover(root)
    world.clock.advance(60 * 86_400_000)
    world.drain()
    assert seen(world.desks[1]) == "a=1 d/b=2"
    office.medium.uncover()
    assert agree(world) == "a=1 d/b=2"


def test_what_the_server_was_told_of_outlives_a_power_cut_on_its_desk(world: Stage) -> None:
    """Nobody but GovSync flushed it: undone by the power cut, its absence would be told as a deletion."""
    office = world.desks[0]
    save(office, "a=1 d/b=2")
    agree(world)
    world.cut_power(office)
    assert agree(world) == "a=1 d/b=2"


@pytest.mark.day("T6")
def test_a_version_that_the_server_was_told_of_is_not_undone_by_a_power_cut(world: Stage) -> None:
    """The older version, back on the disk, would go up as the newest."""
    office = world.desks[0]
    save(office, "a=old")
    agree(world)
    office.medium.flush_all()
    save(office, "a=new")
    agree(world)
    before = len(revisions(world))
    world.cut_power(office)
    assert agree(world) == "a=new"
    assert len(revisions(world)) == before
