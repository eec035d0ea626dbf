"""An agent that answers what a test wants, on a real socket, and remembers what it was asked."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from govsync.control.codec import (
    MOST_REQUEST_BYTES,
    Decoder,
    decode_request,
    encode_answer,
    encode_failure,
)
from govsync.control.messages import AnyRequest
from govsync.model.problems import Failure
from govsync.system import ipc

Respond = Callable[[AnyRequest], Any]


class FakeAgent:
    """Serves one connection after another, each in turn, until it is closed."""

    def __init__(self, path: Path, respond: Respond | bytes) -> None:
        self.asked: list[AnyRequest] = []
        self._respond = respond
        self._path = path
        self._listening = ipc.listen(path)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        ipc.close(self._listening, self._path)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # It was closed.
            with connection:
                self._answer(connection)

    def _answer(self, connection: ipc.Connection) -> None:
        decoder = Decoder(MOST_REQUEST_BYTES)
        while data := connection.recv(65536):
            body = decoder.feed(data)
            if body is not None:
                self.asked.append(decode_request(body))
                connection.sendall(self._reply(self.asked[-1]))
                return

    def _reply(self, request: AnyRequest) -> bytes:
        if isinstance(self._respond, bytes):
            return self._respond
        try:
            return encode_answer(self._respond(request))
        except Failure as failure:
            return encode_failure(failure)
