"""Whether there is a screen on which a window could be opened."""

import sys
from collections.abc import Mapping

_ALWAYS = ("win32", "darwin")
_NAMED_BY = ("WAYLAND_DISPLAY", "DISPLAY", "QT_QPA_PLATFORM")


def has_screen(environment: Mapping[str, str]) -> bool:
    """Says whether an environment names a screen: one of Wayland or X11, or whatever Qt is told to draw on. Windows and
    macOS have one for everybody who has signed in."""
    return sys.platform in _ALWAYS or any(environment.get(name) for name in _NAMED_BY)
