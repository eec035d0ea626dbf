"""A folder is shared while people work in it: nobody loses anything, and nothing is sent or fetched again (R24, R25)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert, select

from govsync.engine import events
from govsync.engine.leaving import FROZEN_MS
from govsync.engine.report import kept_back_only
from govsync.model.codes import Code
from govsync.model.names import key
from govsync.model.operations import Mkdir
from govsync.protocol.commits import Commit
from govsync.protocol.session import Role, SpacesAsked, SpaceState
from govsync.protocol.sharing import NewMember, Principal, PrincipalKind, SetMember, Share
from govsync.server import commits, members, sharing
from govsync.server import spaces as server_spaces
from govsync.server.db import tables
from govsync.store import holds, local_tree, paths, problems, spaces, trash, union
from tests.simulation.checks import check_i8, check_i9, check_i10, check_i11, check_i14, check_i15, check_i16
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.stage import CALM, Stage, delete, move, save, there
from tests.simulation.test_leaving import end_membership, rescued, tree
from tests.simulation.views import hash_of


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """Two desks of Anna's and one of Boris's."""
    made = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3))
    yield made
    made.close()


def share(desk: SimDesk, path: str, *roles: tuple[str, Role], clock: bytes = b"") -> bytes:
    """Lets a person share a folder with others, by default with Boris; answers the new space. The id of the mount begins
    with the `clock` of the device that it is shared from."""
    lid = paths.find(desk.store, tuple(path.split("/")))
    assert lid is not None
    node, new = local_tree.node(desk.store, lid), desk.world.ids.new
    who = tuple(
        NewMember(Principal(PrincipalKind.USER, login), role)
        for login, role in roles or (("boris", Role.EDITOR),)
    )
    mount = clock + new()[len(clock) :]
    asked = Share(key=new(), node=node.node_id, space=new(), mount=mount, members=who)
    sharing.share(desk.world.server, desk.caller, node.space, asked)
    return asked.space


def set_role(desk: SimDesk, space: bytes, role: Role | None) -> None:
    """Lets a manager give Boris a role in a shared space, or take it from him."""
    change = SetMember(who=Principal(PrincipalKind.USER, "boris"), role=role)
    members.set_member(desk.world.server, desk.caller, space, change)


def rest(world: Stage) -> None:
    for desk in world.desks:
        desk.tell(events.RightsChanged())
    world.settle()
    for check in (check_i8, check_i9, check_i10, check_i11, check_i14, check_i15, check_i16):
        check(world)


def files(desk: SimDesk) -> dict[str, bytes | None]:
    return {path: data for path, data in tree(desk).items() if data is not None}


def test_a_shared_folder_is_on_the_other_persons_desk_and_stays_where_it_was(world: Stage) -> None:
    anna, second, boris = world.desks
    save(anna, "P/a=1 P/d/ P/d/b=2 c=3")
    world.settle()
    worked = [desk.worked for desk in (anna, second)]
    share(anna, "P")
    rest(world)
    assert files(anna) == files(second) == {"P/a": b"1", "P/d/b": b"2", "c": b"3"}
    assert files(boris) == {"P/a": b"1", "P/d/b": b"2"}
    assert [desk.worked for desk in (anna, second)] == worked, (
        "nothing is sent, fetched or moved on those that had it"
    )
    save(boris, "P/d/ P/d/b=2b P/new=4")
    rest(world)
    assert files(anna) == {"P/a": b"1", "P/d/b": b"2b", "P/new": b"4", "c": b"3"}
    for desk in world.desks:
        row = next(row for row in spaces.all_spaces(desk.store) if row.kind == "shared")
        assert row.role is (Role.EDITOR if desk is boris else Role.MANAGER)


@pytest.mark.parametrize("refused_first", [True, False])
def test_share_in_flight(world: Stage, refused_first: bool) -> None:
    """A colleague's desk uploads into a folder that is shared at that moment: it goes there, under its own key."""
    anna, second, boris = world.desks
    save(anna, "P/a=1")
    world.settle()
    for number in range(5):
        save(second, f"P/n{number}=new{number}")
    save(second, "P/a=1b")
    commit = world.until(second, "call commit")
    asked = {key for (key,) in second.store.all("SELECT key FROM op ORDER BY turn")}
    space = share(anna, "P")
    if refused_first:
        second.advance(commit, 1 << 30)
    rest(world)
    with world.server.database.begin(write=False) as tx:
        j = tables.journal.c
        assert asked
        assert asked <= set(tx.execute(select(j.op_key).where(j.stream == space)).scalars())
    found = {"P/a": b"1b"} | {f"P/n{number}": f"new{number}".encode() for number in range(5)}
    assert files(anna) == files(second) == files(boris) == found


@pytest.mark.parametrize("by", ["journal", "snapshot"])
def test_what_was_done_offline_meanwhile_is_not_lost(world: Stage, by: str) -> None:
    anna, second, boris = world.desks
    save(anna, "P/a=1 P/b=2 P/d/ P/d/c=3 P/d/e=4 Q/q=5 r=6")
    world.settle()
    second.line.state = "cut"
    save(second, "P/a=edited P/d/ P/d/new=new")
    delete(second, "P/b")
    move(second, "P/d/c", "Q/c")
    move(second, "r", "P/r")
    move(second, "P", "P renamed")
    share(anna, "P")
    save(anna, "P/x=7")
    if by == "snapshot":
        own = spaces.all_spaces(second.store)[0]
        second.engine.desk.rereading[own.id] = union.Reading(unite=False)
    rest(world)
    inside = {"a": b"edited", "d/new": b"new", "d/e": b"4", "r": b"6", "x": b"7"}
    assert files(anna) == files(second) == {f"P renamed/{name}": data for name, data in inside.items()} | {
        "Q/q": b"5", "Q/c": b"3",
    }  # fmt: skip
    assert files(boris) == {f"P/{name}": data for name, data in inside.items()}


@pytest.mark.parametrize("unite", [False, True])
@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_folder_that_is_shared_while_a_snapshot_is_read_is_not_gone(
    world: Stage, pages: int, unite: bool
) -> None:
    """Its files lie in none of the later pages; of its mount, which a device with a late clock made, none tells either."""
    limits = msgspec.structs.replace(world.server.limits, page=2)
    world.server = msgspec.structs.replace(world.server, limits=limits)
    anna, second, boris = world.desks
    save(anna, "P/ P/d/")
    world.settle()
    save(anna, "P/a=1 P/d/b=2 P/d/c=3 q=4 r=5 s=6")
    world.settle()
    shown = "SELECT node_id, ino FROM node WHERE kind = 'file' ORDER BY node_id"
    before = second.store.all(shown)
    own = spaces.all_spaces(second.store)[0]
    second.engine.desk.rereading[own.id] = union.Reading(unite=unite)
    for _ in range(pages):
        second.advance(world.until(second, "call nodes"), 1 << 30)
    share(anna, "P", clock=b"\x01\x00")
    rest(world)
    assert second.store.all(shown) == before
    assert trash.listed(second.store) == []
    assert files(boris) == {"P/a": b"1", "P/d/b": b"2", "P/d/c": b"3"}


def test_a_folder_moved_out_of_it_meanwhile_is_no_part_of_it(world: Stage) -> None:
    anna, second, boris = world.desks
    save(anna, "P/d/ P/d/c=3 P/d/e/ P/d/e/f=4 P/a=1 Q/q=5")
    world.settle()
    second.line.state = "cut"
    move(second, "P/d", "Q/d")
    save(second, "Q/d/ Q/d/new=n")
    share(anna, "P")
    rest(world)
    assert files(anna) == files(second) == {
        "P/a": b"1", "Q/q": b"5", "Q/d/c": b"3", "Q/d/e/f": b"4", "Q/d/new": b"n",
    }  # fmt: skip
    assert files(boris) == {"P/a": b"1"}


@pytest.mark.parametrize("seen", [True, False])
def test_a_folder_that_was_deleted_meanwhile_comes_back_whole(world: Stage, seen: bool) -> None:
    """With a question, if it was seen only after the folder had been shared (R25)."""
    anna, second, boris = world.desks
    save(anna, "P/a=1 P/d/ P/d/b=2")
    world.settle()
    second.line.state = "cut"
    delete(second, "P")
    if seen:
        world.wait(30_000)
    share(anna, "P")
    second.line.state = "good"
    world.wait(30_000)
    questions = holds.open_holds(second.store)
    assert [(asked.kind, asked.paths) for asked in questions] == ([] if seen else [("leaving", ("P",))])
    assert files(anna) == files(boris) == {"P/a": b"1", "P/d/b": b"2"}
    for asked in questions:
        assert files(second) == {}
        second.tell(events.Reject(asked.id))
    rest(world)
    assert files(anna) == files(second) == files(boris) == {"P/a": b"1", "P/d/b": b"2"}


def test_a_desk_that_was_never_there_before_has_it_where_it_belongs(world: Stage) -> None:
    anna, second, _ = world.desks
    save(anna, "P/a=1 c=3")
    world.settle()
    share(anna, "P")
    rest(world)
    second.lose_memory()
    rest(world)
    assert files(second) == {"P/a": b"1", "c": b"3"}


@pytest.mark.parametrize("first", ["the list of spaces", "the journal"])
def test_what_the_server_lost_the_sharing_of_waits_for_it_and_is_united(tmp_path: Path, first: str) -> None:
    """It is said, everything stays and is worked in, and when it is shared again no byte travels but new ones (R35)."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, second, boris = world.desks
    world.copy()
    save(anna, "P/a=1 P/d/ P/d/b=2 c=3")
    world.settle()
    share(anna, "P")
    rest(world)
    shown = "SELECT node_id, ino FROM node WHERE kind = 'file' ORDER BY node_id"
    before = boris.store.all(shown)
    world.put_back(told=True)
    save(boris, "P/d/ P/d/b=2b")
    world.settle()
    assert [(row.path, row.problem.code) for row in problems.listed(boris.store)] == [
        ("P", Code.SPACE_FROZEN)
    ]
    assert kept_back_only(boris.engine)
    assert files(boris) == {"P/a": b"1", "P/d/b": b"2b"}
    share(anna, "P")
    if first == "the journal":
        server_spaces.spaces(world.server, boris.caller, SpacesAsked(have=()))  # It makes the mount.
        boris.tell(events.HeadTold(spaces.all_spaces(boris.store)[0].id, 1_000))
        boris.advance(world.until(boris, "call changes"), 1 << 30)
        world.until(boris, "call spaces")
    rest(world)
    assert files(anna) == files(second) == {"P/a": b"1", "P/d/b": b"2b", "c": b"3"}
    assert files(boris) == {"P/a": b"1", "P/d/b": b"2b"}
    assert boris.store.all(shown) == before
    assert trash.listed(boris.store) == []
    world.close()


def test_a_folder_of_the_team_whose_sharing_the_server_lost_is_the_teams_again(tmp_path: Path) -> None:
    """On every desk of the team, in whatever order it hears of it: nobody has to share it again."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, _, boris = world.desks
    world.copy()
    save(anna, "Team/P/ Team/P/d/ Team/P/a=1 Team/P/d/b=2")
    world.settle()
    share(boris, "Team/P", ("anna", Role.EDITOR))
    rest(world)
    world.put_back(told=True)
    for desk in world.desks:
        team = next(row for row in spaces.all_spaces(desk.store) if row.kind == "team")
        desk.tell(events.HeadTold(team.id, 1_000))
        desk.advance(world.until(desk, "call changes"), 1 << 30)
        world.until(desk, "call spaces")
        for _ in range(100):
            desk.ask()
            others = [index for index, (_, fiber) in enumerate(desk.fibers) if fiber.at != "call spaces"]
            for index in reversed(others):
                desk.advance(index, 1 << 30)
    rest(world)
    for desk in world.desks:
        assert [row.kind for row in spaces.all_spaces(desk.store)] == ["personal", "team"]
        assert files(desk) == {"Team/P/a": b"1", "Team/P/d/b": b"2"}
    world.close()


def test_of_what_the_server_lost_and_is_not_here_any_more_nothing_is_said(tmp_path: Path) -> None:
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, _, boris = world.desks
    world.copy()
    save(anna, "P/a=1 P/d/ P/d/b=2")
    world.settle()
    share(anna, "P")
    rest(world)
    save(anna, "P/a=1b")
    rest(world)
    thrown = [row.name for row in trash.listed(boris.store)]
    world.put_back(told=True)
    world.settle()
    assert [row.problem.code for row in problems.listed(boris.store)] == [Code.SPACE_FROZEN]
    delete(boris, "P")
    world.settle()
    assert problems.listed(boris.store) == []
    assert [row.kind for row in spaces.all_spaces(boris.store)] == ["personal", "team"]
    assert [row.name for row in trash.listed(boris.store)] == thrown, "it may be nowhere else"
    assert trash.left_behind(boris.store) == []
    share(anna, "P")
    rest(world)
    assert files(boris) == files(anna) == {"P/a": b"1b", "P/d/b": b"2"}
    world.close()


@pytest.mark.parametrize("known", [True, False], ids=["not with him", "not at all"])
def test_what_was_shared_with_somebody_stays_theirs_who_shared_it_wherever_it_was_moved(
    tmp_path: Path, known: bool
) -> None:
    """The server was put back: the folder is no more shared with Boris, or was never shared."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, _, boris = world.desks
    save(anna, "P/a=1")
    world.settle()
    if not known:
        world.copy()
    space = share(anna, "P")
    rest(world)
    if known:
        world.copy()
    move(boris, "P", "Q")
    rest(world)
    world.put_back(told=True)
    if known:
        set_role(anna, space, None)
    world.settle()
    assert [(row.path, row.problem.code) for row in problems.listed(boris.store)] == [
        ("Q", Code.SPACE_FROZEN)
    ]
    assert files(boris) == {"Q/a": b"1"}
    if known:
        set_role(anna, space, Role.EDITOR)
    else:
        share(anna, "P")
    rest(world)
    assert problems.listed(boris.store) == []
    assert files(boris) == files(anna) == {"P/a": b"1"}
    world.close()


def in_the_teams_in_another_life(world: Stage, member: bool) -> tuple[bytes, bytes]:
    """Anna has shared `P`; the server was put back from a copy in which it never was, and a desk of hers gave it back into the
    team's folder. Boris, who was no `member` any more by then or was one, has not heard of that. Answers folder and team."""
    anna, second, boris = world.desks
    world.copy()
    save(anna, "P/a=1")
    world.settle()
    folder = local_tree.node(anna.store, there(anna, "P")).node_id
    space = share(anna, "P")
    rest(world)
    for desk in (anna, second):
        desk.line.state = "cut"
    if not member:
        set_role(anna, space, None)
        boris.tell(events.RightsChanged())
        while (row := spaces.get(boris.store, space)) is not None and row.state is SpaceState.MEMBER:
            world.round(boris)
        boris.line.state = "cut"
    world.put_back(told=True)
    with world.server.database.begin(write=False) as tx:
        s = tables.space.c
        team = tx.execute(select(s.id, s.root, s.epoch).where(s.kind == "team")).one()
    made = Mkdir(key=world.ids.new(), node=folder, parent=team.root, name="P")
    inside = Mkdir(key=world.ids.new(), node=world.ids.new(), parent=folder, name="d")
    asked = Commit(epoch=team.epoch, operations=(made, inside))
    commits.commit(world.server, anna.caller, team.id, asked, ())
    return folder, team.id


def test_a_folder_that_came_back_to_the_team_is_not_the_root_of_what_is_let_go(tmp_path: Path) -> None:
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    boris = world.desks[-1]
    in_the_teams_in_another_life(world, member=False)
    world.settle(boris)
    assert tree(boris) == {"Team": None, "Team/P": None, "Team/P/d": None}
    assert problems.listed(boris.store) == []
    world.close()


def test_what_the_server_lost_the_sharing_of_gives_way_when_its_folder_is_shared_again_elsewhere(
    tmp_path: Path,
) -> None:
    """Until then it stays as it is, beside the team's folder; then what only this desk has of it is rescued."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, _, boris = world.desks
    folder, team = in_the_teams_in_another_life(world, member=True)
    world.settle(boris)
    teams = {"Team": None, "Team/P": None, "Team/P/d": None}
    assert tree(boris) == {"P": None, "P/a": b"1", **teams}
    assert [(row.path, row.problem.code) for row in problems.listed(boris.store)] == [
        ("P", Code.SPACE_FROZEN)
    ]
    who = (NewMember(Principal(PrincipalKind.USER, "boris"), Role.EDITOR),)
    new = world.ids.new
    asked = Share(key=new(), node=folder, space=new(), mount=new(), members=who)
    sharing.share(world.server, anna.caller, team, asked)
    boris.tell(events.RightsChanged())
    world.settle(boris)
    assert (tree(boris), rescued(boris)) == (teams, {"a": b"1"})
    assert problems.listed(boris.store) == []
    world.close()


def test_what_was_moved_into_a_shared_folder_that_the_server_lost_is_kept_where_it_came_from(
    tmp_path: Path,
) -> None:
    """Its person has taken that folder away since: what was moved into it never came to the server there."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, _, boris = world.desks
    save(anna, "P/a=1")
    save(boris, "Q/q=2")
    world.settle()
    world.copy()
    share(anna, "P")
    rest(world)
    world.put_back(told=True)
    world.settle()
    move(boris, "Q", "P/Q")
    world.settle()
    boris.person.take_out(("P",))
    world.settle()
    world.wait(2 * FROZEN_MS)
    world.settle()
    assert files(boris) == {"Q/q": b"2"}, "it is on the server, and comes back from there"
    check_i9(world)
    world.close()


def test_where_one_could_only_add_and_the_server_lost_that_one_sees_what_is_shared_again(
    tmp_path: Path,
) -> None:
    """Two spaces begin with one folder, and are two: what was put into the first is in the second, or rescued."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, second, boris = world.desks
    save(anna, "P/a=1")
    world.settle()
    world.copy()
    share(anna, "P", ("boris", Role.UPLOADER))
    rest(world)
    save(boris, "P/b=2")
    world.settle()
    world.put_back(told=True)
    world.settle()
    assert [(row.path, row.problem.code) for row in problems.listed(boris.store)] == [
        ("P", Code.SPACE_FROZEN)
    ]
    share(anna, "P")
    world.settle()
    world.wait(FROZEN_MS)
    rest(world)
    assert files(anna) == files(second) == {"P/a": b"1", "P/b": b"2"}
    assert files(boris) == files(anna)
    assert problems.listed(boris.store) == []
    world.close()


def test_what_was_put_away_while_its_sharing_was_lost_comes_back_when_it_is_shared_again(
    tmp_path: Path,
) -> None:
    """The new mount is told of by the own space's journal, before the list of spaces tells of what hangs there."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, second, boris = world.desks
    save(boris, "P/a=1")
    world.settle()
    world.copy()
    share(boris, "P", ("anna", Role.EDITOR))
    rest(world)
    world.put_back(told=True)
    world.settle()
    for desk in (anna, second):
        assert [row.problem.code for row in problems.listed(desk.store)] == [Code.SPACE_FROZEN]
    delete(second, "P")
    world.wait(20_000)
    share(boris, "P", ("anna", Role.EDITOR))
    anna.tell(events.RightsChanged())
    anna.advance(world.until(anna, "answer spaces"), 1 << 30)
    world.settle()
    assert files(second) == files(anna) == files(boris) == {"P/a": b"1"}
    world.close()


@pytest.mark.parametrize("told", [True, False])
def test_share_in_flight_and_a_server_put_back(tmp_path: Path, told: bool) -> None:
    """What a commit was answered holds nothing up: that another space tells of it is of a life that is gone."""
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, second, _ = world.desks
    save(anna, "P/a=1")
    world.settle()
    world.copy()
    save(anna, "Q/q=2")
    world.settle()
    save(second, "P/a=1b P/n=new")
    commit = world.until(second, "call commit")
    share(anna, "P")
    second.advance(commit, 1 << 30)
    world.put_back(told)
    if not told:
        save(anna, "Q/q2=3 Q/q3=4")
        world.settle(anna)
    rest(world)
    assert files(anna) == files(second)
    assert files(anna).items() >= {"P/a": b"1b", "P/n": b"new", "Q/q": b"2"}.items()
    world.close()


def test_what_was_moved_out_of_a_folder_before_it_was_shared_in_another_life_stays_outside(
    tmp_path: Path,
) -> None:
    world = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=0.01))
    anna, second, boris = world.desks
    save(anna, "P/a=1 P/d/ P/d/b=2 P/d/c=3")
    world.settle()
    world.copy()
    save(anna, "Q/q=4")  # The sequences of this life go on beyond those of the next.
    world.settle()
    anna.line.state = "cut"
    save(anna, "P/a=1b")
    world.put_back(told=True)
    world.settle(second)
    move(second, "P/a", "a")
    move(second, "P/d", "D")
    world.settle(second)
    share(second, "P")
    world.settle(second)
    anna.line.state = "good"
    rest(world)
    assert files(anna) == files(second) == {"a": b"1b", "D/b": b"2", "D/c": b"3", "Q/q": b"4"}
    assert files(boris) == {}
    world.close()


def test_whoever_leaves_keeps_nothing_but_what_was_not_sent(world: Stage) -> None:
    anna, second, boris = world.desks
    save(anna, "P/a=1 P/b=2")
    world.settle()
    space = share(anna, "P")
    rest(world)
    boris.line.state = "cut"
    save(boris, "P/b=boris")
    world.ledger.finish(b"boris", "PC2:P/b")
    members.leave(world.server, boris.caller, space)
    rest(world)
    assert tree(boris) == {"Team": None}
    assert list(rescued(boris).values()) == [b"boris"]
    assert files(anna) == files(second) == {"P/a": b"1", "P/b": b"2"}


@pytest.mark.parametrize("turns", [2, 5, 10, 20, 40, 80])
def test_a_member_again_before_all_has_gone_has_all_of_it(world: Stage, turns: int) -> None:
    """And what was written there meanwhile is rescued, sent, or in a folder of his own."""
    anna, _, boris = world.desks
    save(anna, "P/a=1 P/d/ P/d/b=2 P/d/c=3")
    world.settle()
    space = share(anna, "P")
    rest(world)
    set_role(anna, space, None)
    boris.tell(events.RightsChanged())
    world.turns(turns)
    saved = "P" in tree(boris)
    if saved:
        save(boris, "P/new=4")
        world.ledger.finish(b"4", "PC2:P/new")
    world.turns(turns)
    set_role(anna, space, Role.EDITOR)
    rest(world)
    assert {path.partition("/")[2] for path in files(boris)} >= {"a", "d/b", "d/c"}
    shown = {*files(boris).values(), *rescued(boris).values()}
    assert shown == {b"1", b"2", b"3", *([b"4"] if saved else [])}


@pytest.mark.parametrize("point", ["call chunks", "answer chunks", "call commit"])
def test_revoked_mid_upload(world: Stage, point: str) -> None:
    """The role ends before, or after, the bytes of a large file are up: they are rescued here, and nobody sees them."""
    anna, second, boris = world.desks
    save(anna, "P/a=1")
    world.settle()
    space = share(anna, "P")
    rest(world)
    large = b"of Boris " * 20_000
    save(boris, "P/large=x")
    folder = boris.medium.resolve((*ROOT, "P"))
    boris.medium.set_data(folder.entries["large"], large, boris.name)
    world.ledger.finish(large, "PC2:P/large")
    world.until(boris, point)
    set_role(anna, space, None)
    rest(world)
    assert tree(boris) == {"Team": None}
    assert rescued(boris) == {"large": large}
    assert files(anna) == files(second) == {"P/a": b"1"}
    assert hash_of(large) not in world.acknowledged()


def test_nested_shares_in_a_teams_folder(world: Stage) -> None:
    """A colleague shares a folder of the team further: nobody of the team loses it, and another share lies in it."""
    anna, _, boris = world.desks
    save(anna, "Team/P/a=1 Team/P/d/ Team/P/d/b=2 Team/c=3")
    world.settle()
    share(boris, "Team/P/d", ("anna", Role.VIEWER))
    rest(world)
    found = {"Team/P/a": b"1", "Team/P/d/b": b"2", "Team/c": b"3"}
    for desk in world.desks:
        assert files(desk) == found
    save(anna, "Team/P/d/ Team/P/d/b=2b")
    rest(world)
    assert files(boris)["Team/P/d/b"] == b"2b", "she may change the team's, so she may change this"


@pytest.mark.day("T14")
def test_one_node_two_ways(world: Stage) -> None:
    """Boris has a folder by a direct share, and then as one of the team; a tree is moved in and out of it."""
    anna, second, boris = world.desks
    end_membership(world)
    with world.server.database.begin() as tx:
        m = tables.member
        (team,) = tx.execute(select(m.c.space).where(m.c.kind == "unit")).scalars()
        tx.execute(insert(m).values(space=team, kind="user", principal=anna.user, role=Role.MANAGER))
    rest(world)
    save(anna, "Team/G/a=1 Team/G/d/ Team/G/d/b=2 Team/c=3")
    world.settle()
    share(anna, "Team/G")
    rest(world)
    assert files(boris) == {"G/a": b"1", "G/d/b": b"2"}
    worked = files(boris)
    end_membership(world, None)
    rest(world)
    assert files(boris) == {f"Team/{path}": data for path, data in worked.items()} | {"Team/c": b"3"}
    for number in range(20):
        save(anna, f"Team/T/ Team/T/{number}=v{number}")
    rest(world)
    move(anna, "Team/T", "Team/G/T")
    rest(world)
    move(second, "Team/G/T", "Team/T2")
    rest(world)
    assert files(boris) == files(anna) == files(second)
    assert len(files(boris)) == 23
    end_membership(world)
    rest(world)
    assert files(boris) == {"G/a": b"1", "G/d/b": b"2"}


def test_a_role_that_changed_while_nobody_was_listening_is_asked_for(world: Stage) -> None:
    anna, _, boris = world.desks
    save(anna, "P/a=1")
    world.settle()
    space = share(anna, "P", ("boris", Role.VIEWER))
    rest(world)
    boris.line.state = "dead"
    world.wait(60_000)
    set_role(anna, space, Role.EDITOR)
    boris.line.state = "good"
    world.wait(30_000)
    row = spaces.get(boris.store, space)
    assert row is not None
    assert row.role is Role.EDITOR


def test_a_role_is_the_servers_to_say(world: Stage) -> None:
    anna, _, boris = world.desks
    save(anna, "P/a=1")
    world.settle()
    space = share(anna, "P", ("boris", Role.VIEWER))
    rest(world)
    set_role(anna, space, Role.UPLOADER)
    rest(world)
    assert files(boris) == {}, "who may only add sees nothing of it"
    set_role(anna, space, Role.EDITOR)
    rest(world)
    assert files(boris) == {"P/a": b"1"}
    assert key("P") in {key(name) for name in tree(boris)}
