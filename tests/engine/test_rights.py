"""What a person may not change is put back, what they wrote stays on this desk, and it is said; what the server no longer
has for them, too (R38, I13)."""

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from govsync.engine import events, jobs
from govsync.engine.report import at_rest, kept_back_only
from govsync.engine.work import run
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.status import State
from govsync.protocol.commits import Refused
from govsync.protocol.session import Role, SpaceInfo, SpaceKind, Spaces, SpaceState
from govsync.store import activity, problems
from tests.engine.bench import LARGE, SPACE, Bench


def said(bench: Bench) -> dict[str, Code]:
    return {row.path: row.problem.code for row in problems.listed(bench.store)}


def told(bench: Bench, role: Role = Role.VIEWER, state: SpaceState = SpaceState.MEMBER) -> None:
    bench.server.role, bench.server.state = role, state
    bench.tell(events.RightsChanged())
    bench.pass_ms(2_000)


@pytest.fixture
def reader(bench: Bench) -> Bench:
    (bench.folder / "d").mkdir()
    bench.hint("d")
    for name in ("a", "b", "d/x"):
        bench.write(name)
    bench.settle()
    told(bench)
    assert bench.report().state is State.IN_SYNC
    return bench


def move(bench: Bench, source: str, target: str) -> None:
    (bench.folder / source).rename(bench.folder / target)
    bench.hint(*Path(source).parts)
    bench.hint(*Path(target).parts)


def replace(bench: Bench, name: str, words: bytes) -> None:
    """Saves as editors do that write beside and rename: they need no right to write the file."""
    beside = bench.folder / "~saving.tmp"
    beside.write_bytes(words)
    beside.rename(bench.folder / name)
    bench.hint(*Path(name).parts)


def shown(bench: Bench) -> dict[str, bytes]:
    files = (path for path in bench.folder.rglob("*") if path.is_file() and ".govsync" not in path.parts)
    return {str(path.relative_to(bench.folder)): path.read_bytes() for path in files}


def happened(bench: Bench) -> list[tuple[str, str]]:
    return [(row[2], row[3]) for row in activity.latest(bench.store, 100)]


def test_what_a_reader_changes_is_put_back_and_what_a_reader_wrote_stays_beside_it(reader: Bench) -> None:
    before, asked = shown(reader), len(reader.server.asked)
    replace(reader, "a", b"edited")
    reader.write("new", b"new")
    shutil.rmtree(reader.folder / "d")
    reader.hint("d")
    move(reader, "b", "moved")
    reader.pass_ms(40_000)
    copy = "a (your copy, not uploaded)"
    assert shown(reader) == {**before, copy: b"edited", "new": b"new"}
    assert said(reader) == dict.fromkeys((copy, "new"), Code.KEPT_HERE)
    assert (reader.report().state, reader.report().problems) == (State.PROBLEM, 2)
    assert at_rest(reader.engine)
    assert len(reader.server.asked) == asked
    assert {("put_back", "d"), ("put_back", "d/x"), ("put_back", "b"), ("kept_beside", "a")} <= set(
        happened(reader)
    )


def test_a_second_edit_of_a_reader_is_a_second_copy(reader: Bench) -> None:
    for words in (b"edited", b"edited again"):
        replace(reader, "a", words)
        reader.pass_ms(5_000)
    assert {name: words for name, words in shown(reader).items() if "copy" in name} == {
        "a (your copy, not uploaded)": b"edited",
        "a (your copy, not uploaded) 2": b"edited again",
    }
    assert shown(reader)["a"] == b"words"


def test_a_readers_own_copy_can_be_worked_on_moved_and_deleted(reader: Bench) -> None:
    asked = len(reader.server.asked)
    (reader.folder / "mine").mkdir()
    reader.hint("mine")
    reader.write("mine/n", b"1")
    reader.pass_ms(5_000)
    assert said(reader) == {"mine": Code.KEPT_HERE}
    reader.write("mine/n", b"2")
    reader.pass_ms(5_000)
    assert (said(reader), shown(reader)["mine/n"]) == ({"mine": Code.KEPT_HERE}, b"2")
    move(reader, "mine/n", "n")
    reader.pass_ms(10_000)
    assert said(reader) == dict.fromkeys(("mine", "n"), Code.KEPT_HERE)
    reader.delete("n")
    (reader.folder / "mine").rmdir()
    reader.hint("mine")
    reader.pass_ms(10_000)
    assert (said(reader), reader.report().state) == ({}, State.IN_SYNC)
    assert len(reader.server.asked) == asked


def test_what_a_reader_keeps_outlives_the_process(reader: Bench) -> None:
    replace(reader, "a", b"edited")
    reader.write("new", b"new")
    reader.pass_ms(5_000)
    before, problems_before = shown(reader), said(reader)
    reader.begin()
    reader.pass_ms(10_000)
    assert (shown(reader), said(reader)) == (before, problems_before)


def test_who_may_edit_again_is_told_and_offers_what_was_kept(reader: Bench) -> None:
    replace(reader, "a", b"edited")
    reader.write("new", b"new")
    (reader.folder / "mine").mkdir()
    reader.hint("mine")
    reader.write("mine/n", b"n")
    reader.pass_ms(5_000)
    told(reader, Role.EDITOR)
    reader.settle()
    copy = "a (your copy, not uploaded)"
    assert sorted(reader.server.alive()) == sorted(("a", "b", "d", "x", copy, "new", "mine", "n"))
    assert (said(reader), reader.report().problems) == ({}, 0)
    assert {("offered", copy), ("offered", "new"), ("offered", "mine")} <= set(happened(reader))
    assert ("offered", "mine/n") not in happened(reader), "a folder speaks for what is in it"


def test_who_becomes_a_reader_with_unsent_edits_keeps_them(bench: Bench) -> None:
    bench.write("a", b"first")
    bench.write("b", b"words")
    bench.settle()
    bench.server.fails["commit"] = Code.OFFLINE
    bench.write("a", b"edited")
    bench.write("new", b"new")
    bench.delete("b")
    bench.pass_ms(20_000)
    bench.server.judge = lambda _: Refused(code=Code.NO_RIGHT)
    told(bench)
    bench.server.fails.clear()
    bench.pass_ms(60_000)
    copy = "a (your copy, not uploaded)"
    assert shown(bench) == {"a": b"first", copy: b"edited", "b": b"words", "new": b"new"}
    assert said(bench) == dict.fromkeys((copy, "new"), Code.KEPT_HERE)


def test_what_waited_for_its_upload_does_not_wait_for_a_right(bench: Bench) -> None:
    bench.settle()
    bench.server.fails["upload"] = Code.OFFLINE
    bench.write("large", b"x" * LARGE)
    bench.pass_ms(10_000)
    told(bench)
    bench.server.fails["upload"] = Code.NO_RIGHT
    bench.pass_ms(20_000)
    assert said(bench) == {"large": Code.KEPT_HERE}
    assert at_rest(bench.engine)


def test_what_was_kept_and_has_come_from_the_server_is_the_servers(reader: Bench) -> None:
    reader.write("new", b"same")
    reader.write("other", b"mine")
    reader.pass_ms(5_000)
    reader.server.has("new", b"same")
    reader.server.has("other", b"theirs")
    reader.pass_ms(10_000)
    copy = "other (your copy, not uploaded)"
    assert said(reader) == {copy: Code.KEPT_HERE}
    assert (shown(reader)["new"], shown(reader)["other"], shown(reader)[copy]) == (
        b"same",
        b"theirs",
        b"mine",
    )


# The right to write (docs/decisions/0025)


def modes(bench: Bench) -> dict[str, str]:
    files = (path for path in bench.folder.rglob("*") if path.is_file() and ".govsync" not in path.parts)
    return {str(path.relative_to(bench.folder)): f"{path.stat().st_mode & 0o777:o}" for path in files}


def test_a_readers_files_cannot_be_written_until_the_role_changes(reader: Bench) -> None:
    reader.server.has("theirs", b"news")
    reader.pass_ms(5_000)
    assert modes(reader) == dict.fromkeys(("a", "b", "d/x", "theirs"), "444")
    assert (reader.folder / "d").stat().st_mode & 0o700 == 0o700
    reads = reader.done(jobs.Read)
    told(reader, Role.EDITOR)
    reader.pass_ms(5_000)
    assert modes(reader) == dict.fromkeys(("a", "b", "d/x", "theirs"), "644")
    told(reader, Role.VIEWER)
    reader.pass_ms(5_000)
    assert modes(reader) == dict.fromkeys(("a", "b", "d/x", "theirs"), "444")
    reader.tell(events.SyncNow())
    reader.pass_ms(5_000)
    assert reader.done(jobs.Read) == reads, "nothing is read again for it"
    assert reader.report().state is State.IN_SYNC


def test_a_newer_version_comes_without_the_right_to_write_and_with_its_executable_bit(reader: Bench) -> None:
    node = reader.server.alive()["a"].node
    state = reader.server.has("a", b"newer", node)
    reader.server.tell(msgspec.structs.replace(state, exec=True), b"x" * 16)
    reader.pass_ms(5_000)
    assert ((reader.folder / "a").read_bytes(), modes(reader)["a"]) == (b"newer", "555")
    told(reader, Role.EDITOR)
    state = reader.server.has("a", b"newest", node)
    reader.server.tell(msgspec.structs.replace(state, exec=True), b"y" * 16)
    reader.pass_ms(10_000)
    assert ((reader.folder / "a").read_bytes(), modes(reader)["a"]) == (b"newest", "755")


def test_what_is_a_readers_own_can_be_written(reader: Bench) -> None:
    (reader.folder / "a").chmod(0o644)
    reader.write("a", b"edited")
    (reader.folder / "a").chmod(0o444)
    replace(reader, "b", b"edited")
    reader.write("new", b"new")
    reader.pass_ms(10_000)
    assert modes(reader) == {
        "a": "444", "b": "444", "d/x": "444", "new": "644",
        "a (your copy, not uploaded)": "644", "b (your copy, not uploaded)": "644",
    }  # fmt: skip


def test_a_file_that_was_made_writable_by_hand_is_shut_again(reader: Bench) -> None:
    (reader.folder / "a").chmod(0o644)
    reader.hint("a")
    reader.pass_ms(10_000)
    assert modes(reader)["a"] == "444"


def test_a_file_that_its_person_made_read_only_stays_so(bench: Bench) -> None:
    bench.write("a", b"first")
    bench.settle()
    (bench.folder / "a").chmod(0o444)
    bench.hint("a")
    bench.settle()
    bench.server.has("a", b"newer", bench.server.alive()["a"].node)
    bench.settle()
    assert ((bench.folder / "a").read_bytes(), modes(bench)["a"]) == (b"newer", "444")


def test_a_file_that_is_another_one_is_not_tried_again_before_it_was_looked_at(bench: Bench) -> None:
    """The look ends without a result, and the next one waits a little."""
    bench.write("a")
    bench.settle()
    bench.server.role = Role.VIEWER
    bench.tell(events.RightsChanged())
    bench.pass_ms(2_000, jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    os.utime(bench.folder / "a", ns=(1, 1))
    bench.carry_out(change)
    (look,) = [job for job in bench.start() if isinstance(job, jobs.Look)]
    bench.waiting.remove(look)
    bench.tell(events.JobFailed(look, Code.UNREADABLE, {}))
    bench.work()
    assert bench.done(jobs.Change) == 1
    bench.pass_ms(10_000)
    assert modes(bench) == {"a": "444"}


def test_rights_to_write_are_set_again_after_a_crash(bench: Bench) -> None:
    for name in ("a", "b"):
        bench.write(name)
    bench.settle()
    bench.server.role = Role.VIEWER
    bench.tell(events.RightsChanged())
    bench.pass_ms(2_000, jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    assert len(change.steps) == 2
    run(change, bench.tools)
    bench.begin()
    bench.pass_ms(10_000)
    assert (modes(bench), bench.report().state) == (dict.fromkeys("ab", "444"), State.IN_SYNC)
    assert bench.asked(ask.Put) == bench.server.asked, "nothing is told for it"


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
    assert said(bench) == {"c": Code.KEPT_HERE}


def test_an_end_of_a_membership_of_which_nothing_was_heard_is_asked_for(bench: Bench) -> None:
    """The line was down when the server said so, and nothing is to be sent to it that it could refuse."""
    bench.write("a")
    bench.settle()
    bench.tell(events.StreamLost(Code.OFFLINE))
    bench.server.state = SpaceState.UNKNOWN
    bench.pass_ms(5_000)
    assert said(bench) == {"": Code.SPACE_FROZEN}


def test_an_end_of_a_membership_whose_event_was_lost_is_found_with_the_next_beat(bench: Bench) -> None:
    """On a line that was up all the while: only the digest of all heads is another one."""
    bench.write("a")
    bench.settle()
    bench.server.state = SpaceState.UNKNOWN
    bench.pass_ms(5_000)
    assert said(bench) == {"": Code.SPACE_FROZEN}


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
