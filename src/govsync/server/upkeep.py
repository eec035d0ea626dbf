"""What the server does by itself: small chunks are folded into packs, and what nothing needs any more is removed (R36);
and, each second, the audit is sealed.

One thread of one replica does it at a time. Which one is settled by a lock in the database, which a replica that dies lets
go of. Nothing depends on that lock but the work that is saved: folding and collecting are safe beside themselves, beside
everything else, and when they are cut off.
"""

import logging
import threading
from collections.abc import Callable

from govsync.model.problems import Failure
from govsync.server import attempts, collect, horizon, packs, sessions
from govsync.server.collect import Collected
from govsync.server.context import Server

TURN_S = 30.0
LAST_S = 1.0
"""How long a step under way is waited for at the end; after that it is cut off."""
_PURPOSE = "upkeep"

_log = logging.getLogger(__name__)


def tidy(server: Server, going: Callable[[], bool] = lambda: True) -> Collected:
    """Folds what has waited, then removes what is not needed."""
    packs.fold(server, going)
    return collect.collect(server, going)


def turn(server: Server, going: Callable[[], bool] = lambda: True) -> None:
    """Does what is due, unless another replica is at it."""
    with server.database.alone(_PURPOSE) as mine:
        if mine:
            attempts.sweep(server)
            sessions.sweep(server)
            folded = packs.fold(server, going)
            if folded:
                _log.info("%d pieces found their pack", folded)
            if horizon.due(server):
                _log.info("%s", collect.collect(server, going))


Turn = Callable[[Server, Callable[[], bool]], None]


class Upkeep(threading.Thread):
    """Takes a turn again and again, tidying up where nothing else is said; one that fails is left to the next."""

    def __init__(self, server: Server, turn_s: float = TURN_S, work: Turn | None = None) -> None:
        super().__init__(name=_PURPOSE if work is None else work.__module__, daemon=True)
        self._server = server
        self._turn_s = turn_s
        self._work = work or turn
        self._stopped = threading.Event()

    def run(self) -> None:
        """Works until it is stopped."""
        while not self._stopped.wait(self._turn_s):
            try:
                self._work(self._server, lambda: not self._stopped.is_set())
            except Failure as failure:
                _log.warning("%s did nothing: %s", self.name, failure.code)
            except Exception:  # noqa: BLE001 - the server goes on serving; the log says what is wrong with it
                _log.exception("%s did nothing", self.name)

    def stop(self) -> None:
        """Ends after the step under way, or in the middle of one that takes long."""
        self._stopped.set()
        self.join(LAST_S)
