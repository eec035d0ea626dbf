"""Listens to the server's event stream in a thread of its own, and tells the engine; comes back when the line does (R52).

With each beginning it is asked first whether the server bears with this version (`outdated`); with each, and whenever the server
says so, what the organisation fixes may be otherwise (`fixed`)."""

import logging
import threading
from collections.abc import Callable

from govsync.agent.clock import SystemIds
from govsync.engine import events
from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol import events as said
from govsync.remote.http import HttpCalls

FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 8.0
_ENDS_SESSION = (Code.SIGNED_OUT, Code.TOKEN_REUSED)

_log = logging.getLogger(__name__)


class Stream:
    """The listening thread; `tell` may be called from it at any time. What `begun` raises ends the stream that has begun."""

    def __init__(
        self,
        calls: HttpCalls,
        ids: SystemIds,
        tell: events.Tell,
        cloned: Callable[[], None],
        begun: Callable[[], None],
        governed: Callable[[], None],
        ordered: Callable[[bytes, bytes], None],
    ) -> None:
        self._calls = calls
        self._cloned = cloned
        self._begun = begun
        self._governed = governed
        self._ordered = ordered
        self._ids = ids
        self._tell = tell
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        """Begins to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Ends; a stream that is open ends with the process."""
        self._stopped.set()

    def _run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopped.is_set():
            begun = False
            try:
                for event in self._calls.events():
                    wait_s = FIRST_WAIT_S
                    if self._stopped.is_set():
                        return
                    if not begun:
                        begun = True
                        self._begun()
                        self._governed()
                    self._hand_on(event)
            except Failure as failure:
                _log.info("the event stream ended: %s", failure.code)
                if self._stopped.is_set():
                    return
                if failure.code is Code.DEVICE_CLONED:
                    self._cloned()
                    self._tell(events.Cloned())
                    return
                if failure.code in _ENDS_SESSION:
                    self._tell(events.SessionEnded())
                    return
                self._tell(events.StreamLost(failure.code))
            self._stopped.wait(wait_s * (0.5 + self._ids.jitter()))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _hand_on(self, event: said.Event) -> None:
        match event:
            case said.Beat(digest=digest):
                self._tell(events.Beat(digest))
            case said.HeadMoved(space=space, seq=seq):
                self._tell(events.HeadTold(space, seq))
            case said.Wanted(space=space, versions=versions):
                self._tell(events.Wanted(space, versions))
            case said.RightsChanged():
                self._tell(events.RightsChanged())
            case said.PolicyChanged():
                self._governed()
            case said.Wipe(order=order, epoch=epoch):
                self._ordered(order, epoch)
            case said.SessionEnded():
                self._tell(events.SessionEnded())
