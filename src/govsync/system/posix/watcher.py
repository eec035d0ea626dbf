"""Hints that something changed in the synced folder, as Linux tells them: the only user of watchdog, and of the kernel's events.

Of watchdog 7.1.0 this uses the reader of inotify and its callback
protocol. Its observer is left out: on an overflow it removes and adds every watch again, which overflows the queue
again and never ends above some thousand folders; it holds back what follows a file moved away for half a second; and
it invents an event per file of a renamed folder. So which folder a watch stands for is remembered here.

What this desk has placed itself is not said: the kernel tells the two halves of a rename with one cookie, so a file that
comes from staging is known for ours, and whoever placed it notes it with the signature that it had then (R16). Whatever a
person does to it afterwards is an event of its own.

Refuses to know the file system protocol: events come by path, and are not to be trusted further than a look.
"""

import errno
import os
import time
from collections.abc import Iterator

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.system import linux
from govsync.system.hints import Cookie, Hidden, Hint, Lost, Say

_Path = tuple[str, ...]

_MASK = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_ONLYDIR
)
_PLACING = Mask(
    InotifyConstants.IN_MOVED_FROM | InotifyConstants.IN_DONT_FOLLOW | InotifyConstants.IN_ONLYDIR
)
_OF_THE_READER = InotifyConstants.IN_Q_OVERFLOW | InotifyConstants.IN_IGNORED
"""What changes what the reader knows of its watches."""
_SELF = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_UNMOUNT
_ID = CallbackId(0)
_LINKS_OF_A_LEAF = 2
"""How many links a folder has in which there is no other: its name, and itself."""
_OURS_S = 0.005
"""How long it is waited for more where all that was read is this desk's own doing: a batch makes two events for each file,
and to be woken for each costs more than to handle it. A person's event is said so much later at most, and only meanwhile."""


class Watcher:
    """The watch over one folder and all below it; hints are said from a thread of its own."""

    def __init__(self, root: str, hidden: Hidden, say: Say) -> None:
        self._root = root
        self._hidden = hidden
        self._say = say
        self._reader: _Reader | None = None

    def start(self) -> None:
        """Begins to watch; on return every folder is watched.

        Raises Failure(watch_limit) where the kernel gives no more watches at all, Failure(folder_missing): then only
        scans find changes.
        """
        reader = _opened_reader(self._root, self._hidden, self._say)
        try:
            reader.watches.add_root()
        except BaseException:
            reader.abandon()
            raise
        reader.start()
        self._reader = reader

    def stop(self) -> None:
        """Ends the watch; nothing is said after it."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.stop()
            reader.join()

    @property
    def healthy(self) -> bool:
        """Says whether every folder is watched and events are being read (R41)."""
        return self._reader is not None and self._reader.reads and self._reader.watches.whole


def _opened_reader(root: str, hidden: Hidden, say: Say) -> "_Reader":
    try:
        return _Reader(root, hidden, say)
    except OSError as error:
        raise Failure(Code.WATCH_LIMIT, errno=error.errno) from error


class _Reader(InotifyFD):
    """The thread that reads events; hints of one read are said once each."""

    def __init__(self, root: str, hidden: Hidden, say: Say) -> None:
        super().__init__()
        self.watches = _Watches(self, root, hidden)
        self._say = say
        self.reads = True

    def run(self) -> None:
        """Reads until it is stopped; whatever else ends it is said, and goes on to the thread's exception hook."""
        try:
            while self.should_keep_running():
                for event in self.read_events():
                    self.handle_event(event)
                said = self.watches.take()
                for hint in said:
                    self._say(hint)
                if not said:
                    time.sleep(_OURS_S)
        finally:
            self.reads = False  # Before it is said: whoever is told asks whether the folder is watched.
            if self.should_keep_running():
                self._say(Lost(Code.UNREADABLE))

    def handle_event(self, event: InotifyEvent) -> None:
        """Handles an event; nearly all have one answer, and no lock has to be taken for it."""
        if event.mask & _OF_THE_READER:
            super().handle_event(event)
        else:
            self.watches.on_event(event)

    def abandon(self) -> None:
        """Closes what was opened for a reader that never began to read."""
        self._is_reading = False
        self.close()

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """Watches a folder, also one that is watched already, for which the base class writes a warning."""
        with self._lock:
            watch = self._get_or_create_watch(path, mask)
            if watch.wd < 0:  # a folder that we may not read: the base class counts it among the watches
                del self._watch_for_wd[watch.wd]
                raise PermissionError(errno.EACCES, "inotify_add_watch")
            watch.callbacks[id_] = callback
            return watch.wd


class _Watches(WatchCallback):
    """Which folder each watch stands for.

    Everything here runs in the reader's thread, or before it begins. A folder is always watched before it is listed, so
    what appears in it is either seen in the listing or said by an event.
    """

    def __init__(self, reader: _Reader, root: str, hidden: Hidden) -> None:
        self._reader = reader
        self._root = root
        self._hidden: _Path = (hidden.name,)
        self._staging: _Path = (hidden.name, hidden.staging)
        self._cookie_prefix = hidden.cookie_prefix
        self._dev = -1
        self._counted = False
        """Whether the number of a folder's links tells that no other is in it."""
        self._path: dict[WatchDescriptor, _Path] = {}
        self._watch: dict[_Path, WatchDescriptor] = {}
        self._moving: tuple[int, _Path] | None = None
        self._placed: int | None = None
        """The cookie of the last file that left staging: one step is done at a time, so no other can come between the
        two halves of its rename."""
        self._missed: set[_Path] = set()
        """Folders that were not there any more when they should have been watched."""
        self._doubted: list[_Path] = []
        """Paths whose watch turned out to stand for another."""
        self._overflowed = False
        self._said: dict[Hint | Cookie | Lost, None] = {}
        self.whole = True

    def __repr__(self) -> str:
        return f"<{len(self._path)} watches>"

    def add_root(self) -> None:
        """Watches every folder."""
        try:
            root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise Failure(Code.FOLDER_MISSING) from error
        try:
            self._dev = os.fstat(root).st_dev
            self._counted = linux.counts_folders(root)
        finally:
            os.close(root)
        for _ in self._add(()):
            pass
        if () not in self._watch:
            raise Failure(Code.FOLDER_MISSING if self.whole else Code.WATCH_LIMIT)

    def take(self) -> tuple[Hint | Cookie | Lost, ...]:
        """Answers what was said since the last time; after an overflow every folder is watched anew before.

        Adding a watch again makes no event and answers the same number, so it cannot overflow the queue, and puts
        right what lost renames have made wrong.
        """
        if self._overflowed:
            self._overflowed = False
            self._moving = None
            self._path, self._watch = {}, {}
            self._missed.clear()
            self._doubted.clear()
            for _ in self._add(()):
                pass
        said, self._said = tuple(self._said), {}
        return said

    def on_event(self, event: InotifyEvent) -> None:
        """Says a hint for an event, and keeps the table of folders right."""
        path = self._path.get(event.wd)
        if path is None:
            return
        if event.mask & _SELF:
            if path == ():
                self._tell(Lost(Code.FOLDER_MISSING))
            return
        if not event.name:
            return
        name = os.fsdecode(event.name)
        if path == self._staging:
            self._placed = event.cookie
            return
        if path == self._hidden:
            if name.startswith(self._cookie_prefix) and event.is_create:
                self._tell(Cookie(name.removeprefix(self._cookie_prefix)))
            elif (*path, name) == self._staging and (event.is_create or event.is_moved_to):
                self._add_one(self._staging)
            return
        if (*path, name) == self._hidden:
            if event.is_create or event.is_moved_to:
                self._add_one(self._hidden)
                self._add_one(self._staging)
            return
        if event.is_moved_to and event.cookie == self._placed and not event.is_directory:
            return
        self._tell(Hint(path, name))
        if event.is_directory:
            self._folder_event(event, (*path, name))

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """Forgets a watch that the kernel took away with its folder."""
        path = self._path.pop(wd, None)
        if path is not None and self._watch.get(path) == wd:
            self._forget(path)

    def on_queue_overflow(self) -> None:
        """Says that events were lost; the folders are looked through when what was read has been handled."""
        self._overflowed = True
        self._tell(Lost())

    def _folder_event(self, event: InotifyEvent, path: _Path) -> None:
        if event.is_moved_from:
            self._leave()
            self._moving = event.cookie, path
        elif event.is_moved_to and self._moving is not None and self._moving[0] == event.cookie:
            source, self._moving = self._moving[1], None
            self._rename(source, path)
            self._tell(Hint(path, None))
            if path not in self._watch or any(missed[: len(path)] == path for missed in self._missed):
                self._follow(path)
        elif event.is_moved_to or (event.is_create and path not in self._watch):
            self._leave()
            self._follow(path)
        elif event.is_delete:
            # A program may have it open still, and its watch lasts as long; what is made in its place is another folder.
            self._forget(path)

    def _follow(self, path: _Path) -> None:
        """Watches a folder that has appeared and all below it, and has them looked at.

        By now another folder may lie there than the event was about. Then a watch that stood for another path was found
        under this one, and what lies at that other path is watched anew, once: a folder that is mounted in two places
        has one watch.
        """
        self._doubted.append(path)
        followed: set[_Path] = set()
        while self._doubted:
            doubted = self._doubted.pop()
            if doubted not in followed:
                followed.add(doubted)
                for added in self._add(doubted):
                    self._tell(Hint(added, None))

    def _leave(self) -> None:
        """Takes the watches off a folder that was moved out of the tree: its second half never came."""
        if self._moving is None:
            return
        gone, self._moving = self._moving[1], None
        watches = [(self._watch.pop(path), path) for path in self._below(gone)]
        self._reader.remove_callbacks([(wd, _ID) for wd, _ in watches])
        for wd, _ in watches:
            self._path.pop(wd, None)

    def _forget(self, path: _Path) -> None:
        self._missed.discard(path)
        wd = self._watch.pop(path, None)
        if wd is not None:
            self._path.pop(wd, None)

    def _rename(self, source: _Path, target: _Path) -> None:
        if source in self._watch and target in self._watch:
            # Two folders are being exchanged, or an empty one replaced: which watch stands for what is found out anew.
            self.on_queue_overflow()
        moved = [(path, self._watch.pop(path)) for path in self._below(source)]
        for path, wd in moved:
            renamed = (*target, *path[len(source) :])
            self._path[wd] = renamed
            self._watch[renamed] = wd
        # What was missed goes along: it is watched where it is found, perhaps only after the next move.
        below = {missed for missed in self._missed if missed[: len(source)] == source}
        self._missed -= below
        self._missed |= {(*target, *missed[len(source) :]) for missed in below}

    def _below(self, path: _Path) -> list[_Path]:
        return [known for known in self._watch if known[: len(path)] == path]

    def _add(self, start: _Path) -> Iterator[_Path]:
        """Watches the folder at `start` and all below it on the same disk; yields each."""
        pending = [start]
        while pending:
            path = pending.pop()
            if not self._add_one(path):
                continue
            yield path
            if path == self._hidden:
                self._add_one(self._staging)
            else:
                pending.extend((*path, name) for name in self._subfolders(path))

    def _add_one(self, path: _Path) -> bool:
        try:
            mask = _PLACING if path == self._staging else _MASK
            wd = self._reader.add_callback(os.fsencode(self._full(path)), mask, self, _ID)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.ENOMEM):
                if self.whole:
                    self._tell(Lost(Code.WATCH_LIMIT))
                self.whole = False
            # Else it may not be read, and the look at its parent tells; or it is gone already, and if it was moved, the
            # event that says so is still to come.
            self._missed.add(path)
            return False
        self._missed.discard(path)
        before = self._path.get(wd, path)
        if before != path and self._watch.get(before) == wd:
            del self._watch[before]
            self._doubted.append(before)
        self._path[wd] = path
        self._watch[path] = wd
        return True

    def _subfolders(self, path: _Path) -> list[str]:
        try:
            if self._counted and self._holds_no_folder(path):
                return []
            with os.scandir(self._full(path)) as entries:
                return [entry.name for entry in entries if self._is_ours(path, entry)]
        except OSError:
            self._missed.add(path)
            return []  # it is gone, or may not be read: the look at it tells

    def _holds_no_folder(self, path: _Path) -> bool:
        """Says whether a folder need not be listed, however many files are in it: most hold no other folder."""
        found = os.lstat(self._full(path))
        return found.st_nlink == _LINKS_OF_A_LEAF and found.st_dev == self._dev

    def _is_ours(self, path: _Path, entry: "os.DirEntry[str]") -> bool:
        try:
            return (
                entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == self._dev
            )
        except OSError:
            # It is gone since it was listed, or all of `path` is: wherever that was moved it is looked through again.
            self._missed.add(path)
            return False

    def _full(self, path: _Path) -> str:
        return os.path.join(self._root, *path)

    def _tell(self, hint: Hint | Cookie | Lost) -> None:
        # Once is enough: nothing of what was read is said before all of it has happened.
        self._said[hint] = None
