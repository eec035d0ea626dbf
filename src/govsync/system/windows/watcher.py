"""Hints that something changed in the synced folder, as Windows tells them (ReadDirectoryChangesW).

One handle hears of the whole tree, so no folder has a watch of its own and there is no limit to them. What was not fetched in time
is lost as a whole: the answer is empty then, or says ERROR_NOTIFY_ENUM_DIR. watchdog's emitter is not used here: 7.1.0 tells
nothing until the tree is quiet, and takes a lost answer for the end of the root
(https://github.com/gorakhargosh/watchdog/issues/1019).

The root is opened so that nobody can rename or remove it meanwhile: Explorer says that the folder is open in another program. Where
the handle is lost all the same (a disk that was pulled out) that is no word about what lies at the path: who proves the root
looks there.
"""

import ctypes
import logging
import sys
import threading
from ctypes import wintypes

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system.hints import Cookie, Hidden, Hint, Lost, Say
from govsync.system.windows import kernel
from govsync.system.windows.changes import Told
from govsync.system.windows.kernel import Event, UnderWay
from govsync.system.windows.paths import extended

assert sys.platform == "win32"

_LIST = 0x1
_SHARED, _SHARED_ALL = 0x3, 0x7
"""Others may read and write below; with the last bit they may also rename and remove the root."""
_FLAGS = 0x0200_0000 | kernel.FILE_FLAG_OVERLAPPED
"""FILE_FLAG_BACKUP_SEMANTICS: only so is a folder opened."""
_FILTER = 0x1 | 0x2 | 0x4 | 0x8 | 0x10
"""Names of files, names of folders, attributes, sizes, times of the last write."""
_ROOM_BYTES = 1 << 16
"""The most that network folders take."""

_changes = kernel.function(
    kernel.KERNEL, "ReadDirectoryChangesW", wintypes.BOOL, wintypes.HANDLE, wintypes.LPVOID, wintypes.DWORD, wintypes.BOOL,
    wintypes.DWORD, wintypes.LPDWORD, ctypes.POINTER(kernel.Overlapped), wintypes.LPVOID,
)  # fmt: skip

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

        Raises Failure(folder_missing), Failure(watch_limit) where this disk tells of no changes: then only scans find them.
        """
        try:
            root = kernel.long_path(extended(self._root))
            handle = _opened(root)
        except OSError as error:
            raise Failure(Code.FOLDER_MISSING) from error
        told = Told(root, self._hidden, kernel.is_folder, kernel.long_path)
        if not told.has_root():
            kernel.close_handle(handle)
            raise Failure(Code.FOLDER_MISSING)
        reader = _Reader(handle, told, self._say)
        reader.start()
        reader.begun.wait()
        if reader.refused is not None:
            reader.stop()
            raise Failure(Code.WATCH_LIMIT, errno=reader.refused.winerror) from reader.refused
        self._reader = reader

    def stop(self) -> None:
        """Ends the watch; nothing is said after it."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.stop()

    @property
    def healthy(self) -> bool:
        """Says whether events are being read (R41)."""
        return self._reader is not None and self._reader.reads


def _opened(root: str) -> int:
    """Opens the root so that it stays where it is; where a program holds it in a way that forbids that, as it is."""
    try:
        return kernel.open_handle(root, _LIST, _SHARED, _FLAGS)
    except OSError as error:
        if error.winerror != kernel.IN_USE:
            raise
        return kernel.open_handle(root, _LIST, _SHARED_ALL, _FLAGS)


class _Reader(threading.Thread):
    """The thread that fetches what happened; hints of one answer are said once each."""

    def __init__(self, folder: int, told: Told, say: Say) -> None:
        super().__init__(name="watch", daemon=True)
        self._folder = folder
        self._told = told
        self._say = say
        self._ending = Event()
        self._room = ctypes.create_string_buffer(_ROOM_BYTES)
        self.begun = threading.Event()
        """Everything is watched, or `refused` says why not."""
        self.refused: OSError | None = None
        self.reads = True

    def stop(self) -> None:
        """Ends it; on return nothing more is said."""
        self._ending.happen()
        self.join()
        self._ending.close()

    def run(self) -> None:
        """Reads until it is stopped; whatever else ends it is said."""
        try:
            with UnderWay(self._folder) as under_way:
                try:
                    self._fetch(under_way)
                except OSError as error:
                    self.refused = error
                    return
                finally:
                    self.begun.set()
                self._read(under_way)
        finally:
            kernel.close_handle(self._folder)

    def _fetch(self, under_way: UnderWay) -> None:
        under_way.begin(
            lambda place: _changes(self._folder, self._room, _ROOM_BYTES, True, _FILTER, None, place, None)
        )

    def _read(self, under_way: UnderWay) -> None:
        stopped = False
        try:
            while kernel.first_of((self._ending, under_way.ended)) != 0:
                hints = self._hints(under_way)
                self._fetch(under_way)  # First, so that nothing is missed while hints are said.
                for hint in hints:
                    self._say(hint)
            stopped = True
        except OSError as error:
            _log.warning("the folder is not watched any more: %s", error.winerror)
        finally:
            self.reads = False  # Before it is said: whoever is told asks whether the folder is watched.
            if not stopped:
                self._say(Lost(Code.UNREADABLE if self._told.has_root() else Code.FOLDER_MISSING))

    def _hints(self, under_way: UnderWay) -> tuple[Hint | Cookie | Lost, ...]:
        try:
            count = under_way.end()
        except OSError as error:
            if error.winerror != kernel.OVERFLOWED:
                raise
            count = 0
        return self._told.hints(self._room.raw[:count]) if count else (Lost(),)
