"""Stands for the native part of watchdog on macOS (`_watchdog_fsevents` of 7.1.0), by what its C source says: `run` keeps the thread
that calls it, calls back with four lists, and returns when it is stopped or when what it calls back raises.

`sys.modules` has it for whoever imports the watcher of macOS elsewhere.
"""

import os
import queue
import random
import sys
from collections import Counter
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent

from govsync.system.hints import Hidden, Lost
from govsync.system.posix import watcher as posix

sys.modules.setdefault("_watchdog_fsevents", sys.modules[__name__])

# FSEvents.h, written out once more.
MUST_SCAN_SUBDIRS, USER_DROPPED, KERNEL_DROPPED, IDS_WRAPPED, HISTORY_DONE = 0x01, 0x02, 0x04, 0x08, 0x10
ROOT_CHANGED, MOUNT, UNMOUNT = 0x20, 0x40, 0x80
CREATED, REMOVED, INODE_META_MOD, RENAMED, MODIFIED = 0x100, 0x200, 0x400, 0x800, 0x1000
FINDER_INFO_MOD, CHANGE_OWNER, XATTR_MOD = 0x2000, 0x4000, 0x8000
IS_FILE, IS_DIR, IS_SYMLINK, OWN_EVENT = 0x10000, 0x20000, 0x40000, 0x80000
IS_HARDLINK, IS_LAST_HARDLINK, CLONED = 0x100000, 0x200000, 0x400000
F_GETPATH, MAXPATHLEN = 50, 1024  # <sys/fcntl.h>, <sys/param.h>

Event = tuple[str, int]
Callback = Callable[[list[str], list[int | None], list[int], list[int]], object]


class Stream:
    """A stream whose events the test says."""

    def __init__(self, paths: list[str], latency: float = 0.01) -> None:
        assert type(paths) is list
        assert latency >= 0
        self.paths = paths
        self.raised: list[Exception] = []
        """What the C source has the hook for unraisable exceptions say."""
        self._told: queue.SimpleQueue[tuple[Event, ...] | None] = queue.SimpleQueue()

    def tell(self, *events: Event) -> None:
        """Tells of events at once."""
        self._told.put(events)

    def run(self, callback: Callback, started: Callable[[], object] | None = None) -> None:
        if started is not None:
            started()
        while (events := self._told.get()) is not None and self._call(callback, events):
            pass

    def stop(self) -> None:
        self._told.put(None)

    def _call(self, callback: Callback, events: tuple[Event, ...]) -> bool:
        paths, flags = (list(each) for each in zip(*events, strict=True))
        try:
            callback(paths, [None] * len(events), flags, list(range(len(events))))
        except Exception as error:  # noqa: BLE001 - whatever it is, the stream ends
            self.raised.append(error)
            return False
        return True


class KernelStream(Stream):
    """Tells what happens on this machine, as macOS would: whole paths, all that happened to one gathered, in any order."""

    def run(self, callback: Callback, started: Callable[[], object] | None = None) -> None:
        self._reader = _Reader(self.paths[0], lambda events: self._call(callback, events))
        self._reader.watches.add_root()
        assert started is not None
        started()
        self._reader.run()

    def stop(self) -> None:
        self._reader.stop()


def on(monkeypatch: pytest.MonkeyPatch, watcher: ModuleType) -> None:
    """Has the watcher of macOS, a module, hear of what happens on this machine."""
    monkeypatch.setattr(watcher, "Stream", KernelStream)
    monkeypatch.setattr(watcher, "fcntl", SimpleNamespace(fcntl=_path_of))


def _path_of(descriptor: int, command: int, room: bytes) -> bytes:
    """Answers as fcntl(2) of macOS."""
    assert (command, room) == (F_GETPATH, bytes(MAXPATHLEN))
    return os.fsencode(os.readlink(f"/proc/self/fd/{descriptor}")).ljust(MAXPATHLEN, b"\0")


_NOBODY = Hidden("\0", "\0", "\0")
"""A hidden folder that nothing lies in."""
_FLAGS = {
    InotifyConstants.IN_CREATE: CREATED,
    InotifyConstants.IN_DELETE: REMOVED,
    InotifyConstants.IN_MOVED_FROM: RENAMED,
    InotifyConstants.IN_MOVED_TO: RENAMED,
    InotifyConstants.IN_MODIFY: MODIFIED,
    InotifyConstants.IN_CLOSE_WRITE: MODIFIED,
    InotifyConstants.IN_ATTRIB: INODE_META_MOD,
}


class _Watches(posix._Watches):
    """The watches of Linux, and which flags macOS would have told of which path."""

    def __init__(self, reader: "_Reader", root: str) -> None:
        super().__init__(reader, root, _NOBODY)
        self.told: Counter[str] = Counter()

    def on_event(self, event: InotifyEvent) -> None:
        path = self._path.get(event.wd)
        if path is not None and event.name:
            whole = self._full((*path, os.fsdecode(event.name)))
            kind = IS_DIR if event.is_directory else IS_FILE
            for bit, flag in _FLAGS.items():
                if event.mask & bit:
                    self.told[whole] |= flag | kind
            if event.is_directory and event.is_create:
                self._tell_of_what_was_made_in(whole)
        super().on_event(event)

    def _tell_of_what_was_made_in(self, folder: str) -> None:
        """Tells what macOS tells and Linux does not: what was made in a new folder before it was watched."""
        for at, folders, files in os.walk(folder):
            for names, kind in ((folders, IS_DIR), (files, IS_FILE)):
                for name in names:
                    self.told[os.path.join(at, name)] |= CREATED | kind


class _Reader(posix._Reader):
    """The reader of Linux, in the thread that runs it."""

    watches: _Watches

    def __init__(self, root: str, deliver: Callable[[tuple[Event, ...]], object]) -> None:
        super().__init__(root, _NOBODY, lambda _: None)
        self.watches = _Watches(self, root)
        self._root = root
        self._deliver = deliver
        self._chance = random.Random(0)

    def run(self) -> None:
        while self.should_keep_running():
            for event in self.read_events():
                self.handle_event(event)
            if any(isinstance(said, Lost) for said in self.watches.take()):
                self.watches.told[self._root] |= MUST_SCAN_SUBDIRS | KERNEL_DROPPED
            events = list(self.watches.told.items())
            self.watches.told.clear()
            self._chance.shuffle(events)
            if events:
                self._deliver(tuple(events))
