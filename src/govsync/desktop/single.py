"""One app a home: the first one listens, a second one tells it what was wanted, and ends."""

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

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
    _heard = Signal(str)

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        """Takes the home's window; raises Failure(home_in_use) while another one has it."""
        super().__init__(parent)
        self._lock = Lock(home / "window.lock")
        self._home = home
        self._listening: ipc.Listening | None = None
        self._heard.connect(self.wanted, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._accept, name="single", daemon=True)

    def listen(self) -> None:
        """Begins to hear others, on a thread of its own; what they want is said in the application's loop."""
        self._listening = ipc.listen(_socket(self._home))
        self._thread.start()

    def release(self) -> None:
        """Lets another one be the first."""
        listening, self._listening = self._listening, None
        if listening is not None:
            ipc.close(listening, _socket(self._home))
            self._thread.join()
        self._lock.release()

    def _accept(self) -> None:
        while (listening := self._listening) is not None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # It was closed: another one may be the first.
            with connection:
                if ipc.is_own(connection):
                    self._heard.emit(_word(connection))


def _word(connection: ipc.Connection) -> str:
    """Answers what was said; who begins and does not end has said nothing."""
    connection.settimeout(_SENT_S)
    said = b""
    try:
        while len(said) < MOST_BYTES and (more := connection.recv(MOST_BYTES - len(said))):
            said += more
    except OSError:
        return ""
    return said.decode(errors="replace").strip()


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
