"""Whether the system says that its line is metered: NetworkManager, asked over D-Bus, and heard when that changes.

Source: the interface org.freedesktop.NetworkManager, property `Metered` (NMMetered: 1 yes, 3 guessed yes). Where nobody answers,
the line counts as unmetered. The only module that knows jeepney, which is imported where it is asked for.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from govsync.system.process import environment

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection  # type: ignore[import-untyped]

_NAME = "org.freedesktop.NetworkManager"
_PATH = "/org/freedesktop/NetworkManager"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_BUS, _SOCKET = "DBUS_SYSTEM_BUS_ADDRESS", Path("/var/run/dbus/system_bus_socket")
_YES = (1, 3)
_AGAIN_S = 60.0
_ANSWER_S = 5.0
_HELD = 100
"""Signals that may wait: each only says that it is to be asked again."""

_log = logging.getLogger(__name__)


class Metered:
    """Hears of the line in a thread of its own; `tell` is told whether it is metered, whenever that changes."""

    def __init__(self, tell: Callable[[bool], object]) -> None:
        self._tell = tell
        self._told = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def start(self) -> None:
        """Begins to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Ends; a wait for the bus ends with the process."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001 - whatever the bus is or says, the line counts as unmetered
                _log.info("nobody says whether the line is metered: %s", type(error).__name__)
            self._say(False)
            self._stopped.wait(_AGAIN_S)

    def _listen(self) -> None:
        """Says how the line is, and again at every change, until the bus is gone; raises what jeepney raises."""
        if not environment().get(_BUS) and not _SOCKET.exists():
            return  # Nothing is loaded where there is no bus.
        from jeepney import MatchRule, message_bus  # type: ignore[import-untyped]
        from jeepney.io.blocking import open_dbus_connection

        rules = (
            MatchRule(type="signal", interface=_PROPERTIES, member="PropertiesChanged", path=_PATH),
            MatchRule(
                type="signal", interface=message_bus.interface, member="NameOwnerChanged", path=message_bus.object_path
            ),
        )  # fmt: skip
        rules[1].add_arg_condition(0, _NAME)
        with open_dbus_connection(bus="SYSTEM") as connection:
            for rule in rules:
                connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=_ANSWER_S)
            with (
                connection.filter(rules[0], bufsize=_HELD) as changes,
                connection.filter(rules[1], queue=changes),
            ):
                while not self._stopped.is_set():
                    self._say(_asked(connection))
                    connection.recv_until_filtered(changes)
                    changes.clear()

    def _say(self, metered: bool) -> None:
        if metered != self._told:
            self._told = metered
            self._tell(metered)


def _asked(connection: "DBusConnection") -> bool:
    """Asks NetworkManager; where there is none, the line is unmetered."""
    from jeepney import DBusAddress, MessageType, Properties

    asked = Properties(DBusAddress(_PATH, bus_name=_NAME, interface=_NAME)).get("Metered")
    reply = connection.send_and_get_reply(asked, timeout=_ANSWER_S)
    if reply.header.message_type is not MessageType.method_return:
        return False
    ((_, value),) = reply.body
    return value in _YES
