"""What FSEvents told, as hints.

Source: FSEvents.h (FSEventStreamCallback, FSEventStreamEventFlags). What happens to one thing within a moment becomes one event with
all its flags, late by that moment, and nothing says in which order they came to be. So a flag is no more than a reason to look; of what
was told at once cookies are said last, so that nothing that happened before them is said after them (R43).

The two halves of a rename are not told apart, and what this desk has placed itself is said like anything else: a look finds it as
it was noted. Names are taken to be written as listings write them.
"""

from collections.abc import Callable, Iterable, Iterator

from govsync.model.codes import Code
from govsync.system.hints import Cookie, Hidden, Hint, Lost

MUST_SCAN_SUBDIRS, USER_DROPPED, KERNEL_DROPPED = 0x1, 0x2, 0x4
HISTORY_DONE, ROOT_CHANGED, MOUNT, UNMOUNT = 0x10, 0x20, 0x40, 0x80
CREATED, REMOVED, RENAMED, IS_FOLDER = 0x100, 0x200, 0x800, 0x2_0000
_DROPPED = MUST_SCAN_SUBDIRS | USER_DROPPED | KERNEL_DROPPED
_APPEARED = CREATED | RENAMED
_ANOTHER_DISK = MOUNT | UNMOUNT

_Path = tuple[str, ...]


class Told:
    """Makes hints of what was told of one root."""

    def __init__(self, root: str, hidden: Hidden, is_folder: Callable[[str], bool]) -> None:
        """Takes the root's own path as events have it; `is_folder` says whether a folder lies at a path, and not a link to one."""
        self._root = root
        self._hidden = hidden
        self._lies_there = is_folder

    def ended(self) -> Lost:
        """Answers what is to be said when nothing more is told."""
        return Lost(Code.UNREADABLE if self._lies_there(self._root) else Code.FOLDER_MISSING)

    def hints(self, paths: Iterable[str], flags: Iterable[int]) -> tuple[Hint | Cookie | Lost, ...]:
        """Answers what is to be said of events that were told at once, each thing once."""
        said: dict[Hint | Lost, None] = {}
        cookies: dict[Cookie, None] = {}
        for path, what in zip(paths, flags, strict=True):
            names = self._below(path)
            if names and names[0] == self._hidden.name and not what & _DROPPED:
                cookies.update(dict.fromkeys(self._of_ours(names, what)))
            else:
                said.update(dict.fromkeys(self._of_theirs(names, what)))
        return (*said, *cookies)

    def _of_ours(self, names: _Path, flags: int) -> Iterator[Cookie]:
        prefix = self._hidden.cookie_prefix
        if flags & _APPEARED and len(names) == 2 and names[1].startswith(prefix):
            yield Cookie(names[1].removeprefix(prefix))

    def _of_theirs(self, names: _Path | None, flags: int) -> Iterator[Hint | Lost]:
        if flags & HISTORY_DONE:
            return  # It is about the stream, and its path about nothing.
        if flags & _DROPPED or names is None:
            yield Lost()
        elif not names:
            yield from self._of_the_root(flags)
        else:
            yield Hint(names[:-1], names[-1])
            appeared = flags & _ANOTHER_DISK or (flags & _APPEARED and flags & IS_FOLDER)
            if appeared and self._lies_there("/".join((self._root, *names))):
                yield Hint(names, None)

    def _of_the_root(self, flags: int) -> Iterator[Lost]:
        """Says that everything is to be looked at where the root, or a folder above it, may be another, or gone. Its own rights
        and times are nobody's business."""
        if flags & (ROOT_CHANGED | _ANOTHER_DISK | _APPEARED | REMOVED):
            yield Lost(None if self._lies_there(self._root) else Code.FOLDER_MISSING)

    def _below(self, path: str) -> _Path | None:
        """Answers the names that lead to a path, none for the root; None for what does not lie in it, such as a path that could
        not be read, which is told as an empty one."""
        path = path.rstrip("/")
        if path == self._root:
            return ()
        if not path.startswith(f"{self._root}/"):
            return None
        return tuple(path[len(self._root) + 1 :].split("/"))
