"""The demonstration ends all that it has started, however it is asked to end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.site import until

pytestmark = pytest.mark.journey


def children(pid: int) -> list[int]:
    """Answers the processes that a process has started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    """Says whether a process is there and not only its number, which its last parent may keep for a while."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_demonstration_that_is_ended_leaves_no_process_and_no_folder(
    tmp_path: Path, asked: signal.Signals
) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "govsync.cli.main", "demo", "--headless"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        lines = iter(demo.stdout.readline, "")
        assert any("boris-office" in line for line in lines)  # All desks are running or about to.
        until(lambda: len(children(demo.pid)) >= 4, "the server and three agents")
        started = children(demo.pid)
        demo.send_signal(asked)
        assert demo.wait(60) == 0
    assert not [pid for pid in started if runs(pid)]
    assert not list(tmp_path.iterdir())
