"""What the endpoint's organisation has fixed of this desk's settings: fetched, kept for times without a line, forgotten at
sign-out.

It is fetched when the device signs in, whenever a stream of events begins, and when the server says that it is otherwise.
What a server may say, and what of it this desk takes, is judged where settings are merged, each time that they are read.
"""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.protocol.session import Policy
from govsync.settings.merge import read, write
from govsync.system.durable import replace_file
from govsync.system.places import Places

if TYPE_CHECKING:
    from govsync.remote.http import (
        HttpCalls,  # The window reads what is kept, and waits for nothing that it does not need.
    )

AGAIN_S = 30.0
"""How long it waits after a server that could not answer."""
_ENDED = (Code.SIGNED_OUT, Code.TOKEN_REUSED)

_log = logging.getLogger(__name__)


def kept(places: Places) -> tuple[dict[str, str], list[str]]:
    """Answers the keys and texts that were told last, and what cannot be read of them."""
    try:
        return read(places.endpoint_policy.read_text(errors="replace"))
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [error.strerror or ""]


def keep(places: Places, policy: Policy) -> bool:
    """Keeps what was told, durable on return; says whether it is another than before."""
    if kept(places) == (policy.settings, []):
        return False
    replace_file(places.endpoint_policy, write(policy.settings).encode())
    return True


def forget(places: Places) -> None:
    """Forgets what was told: it was another's, or the person has left."""
    places.endpoint_policy.unlink(missing_ok=True)


class Fixed:
    """Asks for it in a thread of its own, so that no stream waits for the answer."""

    def __init__(self, calls: "HttpCalls", places: Places, changed: Callable[[], None]) -> None:
        self._calls, self._places, self._changed = calls, places, changed
        self._asked = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fixed", daemon=True)

    def start(self) -> None:
        """Begins to ask, whenever it is told to."""
        self._thread.start()

    def stop(self) -> None:
        """Asks no more."""
        self._stopped.set()
        self._asked.set()

    def ask(self) -> None:
        """Has it asked for anew; from any thread."""
        self._asked.set()

    def _run(self) -> None:
        while self._asked.wait() and not self._stopped.is_set():
            self._asked.clear()
            try:
                if keep(self._places, self._calls.policy()):
                    self._changed()
            except Failure as failure:
                _log.info("it is not known what the organisation fixes: %s", failure.code)
                if failure.code not in _ENDED:
                    self._asked.wait(AGAIN_S)
                    self._asked.set()
