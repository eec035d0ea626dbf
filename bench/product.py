"""The product as the workloads meet it: a server and two desks of one person, driven through the command line alone."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.world import Process, loopback_bytes, until

GOVSYNC = [sys.executable, "-m", "govsync.cli.main"]
PASSWORD = "correct horse battery staple"


class Desk:
    """One device: its home, its folder, its agent."""

    def __init__(self, world: "Product", name: str) -> None:
        self.folder = world.base / name / "GovSync"
        self.env = {
            **world.env,
            "GOVSYNC_HOME": str(world.base / name / "home"),
            "GOVSYNC_CREDENTIALS": "file",
        }
        self.log = world.base / f"{name}.log"
        self.folder.mkdir(parents=True)
        self.call("login", "--endpoint", world.endpoint, "--user", "anna", "--password-stdin", stdin=PASSWORD)
        self.call("folder", "set", str(self.folder))
        self.agent = self.run()

    def run(self) -> Process:
        """Starts the agent in the foreground of a process of its own."""
        agent = Process([*GOVSYNC, "run"], self.env, self.log)
        until(lambda: self.status() is not None, 60)
        return agent

    def restart(self) -> float:
        """Stops the agent, starts it again, and answers the seconds until it says that all is in sync."""
        self.agent.stop()
        start = time.perf_counter()
        self.agent = self.run()
        self.call("wait", "--timeout", "600")
        return time.perf_counter() - start

    def call(self, *arguments: str, stdin: str = "") -> str:
        """Runs a command of the command line; raises CalledProcessError when it fails."""
        done = subprocess.run(
            [*GOVSYNC, *arguments], env=self.env, input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
        return done.stdout

    def status(self) -> dict[str, object] | None:
        """Answers the status, or None while the agent does not answer."""
        try:
            answer: dict[str, object] = json.loads(self.call("status", "--json"))
        except subprocess.CalledProcessError:
            return None
        return answer


class Product:
    """A server with one person who has two desks, A and B."""

    def __init__(self, base: Path) -> None:
        self.base = base
        data = base / "server"
        # As where it is installed: compiled once, and not at each start, whatever this machine's Python is told.
        self.env = {**os.environ, "PYTHONPYCACHEPREFIX": str(base / "compiled")}
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.server = Process(
            [*GOVSYNC, "serve", "--data", str(data), "--port", "0"], self.env, base / "server.log", read=True
        )
        assert self.server.child.stdout is not None
        first = self.server.child.stdout.readline()
        self.endpoint = first.split()[-1]
        self._admin("org", "add", "Ministry", data=data)
        self._admin(
            "user",
            "add",
            "anna",
            "--name",
            "Anna",
            "--org",
            "Ministry",
            "--password-stdin",
            data=data,
            stdin=PASSWORD,
        )
        self.a, self.b = Desk(self, "a"), Desk(self, "b")
        self.settle()

    def _admin(self, *arguments: str, data: Path, stdin: str = "") -> None:
        subprocess.run(
            [*GOVSYNC, "admin", *arguments, "--data", str(data)], env=self.env, input=stdin, text=True, check=True,
            capture_output=True,
        )  # fmt: skip

    def settle(self) -> None:
        """Returns when both desks say that all is in sync."""
        for desk in (self.a, self.b, self.a):
            desk.call("wait", "--timeout", "900")

    def cost(self) -> dict[str, float]:
        """Answers CPU seconds and peak megabytes of each process, and bytes over the loopback, all so far."""
        named = {"A": self.a.agent, "server": self.server, "B": self.b.agent}
        found = {f"cpu_s {name}": process.cpu_s() for name, process in named.items()}
        found |= {f"peak_mb {name}": process.peak_mb() for name, process in named.items()}
        return found | {"wire_mb": loopback_bytes() / 1e6}

    def stop(self) -> None:
        """Ends all processes."""
        for process in (self.a.agent, self.b.agent, self.server):
            process.stop()
