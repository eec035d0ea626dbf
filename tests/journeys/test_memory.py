"""What the processes need at most does not follow what passes through them (I16).

The peak is the kernel's own (VmHWM): nothing that was held for a moment is missed. A process that held a big file, or all
files of a wide folder, would grow by as much.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.conftest import Site
from tests.journeys.site import Desk, meet

pytestmark = [pytest.mark.journey, pytest.mark.commands]

MIB = 1024 * 1024
MOST_GROWTH_MIB = 64
BIG_MIB = 160
WIDE_FILES, EACH_BYTES = 1_300, 100_000


def peak_mib(process: int) -> int:
    """Answers the most memory that a process had so far."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) // 1024


def growth_mib(site: Site, act: Callable[[Desk], None]) -> dict[str, int]:
    """Lets the first desk do something, and answers by how much it raised each process's peak."""
    office, home = site.desks
    processes = {"server": site.server.process.pid}
    for desk in (office, home):
        assert desk.agent is not None
        processes[desk.name] = desk.agent.pid
    before = {name: peak_mib(process) for name, process in processes.items()}
    act(office)
    meet(office, home)
    return {name: peak_mib(process) - before[name] for name, process in processes.items()}


def save_big(desk: Desk, mib: int) -> None:
    with (desk.folder / f"{mib} MiB.bin").open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))


def save_wide(desk: Desk, files: int) -> None:
    for number in range(files):
        desk.write(f"{files} files/{number}.bin", os.urandom(EACH_BYTES))


@pytest.mark.timeout(600)
def test_neither_a_big_file_nor_a_wide_folder_is_held_in_memory(site: Site) -> None:
    site.desk("office")
    site.desk("home")
    growth_mib(site, lambda desk: save_big(desk, 16))  # The first of a kind loads what is needed for it.
    growth_mib(site, lambda desk: save_wide(desk, 100))
    big = growth_mib(site, lambda desk: save_big(desk, BIG_MIB))
    assert max(big.values()) < MOST_GROWTH_MIB < BIG_MIB, big
    wide = growth_mib(site, lambda desk: save_wide(desk, WIDE_FILES))
    assert max(wide.values()) < MOST_GROWTH_MIB < WIDE_FILES * EACH_BYTES // MIB, wide
