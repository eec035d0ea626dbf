"""The machine: what tells it from others, what people call it, since when it runs, and how much it allows."""

import getpass
import hashlib
import os
import platform
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path

_SOURCES: tuple[Path, ...] = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
if sys.platform == "win32":
    from govsync.system.windows import machine as own

    _SOURCES = ()  # There a path without a drive is one of whichever drive the process was started on.
elif sys.platform == "darwin":
    from govsync.system.macos import machine as own

    _SOURCES = ()
_ID_LETTERS = 32
_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")


def machine_id(sources: Iterable[Path] = _SOURCES) -> str:
    """Answers a hash that is always the same on this machine and tells nothing about it (machine-id(5) asks that the
    id itself never leave it); where there is no id, of its name."""
    for source in sources:
        try:
            found = source.read_bytes().strip()
        except OSError:
            continue  # Another source, or the name, does as well.
        if len(found) == _ID_LETTERS:  # Not empty or "uninitialized", as images of machines have it.
            return _hashed(found)
    if sys.platform != "linux" and (known := own.own_id()):
        return _hashed(known)
    return _hashed(socket.gethostname().encode())


def device_name() -> str:
    """Answers what people call this machine."""
    return socket.gethostname().split(".")[0] or "desk"


def user_name() -> str:
    """Answers the name of the person's account on this machine, whatever the environment says where the system knows it."""
    try:
        import pwd
    except ImportError:  # No such list of accounts on Windows.
        return getpass.getuser()
    return pwd.getpwuid(os.getuid()).pw_name


def described() -> str:
    """Answers interpreter and operating system, in one line for the log."""
    return f"Python {platform.python_version()}, {platform.platform()}"


def system() -> str:
    """Answers which operating system this is, and of which version."""
    return platform.platform()


def running_ns() -> int:
    """Answers how long ago the machine was started, sleep included."""
    if sys.platform == "linux":
        since_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    else:
        since_ns = own.running_ns()
    return since_ns


def watch_limit() -> int:
    """Answers how many folders one person's programs can have watched (inotify(7)); 0 where that is not known."""
    return int(_WATCHES.read_text()) if _WATCHES.exists() else 0


def _hashed(known: bytes) -> str:
    return hashlib.sha256(b"govsync machine\0" + known).hexdigest()[:32]
