"""What the kernel tells about a synced folder, as `system.watcher` passes it on: hints that may be late, lost and wrong.

One watch a folder, set when the folder is first heard of, so what happens in a new folder before that goes unsaid; a
watch reports under the path that its folder had when the watcher last learned of it; the renaming of the root makes no
event (F7). Refuses to know the engine's state: it only makes `events`.
"""

from collections import deque
from collections.abc import Iterator

from govsync.engine import events
from govsync.local.steps import STAGING, STATE
from govsync.model.problems import Failure
from govsync.system.fs import Shape
from tests.simulation.medium import Inode, Medium

_Path = tuple[str, ...]


class SimWatcher:
    """The watch over one folder and all below it."""

    def __init__(self, medium: Medium, root: Inode, queue_length: int) -> None:
        self._medium = medium
        self._queue_length = queue_length
        self._paths: dict[int, _Path] = {}
        self._inodes: dict[_Path, Inode] = {}
        self._queue: deque[tuple[_Path, str, str, Inode | None]] = deque()
        self._moving: _Path | None = None
        self._overflowed = False
        self._placing = False
        self.root = root
        for _ in self._watch((), root):
            pass
        medium.listeners.append(self._hear)

    def stop(self) -> None:
        """Ends the watch."""
        self._medium.listeners.remove(self._hear)

    @property
    def waiting(self) -> int:
        """Says how many events have not been passed on."""
        return len(self._queue) + self._overflowed

    def lose(self) -> None:
        """Loses the oldest event, as if it had never been said."""
        if self._queue:
            self._queue.popleft()

    def overflow(self) -> None:
        """Loses everything, and knows it."""
        self._queue.clear()
        self._overflowed = True

    def deliver(self) -> list[events.AnyEvent]:
        """Passes the oldest event on; an overflow first."""
        if self._overflowed:
            self._overflowed = False
            self._moving = None
            self._paths, self._inodes = {}, {}
            for _ in self._watch((), self.root):
                pass
            return [events.HintsLost("overflow")]
        if not self._queue:
            return []
        path, what, name, folder = self._queue.popleft()
        hints: list[events.AnyEvent] = [events.Hint(path, name)]
        if folder is not None:
            hints.extend(events.Hint(each) for each in self._folder(what, (*path, name), folder))
        return hints

    def _folder(self, what: str, path: _Path, folder: Inode) -> list[_Path]:
        """Keeps the table of watches right after an event about a folder; answers which folders to look at."""
        if what == "moved_from":
            self._leave()
            self._moving = path
        elif what == "moved_to" and self._moving is not None and self._inodes.get(self._moving) is folder:
            source, self._moving = self._moving, None
            for known in self._below(source):
                inode = self._inodes.pop(known)
                renamed = (*path, *known[len(source) :])
                self._inodes[renamed] = inode
                self._paths[id(inode)] = renamed
            return [path]
        elif what in ("moved_to", "create"):
            self._leave()
            there = self._inodes.get(path[:-1])
            found = None if there is None else self._medium.here(there, path[-1])
            if found is not None and found.shape is Shape.FOLDER:
                return list(self._watch(path, found))
        return []

    def _leave(self) -> None:
        if self._moving is not None:
            for known in self._below(self._moving):
                self._paths.pop(id(self._inodes.pop(known)), None)
            self._moving = None

    def _below(self, path: _Path) -> list[_Path]:
        return [known for known in self._inodes if known[: len(path)] == path]

    def _watch(self, path: _Path, folder: Inode) -> Iterator[_Path]:
        self._paths[id(folder)] = path
        self._inodes[path] = folder
        yield path
        for name in sorted(folder.entries):
            inode = self._medium.here(folder, name)
            if inode is not None and inode.shape is Shape.FOLDER and (*path, name) != (STATE,):
                yield from self._watch((*path, name), inode)

    def _hear(self, folder: Inode, what: str, name: str, is_folder: bool) -> None:
        placed = self._placing and what == "moved_to"
        self._placing = what == "moved_from" and self._is_staging(folder)
        path = self._paths.get(id(folder))
        if path is None or self._overflowed or (*path, name)[:1] == (STATE,) or placed:
            return
        moved = folder.entries.get(name) if is_folder and what != "moved_from" else None
        if is_folder and what == "moved_from":
            moved = self._inodes.get((*path, name))
        self._queue.append((path, what, name, moved))
        if len(self._queue) > self._queue_length:
            self.overflow()

    def _is_staging(self, folder: Inode) -> bool:
        state = self.root.entries.get(STATE)
        return state is not None and state.entries.get(STAGING) is folder


def visible(medium: Medium, root: _Path) -> list[tuple[_Path, Inode]]:
    """Lists what a person sees in the folder at `root`; empty where there is no such folder."""
    try:
        folder = medium.resolve(root)
    except Failure:
        return []
    if folder.shape is not Shape.FOLDER:
        return []
    return [(path, inode) for path, inode in medium.walk(folder) if path[0] != STATE]
