"""What waits for something else to end is named once it has lasted, and nothing waits for it (R41)."""

from collections.abc import Iterator
from io import FileIO

import pytest

from govsync.engine import events
from govsync.engine.report import at_rest, kept_back_only
from govsync.model.codes import Code
from govsync.model.problems import Problem
from govsync.store import problems
from govsync.store.problems import SAID_AFTER_MS
from tests.engine.bench import Bench


@pytest.fixture
def program(bench: Bench) -> Iterator[FileIO]:
    """A program that has written a part of a new file, and keeps it open."""
    bench.settle()
    with (bench.folder / "log").open("wb", buffering=0) as file:
        file.write(b"a part")
        bench.hint("log")
        bench.work()
        yield file


def said(bench: Bench) -> list[tuple[str, Code]]:
    now_ms = bench.now().wall_ms
    return [(row.path, row.problem.code) for row in problems.notices(bench.store, now_ms, 100)]


def how(bench: Bench) -> tuple[str, int, int, bool]:
    status = bench.report()
    return status.state, status.waiting, status.problems, kept_back_only(bench.engine)


def test_a_file_that_a_program_keeps_open_is_named_when_it_has_lasted(bench: Bench, program: FileIO) -> None:
    bench.pass_ms(SAID_AFTER_MS - 1_000)
    assert (how(bench), said(bench)) == (("syncing", 0, 0, False), [])
    bench.pass_ms(1_000)
    assert (how(bench), said(bench)) == (("syncing", 1, 0, True), [("log", Code.BUSY)])
    bench.write("b")
    assert not kept_back_only(bench.engine), "it is for nothing else that nobody waits"
    bench.work()
    assert "b" in bench.server.alive()
    assert how(bench) == ("syncing", 1, 0, True)
    program.write(b", and more")
    program.close()
    bench.pass_ms(3_000)
    assert bench.server.alive()["log"].size_bytes == len(b"a part, and more")
    assert how(bench) == ("in_sync", 0, 0, False)


def test_what_is_about_to_be_planned_is_waited_for(bench: Bench, program: FileIO) -> None:
    bench.pass_ms(SAID_AFTER_MS)
    bench.tell(events.Resume())
    assert not kept_back_only(bench.engine)
    bench.work()
    assert kept_back_only(bench.engine)


@pytest.mark.parametrize("jump_ms", [-3_600_000, 3_600_000])
def test_a_clock_that_is_set_hides_nothing(bench: Bench, program: FileIO, jump_ms: int) -> None:
    bench.wall_ms += jump_ms
    bench.pass_ms(SAID_AFTER_MS)
    assert said(bench) == [("log", Code.BUSY)]


def test_a_restart_begins_with_what_it_waits_for(bench: Bench, program: FileIO) -> None:
    bench.pass_ms(SAID_AFTER_MS)
    bench.begin()
    bench.pass_ms(1_000)
    assert how(bench) == ("syncing", 1, 0, True)


def test_a_file_that_was_deleted_while_it_was_open_is_waited_for_no_more(
    bench: Bench, program: FileIO
) -> None:
    bench.write("b")
    bench.pass_ms(SAID_AFTER_MS)
    bench.delete("log")
    bench.pass_ms(1_000)
    assert how(bench) == ("syncing", 0, 0, False), "it may only be on its way to another name"
    bench.settle()
    assert problems.listed(bench.store) == []


def test_a_file_that_is_open_but_was_not_written_is_in_sync(bench: Bench) -> None:
    """A read that only makes sure (R4) finds it open."""
    bench.write("log")
    bench.settle()
    with (bench.folder / "log").open("ab"):
        bench.engine.reading.read(bench.lid("log"))
        bench.pass_ms(SAID_AFTER_MS + 4_000)
        assert how(bench) == ("in_sync", 0, 0, False)


def test_a_newer_version_that_waits_under_an_open_document_is_named(bench: Bench) -> None:
    bench.write("Plan.odt", b"mine")
    bench.settle()
    bench.write(".~lock.Plan.odt#", b"anna")
    bench.server.has("Plan.odt", b"theirs", node=bench.server.alive()["Plan.odt"].node)
    bench.pass_ms(SAID_AFTER_MS - 2_000)
    assert how(bench) == ("syncing", 0, 0, False)
    bench.pass_ms(3_000)
    assert (how(bench), said(bench)) == (("syncing", 1, 0, True), [("Plan.odt", Code.OPEN_HERE)])
    bench.delete(".~lock.Plan.odt#")
    bench.pass_ms(10_000)
    assert how(bench) == ("in_sync", 0, 0, False)
    assert (bench.folder / "Plan.odt").read_bytes() == b"theirs"


def test_a_notice_that_becomes_a_problem_begins_anew(bench: Bench, program: FileIO) -> None:
    (notice,) = problems.listed(bench.store)
    problems.raise_for(bench.store, notice.lid, Problem(Code.NEVER_QUIET), notice.since_ms + 1)
    problems.raise_for(bench.store, notice.lid, Problem(Code.NEVER_QUIET), notice.since_ms + 2)
    (problem,) = problems.listed(bench.store)
    assert problem.since_ms == notice.since_ms + 1
    assert not at_rest(bench.engine)
