"""A desk that lost its database finds what waited, hidden, to come back, and gives it to its person (R17, R40, I1)."""

import pytest

from govsync.content.manifests import manifest_of
from govsync.engine import jobs
from govsync.engine.reclaiming import AGAIN_MS
from govsync.model.codes import Code
from govsync.store import activity, rescues, trash
from tests.engine.bench import Bench


def displaced(bench: Bench) -> str:
    """A colleague's new version has displaced a file; answers its name in the trash."""
    bench.write("report.txt", b"one")
    bench.settle()
    bench.server.has("report.txt", b"two", node=bench.server.alive()["report.txt"].node)
    bench.settle()
    (row,) = trash.listed(bench.store)
    return row.name


def reclaim(bench: Bench) -> None:
    bench.settle()
    bench.pass_ms(10_000, step=1_000)


def hidden(bench: Bench, folder: str) -> list[bytes]:
    return sorted(each.read_bytes() for each in (bench.folder / ".govsync" / folder).iterdir())


def test_a_second_version_that_nobody_remembers_goes_to_rescued_and_it_is_said(bench: Bench) -> None:
    name = displaced(bench)
    (bench.folder / ".govsync" / "trash" / name).write_bytes(b"written late")
    bench.forget()
    reclaim(bench)
    assert (bench.rescued / "report.txt").read_bytes() == b"written late"
    assert [(row[2], row[3]) for row in activity.latest(bench.store, 1)] == [("rescued", "report.txt")]
    (row,) = trash.listed(bench.store)
    assert (row.name, row.rev) == (name, rescues.RESCUED)
    assert bench.names() == ["report.txt"]


def test_what_the_server_has_had_is_only_remembered_again(bench: Bench) -> None:
    name = displaced(bench)
    bench.forget()
    reclaim(bench)
    (row,) = trash.listed(bench.store)
    assert (row.name, row.rev, row.origin) == (name, trash.HAD, "report.txt")
    assert not bench.rescued.exists()


@pytest.mark.parametrize("whole_folder", [True, False])
def test_what_was_parked_comes_back_as_well(bench: Bench, whole_folder: bool) -> None:
    bench.settle()
    parked = bench.folder / ".govsync" / "parking" / "7~report.txt"
    if whole_folder:
        parked = parked.with_name("8~folder") / "report.txt"
        parked.parent.mkdir()
    parked.write_bytes(b"parked")
    bench.forget()
    reclaim(bench)
    assert (bench.rescued / "report.txt").read_bytes() == b"parked"
    assert hidden(bench, "parking") == []


def test_what_is_on_its_way_through_parking_is_left_alone(bench: Bench) -> None:
    bench.settle()
    parked = bench.folder / ".govsync" / "parking"
    for name in ("a.txt", "b.txt"):
        bench.write(name)
    bench.settle()
    bench.store.run("UPDATE node SET presence = 'parked' WHERE l_name = 'a.txt'")
    (bench.folder / "a.txt").rename(parked / f"{bench.lid('a.txt')}~a.txt")
    bench.begin()
    bench.beat()
    bench.work(jobs.Change)
    assert bench.done(jobs.TakeStock)
    assert hidden(bench, "trash") == []


def test_nothing_is_concluded_while_the_server_cannot_be_asked(bench: Bench) -> None:
    displaced(bench)
    bench.server.fails["known"] = Code.OFFLINE
    bench.forget()
    reclaim(bench)
    assert trash.listed(bench.store) == []
    assert not bench.rescued.exists()
    bench.server.fails.clear()
    bench.pass_ms(AGAIN_MS, step=5_000)
    assert [row.rev for row in trash.listed(bench.store)] == [trash.HAD]


def test_what_a_program_still_writes_is_asked_about_when_it_has_ended(bench: Bench) -> None:
    name = displaced(bench)
    bench.forget()
    with (bench.folder / ".govsync" / "trash" / name).open("r+b") as program:
        reclaim(bench)
        assert trash.listed(bench.store) == []
        program.write(b"late")
    bench.pass_ms(AGAIN_MS + 5_000, step=5_000)
    assert (bench.rescued / "report.txt").read_bytes() == b"late"


def test_what_is_gone_from_the_trash_is_not_waited_for(bench: Bench) -> None:
    name = displaced(bench)
    (bench.folder / ".govsync" / "trash" / name).write_bytes(b"written late")
    bench.forget()
    bench.pass_ms(10_000, jobs.Rescue)
    (bench.folder / ".govsync" / "trash" / name).unlink()
    bench.work()
    bench.pass_ms(120_000, jobs.Rescue, step=5_000)
    assert trash.listed(bench.store) == []
    assert not bench.under_way(jobs.Rescue)


def test_a_content_under_another_name_is_kept(bench: Bench) -> None:
    """A file's history is a file's: what the server has under another name may be thrown away there tomorrow."""
    name = displaced(bench)
    state = bench.server.alive()["report.txt"]
    assert state.hash == manifest_of([b"two"]).content_hash
    (bench.folder / ".govsync" / "trash" / name).rename(bench.folder / ".govsync" / "trash" / "1~other.txt")
    bench.forget()
    reclaim(bench)
    assert (bench.rescued / "other.txt").read_bytes() == b"one"


def test_cut_off_before_it_is_rescued_it_is_rescued_after_the_next_start(bench: Bench) -> None:
    name = displaced(bench)
    (bench.folder / ".govsync" / "trash" / name).write_bytes(b"written late")
    bench.forget()
    bench.pass_ms(10_000, jobs.Rescue)
    assert bench.under_way(jobs.Rescue)
    bench.begin()
    reclaim(bench)
    assert (bench.rescued / "report.txt").read_bytes() == b"written late"


def test_nothing_is_moved_while_it_is_looked_what_lies_there(bench: Bench) -> None:
    """A file on its way through our hidden folders would look like one that nobody remembers."""
    bench.write("a.txt")
    bench.settle()
    bench.server.has("b.txt", b"from a colleague")
    bench.begin()
    bench.pass_ms(5_000, jobs.TakeStock)
    assert bench.under_way(jobs.TakeStock)
    assert not bench.under_way(jobs.Change)
    assert bench.names() == ["a.txt"]
    bench.begin()
    bench.start()
    (job,) = bench.under_way(jobs.Prove)
    bench.carry_out(job)
    bench.settle()
    assert bench.names() == ["a.txt", "b.txt"]
