"""A server that tells of what may not be, a clock that is years off, and a file of another century: one item's problem at
most, and nothing is lost."""

import os

import msgspec
import pytest

from govsync.content.manifests import manifest_of
from govsync.engine import events, jobs
from govsync.model import operations as ask
from govsync.model.codes import Code
from govsync.store import problems
from govsync.system import naming
from tests.engine.bench import WALL_MS, Bench
from tests.system.lacking import NoExec

pytestmark = pytest.mark.windows

YEARS_MS = 10 * 365 * 86_400_000


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../outside.txt", Code.NAME_ILLEGAL), ("..", Code.NAME_ILLEGAL), (".", Code.NAME_ILLEGAL), ("", Code.NAME_ILLEGAL),
        ("a/b.txt", Code.NAME_ILLEGAL), ("/etc/outside", Code.NAME_ILLEGAL), ("x\0y", Code.NAME_ILLEGAL),
        (".govsync", Code.NAME_RESERVED), (".GovSync", Code.NAME_RESERVED),
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_a_problem_of_its_own_and_nothing_is_written_there(
    bench: Bench, name: str, code: Code
) -> None:
    bench.settle()
    own = sorted(each.name for each in (bench.folder / ".govsync").iterdir())
    bench.server.has(name, b"evil")
    bench.server.has("fine.txt", b"fine")
    bench.beat()
    bench.pass_ms(15_000)
    assert [row.problem.code for row in problems.listed(bench.store)] == [code]
    assert bench.report().state == "problem"
    assert bench.names() == ["fine.txt"]
    assert [each.name for each in bench.folder.parent.iterdir()] == ["folder"]
    assert sorted(each.name for each in (bench.folder / ".govsync").iterdir()) == own


@pytest.mark.parametrize("years_ms", [YEARS_MS, -YEARS_MS])
def test_a_clock_that_is_years_off_decides_nothing(bench: Bench, years_ms: int) -> None:
    """Neither which version wins, nor that something is old enough to go; and being right again is no news."""
    bench.settle()
    bench.write("a.txt", b"1")
    bench.settle()
    for wall_ms in (WALL_MS + years_ms, WALL_MS):
        bench.wall_ms = wall_ms
        bench.write("a.txt", b"mine %d" % wall_ms)
        known = bench.server.alive().get("theirs.txt")
        bench.server.has("theirs.txt", b"theirs %d" % wall_ms, known.node if known is not None else None)
        bench.beat()
        bench.settle()
        assert bench.report().state == "in_sync"
        assert (bench.folder / "a.txt").read_bytes() == b"mine %d" % wall_ms
        assert (bench.folder / "theirs.txt").read_bytes() == b"theirs %d" % wall_ms
    assert bench.names() == ["a.txt", "theirs.txt"]
    assert bench.asked(ask.Delete) == []
    assert problems.listed(bench.store) == []


@pytest.mark.parametrize("year", [1901, 2270, 2440])
def test_a_file_of_another_century_is_sent_as_any_other(bench: Bench, year: int) -> None:
    """Its time is more than a database holds; a device without a clock, or an archive, may have written it."""
    bench.settle()
    bench.write("old.txt", b"1")
    os.utime(bench.folder / "old.txt", (0, (year - 1970) * 365.25 * 86_400))
    bench.settle()
    assert list(bench.server.alive()) == ["old.txt"]
    bench.write("old.txt", b"2")
    bench.settle()
    assert bench.server.alive()["old.txt"].hash == manifest_of([b"2"]).content_hash
    assert problems.listed(bench.store) == []


def test_on_a_disk_that_keeps_no_executable_bit_it_stays_what_the_server_knows(bench: Bench) -> None:
    """As on Windows: neither a look, a save, a rename nor a start tells the others that a program is none any more."""
    bench.tools = msgspec.structs.replace(bench.tools, fs=NoExec(bench.folder))
    bench.begin()
    bench.settle()
    program = bench.server.has("program", b"1")
    bench.server.tell(msgspec.structs.replace(program, exec=True), b"x" * 16)
    bench.settle()
    for words in (b"saved in place", b"saved again"):
        bench.write("program", words)
        bench.settle()
    (bench.folder / "program").rename(bench.folder / "renamed")
    bench.hint("program")
    bench.hint("renamed")
    bench.pass_ms(10_000)
    reads = bench.done(jobs.Read)
    bench.tell(events.SyncNow())
    bench.settle()
    bench.begin()
    bench.settle()
    assert bench.done(jobs.Read) == reads, "nothing is read again for it"
    assert bench.server.alive()["renamed"].exec
    bench.server.tell(msgspec.structs.replace(bench.server.alive()["renamed"], exec=False), b"y" * 16)
    bench.pass_ms(10_000)
    assert bench.report().state == "in_sync"
    assert not bench.server.alive()["renamed"].exec
    assert bench.asked(ask.Attr) == []
    assert {operation.exec for operation in bench.asked(ask.Put)} == {True}


def test_a_name_that_the_disk_does_not_hold_is_another_there_and_the_servers_stays(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where a colon would reach into another file."""
    monkeypatch.setattr(naming, "STRICT", True)
    bench.settle()
    bench.server.has("a", b"another file")
    node = bench.server.has("a:b.txt", b"1").node
    bench.settle()
    (shown,) = (name for name in bench.names() if name != "a")
    assert shown == f"a_b~{node[-4:].hex()}.txt"
    bench.write(shown, b"edited")
    bench.settle()
    assert bench.server.alive().keys() == {"a", "a:b.txt"}
    assert bench.server.alive()["a:b.txt"].size_bytes == len(b"edited")
    assert (bench.folder / "a").read_bytes() == b"another file"
