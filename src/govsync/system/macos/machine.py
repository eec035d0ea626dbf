"""What macOS tells of its machine: an id of its own, and since when it runs. Never run on a Mac."""

import ctypes
import struct
import time

from govsync.system.macos.libsystem import SYSTEM

_ID_BYTES = 16  # uuid_t, gethostuuid(3)
_PATIENCE = struct.pack("=qq", 1, 0)
"""How long it may look for the id: seconds and nanoseconds (struct timespec)."""


def own_id() -> bytes | None:
    """Answers the id that the machine has from its maker (gethostuuid(3)); None where there is none to be had."""
    told = ctypes.create_string_buffer(_ID_BYTES)
    if SYSTEM.gethostuuid(told, _PATIENCE) != 0 or not any(told.raw):
        return None
    return told.raw


def running_ns() -> int:
    """Answers how long ago the machine was started, sleep included: unlike elsewhere, CLOCK_MONOTONIC goes on in sleep
    (clock_gettime(3) of macOS, which has CLOCK_UPTIME_RAW for a clock that does not)."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)
