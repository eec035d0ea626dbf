"""An agent that answers what a test wants, in the event loop of the test: nothing happens between two of its turns."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from govsync.control import messages
from govsync.control.codec import MOST_REQUEST_BYTES, Decoder, decode_request, encode_answer, encode_failure
from govsync.control.messages import AnyRequest
from govsync.model.problems import Failure
from govsync.model.status import Pending, RateNow, State, Status
from govsync.system import ipc

STATUS = Status(
    state=State.IN_SYNC, folder="/home/kim/GovSync", endpoint="https://drive.example.gov", account="kim", device="office-7",
    pending=Pending(), problems=0, holds=0, skipped=0, waiting=0, rate=RateNow(), paused=False, online=True,
    scanning=False, checked_at="2026-11-24T13:02:07.000Z", spaces=(), last_change="2026-11-24T12:58:00.000Z", version="0.1.0",
)  # fmt: skip


class ScriptedAgent(QObject):
    """Answers `Watch` as an agent does, and every other message as `answers` says: a value, a Failure, or a function of it."""

    def __init__(self, socket: Path, status: Status = STATUS) -> None:
        super().__init__()
        self.socket = socket
        self.status = status
        self.answers: dict[type, Any] = {}
        self.asked: list[AnyRequest] = []
        self._watching: list[tuple[QLocalSocket, messages.Watch]] = []
        self._connections: list[QLocalSocket] = []
        self._server: QLocalServer | None = None
        self.begin()

    def begin(self) -> None:
        self._server = QLocalServer(self)
        assert self._server.listen(ipc.listen(self.socket).detach())
        self._server.newConnection.connect(self._accept)

    def end(self) -> None:
        """Goes, as a process that was killed does."""
        assert self._server is not None
        self._server.close()
        self._watching.clear()
        for connection in self._connections:
            connection.abort()
        self._connections.clear()

    def become(self, status: Status) -> None:
        self.status = status
        for connection, request in self._watching:
            if request.seen != status:
                connection.write(encode_answer(status))
        self._watching = [each for each in self._watching if each[1].seen == status]

    def asked_of(self, kind: type) -> list[Any]:
        return [each for each in self.asked if isinstance(each, kind)]

    def _accept(self) -> None:
        assert self._server is not None
        connection = self._server.nextPendingConnection()
        decoder = Decoder(MOST_REQUEST_BYTES)
        self._connections.append(connection)

        def read() -> None:
            body = decoder.feed(bytes(connection.readAll().data()))
            if body is not None:
                self._answer(connection, decode_request(body))

        connection.readyRead.connect(read)

    def _answer(self, connection: QLocalSocket, request: AnyRequest) -> None:
        self.asked.append(request)
        if isinstance(request, messages.Watch):
            self._watching.append((connection, request))
            self.become(self.status)
            return
        answer = self.answers.get(type(request))
        if isinstance(answer, Callable):
            answer = answer(request)
        connection.write(encode_failure(answer) if isinstance(answer, Failure) else encode_answer(answer))
