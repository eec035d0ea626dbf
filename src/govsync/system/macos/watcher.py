"""Hints that something changed in the synced folder, as macOS tells them (FSEvents); on a Mac the only user of watchdog.

One stream hears of the whole tree, so no folder has a watch of its own and there is no limit to them. Of watchdog 7.1.0 this uses the
native part, which runs a stream. Its observer is left out: it looks at the disk for each event, invents one for each file of a renamed
folder, holds back half of a rename for the other, and ends where the root was renamed. A stream goes by the root's path, so it hears of
whatever comes to lie there.

Never run on a Mac (docs/testing.md).
"""

import fcntl
import logging
import os
import stat
import threading
from collections.abc import Sequence

from _watchdog_fsevents import Stream

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.hints import Hidden, Say
from govsync.system.macos.changes import Told

_LATENCY_S = 0.01
"""So long the system gathers what happens after a first event. To wait longer makes fewer events, and each save later."""
_F_GETPATH = 50
"""<sys/fcntl.h>; Python has it on macOS alone."""
_MOST_PATH_BYTES = 1024
"""MAXPATHLEN, which F_GETPATH wants room for."""

_log = logging.getLogger(__name__)


class Watcher:
    """The watch over one folder and all below it; hints are said from a thread of its own."""

    def __init__(self, root: str, hidden: Hidden, say: Say) -> None:
        self._root = root
        self._hidden = hidden
        self._say = say
        self._reader: _Reader | None = None

    def start(self) -> None:
        """Begins to watch; on return everything is watched.

        Raises Failure(folder_missing), Failure(watch_limit) where the system gives no stream: then only scans find changes.
        """
        try:
            root = path_in_events(self._root)
        except OSError as error:
            raise Failure(Code.FOLDER_MISSING) from error
        reader = _Reader(root, Told(root, self._hidden, is_folder), self._say)
        reader.start()
        reader.begun.wait()
        if reader.refused is not None:
            reader.join()
            raise Failure(Code.WATCH_LIMIT, what=str(reader.refused)) from reader.refused
        self._reader = reader

    def stop(self) -> None:
        """Ends the watch; nothing is said after it."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.stop()

    @property
    def healthy(self) -> bool:
        """Says whether events are being heard (R41)."""
        return self._reader is not None and self._reader.hears


class _Reader(threading.Thread):
    """The thread whose run loop a stream is on; hints of one call are said once each."""

    def __init__(self, root: str, told: Told, say: Say) -> None:
        super().__init__(name="watch", daemon=True)
        self._stream = Stream([root], _LATENCY_S)
        self._told = told
        self._say = say
        self._stopped = False
        self.hears = False
        self.begun = threading.Event()
        """Everything is watched, or `refused` says why not."""
        self.refused: Exception | None = None

    def stop(self) -> None:
        """Ends it; on return nothing more is said."""
        self._stopped = True
        self._stream.stop()
        self.join()

    def run(self) -> None:
        """Hears until it is stopped; whatever else ends it is said. The stream ends by itself where `_hear` raises, which goes
        to the hook for exceptions that nobody can catch."""
        try:
            self._stream.run(self._hear, self._begin)
        except (RuntimeError, SystemError) as error:  # FSEventStreamCreate, FSEventStreamStart.
            self.refused = error
        finally:
            heard, self.hears = self.hears, False
            self.begun.set()
            if heard and not self._stopped:
                _log.warning("the folder is not watched any more")
                self._say(self._told.ended())

    def _begin(self) -> None:
        """Called by the stream when it has started: what happens from now on is told."""
        self.hears = True
        self.begun.set()

    def _hear(self, paths: Sequence[str], inodes: object, flags: Sequence[int], ids: object) -> None:
        del inodes, ids
        for hint in self._told.hints(paths, flags):
            self._say(hint)


def path_in_events(folder: str) -> str:
    """Answers the path by which events name a folder: without links, and with each letter as the disk has it (F_GETPATH of
    fcntl(2)). Raises OSError where no folder lies there."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = fcntl.fcntl(opened, _F_GETPATH, bytes(_MOST_PATH_BYTES))
    finally:
        os.close(opened)
    return os.fsdecode(found.rstrip(b"\0"))


def is_folder(path: str) -> bool:
    """Says whether a folder lies at a path, and may be looked at."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False  # It is gone, or its parent's business: who holds it was told of it.
