"""Leases are tried for real: this process ignores their signal, as the product's do."""

import pytest

from govsync.system.disk import ignore_lease_signals


@pytest.fixture(scope="session", autouse=True)
def _no_lease_signals():
    ignore_lease_signals()
