"""The product as the workloads meet it: a server and two desks of one person, driven through the command line alone."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bench.world import Process, loopback_bytes, until

GOVSYNC = [sys.executable, "-m", "govsync.cli.main"]
PASSWORD = "correct horse battery staple"


class Desk:
    """One device: its home, its folder, its agent."""

    def __init__(self, world: "Product", name: str, login: str = "anna") -> None:
        self.login = login
        self.folder = world.base / name / "GovSync"
        self.env = {
            **world.env,
            "GOVSYNC_HOME": str(world.base / name / "home"),
            "GOVSYNC_CREDENTIALS": "file",
        }
        self.log = world.base / f"{name}.log"
        self.folder.mkdir(parents=True)
        self.sign_in(world.endpoint)
        self.call("folder", "set", str(self.folder))
        self.agent = self.run()

    def sign_in(self, endpoint: str) -> None:
        """Signs the person in at this desk."""
        self.call("login", "--endpoint", endpoint, "--user", self.login, "--password-stdin", stdin=PASSWORD)

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
        self._data = base / "server"
        # As where it is installed: compiled once, and not at each start, whatever this machine's Python is told.
        self.env = {**os.environ, "PYTHONPYCACHEPREFIX": str(base / "compiled")}
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.server = self._serve("0")
        self._admit()
        self.a, self.b = Desk(self, "a"), Desk(self, "b")
        self.settle()

    def _serve(self, port: str) -> Process:
        """Starts a server over the data that there is, else over none, and notes where it listens."""
        server = Process(
            [*GOVSYNC, "serve", "--data", str(self._data), "--port", port],
            self.env, self.base / "server.log", read=True,
        )  # fmt: skip
        assert server.child.stdout is not None
        self.endpoint = server.child.stdout.readline().split()[-1]
        return server

    def _admit(self) -> None:
        self._admin("org", "add", "Ministry")
        self.admit("anna")

    def admit(self, login: str) -> None:
        """Adds a person to the organisation."""
        person = (login, "--name", login.title(), "--org", "Ministry", "--password-stdin")
        self._admin("user", "add", *person, stdin=PASSWORD)

    def _admin(self, *arguments: str, stdin: str = "") -> None:
        subprocess.run(
            [*GOVSYNC, "admin", *arguments, "--data", str(self._data)], env=self.env, input=stdin, text=True, check=True,
            capture_output=True,
        )  # fmt: skip

    def copy(self) -> Path:
        """Answers a copy of all that the server holds, as an operator would make it while it does not run."""
        self.server.stop()
        copy = self.base / "copy"
        shutil.copytree(self._data, copy)
        self.server = self._serve(self.endpoint.rpartition(":")[2])
        return copy

    def lose(self, copy: Path | None) -> float:
        """Takes from the server all that it holds, as a fire does, and starts it over a copy, or over nothing: then its
        person is admitted anew and signs in at both desks. Answers when it served again, as `time.perf_counter` has it."""
        self.server.stop()
        self._data.rename(self.base / f"lost {time.monotonic_ns()}")
        if copy is not None:
            copy.rename(self._data)
        self.server = self._serve(self.endpoint.rpartition(":")[2])
        start = time.perf_counter()
        if copy is None:
            self._admit()
            for desk in (self.a, self.b):
                desk.agent.stop()
                desk.sign_in(self.endpoint)
                desk.agent = desk.run()
        return start

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
