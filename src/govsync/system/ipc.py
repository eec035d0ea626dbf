"""The socket between a person's programs and the agent: a Unix socket that only this person can reach."""

import os
import socket
import struct
from pathlib import Path

from govsync.model.codes import Code
from govsync.model.problems import Failure

_CREDENTIALS = struct.Struct("3i")


def listen(path: Path) -> socket.socket:
    """Listens at a path; the caller holds the home's lock, so a socket that is left there is nobody's."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listening.bind(os.fspath(path))
    finally:
        os.umask(mask)
    listening.listen(32)
    return listening


def is_own(connection: socket.socket) -> bool:
    """Says whether the other end is a process of the same person (SO_PEERCRED)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return int(uid) == os.getuid()


def connect(path: Path, timeout_s: float | None) -> socket.socket:
    """Connects to the agent; raises Failure(agent_not_running)."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(os.fspath(path))
    except OSError as error:
        connection.close()
        raise Failure(Code.AGENT_NOT_RUNNING) from error
    return connection
