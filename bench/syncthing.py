"""The peer that the product is measured beside: two of Debian's syncthing, joined over the loopback and nothing else.

It has no server: the desks talk to each other, keep no history, and know no rights. Its watcher waits one second, the
least it takes; discovery, relays, upgrades and reports are off, so that it talks to nobody else.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

from bench.world import Process, loopback_bytes, until

KEY = "bench"
FOLDER = "shared"
OFF = {
    "globalAnnounceEnabled": "false", "localAnnounceEnabled": "false", "relaysEnabled": "false", "natEnabled": "false",
    "startBrowser": "false", "crashReportingEnabled": "false", "urAccepted": "-1", "autoUpgradeIntervalH": "0",
    "stunKeepaliveStartS": "0", "setLowPriority": "false", "reconnectionIntervalS": "1",
}  # fmt: skip
"""Options that would make it talk to others, or hold it back on an idle machine."""


class Desk:
    """One device of the peer."""

    def __init__(self, base: Path, name: str) -> None:
        self.folder, self.home = base / name / "Sync", base / name / "home"
        self.folder.mkdir(parents=True)
        self.log = base / f"{name}.log"
        # Without a second process that only restarts the first one.
        self.env = {**os.environ, "STMONITORED": "yes", "STNOUPGRADE": "1", "HOME": str(base / name)}
        self._do("generate", f"--home={self.home}", "--no-default-folder")
        self.device = self._do("--device-id", f"--home={self.home}").strip()
        self.port, self.gui = _free_port(), _free_port()
        self.agent: Process

    def _do(self, *arguments: str) -> str:
        return subprocess.run(
            ["syncthing", *arguments], env=self.env, check=True, capture_output=True, text=True
        ).stdout

    def join(self, other: "Desk") -> None:
        """Writes the settings: one folder, shared with the other desk."""
        path = self.home / "config.xml"
        tree = ElementTree.parse(path)
        root = tree.getroot()
        for name, value in {**OFF, "listenAddress": f"tcp://127.0.0.1:{self.port}"}.items():
            _child(root, f"options/{name}").text = value
        _child(root, "gui/address").text = f"127.0.0.1:{self.gui}"
        _child(root, "gui/apikey").text = KEY
        device = ElementTree.SubElement(root, "device", id=other.device, name="other")
        ElementTree.SubElement(device, "address").text = f"tcp://127.0.0.1:{other.port}"
        folder = ElementTree.SubElement(
            root, "folder", id=FOLDER, path=str(self.folder), type="sendreceive", rescanIntervalS="3600",
            fsWatcherEnabled="true", fsWatcherDelayS="1",
        )  # fmt: skip
        for one in (self, other):
            ElementTree.SubElement(folder, "device", id=one.device)
        tree.write(path)

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        self.agent = Process(["syncthing", "serve", f"--home={self.home}"], self.env, self.log)
        until(lambda: self.ask("system/ping") is not None, 60)

    def ask(self, what: str) -> dict[str, object] | None:
        """Asks its interface; None while it does not answer."""
        url = f"http://127.0.0.1:{self.gui}/rest/{what}"
        request = urllib.request.Request(url, headers={"X-API-Key": KEY})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                found: dict[str, object] = json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            return None
        return found

    def idle(self) -> bool:
        """Says whether it has looked through its folder and needs nothing."""
        status = self.ask(f"db/status?folder={FOLDER}")
        return status is not None and status["state"] == "idle" and status["needTotalItems"] == 0

    def restart(self) -> float:
        """Stops it, starts it again, and answers the seconds until it has looked through its folder."""
        self.agent.stop()
        start = time.perf_counter()
        self.start()
        until(self.idle, 600, 0.02)
        return time.perf_counter() - start


class Syncthing:
    """Two desks of the peer."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.a, self.b = Desk(base, "a"), Desk(base, "b")
        self.a.join(self.b)
        self.b.join(self.a)
        self.a.start()
        self.b.start()
        until(self._joined, 120, 0.1)
        self.settle()

    @staticmethod
    def available() -> bool:
        """Says whether it is installed."""
        return shutil.which("syncthing") is not None

    def _joined(self) -> bool:
        found = self.a.ask("system/connections")
        assert found is None or isinstance(found["connections"], dict)
        return found is not None and found["connections"][self.b.device]["connected"]

    def settle(self) -> None:
        """Returns when both desks have everything of the other."""
        until(lambda: self.a.idle() and self.b.idle() and self._complete(self.a, self.b), 1_800, 0.02)

    def _complete(self, one: Desk, other: Desk) -> bool:
        found = one.ask(f"db/completion?folder={FOLDER}&device={other.device}")
        return found is not None and found["completion"] == 100

    def cost(self) -> dict[str, float]:
        """Answers CPU seconds and peak megabytes of both, and bytes over the loopback, all so far."""
        named = {"A": self.a.agent, "B": self.b.agent}
        found = {f"cpu_s {name}": process.cpu_s() for name, process in named.items()}
        found |= {f"peak_mb {name}": process.peak_mb() for name, process in named.items()}
        return found | {"wire_mb": loopback_bytes() / 1e6}

    def stop(self) -> None:
        """Ends both."""
        for desk in (self.a, self.b):
            desk.agent.stop()


def _child(root: ElementTree.Element, path: str) -> ElementTree.Element:
    found = root.find(path)
    assert found is not None, f"syncthing's settings have no {path}"
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
