"""A fresh synced folder for each test of `local`."""

import pytest

from govsync.system.disk import ignore_lease_signals
from tests.local.desk import Desk


@pytest.fixture(scope="session", autouse=True)
def _no_lease_signals():
    ignore_lease_signals()


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "folder")
