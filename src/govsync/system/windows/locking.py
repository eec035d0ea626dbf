"""A lock by opening a file so that nobody else can open it, which ends with the handle, however its process ends.

Meanwhile the file cannot be removed either, and no folder above it renamed.
"""

import errno
import msvcrt
import os
import sys
from pathlib import Path

from govsync.system.windows import nt
from govsync.system.windows.paths import extended

assert sys.platform == "win32"


def opened_locked(path: Path) -> int:
    """Opens a file, which is made where it is missing, for this process alone; answers its descriptor.

    Raises BlockingIOError while anybody else holds it, and OSError."""
    folder = nt.open_path(extended(path.parent), nt.TRAVERSE, nt.FOLDER)
    try:
        handle = nt.open_at(
            folder,
            path.name,
            nt.READ | nt.WRITE,
            nt.NO_FOLDER | nt.NO_FOLLOW,
            share=nt.SHARE_NONE,
            how=nt.OPEN_OR_CREATE,
        )
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise BlockingIOError(errno.EAGAIN, "it is held") from error
        raise
    finally:
        nt.close(folder)
    return msvcrt.open_osfhandle(handle, os.O_RDWR | os.O_NOINHERIT)
