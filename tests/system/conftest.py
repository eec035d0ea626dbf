"""What the tests of disks share; leases are tried for real, with their signal ignored as the product's processes do; and another
person of the machine."""

import contextlib
import os
import sys

import pytest

from govsync.system.disk import ignore_lease_signals
from tests.system.desk import STRANGER


@pytest.fixture
def fs(world):
    """The file system under test, of the `world` that each module has."""
    return world.fs


@pytest.fixture
def root(fs):
    with fs.root() as root:
        yield root


@pytest.fixture(scope="session", autouse=True)
def _no_lease_signals():
    ignore_lease_signals()


@pytest.fixture
def as_stranger():
    """A way to act as another person of this machine for a while, which takes root's rights."""
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("only root can play another person")
    return _stranger


@contextlib.contextmanager
def _stranger():
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(STRANGER)
    os.seteuid(STRANGER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
