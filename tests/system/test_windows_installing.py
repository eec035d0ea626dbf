"""The installer's event reaches the process that it is named after, and nobody else's event is taken for it."""

import ctypes
import os
import sys
import threading

import pytest

from govsync.system import process

pytestmark = [pytest.mark.windows, pytest.mark.skipif(sys.platform != "win32", reason="of Windows alone")]


def ask(name: str) -> bool:
    kernel = ctypes.WinDLL("kernel32")
    kernel.OpenEventW.restype = ctypes.c_void_p
    event = ctypes.c_void_p(kernel.OpenEventW(2, False, name))
    return bool(event) and bool(kernel.SetEvent(event)) and bool(kernel.CloseHandle(event))


def test_who_is_asked_by_the_installer_ends_once_and_is_not_begun_anew_by_itself(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["govsync", "run"])
    ended = threading.Event()
    with process.asked_to_renew(ended.set) as renewal:
        assert not ended.is_set()
        assert ask(f"Global\\GovSync-{os.getpid()}-run")
        assert ended.wait(30)
    assert not renewal.asked
    assert not ask(f"Global\\GovSync-{os.getpid()}-run")


def test_who_is_not_asked_goes_on(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["govsync", "app"])
    ended = threading.Event()
    with process.asked_to_renew(ended.set):
        pass
    assert not ended.is_set()


def test_an_event_that_somebody_else_made_is_not_listened_to(monkeypatch):
    from govsync.system.windows.installing import asked_by_installer, event_name

    ended, name = threading.Event(), event_name(os.getpid(), "run")
    with asked_by_installer(name, lambda: None), asked_by_installer(name, ended.set):
        assert ask(name)
    assert not ended.is_set()
