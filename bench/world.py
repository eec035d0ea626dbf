"""What the workloads need of a program under measurement: two desks, whether all is in sync, and what its processes cost."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Desk(Protocol):
    """One device: its folder and the process that keeps it in sync."""

    folder: Path
    agent: "Process"

    def restart(self) -> float:
        """Stops the agent, starts it again, and answers the seconds until it says that all is in sync."""


class World(Protocol):
    """Two desks of one person, A and B, kept in sync by one program."""

    base: Path

    @property
    def a(self) -> Desk:
        """The desk at which the person works."""

    @property
    def b(self) -> Desk:
        """The desk that shows it."""

    def settle(self) -> None:
        """Returns when both desks say that all is in sync."""

    def cost(self) -> dict[str, float]:
        """Answers CPU seconds and peak megabytes of each process, and bytes over the loopback, all so far."""

    def stop(self) -> None:
        """Ends all processes."""


class Process:
    """A process under measurement, and what the kernel says it used."""

    def __init__(
        self, command: list[str], env: dict[str, str], log: Path, read: bool = False, talk: bool = False
    ) -> None:
        """Starts it; what it prints goes to the log, or is there to be read from `child.stdout`, and with `talk` it listens to
        `child.stdin`."""
        self._log = log.open("ab")
        out = subprocess.PIPE if read or talk else self._log
        asked = subprocess.PIPE if talk else None
        self.child = subprocess.Popen(command, env=env, stdin=asked, stdout=out, stderr=self._log, text=True)

    def cpu_s(self) -> float:
        """Answers user and system seconds used so far."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """Answers the largest resident size so far."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1000 if found else 0.0

    def stop(self) -> None:
        """Ends the process, first politely."""
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self._log.close()


def loopback_bytes() -> int:
    """Answers the bytes that went over the loopback so far, of whatever program."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        if line.strip().startswith("lo:"):
            return int(line.split(":")[1].split()[8])
    return 0


def until(condition: Callable[[], bool], timeout_s: float, pause_s: float = 0.001) -> None:
    """Returns when the condition holds; raises TimeoutError."""
    end = time.perf_counter() + timeout_s
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
        time.sleep(pause_s)
