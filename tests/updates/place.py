"""A place of updates as an operator makes it, served over HTTP by a mirror that can end in the middle of an answer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from govsync.remote.http import Way, public_file
from govsync.remote.rate import Rate
from govsync.updates.trust import Answer, Place
from updates import keys
from updates.keys import Keys
from updates.repository import Repository

KIND = "deb-x86_64"


def named(version: str) -> str:
    return f"govsync_{version.replace('.dev', '~dev')}_amd64.deb"


class Mirror:
    """Serves a folder; `cut_bytes`: an answer ends after so many; `ranges`: whether it can begin within a file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cut_bytes, self.ranges = folder, 0, True
        self.asked: list[tuple[str, str | None]] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append((request.path, wanted))
        file = self.folder / request.path.lstrip("/")
        if not file.is_file():
            request.send_error(404)
            return
        data = file.read_bytes()
        begins = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.ranges else 0
        data = data[begins:]
        request.send_response(206 if begins else 200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        cut = self.cut_bytes and "/targets/" in request.path and file.suffix == ".deb"
        request.wfile.write(data[: self.cut_bytes] if cut else data)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Operator:
    """Whoever publishes: the place, its keys, its root of trust, and a mirror of it."""

    def __init__(self, base: Path, began_days_ago: int = 0) -> None:
        base.mkdir(parents=True, exist_ok=True)
        self.base, self.now = base, datetime.now(UTC) - timedelta(days=began_days_ago)
        self.folder = base / "place"
        offline, online = base / "offline", base / "online"
        self._keys = (offline, online)
        public = {**keys.make(offline, keys.OFFLINE), **keys.make(online, keys.ONLINE)}
        self.root = self.repository().begin(public).read_bytes()
        self.mirror = Mirror(self.folder)

    def repository(self, *folders: Path) -> Repository:
        return Repository(self.folder, Keys(folders or self._keys), self.now)

    def publish(self, version: str, content: bytes = b"a package", channel: str = "broad") -> Path:
        file = self.base / named(version)
        file.write_bytes(content)
        return self.publish_file(file, channel)

    def publish_file(self, file: Path, channel: str = "broad") -> Path:
        """Offers a package; answers where the place has it."""
        self.repository().add(channel, [file])
        (stored,) = (self.folder / "targets" / channel).glob(f"*.{file.name}")
        return stored


@contextmanager
def fetch(url: str, start_bytes: int) -> Iterator[Answer]:
    """As the agent fetches."""
    with public_file(url, start_bytes, Way("none"), Rate(0, time.monotonic, time.sleep)) as found:
        yield Answer(found.begins, found.pieces)


def seen(operator: Operator, folder: Path) -> Place:
    """The place as a desk sees it that has its root of trust."""
    return Place(folder, operator.mirror.url, operator.root, fetch)
