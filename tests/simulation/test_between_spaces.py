"""What is moved from one space to another: no byte travels, and nothing is deleted before it has arrived (R24)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from govsync.engine import events
from govsync.model.codes import Code
from govsync.protocol.session import Role
from govsync.server.db import tables
from govsync.store import holds, problems
from tests.simulation.calls import DirectCalls
from tests.simulation.checks import check_i9, check_i10, check_i11, check_i14
from tests.simulation.desks import ROOT, SimDesk
from tests.simulation.stage import Stage, move, save
from tests.simulation.test_leaving import end_membership, rescued, told, tree
from tests.simulation.views import desk_tree

LARGE = 70_000
"""More bytes than travel inside a commit."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes of contents went to the server, by request."""
    sizes: list[int] = []
    commit, chunks = DirectCalls.commit, DirectCalls.chunks

    def counted(self: DirectCalls, *asked: Any, **more: Any) -> Any:
        sizes.append(sum(map(len, asked[3])))
        return commit(self, *asked, **more)

    def counted_too(self: DirectCalls, space: bytes, some: Sequence[tuple[bytes, bytes]]) -> Any:
        some = list(some)
        sizes.append(sum(len(data) for _, data in some))
        return chunks(self, space, some)

    monkeypatch.setattr(DirectCalls, "commit", counted)
    monkeypatch.setattr(DirectCalls, "chunks", counted_too)
    return sizes


def large(desk: SimDesk, name: str) -> None:
    """A file that does not travel inside a commit."""
    folder = desk.medium.resolve(ROOT)
    save(desk, f"{name}=x")
    data = f"{name} ".encode() * (LARGE // 4)
    desk.medium.set_data(folder.entries[name], data, desk.name)


def alive(world: Stage) -> dict[str, int]:
    """Counts, by name, the files that the server has alive in any space."""
    with world.server.database.begin(write=False) as tx:
        n = tables.node.c
        rows = tx.execute(select(n.name).where(n.kind == "file", n.deleted_seq.is_(None))).scalars().all()
    return {name: rows.count(name) for name in rows}


@pytest.mark.parametrize("back", [False, True])
def test_what_is_moved_into_another_space_is_not_sent_again(
    world: Stage, sent: list[int], back: bool
) -> None:
    desk = world.desks[0]
    save(desk, "P/a=first P/d/b=second P/empty=")
    large(desk, "big.bin")
    world.settle()
    if back:
        move(desk, "P", "Team/P")
        move(desk, "big.bin", "Team/big.bin")
        world.settle()
    before = desk_tree(desk.medium, ROOT)
    sent.clear()
    for name in ("P", "big.bin"):
        move(desk, f"Team/{name}" if back else name, name if back else f"Team/{name}")
    world.settle()
    assert sum(sent) == 0
    after = desk_tree(desk.medium, ROOT)
    assert sorted(fact[1] for fact in after.values()) == sorted(fact[1] for fact in before.values())
    assert alive(world) == dict.fromkeys(("a", "b", "empty", "big.bin"), 1)
    check(world)


def test_many_that_move_are_no_mass_deletion(world: Stage) -> None:
    desk, other = world.desks
    desk.engine.desk.rules = msgspec.structs.replace(desk.engine.desk.rules, hold_deletions=5)
    for number in range(12):
        save(desk, f"P/ P/{number}=v{number}")
    world.settle()
    move(desk, "P", "Team/P")
    world.settle()
    assert holds.count(desk.store) == 0
    assert tree(desk) == tree(other)
    assert alive(world) == {str(number): 1 for number in range(12)}
    check(world)


def test_what_was_edited_on_the_way_is_sent(world: Stage, sent: list[int]) -> None:
    desk = world.desks[0]
    save(desk, "a=first")
    world.settle()
    move(desk, "a", "Team/a")
    save(desk, "Team/a=other")
    sent.clear()
    world.settle()
    assert sum(sent) == len(b"other")
    assert alive(world) == {"a": 1}
    check(world)


def test_a_server_that_lacks_the_bytes_is_sent_them(world: Stage, sent: list[int]) -> None:
    """The source is gone by the time it is asked for."""
    desk = world.desks[0]
    save(desk, "a=first")
    world.settle()
    with world.server.database.begin() as tx:
        tx.execute(update(tables.revision).values(state="lost"))
    move(desk, "a", "Team/a")
    sent.clear()
    world.settle()
    assert sum(sent) == len(b"first")
    assert alive(world) == {"a": 1}


def check(world: Stage) -> None:
    for each in (check_i9, check_i10, check_i11, check_i14):
        each(world)


def becomes(world: Stage, role: Role) -> None:
    with world.server.database.begin() as tx:
        tx.execute(update(tables.member).where(tables.member.c.kind == "unit").values(role=role))
    for desk in world.desks:
        desk.tell(events.RightsChanged())
    world.wait(5_000)


@pytest.mark.day("T13", part="a move to where one may only read")
def test_cross_space_refused(world: Stage) -> None:
    """A file is dragged to where its person may only read: it lies there, said to be misplaced, and nobody loses it."""
    desk, other = world.desks
    save(desk, "P/a=first P/b=second")
    world.settle()
    becomes(world, Role.VIEWER)
    move(desk, "P/a", "Team/a")
    world.wait(120_000)
    assert [(row.path, row.problem.code) for row in problems.listed(desk.store)] == [
        ("Team/a", Code.CANNOT_MOVE_HERE)
    ]
    assert tree(desk) == {"P": None, "P/b": b"second", "Team": None, "Team/a": b"first"}
    assert tree(other) == {"P": None, "P/a": b"first", "P/b": b"second", "Team": None}
    assert alive(world) == {"a": 1, "b": 1}
    move(desk, "Team/a", "P/a")
    world.settle()
    assert problems.listed(desk.store) == []
    assert tree(desk) == tree(other) == {"P": None, "P/a": b"first", "P/b": b"second", "Team": None}
    check(world)


def test_what_was_moved_to_where_one_may_only_read_goes_on_when_one_may_write(world: Stage) -> None:
    desk, other = world.desks
    save(desk, "a=first")
    world.settle()
    becomes(world, Role.VIEWER)
    move(desk, "a", "Team/a")
    world.wait(20_000)
    becomes(world, Role.EDITOR)
    world.settle()
    assert tree(desk) == tree(other) == {"Team": None, "Team/a": b"first"}
    check(world)


def test_what_never_arrived_is_not_deleted_where_it_came_from(world: Stage) -> None:
    """The membership ends before the move could be told: the bytes are rescued, and the file is where it was."""
    desk, other = world.desks
    save(desk, "a=first")
    world.settle()
    becomes(world, Role.VIEWER)
    move(desk, "a", "Team/a")
    world.wait(20_000)
    end_membership(world)
    told(world)
    world.settle()
    assert tree(desk) == tree(other) == {"a": b"first"}
    assert rescued(desk) == {"a": b"first"}
