"""Which proxy Windows has for a server: that of a script (PAC), found by itself or named, else the one in the settings, with its
exceptions.

The environment comes first, as everywhere. Source: WinHTTP AutoProxy Support, and `urllib.request` for what stands in the registry.
Of several proxies that a script answers the first is taken. Kerberos and NTLM towards a proxy are not spoken.
"""

import ctypes
import logging
import sys
import urllib.request
from ctypes import wintypes
from typing import Any
from urllib.parse import urlsplit

from govsync.system.windows import registry
from govsync.system.windows.kernel import KERNEL, failed, function

assert sys.platform == "win32"

_WINHTTP = ctypes.WinDLL("winhttp", use_last_error=True)
_DIRECT, _NAMED = 1, 3
"""WINHTTP_ACCESS_TYPE_NO_PROXY, WINHTTP_ACCESS_TYPE_NAMED_PROXY."""
_FIND, _THIS_SCRIPT = 1, 2
_BY_DHCP_OR_DNS = 1 | 2
_PLACE = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"

_log = logging.getLogger(__name__)


class _Settings(ctypes.Structure):
    """WINHTTP_CURRENT_USER_IE_PROXY_CONFIG."""

    _fields_ = (
        ("find", wintypes.BOOL), ("script", wintypes.LPVOID), ("proxy", wintypes.LPVOID), ("bypass", wintypes.LPVOID),
    )  # fmt: skip


class _Options(ctypes.Structure):
    """WINHTTP_AUTOPROXY_OPTIONS."""

    _fields_ = (
        ("flags", wintypes.DWORD), ("by", wintypes.DWORD), ("script", wintypes.LPCWSTR), ("reserved", wintypes.LPVOID),
        ("reserved_too", wintypes.DWORD), ("sign_in", wintypes.BOOL),
    )  # fmt: skip


class _Info(ctypes.Structure):
    """WINHTTP_PROXY_INFO."""

    _fields_ = (("access", wintypes.DWORD), ("proxy", wintypes.LPVOID), ("bypass", wintypes.LPVOID))


_free = function(KERNEL, "GlobalFree", wintypes.HGLOBAL, wintypes.HGLOBAL)
_settings = function(
    _WINHTTP, "WinHttpGetIEProxyConfigForCurrentUser", wintypes.BOOL, ctypes.POINTER(_Settings)
)
_open = function(
    _WINHTTP, "WinHttpOpen", wintypes.LPVOID,
    wintypes.LPCWSTR, wintypes.DWORD, wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD,
)  # fmt: skip
_proxy_for = function(
    _WINHTTP, "WinHttpGetProxyForUrl", wintypes.BOOL,
    wintypes.LPVOID, wintypes.LPCWSTR, ctypes.POINTER(_Options), ctypes.POINTER(_Info),
)  # fmt: skip
_close = function(_WINHTTP, "WinHttpCloseHandle", wintypes.BOOL, wintypes.LPVOID)


def way_to(address: str) -> str | None:
    """As `system.proxies.way_to`; may take seconds where a script has to be found or fetched."""
    if urllib.request.getproxies_environment():
        return None
    find, script = _script()
    for wanted, place in ((find, ""), (bool(script), script)):
        if wanted:
            try:
                return _by_script(address, place)
            except OSError as error:
                _log.info("the script that says which proxy to use cannot be asked: %s", error.winerror)
    return _by_settings(address)


def _by_settings(address: str) -> str:
    parts = urlsplit(address)
    if urllib.request.proxy_bypass(parts.netloc):
        return ""
    return urllib.request.getproxies().get(parts.scheme, "")


def _script() -> tuple[bool, str]:
    """Answers whether a script is to be found, and the address of one that is named."""
    settings = _Settings()
    if not _settings(ctypes.byref(settings)):
        return False, ""  # Nobody has set anything.
    script = _taken(settings.script) or registry.value(registry.PERSON, _PLACE, "AutoConfigURL") or ""
    _taken(settings.proxy)
    _taken(settings.bypass)
    return bool(settings.find), script


def _by_script(address: str, script: str) -> str:
    """Answers what a script says, or one that is found where none is named; raises OSError."""
    session = _open("GovSync", _DIRECT, None, None, 0)
    if not session:
        raise failed()
    try:
        options = (
            _Options(_THIS_SCRIPT, 0, script, None, 0, True)
            if script
            else _Options(_FIND, _BY_DHCP_OR_DNS, None, None, 0, True)
        )
        info = _Info()
        if not _proxy_for(session, address, ctypes.byref(options), ctypes.byref(info)):
            raise failed()
    finally:
        _close(session)
    proxy = _taken(info.proxy)
    _taken(info.bypass)
    first = proxy.replace(" ", ";").split(";")[0]
    if info.access != _NAMED or not first:
        return ""
    return first if "://" in first else f"http://{first}"


def _taken(place: Any) -> str:
    """Answers a text of the system's, and gives its memory back."""
    if not place:
        return ""
    text = ctypes.wstring_at(place)
    _free(place)
    return text
