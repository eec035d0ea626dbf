"""The app's end of the control socket: requests that nobody waits for, and the status as it changes.

Each request has a connection of its own, so that one which takes minutes stands before no other. A reply is handed to whoever
asked; a failure that nobody takes becomes the signal `failed`. The status comes by `Watch`, which the agent answers when the
desk is otherwise than it was seen. An agent that has gone, or says nothing any more, is told at once (`gone`): what was
seen of it last is no longer true.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalSocket

from govsync.control.codec import MOST_REPLY_BYTES, Decoder, decode_reply, encode_request
from govsync.control.messages import Request, Watch
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.model.status import Status
from govsync.system import ipc

Answer = TypeVar("Answer")

MOST_AT_ONCE = 8
"""Requests under way at the same time; the agent serves 32 connections."""
WATCH_S = 30
SILENCE_MS = (WATCH_S + 15) * 1000
"""After so long without a word the agent does not answer, whatever it is busy with."""
PAUSE_MS = 200
"""Between two looks: a desk at work changes at every moment, an eye does not follow."""
RETRY_MS = 1_000


class Link(QObject):
    """Asks the agent of a home."""

    status = Signal(object)
    """The desk is so now (`Status`)."""
    gone = Signal(object)
    """No agent can be asked any more, for a reason (`Failure`); said once, until there is one again."""
    failed = Signal(object)
    """A request failed (`Failure`), and who asked did not say what then."""

    def __init__(self, socket: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._socket = socket
        self._under_way: set[_Call] = set()
        self._waiting: deque[_Call] = deque()
        self.seen: Status | None = None
        """What the desk is like, as far as it is known; None while no agent can be asked."""
        self._told_gone = False
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._watch)
        self._silence = QTimer(self, singleShot=True, interval=SILENCE_MS)
        self._silence.timeout.connect(lambda: self._lost(Failure(Code.TIMED_OUT)))
        self._watching: _Call | None = None

    def watch(self) -> None:
        """Begins to watch the desk, or looks again at once."""
        if self._watching is None:
            self._pause.start(0)

    def ask(
        self,
        request: Request[Answer],
        then: Callable[[Answer], object] | None = None,
        otherwise: Callable[[Failure], object] | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Asks; the answer is handed to `then`, a failure to `otherwise`. Nobody is told any more once `owner` is destroyed."""
        call = _Call(request, then or _nothing, otherwise or self.failed.emit, owner or self)
        self._waiting.append(call)
        call.destroyed.connect(lambda: self._end(call))
        call.ended.connect(lambda: self._end(call))
        self._go_on()

    def _end(self, call: "_Call") -> None:
        self._under_way.discard(call)
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and len(self._under_way) < MOST_AT_ONCE:
            call = self._waiting.popleft()
            self._under_way.add(call)
            call.begin(self._socket)

    def _watch(self) -> None:
        self._watching = _Call(Watch(seen=self.seen, timeout_s=WATCH_S), self._saw, self._lost, self)
        self._silence.start()
        self._watching.begin(self._socket)

    def _saw(self, status: Status) -> None:
        self._watching = None
        self._silence.stop()
        self._told_gone = False
        changed = status != self.seen
        self.seen = status
        self._pause.start(PAUSE_MS)
        if changed:
            self.status.emit(status)

    def _lost(self, failure: Failure) -> None:
        if self._watching is not None:
            self._watching.drop()
        self._watching = None
        self._silence.stop()
        self.seen = None
        self._pause.start(RETRY_MS)
        if not self._told_gone:
            self._told_gone = True
            self.gone.emit(failure)


def _nothing(_: object) -> None:
    """Takes an answer that says only that it was done."""


class _Call(QObject):
    """One request on its connection."""

    ended = Signal()

    def __init__(
        self,
        request: Request[Any],
        then: Callable[[Any], object],
        otherwise: Callable[[Failure], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._request = request
        self._then = then
        self._otherwise = otherwise
        self._decoder = Decoder(MOST_REPLY_BYTES)
        self._connection = QLocalSocket(self)
        self._connection.readyRead.connect(self._read)
        self._connection.disconnected.connect(self._cut_off)
        self._open = True

    def begin(self, socket: Path) -> None:
        """Sends the request; the failure to do so is told later, like any other."""
        try:
            message = encode_request(self._request)
            self._connection.setSocketDescriptor(ipc.connect(socket, 0.0).detach())
        except Failure as failure:
            said = failure
            QTimer.singleShot(0, self, lambda: self._fail(said))
            return
        self._connection.write(message)

    def drop(self) -> None:
        """Wants no answer any more."""
        self._open = False
        self._close()

    def _read(self) -> None:
        try:
            body = self._decoder.feed(bytes(self._connection.readAll().data()))
            if body is None or not self._open:
                return
            answer = decode_reply(body, self._request)
        except Failure as failure:
            self._fail(failure)
            return
        self._open = False
        self._close()
        self._then(answer)

    def _cut_off(self) -> None:
        self._fail(Failure(Code.AGENT_NOT_RUNNING))

    def _fail(self, failure: Failure) -> None:
        if self._open:
            self._open = False
            self._close()
            self._otherwise(failure)

    def _close(self) -> None:
        self._connection.abort()
        self.ended.emit()
        self.deleteLater()
