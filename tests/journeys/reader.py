"""What stands on a screen as those hear it who do not see it: each thing with its role, its name and where it is (AT-SPI).

Each answer is a message there and one back, which a program answers between all that it does: asked is only what is wanted.
"""

from collections.abc import Iterator
from typing import NamedTuple

from jeepney import DBusAddress, DBusErrorResponse, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.journeys.screen import Box
from tests.journeys.site import until

_ACCESSIBLE = "org.a11y.atspi.Accessible"
_ON_SCREEN = 0
"""Places are told from the corner of the screen."""
CHECKED, ENABLED, FOCUSABLE, FOCUSED, SHOWING = 4, 8, 11, 12, 25
"""Numbers of the states that are asked for (AtspiStateType)."""

Where = tuple[str, str]
"""Of which program, and which of its things."""


class _Named(NamedTuple):
    """One thing, as far as it is known while it is looked for."""

    name: str
    states: int
    where: Where


class Thing(NamedTuple):
    """One thing on the screen."""

    role: str
    name: str
    box: Box
    states: int
    where: Where

    def has(self, state: int) -> bool:
        """Says whether it is in a state."""
        return bool(self.states >> state & 1)


class Reader:
    """Reads what programs have on the screen of a bus."""

    def __init__(self, session: str) -> None:
        self._bus: DBusConnection = open_dbus_connection(session)
        [address] = self._ask(("org.a11y.Bus", "/org/a11y/bus"), "org.a11y.Bus", "GetAddress")
        self._bus.close()
        self._bus = open_dbus_connection(address)

    def close(self) -> None:
        """Reads no more."""
        self._bus.close()

    def seen(self, name: str = "", program: str = "govsync") -> list[Thing]:
        """Answers everything that a program shows and in whose name something stands, from the left and the top as windows are
        built."""
        named = self._named(program)
        return [thing for found in named if name in found.name for thing in self._looked_at(found)]

    def all(self, name: str, role: str = "") -> list[Thing]:
        """Answers everything of a role in whose name something stands."""
        return [each for each in self.seen(name) if role in ("", each.role)]

    def one(self, name: str, role: str = "") -> Thing:
        """Answers the first thing of a name, as soon as it is there and can be used."""
        found: list[Thing] = []

        def is_there() -> bool:
            found[:] = [each for each in self.all(name, role) if each.name == name]
            return bool(found) and found[0].has(ENABLED)

        until(is_there, f"{role or 'something'} called {name!r}")
        return found[0]

    def reads(self, text: str) -> bool:
        """Says whether something is read, and reads no further then."""
        return any(text in each.name for each in self._named("govsync"))

    def has(self, where: Where, state: int) -> bool:
        """Says whether a thing is in a state now."""
        return bool(self._states(where) >> state & 1)

    def _states(self, where: Where) -> int:
        low, high = self._ask(where, _ACCESSIBLE, "GetState")[0]
        return int(low | high << 32)

    def _named(self, program: str) -> Iterator[_Named]:
        """Finds what a program shows, by its names."""
        root = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
        for each in self._children(root):
            if self._name(each) == program:
                for window in self._children(each):
                    yield from self._shown(window)

    def _shown(self, where: Where) -> Iterator[_Named]:
        """What goes while it is read is not there any more."""
        try:
            states = self._states(where)
            if not states >> SHOWING & 1:
                return
            yield _Named(self._name(where), states, where)
            children = self._children(where)
        except DBusErrorResponse:
            return
        for each in children:
            yield from self._shown(each)

    def _looked_at(self, found: _Named) -> Iterator[Thing]:
        """Asks what else is to be known of a thing; none that has gone since."""
        try:
            [role] = self._ask(found.where, _ACCESSIBLE, "GetRoleName")
            [box] = self._ask(found.where, "org.a11y.atspi.Component", "GetExtents", "u", (_ON_SCREEN,))
        except DBusErrorResponse:
            return
        yield Thing(role, found.name, box, found.states, found.where)

    def _name(self, where: Where) -> str:
        asked = ("org.freedesktop.DBus.Properties", "Get", "ss", (_ACCESSIBLE, "Name"))
        return str(self._ask(where, *asked)[0][1])

    def _children(self, where: Where) -> list[Where]:
        return list(self._ask(where, _ACCESSIBLE, "GetChildren")[0])

    def _ask(
        self,
        where: Where,
        interface: str,
        method: str,
        signature: str | None = None,
        body: tuple[object, ...] = (),
    ) -> tuple[object, ...]:
        to = DBusAddress(where[1], where[0], interface)
        reply = self._bus.send_and_get_reply(new_method_call(to, method, signature, body), timeout=30)
        if reply.header.message_type.name == "error":
            raise DBusErrorResponse(reply)
        return tuple(reply.body)
