"""What a desk tells its server of itself, where the settings ask for it: with a beat, when something is otherwise than it was
told last, and every few minutes at most. While they do not ask, nothing is looked at; what was told before is taken back.

The control thread looks; telling is a call to the server, in a thread of its own that nobody waits for. What could not be told
is told as it is by then. A file in the home notes that the server may know something: it may have been told in an earlier life.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from govsync.model.problems import Failure
from govsync.model.status import State
from govsync.protocol.fleet import NOTHING, Health
from govsync.system.durable import replace_file

EVERY_S = 180.0

_log = logging.getLogger(__name__)


class Reports:
    """Tells of one desk; `look` answers how it is, the moment when it was last in sync left out. `note` is a file that is there
    while the server may know something."""

    def __init__(self, look: Callable[[], Health], tell: Callable[[Health], None], note: Path) -> None:
        self._look, self._tell, self._note = look, tell, note
        self._told: Health | None = None
        self._wanted = True
        self._in_sync_ms: int | None = None
        self._next_s = 0.0
        self._telling: threading.Thread | None = None

    def beat(self, now_s: float, time_ms: int, wanted: bool) -> None:
        """Looks, where that is `wanted`, and tells what is new; only on the control thread. `now_s` is of a clock that is never
        set."""
        if wanted is not self._wanted:
            self._wanted, self._next_s = wanted, 0.0
        if not wanted and not self._note.exists():
            return
        found = self._look() if wanted else NOTHING
        if found.state == State.IN_SYNC:
            self._in_sync_ms = time_ms
        busy = self._telling is not None and self._telling.is_alive()
        if found == self._told or busy or now_s < self._next_s:
            return
        self._next_s = now_s + EVERY_S
        told = msgspec.structs.replace(found, in_sync_ms=self._in_sync_ms) if wanted else NOTHING
        self._telling = threading.Thread(target=self._send, args=(found, told), name="health", daemon=True)
        self._telling.start()

    def wait(self) -> None:
        """Returns when nothing is being told."""
        if self._telling is not None:
            self._telling.join()

    def _send(self, found: Health, told: Health) -> None:
        try:
            if told != NOTHING:
                replace_file(self._note, b"")
            self._tell(told)
        except Failure as failure:
            _log.info("the server was not told how this desk is: %s", failure.code)
            return
        self._told = found
        if told == NOTHING:
            self._note.unlink(missing_ok=True)
