"""What is looked at, and when that comes to an end: nothing is looked at for ever (R3, R6, R44, I9)."""

import os
import shutil

import msgspec
import pytest

from govsync.content.manifests import manifest_of
from govsync.engine import events, jobs, observing
from govsync.engine.desk import Fresh
from govsync.engine.observing import SCAN_EVERY_MOST_MS
from govsync.engine.reading import BUSY_MS
from govsync.engine.work import run
from govsync.local.steps import Signature
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.model.nodes import Kind, Presence
from govsync.model.problems import Problem
from govsync.protocol.changes import NodeState
from govsync.protocol.commits import Refused
from govsync.protocol.session import SpaceKind, SpaceState
from govsync.store import local_tree, paths, problems, spaces
from tests.engine.bench import ROOT, Bench
from tests.store.desk import TEAM, TEAM_ROOT_ID, info


def test_a_folder_from_the_future_does_not_keep_a_desk_busy(bench: Bench) -> None:
    """An archive, or a clock that was wrong, has left a time on it that will not come for years."""
    (bench.folder / "d").mkdir()
    bench.write("d/a")
    for folder in (bench.folder / "d", bench.folder):
        os.utime(folder, (4_000_000_000, 4_000_000_000))
    bench.settle()
    before = bench.done(jobs.Look)
    bench.pass_ms(10_000)
    assert bench.done(jobs.Look) == before


def test_a_folder_that_goes_while_its_gap_is_being_closed_is_not_waited_for(bench: Bench) -> None:
    (bench.folder / "d").mkdir()
    bench.write("d/a")
    bench.settle()
    (bench.folder / "d" / "a").unlink()
    bench.hint("d", "a")
    bench.pass_ms(500)
    (bench.folder / "d").rmdir()  # No hint tells of it before the gap of what was in it ends.
    bench.pass_ms(3_000)
    bench.hint("d")
    bench.settle()
    assert len(bench.asked(ask.Delete)) == 1
    assert bench.engine.observing.idle


@pytest.mark.parametrize("deep", [False, True])
def test_what_is_saved_into_a_folder_while_this_desk_makes_it_is_found(bench: Bench, deep: bool) -> None:
    """Hints of it come before it is known which folder that is (R43, I11)."""
    bench.settle()
    state = NodeState(node=b"f" * 16, kind=Kind.FOLDER, parent=ROOT, name="f", seq=0, place=b"P" * 16)
    bench.server.tell(state, b"P" * 16)
    inner = msgspec.structs.replace(state, node=b"g" * 16, parent=state.node, name="g", place=b"Q" * 16)
    bench.server.tell(inner, b"Q" * 16)
    bench.beat()
    bench.work(jobs.Change)
    (change,) = bench.under_way(jobs.Change)
    result = run(change, bench.tools)
    path = ("f", "g") if deep else ("f",)
    bench.write("/".join((*path, "a")))
    bench.hint("f")
    bench.tell(events.Hint(path, None))
    bench.hint(*path, "a")
    bench.answer(change, result)
    bench.settle()
    assert [put.name for put in bench.asked(ask.Put)] == ["a"]


def test_more_folders_than_are_remembered_have_everything_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.settle()
    monkeypatch.setattr(observing, "MOST_APPEARED", 1)
    before = bench.engine.observing.scanned
    bench.hint("one", "a")
    bench.hint("one", "b")
    bench.settle()
    assert bench.engine.observing.scanned == before
    bench.hint("one", "a")
    bench.hint("two", "a")
    bench.settle()
    assert bench.engine.observing.scanned > before


def test_a_folder_that_vanished_with_what_holds_it_keeps_no_scan_from_ending(bench: Bench) -> None:
    """Nothing that vanished is decided about during a scan (R6), so it would be looked for without an end."""
    (bench.folder / "d" / "e").mkdir(parents=True)
    bench.write("d/e/a")
    bench.settle()
    inner = paths.find(bench.store, ("d", "e"))
    assert inner is not None
    shutil.rmtree(bench.folder / "d")
    bench.hint("d")
    bench.work()
    assert bench.store.value("SELECT presence FROM node WHERE l_name = 'd'") == "gap"
    local_tree.set_presence(bench.store, inner, Presence.HERE)  # The way to it was there again for a moment.
    bench.engine.observing.scan()
    bench.engine.observing.look(inner, deep=True)
    bench.settle()
    assert bench.asked(ask.Delete)


def test_what_vanished_unheard_lengthens_the_gap_that_was_to_be_closed(bench: Bench) -> None:
    """R3: what vanished in one folder waits together."""
    for name in "abc":
        bench.write(name)
    bench.settle()
    bench.delete("a")
    bench.pass_ms(1_500)
    (bench.folder / "b").unlink()
    bench.pass_ms(2_000)
    assert [bench.presence(name) for name in "abc"] == ["gap", "gap", "here"]
    bench.pass_ms(1_000)
    assert [bench.presence(name) for name in "ab"] == ["missing", "missing"]


def test_what_vanished_in_a_folder_that_was_then_removed_is_not_waited_for(bench: Bench) -> None:
    (bench.folder / "d").mkdir()
    bench.hint("d")
    bench.settle()
    bench.server.judge = lambda operation: (
        Refused(code=Code.QUOTA) if isinstance(operation, ask.Put) else None
    )
    bench.write("d/never sent")
    bench.work()
    (bench.folder / "d" / "never sent").unlink()
    bench.hint("d", "never sent")
    bench.server.tell(msgspec.structs.replace(bench.server.alive()["d"], dead=True), b"K" * 16)
    bench.pass_ms(1_000)
    assert bench.names() == []
    bench.settle()
    assert bench.store.value("SELECT count(*) FROM node WHERE presence = 'gap'") == 0


def test_a_folder_that_vanished_is_not_looked_for_at_a_path_that_holds_another(bench: Bench) -> None:
    (bench.folder / "e").mkdir()
    (bench.folder / "d").mkdir()
    bench.write("d/a")
    bench.write("d/b")
    bench.settle()
    bench.server.judge = lambda operation: (
        Refused(code=Code.NO_RIGHT) if isinstance(operation, ask.Delete) else None
    )
    (bench.folder / "d" / "a").unlink()
    bench.hint("d", "a")
    bench.pass_ms(500)
    (bench.folder / "d").rename(bench.folder.with_name("outside"))
    (bench.folder / "e").rename(bench.folder / "d")
    bench.hint("d")
    bench.hint("e")
    bench.pass_ms(5_000)
    looks = bench.done(jobs.Look)
    bench.pass_ms(10_000)
    assert bench.done(jobs.Look) == looks


def test_a_scan_that_took_long_is_repeated_within_a_day(bench: Bench) -> None:
    bench.settle()
    bench.tell(events.HintsLost("overflow"))
    bench.work(jobs.Look)
    assert bench.under_way(jobs.Look)
    bench.steady_ms += 30 * 60_000
    bench.settle()
    looks = bench.done(jobs.Look)
    bench.steady_ms += SCAN_EVERY_MOST_MS - 1_000
    bench.work()
    assert bench.done(jobs.Look) == looks, "its own duration decides, as far as that is bearable"
    bench.steady_ms += 1_000
    bench.work()
    assert bench.done(jobs.Look) > looks


def known_content(bench: Bench, name: str) -> bytes | None:
    local = local_tree.node(bench.store, bench.lid(name)).local
    return local.hash if local is not None else None


def test_reading_does_not_wait_for_room_that_nothing_makes(bench: Bench) -> None:
    """What was read and is not sent (no line, a hold, a space that may only be read) must not keep the rest unread."""
    bench.settle()
    bench.engine.desk.fresh = Fresh(limit_bytes=10)
    bench.tell(events.SessionEnded())
    names = [f"{number}.txt" for number in range(6)]
    for name in names:
        bench.write(name, b"some words")
        bench.pass_ms(500)
    assert [known_content(bench, name) for name in names] == [manifest_of([b"some words"]).content_hash] * 6
    bench.tell(events.SessionBegun())
    bench.settle()
    assert len(bench.asked(ask.Put)) == 6


def test_what_the_server_has_already_is_not_kept_in_memory(bench: Bench) -> None:
    bench.server.has("a", b"some words")
    (bench.folder / "a").write_bytes(b"some words")
    bench.settle()
    assert bench.asked(ask.Put) == []
    assert bench.engine.desk.fresh.size_bytes == 0


def test_what_could_not_be_read_is_not_known_until_its_folder_was_looked_at(bench: Bench) -> None:
    """Whoever needs a content that is known, such as a refill, asks for it in every turn."""
    bench.write("a")
    bench.settle()
    (bench.folder / "a").unlink()
    before = bench.done(jobs.Read)
    for _ in range(5):
        if known_content(bench, "a") is not None:
            bench.engine.reading.read_once(bench.lid("a"))
        bench.work()
    assert bench.done(jobs.Read) == before + 1
    bench.pass_ms(10_000)
    bench.settle()
    assert len(bench.asked(ask.Delete)) == 1


def test_a_file_in_whose_place_another_lies_by_now_is_read_again(bench: Bench) -> None:
    bench.settle()
    bench.write("a", b"as it was read")
    bench.work(jobs.Read)
    (job,) = bench.under_way(jobs.Read)
    assert isinstance(job, jobs.Read)
    ((lid, _),) = job.files
    other = jobs.FileRead(
        lid=lid, signature=Signature(1, 14, 1, 1), birth_ns=None, manifest=manifest_of([b"as it was read"]),
        racy=False, sure=True, exec=False,
    )  # fmt: skip
    bench.answer(job, jobs.FilesRead((other,)))
    bench.pass_ms(500)
    assert "a" in bench.server.alive()


def test_a_file_that_can_be_read_again_is_no_problem_any_more(bench: Bench) -> None:
    bench.settle()
    bench.write("a")
    bench.work(jobs.Read)
    (job,) = bench.under_way(jobs.Read)
    assert isinstance(job, jobs.Read)
    ((lid, _),) = job.files
    bench.answer(job, jobs.FilesRead((jobs.FileUnread(lid=lid, problem=Problem(Code.UNREADABLE)),)))
    assert [row.problem.code for row in problems.listed(bench.store)] == [Code.UNREADABLE]
    bench.pass_ms(5_000, jobs.Commit)
    assert problems.listed(bench.store) == []


def test_a_read_without_a_result_is_made_again(bench: Bench) -> None:
    bench.settle()
    bench.write("a", b"one")
    bench.pass_ms(500, jobs.Read)
    (read,) = bench.under_way(jobs.Read)
    bench.waiting.remove(read)
    bench.tell(events.JobFailed(read, Code.UNREADABLE, {}))
    bench.pass_ms(BUSY_MS + 1_000)
    assert bench.server.alive().keys() == {"a"}


@pytest.mark.parametrize("code", [Code.UNREADABLE, Code.BUSY])
def test_a_node_that_is_forgotten_while_it_is_read_needs_no_second_try(bench: Bench, code: Code) -> None:
    """It became one with another, for one (R21)."""
    bench.settle()
    bench.write("a")
    bench.work(jobs.Read)
    (job,) = bench.under_way(jobs.Read)
    lid = bench.lid("a")
    with bench.store.transaction():
        local_tree.forget(bench.store, lid)
    bench.answer(job, jobs.FilesRead((jobs.FileUnread(lid=lid, problem=Problem(code)),)))
    assert problems.listed(bench.store) == []
    assert not bench.engine.reading.wakes()


def test_a_mounted_space_that_can_be_listed_again_is_no_problem_by_whatever_name_it_was_listed(
    bench: Bench,
) -> None:
    """After a start nobody knows any more by which of its two nodes it could not be listed."""
    bench.settle()
    (bench.folder / "Team").mkdir()
    bench.hint("Team")
    bench.pass_ms(5_000)
    mount = bench.lid("Team")
    with bench.store.transaction():
        spaces.begin(bench.store, info(TEAM, TEAM_ROOT_ID, kind=SpaceKind.TEAM, state=SpaceState.UNKNOWN))
        spaces.set_mount(bench.store, TEAM, mount)
    root = local_tree.by_id(bench.store, TEAM_ROOT_ID)
    assert root is not None
    for unlisted in (mount, root):
        bench.engine.observing.look(unlisted)
        [job] = [job for job in bench.start() if isinstance(job, jobs.Look)]
        problem = Problem(Code.BUSY)
        bench.answer(job, jobs.FoldersLooked((jobs.Looked(lid=unlisted, complete=False, problem=problem),)))
        assert [row.problem.code for row in problems.listed(bench.store)] == [Code.BUSY]
        bench.engine.observing.look(mount + root - unlisted)
        bench.work()
        assert problems.listed(bench.store) == []
