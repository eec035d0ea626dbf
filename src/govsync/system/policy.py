"""The settings that the machine's administrators have fixed for everybody on it: files, on macOS managed preferences as well, on Windows
values of the registry; and what an installer was told."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

if sys.platform == "win32":
    from govsync.system.windows.policy import Changes, found, proposed
elif sys.platform == "darwin":
    from govsync.system.macos.policy import found
    from govsync.system.posix.policy import Changes, proposed
else:
    from govsync.system.posix.policy import Changes, found, proposed

FOLDER = Path("/etc/govsync/policy.d")
AGAIN_S = 30.0
"""Policy is looked at so often where nobody tells that it has changed."""

_log = logging.getLogger(__name__)


class PolicyFile(NamedTuple):
    """One file of policy, list of preferences or key of the registry: its text, or why that cannot be read."""

    path: Path
    text: str = ""
    unreadable: str = ""


def files() -> Iterator[PolicyFile]:
    """Yields each file of policy, in the order in which later ones win; what cannot be read is told and stops nothing."""
    for place, text, wrong in found(FOLDER):
        yield PolicyFile(Path(place), text, wrong)


def seed() -> Mapping[str, str]:
    """Answers what the installer was told to propose, weaker than anything a person says; nothing where it cannot be read."""
    try:
        return proposed()
    except OSError as error:
        _log.warning("what the installer was told cannot be read: %s", error.strerror)
        return {}


class PolicyWatch:
    """Hears of changes in a thread of its own; `tell` is called whenever policy is otherwise than it was."""

    def __init__(self, tell: Callable[[], object]) -> None:
        self._tell = tell
        self._changes = Changes()
        self._known = tuple(files())
        self._thread = threading.Thread(target=self._run, name="policy", daemon=True)

    def start(self) -> None:
        """Begins to look; what has changed since it was made is told, too."""
        self._thread.start()

    def stop(self) -> None:
        """Ends; nothing is told after it."""
        self._changes.stop()
        self._thread.join()

    def _run(self) -> None:
        while True:
            now = tuple(files())
            if now != self._known:
                self._known = now
                self._tell()
            if not self._changes.wait(AGAIN_S):
                return
