"""Work follows the change, never the tree (I16): no question that a day's work asks the store reads every node."""

import re

from govsync.engine import events, jobs
from tests.engine.bench import LARGE, Bench

SCANS_EVERY_NODE = re.compile(r"\bSCAN (node|n)\b(?! USING (COVERING )?INDEX node_)")
AT_REST = ("count(*)",)
"""Counts for the status are made at most once a second, for who asks."""


def test_a_days_work_never_reads_every_node(bench: Bench) -> None:
    bench.settle()
    asked: list[str] = []
    bench.store._connection.set_trace_callback(asked.append)
    for number in range(3):
        bench.write(f"mine {number}", b"%d" % number)
    bench.write("large", b"x" * LARGE)
    (bench.folder / "d").mkdir()
    bench.write("d/inside")
    theirs = bench.server.has("theirs", b"from a colleague")
    bench.settle()
    bench.server.has("theirs", b"again", theirs.node)
    bench.delete("mine 1")
    (bench.folder / "mine 2").rename(bench.folder / "d/moved")
    bench.hint("d", "moved")
    bench.tell(events.SyncNow())
    bench.pass_ms(8_000)
    bench.settle()
    bench.store._connection.set_trace_callback(None)
    assert [each for each in asked if "INSERT INTO intent" in each], "the day had work in it"
    assert not bench.under_way(jobs.Change)
    scans = {}
    for statement in dict.fromkeys(asked):
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")) and not any(
            each in statement for each in AT_REST
        ):
            plan = [row[3] for row in bench.store.all(f"EXPLAIN QUERY PLAN {statement}")]
            if any(SCANS_EVERY_NODE.search(step) for step in plan):
                scans[statement] = plan
    assert scans == {}
