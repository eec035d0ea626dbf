"""When memory and folder get a new number, and which folder does not belong to the memory (R29)."""

import pytest

from govsync.engine import events, jobs
from govsync.engine.sealing import EVERY_MS, RETRY_MS
from govsync.local import seal
from govsync.model.codes import Code
from govsync.model.nodes import Seal
from govsync.store import meta
from tests.engine.bench import Bench


def known(bench: Bench) -> Seal | None:
    return meta.seal(bench.store)[0]


def until_sealing(bench: Bench) -> jobs.WriteSeal:
    """The desk has just been asked to write a number."""
    while True:
        started = bench.start()
        found = [job for job in started if isinstance(job, jobs.WriteSeal)]
        if found:
            return found[0]
        bench.carry_out(bench.waiting[0])


def test_a_start_gives_a_number_that_is_remembered(bench: Bench) -> None:
    bench.settle()
    first = known(bench)
    assert first is not None
    assert seal.read(bench.tools.fs) == first
    bench.begin()
    bench.settle()
    assert known(bench) != first
    assert seal.read(bench.tools.fs) == known(bench)


def test_a_desk_that_does_nothing_writes_nothing(bench: Bench) -> None:
    bench.settle()
    bench.pass_ms(3 * EVERY_MS, step=30_000)
    assert bench.done(jobs.WriteSeal) == 1


def test_what_was_done_gets_a_number_after_a_while(bench: Bench) -> None:
    bench.settle()
    for number in range(3):
        bench.write(f"a{number}")
        bench.settle()
    assert bench.done(jobs.WriteSeal) == 1
    bench.pass_ms(EVERY_MS, step=30_000)
    assert bench.done(jobs.WriteSeal) == 2
    bench.server.has("from a colleague", b"x")
    bench.pass_ms(EVERY_MS, step=30_000)
    assert bench.done(jobs.WriteSeal) == 3


def test_a_crash_before_the_number_is_known_to_be_written_makes_no_stranger(bench: Bench) -> None:
    bench.settle()
    bench.begin()
    job = until_sealing(bench)
    seal.write(bench.tools.fs, bench.tools.root, job.known, job.seal)
    bench.begin()
    bench.settle()
    assert not bench.engine.folder_moved


def test_no_proof_is_made_while_a_number_is_written(bench: Bench) -> None:
    """It would read one number, and be heard of when the other is remembered."""
    bench.settle()
    bench.begin()
    job = until_sealing(bench)
    bench.engine.desk.proven_ms = None
    assert not [each for each in bench.start() if isinstance(each, jobs.Prove)]
    bench.carry_out(job)
    assert [each for each in bench.start() if isinstance(each, jobs.Prove)]


def test_no_number_is_written_while_a_proof_is_made(bench: Bench) -> None:
    bench.settle()
    bench.begin()
    while not [job for job in bench.start() if isinstance(job, jobs.Prove)]:
        bench.carry_out(bench.waiting[0])
    bench.work(jobs.Prove)
    bench.engine.desk.proven_ms = bench.steady_ms
    bench.work(jobs.Prove)
    assert not bench.under_way(jobs.WriteSeal)
    assert bench.done(jobs.WriteSeal) == 1, "the first one, of the life before"
    bench.work()
    assert bench.done(jobs.WriteSeal) == 2


def test_a_number_that_was_seen_and_not_durable_yet_may_be_lost_again(bench: Bench) -> None:
    """A kill before the folder was flushed, a start that sees the new number, and a power cut that takes it away."""
    bench.settle()
    path = bench.folder / ".govsync" / "seal"
    aside = bench.folder.parent / "seal before"
    path.rename(aside)
    before = known(bench)
    bench.begin()
    job = until_sealing(bench)
    assert job.known == before
    path.write_bytes(job.seal)
    bench.begin()
    until_sealing(bench)
    assert bench.engine.desk.proven_ms is not None, "the number was compared, and fits"
    aside.rename(path)
    bench.begin()
    bench.settle()
    assert not bench.engine.folder_moved
    assert seal.read(bench.tools.fs) == known(bench) != before


@pytest.mark.parametrize("stranger", [b"x" * 16, None])
def test_a_folder_of_another_age_is_not_touched_until_it_is_joined(
    bench: Bench, stranger: bytes | None
) -> None:
    """The number is another, or it is the same in a file that was copied."""
    bench.write("a")
    bench.settle()
    path = bench.folder / ".govsync" / "seal"
    number = stranger or path.read_bytes()
    path.unlink()
    path.write_bytes(number)
    bench.delete("a")
    bench.engine.desk.proven_ms = None
    bench.pass_ms(60_000)
    assert bench.engine.folder_moved
    assert bench.engine.root_problem is not None
    assert bench.engine.root_problem.code is Code.FOLDER_REPLACED
    assert "a" in bench.server.alive()
    assert path.read_bytes() == number


def test_a_number_that_somebody_tidied_away_says_nothing(bench: Bench) -> None:
    bench.settle()
    (bench.folder / ".govsync" / "seal").unlink()
    bench.write("a")
    bench.pass_ms(EVERY_MS, step=30_000)
    assert bench.engine.root_problem is None
    assert seal.read(bench.tools.fs) == known(bench)


def test_a_number_that_cannot_be_written_is_tried_again(bench: Bench) -> None:
    bench.settle()
    before = known(bench)
    bench.begin()
    job = until_sealing(bench)
    bench.waiting.remove(job)
    bench.tell(events.JobFailed(job, Code.DISK_FULL, {}))
    bench.pass_ms(RETRY_MS + 30_000, step=10_000)
    assert known(bench) not in (None, before)
