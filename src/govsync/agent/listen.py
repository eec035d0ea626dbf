"""Serves the control socket: a thread a connection, which asks the control thread for everything that is the engine's."""

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from govsync.agent import commands
from govsync.control.codec import (
    MOST_REQUEST_BYTES,
    Decoder,
    decode_request,
    encode_answer,
    encode_failure,
)
from govsync.control.messages import Stop
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import ipc
from govsync.system.failures import failure_of

if TYPE_CHECKING:
    from govsync.agent.main import Agent

MOST_CONNECTIONS = 32

_log = logging.getLogger(__name__)


class Listener:
    """The listening socket and its threads."""

    def __init__(self, path: Path, agent: "Agent") -> None:
        self._socket = ipc.listen(path)
        self._path = path
        self._agent = agent
        self._room = threading.Semaphore(MOST_CONNECTIONS)
        self._thread = threading.Thread(target=self._accept, name="listen", daemon=True)

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Ends; connections end with the process."""
        ipc.close(self._socket, self._path)
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # It was closed: the agent stops.
            if not ipc.is_own(connection) or not self._room.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), name="control", daemon=True).start()

    def _serve(self, connection: ipc.Connection) -> None:
        try:
            with connection:
                decoder = Decoder(MOST_REQUEST_BYTES)
                while data := connection.recv(65536):
                    body = decoder.feed(data)
                    while body is not None:
                        self._answer(connection, body)
                        body = decoder.feed(b"")
        except (OSError, Failure):
            return  # The other end has gone, or does not speak our language.
        finally:
            self._room.release()

    def _answer(self, connection: ipc.Connection, body: bytes) -> None:
        request = None
        try:
            request = decode_request(body)
            reply = encode_answer(commands.carry_out(self._agent, request))
        except Failure as failure:
            reply = encode_failure(failure)
        except OSError as error:
            reply = encode_failure(failure_of(error, type(request).__name__))
        except Exception:  # noqa: BLE001 - the edge: whatever it is, the person gets an answer
            _log.exception("a request ended by a bug")
            reply = encode_failure(Failure(Code.INTERNAL))
        connection.sendall(reply)
        if isinstance(request, Stop):
            self._agent.stop()  # Only now: the process may be gone before another word of it is read.
