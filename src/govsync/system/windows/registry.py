"""Values of the registry, as texts, and when they change.

Always the 64-bit view: what administrators set does not depend on which of our programs looks. Source: Registry functions of the
Windows API reference; `winreg` of the standard library calls them, but for the one that waits.
"""

import ctypes
import sys
import winreg
from collections.abc import Iterator
from ctypes import wintypes

from govsync.system.windows.kernel import Event, failed, function

assert sys.platform == "win32"

MACHINE, PERSON = winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER
_NAMES = {MACHINE: "HKLM", PERSON: "HKCU"}
_KINDS = {winreg.REG_BINARY: "REG_BINARY", winreg.REG_NONE: "REG_NONE", winreg.REG_LINK: "REG_LINK"}
_READ = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
_WRITE = winreg.KEY_WRITE | winreg.KEY_WOW64_64KEY
_NAMES_AND_VALUES = 0x1 | 0x4
_ANY_THREAD = 0x1000_0000
"""REG_NOTIFY_THREAD_AGNOSTIC: the notification outlives the thread that asked."""

_notify = function(
    ctypes.WinDLL("advapi32"), "RegNotifyChangeKeyValue", wintypes.LONG,
    wintypes.HANDLE, wintypes.BOOL, wintypes.DWORD, wintypes.HANDLE, wintypes.BOOL,
)  # fmt: skip


def shown(root: int, path: str) -> str:
    """Names a key as people know it."""
    return f"{_NAMES[root]}\\{path}"


def values(root: int, path: str) -> Iterator[tuple[str, str | None, str]]:
    """Yields name, text and kind of each value of a key, none where there is no such key; None is the text of a kind that has
    none. Raises OSError."""
    try:
        key = winreg.OpenKeyEx(root, path, 0, _READ)
    except FileNotFoundError:
        return
    with key:
        for number in range(winreg.QueryInfoKey(key)[1]):
            name, value, kind = winreg.EnumValue(key, number)
            if name:  # The key's own value has no name, and so none of ours.
                yield name, _text(value, kind), _KINDS.get(kind, f"type {kind}")


def value(root: int, path: str, name: str) -> str | None:
    """Answers one value that is a text, or None; raises OSError."""
    found = raw(root, path, name)
    return found if isinstance(found, str) else None


def raw(root: int, path: str, name: str) -> object:
    """Answers one value as it is, or None; raises OSError."""
    try:
        with winreg.OpenKeyEx(root, path, 0, _READ) as key:
            return winreg.QueryValueEx(key, name)[0]
    except FileNotFoundError:
        return None


def _text(value: object, kind: int) -> str | None:
    if kind == winreg.REG_EXPAND_SZ:
        return winreg.ExpandEnvironmentStrings(str(value))
    if kind == winreg.REG_MULTI_SZ and isinstance(value, list):
        return "\n".join(map(str, value))
    if kind in (winreg.REG_SZ, winreg.REG_DWORD, winreg.REG_QWORD):
        return str(value)
    return None


def put(root: int, path: str, name: str, value: str | bytes | int | list[str]) -> None:
    """Sets a value, and makes its key where it is missing; raises OSError."""
    kind = {str: winreg.REG_SZ, bytes: winreg.REG_BINARY, int: winreg.REG_DWORD, list: winreg.REG_MULTI_SZ}[
        type(value)
    ]
    with winreg.CreateKeyEx(root, path, 0, _WRITE) as key:
        winreg.SetValueEx(key, name, 0, kind, value)


def remove(root: int, path: str, name: str) -> None:
    """Removes a value, if there is one; raises OSError."""
    try:
        with winreg.OpenKeyEx(root, path, 0, _WRITE) as key:
            winreg.DeleteValue(key, name)
    except FileNotFoundError:
        return


class Notice:
    """Tells when anything in or below a key changes; the key is there already."""

    def __init__(self, root: int, path: str) -> None:
        """Raises OSError."""
        self._key = winreg.OpenKeyEx(root, path, 0, _READ)
        self.changed = Event()

    def renew(self) -> None:
        """Has `changed` happen at the next change, and not before; raises OSError."""
        self.changed.begin_anew()
        number = _notify(self._key.handle, True, _NAMES_AND_VALUES | _ANY_THREAD, self.changed.handle, True)
        if number:
            raise failed(number)

    def close(self) -> None:
        """Waits for nothing any more."""
        self._key.Close()
        self.changed.close()
