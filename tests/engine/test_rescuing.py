"""What may not stay where it is, and is nowhere else, goes to Rescued, once and whole (R17, R28)."""

import shutil

from govsync.engine import jobs
from govsync.engine.cleaning import LOOK_AGAIN_MS
from govsync.model.codes import Code
from govsync.store import activity, problems, rescues, trash
from tests.engine.bench import Bench


def displaced(bench: Bench, name: str = "d/a") -> str:
    """A colleague's new version displaces a file; answers its name in the trash."""
    (bench.folder / "d").mkdir()
    bench.hint("d")
    bench.write(name, b"one")
    bench.settle()
    state = bench.server.alive()["a"]
    assert state.parent is not None
    bench.server.has("a", b"two", node=state.node, parent=state.parent)
    bench.settle()
    (row,) = trash.listed(bench.store)
    return row.name


def late_writer(bench: Bench, name: str) -> None:
    """A program that had the displaced file open writes into it."""
    (bench.folder / ".govsync" / "trash" / name).write_bytes(b"written late")


def test_a_late_write_comes_back_beside_its_file(bench: Bench) -> None:
    late_writer(bench, displaced(bench))
    bench.pass_ms(LOOK_AGAIN_MS + 5_000, step=5_000)
    contents = {path.read_bytes() for path in (bench.folder / "d").iterdir()}
    assert contents == {b"two", b"written late"}
    assert not bench.rescued.exists()


def test_a_late_write_whose_folder_is_gone_goes_to_rescued(bench: Bench) -> None:
    name = displaced(bench)
    shutil.rmtree(bench.folder / "d")
    bench.hint("d")
    bench.pass_ms(20_000)
    late_writer(bench, name)
    bench.pass_ms(LOOK_AGAIN_MS + 5_000, step=5_000)
    assert (bench.rescued / "a").read_bytes() == b"written late"
    (row,) = [row for row in trash.listed(bench.store) if row.name == name]
    assert row.rev == rescues.RESCUED
    assert ("rescued", "d/a") in [(row[2], row[3]) for row in activity.latest(bench.store, 20)]


def test_what_could_not_be_rescued_is_tried_again_and_again(bench: Bench) -> None:
    bench.write("a")
    bench.settle()
    with bench.store.transaction():
        rescues.add(bench.store, [bench.lid("a")])
    bench.rescued.write_bytes(b"a file where the folder should be")
    bench.pass_ms(120_000, step=5_000)
    assert rescues.any_left(bench.store)
    assert bench.names() == ["a"]
    bench.rescued.unlink()
    bench.pass_ms(120_000, step=5_000)
    assert not rescues.any_left(bench.store)
    assert (bench.rescued / "a").read_bytes() == b"words"


def test_a_file_that_cannot_be_rescued_is_a_problem_and_stops_no_other(bench: Bench) -> None:
    bench.write("a")
    bench.write("b")
    bench.settle()
    with bench.store.transaction():
        rescues.add(bench.store, [bench.lid("a"), bench.lid("b")])
    for _ in range(4):
        bench.work(jobs.Rescue)
        (job,) = bench.under_way(jobs.Rescue) or [None]
        if job is None:
            break
        assert isinstance(job, jobs.Rescue)
        done = tuple((file.at, file.name, _copied(bench, file)) for file in job.files if file.name == "b")
        failed = tuple((file.at, problems.Problem(Code.UNREADABLE)) for file in job.files if file.name == "a")
        bench.answer(job, jobs.Rescued(done, failed))
        bench.pass_ms(10_000, jobs.Rescue, step=5_000)
    assert [row.problem.code for row in problems.listed(bench.store)] == [Code.UNREADABLE]
    assert bench.store.all("SELECT lid FROM rescue") == [(bench.lid("a"),)]


def _copied(bench: Bench, file: jobs.ToRescue) -> jobs.Signature:
    row = bench.store.one("SELECT ino, size, mtime_ns, ctime_ns FROM node WHERE lid = ?", (file.lid,))
    assert row is not None
    return jobs.Signature(*row)
