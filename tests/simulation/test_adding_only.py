"""Who may only add has a folder to put into: what is put there is sent, and nothing of others is seen (R37)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from govsync.engine import events
from govsync.protocol.session import Role, SpaceState
from govsync.store import problems, spaces, uploads
from tests.simulation.checks import (
    check_i9,
    check_i10,
    check_i11,
    check_i13,
    check_i14,
    check_i15,
    check_i16,
    check_r37,
    check_r38,
)
from tests.simulation.stage import CALM, Stage, delete, move, save
from tests.simulation.test_leaving import rescued, tree
from tests.simulation.test_sharing import files, set_role, share
from tests.simulation.views import server_tree


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """Two desks of Anna's and one of Boris's."""
    made = Stage(tmp_path, msgspec.structs.replace(CALM, desks=3, restores=1.0))
    yield made
    made.close()


@pytest.fixture
def space(world: Stage) -> bytes:
    """Anna's folder, into which Boris may put things."""
    anna, *_ = world.desks
    save(anna, "P/a=secret P/d/ P/d/b=hidden")
    world.settle()
    made = share(anna, "P", ("boris", Role.UPLOADER))
    world.shares.reached[made] = {anna.user}
    rest(world)
    return made


def rest(world: Stage) -> None:
    for desk in world.desks:
        desk.tell(events.RightsChanged())
    world.settle()
    for check in CHECKS:
        check(world)


def becomes(world: Stage, space: bytes, role: Role | None) -> None:
    """Gives Boris another role."""
    anna, _, boris = world.desks
    set_role(anna, space, role)
    if role not in (None, Role.UPLOADER):
        world.shares.reached[space].add(boris.user)
    rest(world)


CHECKS = (
    check_i9, check_r37, check_r38, check_i10, check_i11, check_i13, check_i14, check_i15, check_i16,
)  # fmt: skip
OWN = {"P/a": b"secret", "P/d/b": b"hidden"}


def test_what_is_put_there_is_sent_and_stays_and_nothing_else_is_seen(world: Stage, space: bytes) -> None:
    anna, second, boris = world.desks
    assert tree(boris) == {"P": None, "Team": None}
    save(boris, "P/a=mine P/new=n P/d/ P/d/b=2")
    rest(world)
    assert files(boris) == {"P/a": b"mine", "P/new": b"n", "P/d/b": b"2"}
    assert files(anna) == files(second) == OWN | {"P/a (2)": b"mine", "P/new": b"n", "P/d (2)/b": b"2"}
    save(anna, "P/more=m P/new=edited")
    delete(anna, "P/a (2)")
    rest(world)
    assert files(boris) == {"P/a": b"mine", "P/new": b"n", "P/d/b": b"2"}


def test_what_becomes_of_it_here_is_told_to_nobody_but_what_is_new(world: Stage, space: bytes) -> None:
    anna, _, boris = world.desks
    save(boris, "P/x=1 P/y=2 P/z=3 P/f/ P/f/u=4 P/f/v=5")
    rest(world)
    before = files(anna)
    move(boris, "P/x", "P/moved")
    delete(boris, "P/y")
    move(boris, "P/f", "P/g")
    rest(world)
    assert files(anna) == before
    assert files(boris) == {"P/moved": b"1", "P/z": b"3", "P/g/u": b"4", "P/g/v": b"5"}
    save(boris, "P/z=edited P/x=new P/g/w=6")
    move(boris, "P/g/u", "out")
    rest(world)
    assert files(anna) == before | {"P/z (2)": b"edited", "P/x (2)": b"new", "P/f/w": b"6"}
    assert files(boris) == {
        "P/moved": b"1", "P/z": b"edited", "P/x": b"new", "P/g/v": b"5", "P/g/w": b"6", "out": b"4",
    }  # fmt: skip
    delete(boris, "P/g")
    rest(world)
    assert files(anna) == before | {"P/z (2)": b"edited", "P/x (2)": b"new", "P/f/w": b"6"}


def test_what_is_moved_in_is_sent_and_goes_where_it_was(world: Stage, space: bytes) -> None:
    anna, _, boris = world.desks
    save(boris, "mine=m E/ E/e=e")
    rest(world)
    move(boris, "mine", "P/mine")
    move(boris, "E", "P/E")
    rest(world)
    assert files(boris) == {"P/mine": b"m", "P/E/e": b"e"}
    assert files(anna) == OWN | {"P/mine": b"m", "P/E/e": b"e"}


def test_a_folder_that_is_gone_on_the_server_is_made_anew(world: Stage, space: bytes) -> None:
    anna, _, boris = world.desks
    save(boris, "P/f/ P/f/g/ P/f/g/1=1")
    rest(world)
    delete(anna, "P/f")
    rest(world)
    save(boris, "P/f/g/2=2")
    rest(world)
    assert files(boris) == {"P/f/g/1": b"1", "P/f/g/2": b"2"}
    assert files(anna) == OWN | {"P/f/g/2": b"2"}
    assert problems.listed(boris.store) == []


def test_a_folder_that_one_has_put_there_and_is_given_later_is_a_second_one(
    world: Stage, space: bytes
) -> None:
    anna, _, boris = world.desks
    save(boris, "P/f/ P/f/g/ P/f/g/1=1 P/2=2")
    rest(world)
    move(anna, "P/2", "P/f/2")
    rest(world)
    made = share(anna, "P/f", ("boris", Role.EDITOR))
    world.shares.reached[made] = {anna.user, boris.user}
    rest(world)
    put = {"P/f/g/1": b"1", "P/2": b"2"}
    assert files(anna) == OWN | {"P/f/g/1": b"1", "P/f/2": b"2"}
    assert files(boris) == put | {"f/g/1": b"1", "f/2": b"2"}
    save(boris, "P/f/g/3=3 P/2=4 f/g/1=5")
    rest(world)
    assert files(anna) == OWN | {
        "P/f/g/1": b"5", "P/f/2": b"2", "P/f (2)/g/3": b"3", "P/2": b"4",
    }  # fmt: skip
    assert files(boris) == put | {"f/g/1": b"5", "f/2": b"2", "P/f/g/3": b"3", "P/2": b"4"}
    assert problems.listed(boris.store) == []
    becomes(world, space, Role.EDITOR)
    assert files(boris) == files(anna), "what he had put there is where it is for all, once he sees it"
    assert rescued(boris) == {}


def test_who_may_read_from_now_on_sees_everything_and_what_was_sent_is_the_same(
    world: Stage, space: bytes
) -> None:
    anna, _, boris = world.desks
    save(boris, "P/a=mine P/same=s P/gone=g P/theirs=1 P/moved=m P/edited=e")
    rest(world)
    delete(anna, "P/gone")
    save(anna, "P/theirs=2")
    move(boris, "P/moved", "P/elsewhere")
    delete(boris, "P/same")
    rest(world)
    boris.line.state = "cut"
    save(boris, "P/edited=e2 P/late=l")
    world.wait(60_000)
    boris.line.state = "good"
    becomes(world, space, Role.EDITOR)
    shown = OWN | {
        "P/a (2)": b"mine", "P/same": b"s", "P/theirs": b"2", "P/moved": b"m", "P/late": b"l",
    }  # fmt: skip
    assert files(anna) == files(boris)
    found = files(boris)
    assert {path: found.get(path) for path in shown} == shown
    assert {found[path] for path in found.keys() - shown.keys()} == {b"e2", b"e"} or found[
        "P/edited"
    ] == b"e2"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_who_may_only_add_from_now_on_begins_with_an_empty_folder(
    world: Stage, space: bytes, role: Role
) -> None:
    anna, _, boris = world.desks
    becomes(world, space, role)
    assert files(boris) == OWN
    boris.line.state = "cut"
    set_role(anna, space, Role.UPLOADER)
    save(boris, "P/unsent=u")
    world.wait(60_000)
    boris.line.state = "good"
    rest(world)
    assert tree(boris) == {"P": None, "Team": None}
    found = files(anna)
    # An editor may have sent it before the desk heard of anything: it may be added still.
    assert rescued(boris) == {"unsent": b"u"} or found == OWN | {"P/unsent": b"u"}
    save(boris, "P/new=n")
    rest(world)
    assert files(anna) == found | {"P/new": b"n"}
    becomes(world, space, Role.VIEWER)
    assert files(boris) == files(anna)


def test_at_its_end_what_was_sent_goes_and_what_was_not_is_rescued(world: Stage, space: bytes) -> None:
    anna, _, boris = world.desks
    save(boris, "P/sent=s P/f/ P/f/sent=t P/renamed=r")
    rest(world)
    move(boris, "P/renamed", "P/f/other")
    rest(world)
    boris.line.state = "cut"
    save(boris, "P/unsent=u")
    save(boris, "P/sent=edited")
    world.wait(60_000)
    set_role(anna, space, None)
    boris.line.state = "good"
    rest(world)
    assert tree(boris) == {"Team": None}
    assert rescued(boris) == {"unsent": b"u", "sent": b"edited"}
    assert files(anna) == OWN | {"P/sent": b"s", "P/f/sent": b"t", "P/renamed": b"r"}


@pytest.mark.parametrize("shared", [False, True])
def test_what_is_moved_into_what_is_left_of_it_is_there_for_all(
    world: Stage, space: bytes, shared: bool
) -> None:
    """A draft that is never sent keeps the folder on the desk; with something in it, it is a folder of his own."""
    anna, _, boris = world.desks
    save(boris, "P/x.tmp=draft G/ G/1=1")
    rest(world)
    if shared:
        made = share(boris, "G", ("anna", Role.EDITOR))
        world.shares.reached[made] = {anna.user, boris.user}
        rest(world)
    becomes(world, space, None)
    assert files(boris) == {"P/x.tmp": b"draft", "G/1": b"1"}
    move(boris, "G", "P/G")
    rest(world)
    assert files(boris) == {"P/x.tmp": b"draft", "P/G/1": b"1"}
    assert server_tree(world.server, boris.user).keys() == {"P", "P/G", "P/G/1", "Team"}
    assert problems.listed(boris.store) == []


@pytest.mark.parametrize(("told", "later"), [(True, b"3"), (False, b"3"), (True, None)])
def test_what_a_restored_server_has_lost_is_sent_again_and_nothing_twice(
    world: Stage, space: bytes, told: bool, later: bytes | None
) -> None:
    """Whether or not anything is put there afterwards, by which the desk would hear of it."""
    anna, second, boris = world.desks
    save(boris, "P/before=b P/f/ P/f/1=1")
    rest(world)
    world.copy()
    world.cut_off(anna)  # Nobody else has it, who could give it back.
    world.cut_off(second)
    save(boris, "P/after=a P/f/2=2")
    move(boris, "P/before", "P/f/before")
    world.wait(60_000)
    world.clock.advance(3_600_001)
    world.put_back(told)
    new = {} if later is None else {"P/f/3": later}
    if new:
        save(boris, "P/f/3=3")
    rest(world)
    both = {"P/after": b"a", "P/f/1": b"1", "P/f/2": b"2"} | new
    assert files(boris) == both | {"P/f/before": b"b"}
    assert files(anna) == OWN | both | {"P/before": b"b"}


def test_until_it_is_sent_again_it_is_rescued_at_the_end(world: Stage, space: bytes) -> None:
    *_, boris = world.desks
    save(boris, "P/sent=s")
    rest(world)
    world.cut_off(boris)
    with boris.store.transaction():
        uploads.send_again(boris.store, space)
        spaces.freeze(boris.store, space, SpaceState.REVOKED)
    boris.engine.leaving.begin()
    world.wait(120_000)
    assert rescued(boris) == {"sent": b"s"}


def test_who_reads_in_one_way_and_adds_in_another_does_both(world: Stage) -> None:
    """Boris reads the team's folder as one of the division, and may add to it himself."""
    anna, _, boris = world.desks
    save(anna, "Team/a=1 Team/d/ Team/d/b=2")
    world.settle()
    world.give_role(boris.user, Role.UPLOADER)
    rest(world)
    assert files(boris) == {"Team/a": b"1", "Team/d/b": b"2"}
    save(boris, "Team/new=n Team/d/e/ Team/d/e/f=f")
    rest(world)
    assert files(anna) == files(boris) == {
        "Team/a": b"1", "Team/d/b": b"2", "Team/new": b"n", "Team/d/e/f": b"f",
    }  # fmt: skip
    delete(boris, "Team/a")
    move(boris, "Team/new", "Team/d/new")
    rest(world)
    assert files(anna) == files(boris) == {
        "Team/a": b"1", "Team/d/b": b"2", "Team/new": b"n", "Team/d/e/f": b"f",
    }  # fmt: skip
