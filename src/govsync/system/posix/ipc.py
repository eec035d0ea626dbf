"""The socket between a person's programs and the agent: a Unix socket, with the same person at both ends.

Either end asks the kernel who the other is, so it does not matter who may write into the folder that the socket lies in:
a stranger's socket there is never told anything. A socket's address holds 107 bytes and a home's path may be longer, so
sockets are reached through an open descriptor of their folder.
"""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.durable import private_folder
from govsync.system.failures import attempt

Connection = socket.socket
"""One end of a connection: `recv`, `sendall` and `close` are all that is asked of it."""
Listening = socket.socket
"""Where connections come in: `accept` is all that is asked of it."""

_CREDENTIALS = struct.Struct("3i")
_WAITING = 32


def listen(path: Path) -> Listening:
    """Listens at a path; the caller holds the home's lock, so a socket that is left there is nobody's."""
    private_folder(path.parent)
    with attempt("listen"):
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _address(path) as address:
                listening.bind(address)
            path.chmod(0o600)  # Nobody can connect before the next line.
            listening.listen(_WAITING)
        except OSError:
            listening.close()
            raise
        return listening


def close(listening: Listening, path: Path) -> None:
    """Ends the listening; who waits in `accept` is woken by an OSError."""
    path.unlink(missing_ok=True)
    listening.shutdown(socket.SHUT_RDWR)  # Closing alone wakes nobody.
    listening.close()


def is_own(connection: Connection) -> bool:
    """Says whether the other end is a process of the same person (SO_PEERCRED)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return int(uid) == os.getuid()


def connect(path: Path, timeout_s: float | None) -> Connection:
    """Connects to the person's agent; raises Failure(agent_not_running), or Failure(timed_out) where it is there and
    has no time."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        with _address(path) as address:
            connection.connect(address)
        own = is_own(connection)
    except (BlockingIOError, TimeoutError) as error:
        connection.close()
        raise Failure(Code.TIMED_OUT) from error
    except OSError as error:
        connection.close()
        raise Failure(Code.AGENT_NOT_RUNNING) from error
    if not own:
        connection.close()
        raise Failure(Code.AGENT_NOT_RUNNING)
    return connection


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """Answers a short address for a path of any length."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
