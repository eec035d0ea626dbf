"""A line that the system calls metered, heard from a bus of the test's own with a NetworkManager of the test's own."""

import queue
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from govsync.system.metered import Metered
from govsync.system.posix import metered

LIMIT_S = 30


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    address = f"unix:path={tmp_path / 'bus'}"
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}", "--print-address=1"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert daemon.stdout is not None
    told = daemon.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", told)
    yield told
    daemon.kill()
    daemon.wait()


class Manager:
    """NetworkManager, as far as it is asked here."""

    def __init__(self, bus: str, value: int | None) -> None:
        self.value = value
        self._connection = open_dbus_connection(bus)
        reply = self._connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.NetworkManager"))
        assert reply.body == (1,)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def become(self, value: int) -> None:
        self.value = value
        emitter = DBusAddress("/org/freedesktop/NetworkManager", interface="org.freedesktop.DBus.Properties")
        body = ("org.freedesktop.NetworkManager", {"Metered": ("u", value)}, [])
        self._connection.send(new_signal(emitter, "PropertiesChanged", "sa{sv}as", body))

    def close(self) -> None:
        # Whoever waits at a closed socket would wait at what gets its number next.
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(LIMIT_S)
        self._connection.close()

    def _serve(self) -> None:
        while True:
            try:
                asked = self._connection.receive()
            except OSError:
                return
            if asked.header.message_type is not MessageType.method_call:
                continue
            assert asked.header.fields[HeaderFields.path] == "/org/freedesktop/NetworkManager"
            assert asked.body == ("org.freedesktop.NetworkManager", "Metered")
            if self.value is None:
                self._connection.send(new_error(asked, "org.freedesktop.DBus.Error.Failed"))
            else:
                self._connection.send(new_method_return(asked, "v", (("u", self.value),)))


@pytest.fixture
def told(monkeypatch) -> Iterator[queue.Queue[bool]]:
    monkeypatch.setattr(metered, "_AGAIN_S", 0.05)
    found: queue.Queue[bool] = queue.Queue()
    line = Metered(found.put)
    found.line = line  # type: ignore[attr-defined]
    yield found
    line.stop()


def test_a_line_is_heard_to_become_metered_and_free(bus, told):
    manager = Manager(bus, 2)
    told.line.start()
    manager.become(4)
    manager.become(1)
    assert told.get(timeout=LIMIT_S) is True
    manager.become(0)
    assert told.get(timeout=LIMIT_S) is False
    manager.become(3)
    assert told.get(timeout=LIMIT_S) is True


def test_a_line_that_is_metered_from_the_beginning_is_free_when_its_manager_goes(bus, told):
    manager = Manager(bus, 1)
    told.line.start()
    assert told.get(timeout=LIMIT_S) is True
    manager.close()
    assert told.get(timeout=LIMIT_S) is False


def test_a_manager_that_comes_later_is_heard(bus, told):
    told.line.start()
    assert told.empty()
    Manager(bus, 1)
    assert told.get(timeout=LIMIT_S) is True


def test_without_a_bus_or_with_one_that_refuses_a_line_is_unmetered(tmp_path, monkeypatch, told):
    asked = threading.Event()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'nothing'}")
    monkeypatch.setattr(told.line, "_say", lambda value: (told.put(value), asked.set()))
    told.line.start()
    assert asked.wait(LIMIT_S)
    assert told.get(timeout=LIMIT_S) is False


def test_a_manager_that_answers_with_an_error_says_nothing(bus, told):
    manager = Manager(bus, None)
    told.line.start()
    manager.become(1)  # What it says from now on counts.
    assert told.get(timeout=LIMIT_S) is True
