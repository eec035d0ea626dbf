"""Whether the server bears with this version of GovSync: asked whenever a stream of events begins, before anything of it counts.

Where it does not, the engine hears nothing of the server, so nothing is sent or fetched, all files stay, and an order to wipe is
still obeyed. That is a problem of the whole desk, which no look at its files would show.
"""

from collections.abc import Callable

import msgspec

from govsync.engine import events
from govsync.model.codes import Code
from govsync.model.problems import Failure, Problem
from govsync.model.status import State, Status, state_of

PROBLEM = Problem(Code.CLIENT_TOO_OLD)


class Outdated:
    """What the server said last, when it was asked by `ask`; `changed` hears when it says otherwise than before."""

    def __init__(
        self, ask: Callable[[], object], time_ms: Callable[[], int], changed: Callable[[], None]
    ) -> None:
        self._ask, self._time_ms, self._changed = ask, time_ms, changed
        self.since_ms: int | None = None
        """From when on it has borne with this version no more."""

    def ask(self) -> None:
        """Asks the server, and waits for its answer; raises what keeps it from answering."""
        was_so, is_so = self.since_ms is not None, self._is_so()
        if is_so is not was_so:
            self.since_ms = self._time_ms() if is_so else None
            self._changed()

    def _is_so(self) -> bool:
        try:
            self._ask()
        except Failure as failure:
            if failure.code is not Code.CLIENT_TOO_OLD:
                raise
            return True
        return False

    def withholds(self, event: events.AnyEvent) -> bool:
        """Says of what the stream tells whether the engine is not to hear it: what would have it take the server for there."""
        ends = isinstance(event, events.StreamLost | events.SessionEnded | events.Cloned)
        return self.since_ms is not None and not ends

    def told(self, status: Status) -> Status:
        """Answers the status with this problem in it, if there is one."""
        if self.since_ms is None:
            return status
        count = status.problems + 1
        state = state_of(
            signed_in=status.state is not State.SIGNED_OUT, holds=status.holds, problems=count, paused=status.paused,
            online=False, settled=False,
        )  # fmt: skip
        return msgspec.structs.replace(status, state=state, problems=count)
