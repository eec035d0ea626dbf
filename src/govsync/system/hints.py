"""What a watcher says of the synced folder.

A hint only says *look there*. Hints may be lost, doubled and late, and name what is no longer so; what was lost is said
(`Lost`), and then a scan tells the truth (I11).
"""

from collections.abc import Callable

import msgspec

from govsync.model.codes import Code


class Hint(msgspec.Struct, frozen=True):
    """Look at `name` in the folder at `path`; without a name, at the folder: it is new, or has moved."""

    path: tuple[str, ...]
    name: str | None


class Cookie(msgspec.Struct, frozen=True):
    """The cookie of this name was seen, so what happened before it has been said (R43)."""

    name: str


class Lost(msgspec.Struct, frozen=True):
    """Events were lost, or will be: look everywhere.

    Without a code the queue overflowed, and hints go on as ever. `watch_limit`: some folders are not watched, until the
    watcher is made anew; `folder_missing`: the root itself was renamed, removed or unmounted; `unreadable`: the reading
    of events ended.
    """

    code: Code | None = None


Say = Callable[[Hint | Cookie | Lost], None]


class Hidden(msgspec.Struct, frozen=True):
    """Our own folder at the top of the synced one: of what happens in it, only its cookies are said, and of
    what comes out of its staging, nothing."""

    name: str
    cookie_prefix: str
    staging: str
    """The folder in it from which files are placed."""
