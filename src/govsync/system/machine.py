"""What tells one machine from another, and what people call it."""

import hashlib
import socket
from pathlib import Path


def machine_id() -> str:
    """Answers a hash that is always the same on this machine, and tells nothing about it."""
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        try:
            return hashlib.sha256(b"govsync machine\0" + path.read_bytes().strip()).hexdigest()[:32]
        except OSError:
            continue
    return hashlib.sha256(b"govsync machine\0" + socket.gethostname().encode()).hexdigest()[:32]


def device_name() -> str:
    """Answers what people call this machine."""
    return socket.gethostname().split(".")[0] or "desk"
