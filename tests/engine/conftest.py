"""Every test of the engine has a bench of its own; leases are tried for real, with their signal ignored as in the product."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from govsync.engine.desk import Rules
from govsync.system.disk import ignore_lease_signals
from tests.engine.bench import Bench


@pytest.fixture(scope="session", autouse=True)
def _no_lease_signals() -> None:
    ignore_lease_signals()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "folder", Rules(minimum_free_bytes=0))
    yield made
    made.store.close()
