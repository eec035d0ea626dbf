"""The socket between a person's programs and the agent: a Unix socket, with the same person at both ends.

Either end asks the kernel who the other is, so it does not matter who may write into the folder that the socket lies in:
a stranger's socket there is never told anything. A socket's address holds about a hundred bytes and a home's path may be
longer, so each kernel has a short one of its own for it.
"""

import errno
import os
import socket
from pathlib import Path

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.durable import private_folder
from govsync.system.failures import attempt
from govsync.system.posix.kernel import kernel

Connection = socket.socket
"""One end of a connection: `recv`, `sendall` and `close` are all that is asked of it."""
Listening = socket.socket
"""Where connections come in: `accept` is all that is asked of it."""

_WAITING = 32


def listen(path: Path) -> Listening:
    """Listens at a path; the caller holds the home's lock, so a socket that is left there is nobody's."""
    private_folder(path.parent)
    with attempt("listen"):
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with kernel.socket_address(path) as address:
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
    try:
        listening.shutdown(socket.SHUT_RDWR)  # On Linux closing alone wakes nobody.
    except OSError as error:
        # macOS shuts nothing down that only listens: there closing wakes.
        if error.errno != errno.ENOTCONN:
            raise
    finally:
        listening.close()


def is_own(connection: Connection) -> bool:
    """Says whether the other end is a process of the same person."""
    return kernel.peer(connection) == os.getuid()


def connect(path: Path, timeout_s: float | None) -> Connection:
    """Connects to the person's agent; raises Failure(agent_not_running), or Failure(timed_out) where it is there and
    has no time."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        with kernel.socket_address(path) as address:
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
