"""Real processes for journeys: a server, desks, and a line that can be cut; driven through the command line alone."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.journeys.programs import Commands, Process, Programs

PASSWORD = "a long password"
LIMIT_S = 60.0
COMMANDS = Commands()


def until(condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    """Returns when a condition holds; fails when it does not come."""
    end, pause_s = time.monotonic() + limit_s, 0.02
    while not condition():
        assert time.monotonic() < end, f"it never came: {what}"
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.3, 0.25)  # To ask takes time, too, from whoever makes it come.


def environment(base: Path) -> dict[str, str]:
    """Answers the environment of a process that takes a folder for the person's own, and so touches nobody else's."""
    return {
        **os.environ, "HOME": str(base), "GOVSYNC_HOME": str(base / "home"), "GOVSYNC_CREDENTIALS": "file",
    }  # fmt: skip


class Server:
    """The endpoint as a process."""

    def __init__(self, base: Path, *options: str, programs: Programs = COMMANDS) -> None:
        self.data = base / "server"
        self.port = 0
        self._options = options
        self._base, self._programs = base, programs
        self._log = (base / "server.log").open("ab")
        self.start()

    def start(self) -> None:
        """Starts it, at the same port as before."""
        command = ["serve", "--data", str(self.data), "--port", str(self.port), *self._options]
        reads, prints = os.pipe()
        env = environment(self._base)
        self.process: Process = self._programs.start(command, env, prints, self._log.fileno())
        os.close(prints)
        with open(reads) as said:
            line = said.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    def kill(self) -> None:
        """Ends it without a word (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ends it politely."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0
        self._log.close()

    def admin(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs an admin command on its data."""
        where = self._options or ("--data", str(self.data))
        command = ["admin", *arguments, "--data", str(self.data), *(where if self._options else ())]
        return self._programs.run(command, environment(self._base), stdin)

    def populate(self) -> None:
        """Adds an organisation with a division and two people."""
        self.admin("org", "add", "Ministry").check_returncode()
        self.admin("division", "add", "Ministry/Planning").check_returncode()
        for login in ("anna", "boris"):
            options = ("--name", login.title(), "--org", "Ministry/Planning", "--password-stdin")
            self.admin("user", "add", login, *options, stdin=PASSWORD).check_returncode()


class Line:
    """A TCP proxy between desks and the server, which can be cut (connections reset) or go silent."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._open = True
        self._connections: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Resets all connections, and lets no new one through."""
        self._open = False
        for connection in list(self._connections):
            connection.close() if connection.fileno() < 0 else self._reset(connection)

    def mend(self) -> None:
        """Lets connections through again."""
        self._open = True

    def close(self) -> None:
        """Ends the line."""
        self.cut()
        self._reset(self._listening)  # Who waits at it is to wait no longer.
        self._listening.close()

    @staticmethod
    def _reset(connection: socket.socket) -> None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It is closed already.

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if not self._open:
                near.close()
                continue
            far = self._connect(near)
            if far is None:
                continue
            self._connections |= {near, far}
            for way in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _connect(self, near: socket.socket) -> socket.socket | None:
        """Opens the way to the server for a connection that came in; None where there is none."""
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            near.close()
            return None
        far.settimeout(None)
        return far

    def _carried(self, data: bytes, answer: bool) -> bytes:
        """Answers what the other end gets of some bytes; raises OSError to end the connection."""
        return data

    def _carry(self, source: socket.socket, target: socket.socket, answer: bool) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(self._carried(data, answer))
        except OSError:
            return  # The line was cut.
        finally:
            self._connections.discard(source)
            source.close()
            self._reset(target)


class Desk:
    """One device: its home, its folder, its agent."""

    def __init__(
        self, base: Path, name: str, port: int, login: str = "anna", programs: Programs = COMMANDS
    ) -> None:
        self.base, self.name, self._programs = base / name, name, programs
        self.folder = self.base / "GovSync"
        self.env = environment(self.base)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log = (self.base / "agent.out").open("ab")
        endpoint = f"http://127.0.0.1:{port}"
        self.do("login", "--endpoint", endpoint, "--user", login, "--password-stdin", stdin=PASSWORD)
        self.do("folder", "set", str(self.folder))
        self.agent: Process | None = None
        self.start()

    @classmethod
    def copied(cls, base: Path, name: str, original: "Desk") -> "Desk":
        """A copy of a desk's home and folder, which lie at their new place already; it does not run yet."""
        desk = cls.__new__(cls)
        desk.base, desk.name, desk._programs = base / name, name, original._programs
        desk.folder = desk.base / "GovSync"
        desk.env = {**original.env, "HOME": str(desk.base), "GOVSYNC_HOME": str(desk.base / "home")}
        desk._log = (desk.base / "agent.out").open("ab")
        desk.agent = None
        kept = next((desk.base / "home").rglob("device.json"))
        kept.write_text(kept.read_text().replace(str(original.folder), str(desk.folder)))
        return desk

    def device(self) -> str:
        """Answers the id of the device that the home is."""
        kept = next((self.base / "home").rglob("device.json"))
        return str(json.loads(kept.read_text())["device"])

    def start(self) -> None:
        """Starts the agent in a process of ours."""
        control = self.base / "home" / "control"
        self.agent = self._programs.start(["run"], self.env, self._log.fileno(), self._log.fileno())
        # Before there is a socket to ask, each question would only take the processor from the agent.
        until(lambda: control.exists() and self.call("status").returncode == 0, f"{self.name} answers")

    def join_team(self) -> None:
        """Waits for the team's folder; who makes a folder of its name before it comes has a private one."""
        until((self.folder / "Planning").is_dir, f"the team's folder on {self.name}")

    def kill(self) -> None:
        """Ends the agent without a word (SIGKILL)."""
        assert self.agent is not None
        self.agent.kill()
        self.agent.wait()
        self.agent = None

    def stop(self) -> None:
        """Ends the agent politely, also one that a command has started anew in the background."""
        if self.agent is not None:
            self.agent.send_signal(signal.SIGTERM)
            self.agent.wait(10)
            self.agent = None
        assert self.call("stop").returncode in (0, 3)
        self._log.close()

    def call(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a command of this device."""
        return self._programs.run(arguments, self.env, stdin)

    def do(self, *arguments: str, stdin: str = "") -> str:
        """Runs a command that must succeed; answers its output."""
        done = self.call(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.returncode} {done.stderr}"
        return done.stdout

    def codes(self) -> dict[str, str]:
        """Answers the code of each problem by its path, and holds each to a sentence and an action."""
        rows = self.json("problems")
        assert all(row["message"].endswith((".", "?")) and row["action"] for row in rows), rows
        return {row["path"]: row["code"] for row in rows}

    def json(self, *arguments: str) -> Any:
        """Runs a command and answers its JSON."""
        return json.loads(self.do(*arguments, "--json"))

    def wait(self, expected: int = 0) -> None:
        """Waits until all is in sync (or, with 4, until only what waits for a person is left)."""
        done = self.call("wait", "--timeout", str(LIMIT_S))
        assert done.returncode == expected, (
            self.name,
            done,
            self.call("status").stdout,
            self.call("problems").stdout,
        )

    def write(self, path: str, content: str | bytes) -> None:
        """Writes a file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def tree(self) -> dict[str, bytes | None]:
        """Answers what a person sees."""
        found: dict[str, bytes | None] = {}
        for path in self.folder.rglob("*"):
            relative = path.relative_to(self.folder)
            if relative.parts[0] != ".govsync":
                found[str(relative)] = path.read_bytes() if path.is_file() else None
        return found

    def files(self) -> dict[str, bytes]:
        """Answers the files of it."""
        return {path: data for path, data in self.tree().items() if data is not None}


def meet(*desks: Desk) -> None:
    """Waits until all desks show the same."""
    for _ in range(2):
        for desk in desks:
            desk.wait()
    trees = [desk.tree() for desk in desks]
    assert all(tree == trees[0] for tree in trees), [sorted(tree) for tree in trees]
