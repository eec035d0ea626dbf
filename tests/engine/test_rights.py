"""What a person may not change stays on this desk, and is said; what the server no longer has for them, too (R38, I13)."""

import shutil

import pytest

from govsync.engine import events, jobs
from govsync.engine.report import at_rest, kept_back_only
from govsync.model.codes import Code
from govsync.model.status import State
from govsync.protocol.session import Role, SpaceInfo, SpaceKind, Spaces, SpaceState
from govsync.store import problems
from tests.engine.bench import SPACE, Bench


def said(bench: Bench) -> dict[str, Code]:
    return {row.path: row.problem.code for row in problems.listed(bench.store)}


def told(bench: Bench, role: Role = Role.VIEWER, state: SpaceState = SpaceState.MEMBER) -> None:
    bench.server.role, bench.server.state = role, state
    bench.tell(events.RightsChanged())
    bench.pass_ms(2_000)


@pytest.fixture(params=[Role.VIEWER, Role.UPLOADER])
def reader(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    (bench.folder / "d").mkdir()
    bench.hint("d")
    for name in ("a", "b", "d/x"):
        bench.write(name)
    bench.settle()
    told(bench, request.param)
    assert bench.report().state is State.IN_SYNC
    return bench


def test_a_readers_changes_are_said_and_keep_nothing_else_back(reader: Bench) -> None:
    reader.write("a", b"edited")
    reader.write("new")
    shutil.rmtree(reader.folder / "d")
    reader.hint("d")
    (reader.folder / "b").rename(reader.folder / "moved")
    reader.hint("b")
    reader.hint("moved")
    asked = len(reader.server.asked)
    reader.pass_ms(40_000)
    assert said(reader) == dict.fromkeys(("a", "new", "d", "moved"), Code.NO_RIGHT)
    assert (reader.report().state, kept_back_only(reader.engine)) == (State.PROBLEM, True)
    assert len(reader.server.asked) == asked
    reader.server.has("theirs", b"news")
    reader.pass_ms(5_000)
    assert (reader.folder / "theirs").exists()
    told(reader, Role.EDITOR)
    reader.settle()
    assert sorted(reader.server.alive()) == ["a", "moved", "new", "theirs"]
    assert said(reader) == {}


def test_what_a_reader_undoes_is_said_no_more(reader: Bench) -> None:
    reader.write("new")
    (reader.folder / "b").rename(reader.folder / "moved")
    reader.hint("b")
    reader.hint("moved")
    reader.pass_ms(15_000)
    assert sorted(said(reader)) == ["moved", "new"]
    (reader.folder / "moved").rename(reader.folder / "b")
    (reader.folder / "new").unlink()
    for name in ("b", "moved", "new"):
        reader.hint(name)
    reader.pass_ms(60_000)
    assert (said(reader), reader.report().state) == ({}, State.IN_SYNC)


def test_who_becomes_a_reader_with_changes_under_way_is_told(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    bench.write("b")
    bench.pass_ms(3_000, jobs.Commit)
    bench.write("c")
    bench.pass_ms(3_000, jobs.Commit)
    (commit,) = bench.under_way(jobs.Commit)
    bench.server.role = Role.VIEWER
    bench.tell(events.RightsChanged())
    bench.pass_ms(1_000, jobs.Commit)
    bench.carry_out(commit)
    bench.pass_ms(10_000)
    assert said(bench) == {"c": Code.NO_RIGHT}


@pytest.mark.parametrize("state", [SpaceState.UNKNOWN, SpaceState.DELETED])
def test_a_space_that_the_server_has_no_more_is_not_called_in_sync(bench: Bench, state: SpaceState) -> None:
    bench.write("a")
    bench.settle()
    told(bench, Role.MANAGER, state)
    bench.pass_ms(10_000)
    assert at_rest(bench.engine)
    assert (said(bench), bench.report().state) == ({"": Code.SPACE_FROZEN}, State.PROBLEM)
    bench.write("b")
    bench.pass_ms(10_000)
    assert (said(bench), kept_back_only(bench.engine)) == ({"": Code.SPACE_FROZEN}, True)
    told(bench, Role.MANAGER)
    bench.settle()
    assert sorted(bench.server.alive()) == ["a", "b"]
    assert said(bench) == {}


def test_a_space_that_was_made_anew_for_its_owner_is_no_problem_any_more(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    told(bench, Role.MANAGER, SpaceState.UNKNOWN)
    assert said(bench) == {"": Code.SPACE_FROZEN}
    again = SpaceInfo(
        id=b"n" * 16, state=SpaceState.MEMBER, kind=SpaceKind.PERSONAL, name="Anna", role=Role.MANAGER, root=b"R" * 16,
        epoch=b"e" * 16,
    )  # fmt: skip
    gone = SpaceInfo(id=SPACE, state=SpaceState.UNKNOWN)
    bench.engine.following.spaces_told(jobs.SpacesTold(Spaces(spaces=(again, gone))))
    assert said(bench) == {}


def test_what_a_person_saved_and_is_on_its_way_back_is_not_called_in_sync(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    bench.engine.placing.bring_back([(bench.lid("a"), "kept~a", 1)])
    assert not at_rest(bench.engine)
