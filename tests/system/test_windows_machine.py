"""Which machine this is follows from the machine, and not from the drive on which a process was started."""

import os
import sys

import pytest

if sys.platform != "win32":
    pytest.skip("there are no drives here", allow_module_level=True)

from govsync.system.machine import machine_id
from govsync.system.windows import machine

pytestmark = pytest.mark.windows


def test_a_machine_is_the_same_from_each_of_its_drives(monkeypatch):
    """Under wine one of them is the disk of the machine below, which has an id of its own where Linux keeps it."""
    assert machine.own_id()
    found = set()
    for drive in os.listdrives():
        if os.path.isdir(drive):
            monkeypatch.chdir(drive)
            found.add(machine_id())
    assert len(found) == 1
