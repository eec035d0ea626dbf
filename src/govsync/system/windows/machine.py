"""What Windows tells of its machine: an id of its own, and since when it runs."""

import ctypes
import sys
import winreg

assert sys.platform == "win32"

_KEY, _VALUE = r"SOFTWARE\Microsoft\Cryptography", "MachineGuid"
_KERNEL = ctypes.WinDLL("kernel32")
_KERNEL.GetTickCount64.restype = ctypes.c_uint64


def own_id() -> bytes | None:
    """Answers the id that Windows drew when it was installed; None where there is none to be read."""
    try:
        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, _KEY, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        ) as key:
            found, _ = winreg.QueryValueEx(key, _VALUE)
    except OSError:
        return None
    return str(found).encode() or None


def running_ns() -> int:
    """Answers how long ago the machine was started, sleep included (GetTickCount64)."""
    return int(_KERNEL.GetTickCount64()) * 1_000_000
