"""What is on its way to the disk: small contents that came with the journal, and how many revisions wait for theirs."""

import pytest

from govsync.engine import jobs, placing
from tests.engine.bench import Bench


def test_contents_that_nobody_will_ask_for_do_not_stop_the_reading(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that was superseded before it was placed came with the journal, and is never taken."""
    monkeypatch.setattr(placing, "INLINE_BYTES", 100)
    bench.settle()
    for number in range(20):
        bench.engine.placing.keep_inline({b"old %d" % number: b"x" * 30})
    bench.server.has("theirs", b"from a colleague")
    bench.settle()
    assert bench.names() == ["theirs"]


def test_the_journal_is_read_on_when_what_it_brought_is_staged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "INLINE_BYTES", 100)
    bench.settle()
    state = bench.server.has("first", b"words")
    bench.beat()
    bench.work(jobs.Fetch)
    assert state.rev is not None
    bench.engine.placing.keep_inline({b"another": b"x" * 60})
    bench.server.has("second", b"words")
    bench.beat()
    bench.work(jobs.Fetch)
    assert "second" not in [row for (row,) in bench.store.all("SELECT r_name FROM node")]
    bench.settle()
    assert bench.names() == ["first", "second"]


def test_only_so_many_revisions_wait_for_their_contents(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "WANTED", 5)
    monkeypatch.setattr(placing, "FETCH_FILES", 2)
    bench.settle()
    for number in range(20):
        bench.server.has(f"theirs {number}", b"%d" % number)
    bench.beat()
    bench.work(jobs.Fetch)
    fetches = bench.under_way(jobs.Fetch)
    assert [len(job.wants) for job in fetches if isinstance(job, jobs.Fetch)] == [2, 2]
    lids = [lid for (lid,) in bench.store.all("SELECT lid FROM node")]
    assert sum(bench.engine.placing.waits(lid) for lid in lids) == 1
    bench.settle()
    assert len(bench.names()) == 20
