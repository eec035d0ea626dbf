"""What is said beside all windows: one summary a cause, once a day at most, never one a file, and nothing where the person
or the organisation does not want it."""

import datetime
from collections.abc import Callable, Mapping

from govsync.control.messages import ListSettings
from govsync.desktop.link import Link
from govsync.model.status import State, Status
from govsync.settings.merge import Effective
from govsync.text import glance

NOTIFICATIONS = "app.notifications"
SAID = (State.SIGNED_OUT, State.HOLD, State.PROBLEM)
_AGAIN = datetime.timedelta(days=1)

Wanted = Callable[[Callable[[bool], object]], object]
"""Finds out whether notices are wanted now, and hands that on."""


class Notices:
    """Decides what is worth a word: a state that needs a person and was not told today."""

    def __init__(
        self, tell: Callable[[str, str], object], wanted: Wanted, now: Callable[[], datetime.datetime]
    ) -> None:
        self._tell, self._wanted, self._now = tell, wanted, now
        self._told: dict[State, datetime.datetime] = {}
        self._state: State | None = None

    def hear(self, status: Status) -> None:
        """Hears how the desk is."""
        before, self._state = self._state, status.state
        if status.state is not before and self._is_due(status.state):
            self._wanted(lambda wanted: self._say(status) if wanted else None)

    def _is_due(self, state: State) -> bool:
        told = self._told.get(state)
        return state in SAID and (told is None or self._now() - told >= _AGAIN)

    def _say(self, status: Status) -> None:
        if self._is_due(status.state):  # It may have been asked about twice before the first answer.
            self._told[status.state] = self._now()
            self._tell(glance.headline(status), glance.meaning(status))


def wanted_by(link: Link) -> Wanted:
    """Asks the agent each time: a setting counts as it is now, whoever has changed it. Of an agent that does not answer
    nothing is known, so nothing is said; one that has no such setting is of an earlier version, which always said it."""

    def ask(then: Callable[[bool], object]) -> None:
        def hear(found: Mapping[str, Effective]) -> None:
            setting = found.get(NOTIFICATIONS)
            then(setting is None or bool(setting.value))

        link.ask(ListSettings(), hear, lambda _: None)

    return ask
