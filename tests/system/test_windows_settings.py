"""What stands in the registry: policy, the installer's word, and what starts at sign-in."""

import sys
import threading

import pytest

if sys.platform != "win32":
    pytest.skip("there is no registry here", allow_module_level=True)

import ctypes
import subprocess
import winreg

from govsync.settings.merge import read
from govsync.system import autostart, policy
from govsync.system.windows import autostart as run
from govsync.system.windows import policy as module
from govsync.system.windows import registry
from govsync.system.windows.registry import MACHINE, PERSON

pytestmark = pytest.mark.windows

OWN = r"Software\GovSyncTest"
PATIENCE_S = 30


def forget(root, path):
    try:
        with winreg.OpenKeyEx(root, path, 0, winreg.KEY_ALL_ACCESS | winreg.KEY_WOW64_64KEY) as key:
            while winreg.QueryInfoKey(key)[0]:
                forget(root, f"{path}\\{winreg.EnumKey(key, 0)}")
        winreg.DeleteKeyEx(root, path, winreg.KEY_WOW64_64KEY)
    except FileNotFoundError:
        return


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    """Keys of the test's own: what this machine has there is left alone."""
    monkeypatch.setattr(module, "PATH", OWN + r"\Policies\GovSync")
    monkeypatch.setattr(module, "SEED", OWN + r"\Seed")
    monkeypatch.setattr(module, "_ABOVE", OWN + r"\Policies")
    monkeypatch.setattr(run, "RUN", OWN + r"\Run")
    monkeypatch.setattr(run, "APPROVED", OWN + r"\Approved")
    for root in (MACHINE, PERSON):
        forget(root, OWN)
        winreg.CreateKeyEx(root, module._ABOVE, 0, winreg.KEY_WRITE | winreg.KEY_WOW64_64KEY).Close()
    yield
    for root in (MACHINE, PERSON):
        forget(root, OWN)


def texts():
    found = {}
    for file in policy.files():
        flat, wrong = read(file.text)
        assert wrong == []
        found.update(flat)
    return found


def test_without_policy_there_is_none():
    assert list(policy.files()) == []
    assert policy.seed() == {}


def test_each_kind_of_value_is_the_text_that_a_person_would_type():
    registry.put(MACHINE, module.PATH, "endpoint.url", "https://sync.example")
    registry.put(MACHINE, module.PATH, "hold.deletions", 300)
    registry.put(MACHINE, module.PATH, "Sync.Ignore", ["*.tmp", "오늘/*", 'a"b\\c'])
    assert texts() == {
        "endpoint.url": "https://sync.example", "hold.deletions": "300", "sync.ignore": '*.tmp\n오늘/*\na"b\\c',
    }  # fmt: skip


def test_what_can_be_extended_is():
    with winreg.CreateKeyEx(MACHINE, module.PATH, 0, winreg.KEY_WRITE | winreg.KEY_WOW64_64KEY) as key:
        winreg.SetValueEx(key, "folder.path", 0, winreg.REG_EXPAND_SZ, r"%SystemDrive%\GovSync")
    assert texts() == {"folder.path": r"C:\GovSync"}


def test_the_machine_wins_over_the_person():
    registry.put(PERSON, module.PATH, "hold.deletions", 5)
    registry.put(PERSON, module.PATH, "app.autostart", "off")
    registry.put(MACHINE, module.PATH, "hold.deletions", 300)
    assert texts() == {"hold.deletions": "300", "app.autostart": "off"}


def test_a_value_of_a_kind_that_is_none_is_said_and_the_others_hold():
    registry.put(MACHINE, module.PATH, "hold.deletions", b"\1\2")
    registry.put(MACHINE, module.PATH, "app.language", "ko")
    assert texts() == {"app.language": "ko"}
    assert [(str(file.path), file.unreadable) for file in policy.files() if file.unreadable] == [
        (rf"HKLM\{module.PATH}", "hold.deletions: REG_BINARY")
    ]


def test_half_a_letter_stops_nothing():
    registry.put(MACHINE, module.PATH, "endpoint.url", "https://a\ud800b\x7f")
    assert texts() == {"endpoint.url": "https://a\ufffdb\x7f"}


def test_what_the_installer_was_told_is_proposed():
    registry.put(PERSON, module.SEED, "Endpoint", "https://person.example")
    assert policy.seed() == {"endpoint.url": "https://person.example"}
    registry.put(MACHINE, module.SEED, "Endpoint", "https://sync.example")
    assert policy.seed() == {"endpoint.url": "https://sync.example"}
    registry.put(MACHINE, module.SEED, "Endpoint", 7)
    assert policy.seed() == {"endpoint.url": "https://person.example"}


def test_a_change_of_policy_is_told_at_once_and_others_are_not(monkeypatch):
    monkeypatch.setattr(policy, "AGAIN_S", 600.0)  # Nothing is found by looking again.
    told = threading.Event()
    watch = policy.PolicyWatch(told.set)
    watch.start()
    try:
        registry.put(MACHINE, module.PATH, "hold.deletions", 300)
        assert told.wait(PATIENCE_S)
        told.clear()
        registry.put(MACHINE, module._ABOVE + r"\Another", "hold.deletions", 300)
        registry.put(PERSON, module.PATH, "hold.rewrites", 300)
        assert told.wait(PATIENCE_S)
    finally:
        watch.stop()


@pytest.mark.parametrize("removed", ["before", "meanwhile"])
def test_policy_whose_key_is_not_there_is_found_by_looking(monkeypatch, removed):
    monkeypatch.setattr(policy, "AGAIN_S", 0.05)
    if removed == "before":
        forget(PERSON, module._ABOVE)
        forget(MACHINE, module._ABOVE)
    told = threading.Event()
    watch = policy.PolicyWatch(told.set)
    watch.start()
    try:
        if removed == "meanwhile":
            forget(PERSON, module._ABOVE)
            forget(MACHINE, module._ABOVE)
        registry.put(MACHINE, module.PATH, "hold.deletions", 300)
        assert told.wait(PATIENCE_S)
    finally:
        watch.stop()
    assert not watch._thread.is_alive()


COMMAND = [r"C:\Program Files\GovSync\GovSync.exe", "app", 'with "quotes"', "back\\slash\\", ""]


def arguments(line):
    """As a program is handed them (CommandLineToArgvW)."""
    split = ctypes.WinDLL("shell32").CommandLineToArgvW
    split.restype, split.argtypes = (
        ctypes.POINTER(ctypes.c_wchar_p),
        (ctypes.c_wchar_p, ctypes.POINTER(ctypes.c_int)),
    )
    count = ctypes.c_int()
    found = split(line, ctypes.byref(count))
    return [found[number] for number in range(count.value)]


def test_it_is_off_until_turned_on_and_after_it_is_turned_off(tmp_path):
    assert not autostart.is_on(tmp_path)
    autostart.turn_on(tmp_path, COMMAND)
    assert autostart.is_on(tmp_path)
    assert arguments(registry.value(PERSON, run.RUN, "GovSync")) == COMMAND
    autostart.turn_off(tmp_path)
    autostart.turn_off(tmp_path)
    assert not autostart.is_on(tmp_path)
    assert registry.value(PERSON, run.RUN, "GovSync") is None


def test_what_was_turned_off_in_the_task_manager_is_off_until_it_is_turned_on_again(tmp_path):
    autostart.turn_on(tmp_path, COMMAND)
    registry.put(PERSON, run.APPROVED, "GovSync", bytes([3]) + bytes(11))
    assert not autostart.is_on(tmp_path)
    registry.put(PERSON, run.APPROVED, "GovSync", bytes([2]) + bytes(11))
    assert autostart.is_on(tmp_path)
    registry.put(PERSON, run.APPROVED, "GovSync", bytes([3]) + bytes(11))
    autostart.turn_on(tmp_path, COMMAND)
    assert autostart.is_on(tmp_path)


def test_what_the_machine_starts_is_not_started_twice(tmp_path):
    registry.put(MACHINE, run.RUN, "GovSync", subprocess.list2cmdline(COMMAND))
    assert autostart.is_on(tmp_path)
    autostart.turn_on(tmp_path, COMMAND)
    assert registry.value(PERSON, run.RUN, "GovSync") is None
    autostart.turn_off(tmp_path)
    assert not autostart.is_on(tmp_path)
    autostart.turn_on(tmp_path, COMMAND)
    assert autostart.is_on(tmp_path)
