"""A thread that takes connections for a test's server, and ends with it."""

import socket
import threading
from collections.abc import Callable


class Accepting:
    """Has each connection taken by `take`, one after another, until it is closed."""

    def __init__(self, listening: socket.socket, take: Callable[[socket.socket], None]) -> None:
        self._listening = listening
        self._take = take
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends it. A thread that goes on waiting at a closed descriptor takes what another socket of that number gets, once a
        signal has the system begin the wait again."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # It was closed.
            self._take(connection)
