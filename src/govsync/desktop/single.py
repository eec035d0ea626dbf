"""One app a home: the first one listens, a second one tells it what was wanted, and ends."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import ipc
from govsync.system.lock import Lock

MOST_BYTES = 8192
_SENT_S = 2.0


class Single(QObject):
    """The one app of a home."""

    wanted = Signal(str)
    """Somebody started another one, and wanted a page ("": the window)."""

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        """Takes the home's window; raises Failure(home_in_use) while another one has it."""
        super().__init__(parent)
        self._lock = Lock(home / "window.lock")
        self._home = home
        self._server = QLocalServer(self)

    def listen(self) -> None:
        """Begins to hear others; only when there is an application, whose loop it is heard by."""
        self._server.listen(ipc.listen(_socket(self._home)).detach())
        self._server.newConnection.connect(self._accept)

    def release(self) -> None:
        """Lets another one be the first."""
        self._server.close()
        self._lock.release()

    def _accept(self) -> None:
        while self._server.hasPendingConnections():
            self._hear(self._server.nextPendingConnection())

    def _hear(self, connection: QLocalSocket) -> None:
        def ended() -> None:
            word = bytes(connection.read(MOST_BYTES).data()).decode(errors="replace")
            connection.deleteLater()
            self.wanted.emit(word.strip())

        connection.disconnected.connect(ended)


def _socket(home: Path) -> Path:
    return home / "window"


def tell_first(home: Path, page: str) -> bool:
    """Tells the app that has the home what is wanted; False where it does not listen."""
    try:
        with ipc.connect(_socket(home), _SENT_S) as connection:
            connection.sendall(f"{page}\n".encode())
    except Failure as failure:
        if failure.code in (Code.AGENT_NOT_RUNNING, Code.TIMED_OUT):
            return False
        raise
    return True
