"""What ReadDirectoryChangesW answered, as hints.

Windows does not say which two halves of a rename belong together across folders, so what this desk has placed itself is said like
anything else, and a look finds it as it was noted. A folder in which something changed is reported as changed itself; that is not
said. Of a name's two forms one is reported, perhaps the short one (`BERICH~1.DOC`): such a hint names the folder instead, since
a look at the short name would find a file that is in no listing.
"""

import re
from collections.abc import Callable, Iterator

from govsync.system.hints import Cookie, Hidden, Hint, Lost

ADDED, REMOVED, MODIFIED, RENAMED_FROM, RENAMED_TO = range(1, 6)
_APPEARED = (ADDED, RENAMED_TO)
_HEAD_BYTES = 12
_SHORT = re.compile(r"~[0-9]")

_Path = tuple[str, ...]


def entries(raw: bytes) -> Iterator[tuple[int, str]]:
    """Yields action and path of each entry (FILE_NOTIFY_INFORMATION)."""
    at = 0
    while True:
        step, action, size = (
            int.from_bytes(raw[at + field : at + field + 4], "little") for field in (0, 4, 8)
        )
        yield action, raw[at + _HEAD_BYTES : at + _HEAD_BYTES + size].decode("utf-16-le", "surrogatepass")
        if not step:
            return
        at += step


class Told:
    """Makes hints of what was told of one root."""

    def __init__(
        self, root: str, hidden: Hidden, is_folder: Callable[[str], bool], long_path: Callable[[str], str]
    ) -> None:
        """Takes the root's own path with long names; `is_folder` says whether a folder lies at a path, `long_path` answers a path
        with long names or raises OSError."""
        self._root = root
        self._hidden = hidden
        self._lies_there = is_folder
        self._long_path = long_path

    def has_root(self) -> bool:
        """Says whether a folder lies where the root is looked for."""
        return self._lies_there(self._root)

    def hints(self, raw: bytes) -> tuple[Hint | Cookie | Lost, ...]:
        """Answers what is to be said, each thing once."""
        said: dict[Hint | Cookie | Lost, None] = {}
        folders: dict[_Path, bool] = {}
        for action, name in entries(raw):
            path = tuple(name.split("\\"))
            if path[0] == self._hidden.name:
                said.update(dict.fromkeys(self._of_ours(action, path)))
            else:
                said.update(dict.fromkeys(self._of_theirs(action, path, folders)))
        return tuple(said)

    def _of_ours(self, action: int, path: _Path) -> Iterator[Cookie]:
        prefix = self._hidden.cookie_prefix
        if action in _APPEARED and len(path) == 2 and path[1].startswith(prefix):
            yield Cookie(path[1].removeprefix(prefix))

    def _of_theirs(self, action: int, path: _Path, folders: dict[_Path, bool]) -> Iterator[Hint]:
        if any(map(_SHORT.search, path)):
            yield Hint(self._long(path[:-1]), None)
            return
        is_folder = action in (MODIFIED, *_APPEARED) and self._is_folder(path, folders)
        if action == MODIFIED and is_folder:
            return
        yield Hint(path[:-1], path[-1])
        if is_folder:
            yield Hint(path, None)

    def _is_folder(self, path: _Path, known: dict[_Path, bool]) -> bool:
        if path not in known:
            known[path] = self._lies_there("\\".join((self._root, *path)))
        return known[path]

    def _long(self, path: _Path) -> _Path:
        """Answers the path with each name as listings have it, as far as there are such folders."""
        while path:
            try:
                long = self._long_path("\\".join((self._root, *path)))
            except OSError:
                path = path[:-1]  # It is gone: who holds it tells.
            else:
                return tuple(long[len(self._root) :].strip("\\").split("\\"))
        return ()
