"""What a desk tells its server of itself, where the settings ask for it: with a beat, when something is otherwise than it was
told last, and every few minutes at most. While they do not ask, nothing is looked at and nothing is told.

The control thread looks; telling is a call to the server, in a thread of its own that nobody waits for. What could not be told
is told as it is by then.
"""

import logging
import threading
from collections.abc import Callable

from govsync.model.problems import Failure
from govsync.model.status import State
from govsync.protocol.fleet import Health

EVERY_S = 180.0

_log = logging.getLogger(__name__)


class Reports:
    """Tells of one desk; `look` answers how it is, the moment when it was last in sync left out."""

    def __init__(self, look: Callable[[], Health], tell: Callable[[Health], None]) -> None:
        self._look, self._tell = look, tell
        self._told: Health | None = None
        self._in_sync_ms: int | None = None
        self._next_s = 0.0
        self._telling: threading.Thread | None = None

    def beat(self, now_s: float, time_ms: int) -> None:
        """Looks, and tells what is new; only on the control thread. `now_s` is of a clock that is never set."""
        found = self._look()
        if found.state == State.IN_SYNC:
            self._in_sync_ms = time_ms
        busy = self._telling is not None and self._telling.is_alive()
        if found == self._told or busy or now_s < self._next_s:
            return
        self._next_s = now_s + EVERY_S
        self._telling = threading.Thread(
            target=self._send, args=(found, self._in_sync_ms), name="health", daemon=True
        )
        self._telling.start()

    def wait(self) -> None:
        """Returns when nothing is being told."""
        if self._telling is not None:
            self._telling.join()

    def _send(self, found: Health, in_sync_ms: int | None) -> None:
        try:
            self._tell(Health(
                version=found.version, system=found.system, state=found.state, problems=found.problems, in_sync_ms=in_sync_ms,
            ))  # fmt: skip
        except Failure as failure:
            _log.info("the server was not told how this desk is: %s", failure.code)
        else:
            self._told = found
