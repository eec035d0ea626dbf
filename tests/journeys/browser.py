"""A real browser at a phone's size, driven by the protocol of its own tools (Chrome DevTools Protocol): what a page looks like,
what it loads, and what people do with it."""

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

WIDTH, HEIGHT = 390, 844
LIMIT_S = 60.0


class Browser:
    """One page of a browser that runs."""

    def __init__(self, line: ClientConnection, downloads: Path) -> None:
        self._line, self._downloads = line, downloads
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self.requested: list[str] = []
        """The addresses of all that was asked of anybody."""
        self.complaints: list[str] = []
        """What the browser found wrong: among it, whatever a policy has kept from being loaded."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "DOM"):
            self.ask(f"{domain}.enable")
        self.widen(WIDTH)
        self.ask(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads), eventsEnabled=True
        )

    def ask(self, method: str, **parameters: Any) -> Any:
        """Asks the browser, and answers what it answers."""
        number = next(self._numbers)
        session = (
            {} if self._session is None or method.startswith("Browser.") else {"sessionId": self._session}
        )
        self._line.send(json.dumps({"id": number, "method": method, "params": parameters, **session}))
        while True:
            said = self._hear()
            if said.get("id") == number:
                assert "error" not in said, said
                return said["result"]

    def _hear(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self._line.recv(timeout=LIMIT_S))
        parameters = said.get("params", {})
        if said.get("method") == "Network.requestWillBeSent":
            self.requested.append(parameters["request"]["url"])
        elif said.get("method") == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
        return said

    def speak(self, languages: str) -> None:
        """Has it wish for languages (Accept-Language)."""
        self.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": languages})

    def darken(self, scheme: str) -> None:
        """Has the system be light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", features=features)

    def widen(self, width: int) -> None:
        """Has the screen be so wide: that of a phone, or of a desk."""
        is_phone = width == WIDTH
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=HEIGHT, deviceScaleFactor=2 if is_phone else 1, mobile=is_phone,
        )  # fmt: skip

    def open(self, address: str) -> None:
        """Loads a page, and everything that belongs to it."""
        self.load(lambda: self.ask("Page.navigate", url=address))

    def click(self, selector: str) -> None:
        """Does what a person does who taps on something, and waits for the page that comes of it."""
        self.load(lambda: self.tap(selector))

    def tap(self, selector: str) -> None:
        """Taps on something that leads to no other page."""
        self.value(f"document.querySelector({selector!r}).click()")

    def load(self, begin: Callable[[], object]) -> None:
        """Does what leads to another page, and waits until that is there."""
        self.value("window.isOld = true")
        begin()
        self.until("!window.isOld && document.readyState == 'complete'")

    def until(self, condition: str) -> None:
        """Waits until a condition holds in the page."""
        end = time.monotonic() + LIMIT_S
        while not self.value(condition):
            assert time.monotonic() < end, f"it never came: {condition}"
            time.sleep(0.05)

    def value(self, expression: str) -> Any:
        """Answers what an expression is worth in the page: its policy binds its own scripts, not the tools of the browser."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def text(self) -> str:
        """Answers what a person reads."""
        return str(self.value("document.body.innerText"))

    def type(self, text: str) -> None:
        """Types into what has the focus. A field that a page gives it to has it only once the page is drawn."""
        self.until("document.activeElement != document.body")
        self.ask("Input.insertText", text=text)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Presses a key."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more
            )

    def choose(self, selector: str, *files: Path) -> None:
        """Chooses files in a field for them."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def downloaded(self, name: str) -> bytes:
        """Answers a file that was saved, as soon as it is whole."""
        end = time.monotonic() + LIMIT_S
        while not (self._downloads / name).exists():
            assert time.monotonic() < end, f"{name} was never saved: {list(self._downloads.iterdir())}"
            time.sleep(0.05)
        return (self._downloads / name).read_bytes()

    def picture(self, path: Path) -> None:
        """Takes a picture of what is in sight."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browsing(base: Path) -> Iterator[Browser]:
    """Runs a browser with a profile of its own; fails where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("Chromium is missing: packaging/install-browser.sh installs it")
    downloads, profile = base / "downloads", base / "profile"
    downloads.mkdir()
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    with (base / "browser.log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
    try:
        port = profile / "DevToolsActivePort"
        end = time.monotonic() + LIMIT_S
        while not (port.exists() and port.read_text().count("\n")):
            assert process.poll() is None, (base / "browser.log").read_text()
            assert time.monotonic() < end, "the browser does not answer"
            time.sleep(0.05)
        number, path = port.read_text().split("\n")[:2]
        with connect(f"ws://127.0.0.1:{number}{path}", max_size=None) as line:
            yield Browser(line, downloads)
    finally:
        process.terminate()
        process.wait(10)
