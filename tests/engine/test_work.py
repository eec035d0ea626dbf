"""What single jobs answer, and what they leave behind."""

from pathlib import Path

from govsync.engine import jobs
from govsync.engine.work import run
from tests.engine.bench import Bench


def test_two_nodes_of_one_path_have_both_changed(bench: Bench) -> None:
    """One vanished from there, the other has come: a look at everything is through with both, or with neither (R6)."""
    Path(bench.folder / "d").mkdir()
    job = jobs.Recheck(number=1, folders=((7, ("d",), 0), (8, ("d",), 0)))
    assert run(job, bench.tools) == jobs.Rechecked((7, 8))
